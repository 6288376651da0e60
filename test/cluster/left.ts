/** What pods have on the node, and may leave there: links, reservations, records, locks, firewall. Reads files, asks `ip` and `nft`. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { patience } from './guest';

const records = '/var/lib/cni/braid/attachments';

const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

/** A sandbox's record, as much of it as tests look at. */
interface RecordFile {
  readonly netns: string;
  readonly pod?: { readonly name: string; readonly namespace: string };
  readonly result?: object;
}

/** Names of the records' files; they begin with the sandbox's id. */
export function attached(): readonly string[] {
  return namesIn(records).filter((name) => name.endsWith('.json'));
}

export function recordIn(name: string): RecordFile {
  return JSON.parse(readFileSync(path.join(records, name), 'utf8')) as RecordFile;
}

/** Addresses that host-local's stores hold. */
export function reserved(): readonly string[] {
  const stores = '/var/lib/cni/networks';
  return namesIn(stores).flatMap((store) => readdirSync(`${stores}/${store}`).filter((name) => /^\d+\./.test(name)));
}

/** What pods leave nothing of. */
export function state(): unknown {
  const links = JSON.parse(execFileSync('ip', ['-j', 'link'], { encoding: 'utf8' })) as readonly { ifname: string }[];
  const bridges = /^(lan-br\d+|cni\d|br400)$/; // stay, as docs/reliability.md says
  const firewall = execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8', stdio: 'pipe' }); // its stderr warns of iptables
  return {
    links: links
      .map(({ ifname }) => ifname)
      .filter((name) => !bridges.test(name))
      .sort(),
    reserved: reserved(),
    records: attached(),
    devices: namesIn('/run/k8s.cni.cncf.io/devinfo/cni'),
    locks: namesIn('/var/lib/cni/braid/locks'),
    firewall: firewall.split('\n').filter((line) => /[0-9a-f]{64}/.test(line)), // what is some sandbox's
  };
}

/** Waits until pods that go have left nothing but what was there before; else the difference is told. `seconds`: not for ever. */
export async function nothingLeft(before: unknown, seconds = 180): Promise<void> {
  const patient = { timeout: seconds * 1000 * patience, interval: 250 * patience };
  await vi.waitFor(() => expect(state()).toEqual(before), patient);
}
