/** A node of fakes for the checks of `braid doctor`: healthy unless a test changes something. Touches nothing. */

import { runChecks } from '../../../src/bin/doctor';
import type { DoctorView, Line, Verdict } from '../../../src/bin/doctor/check';
import type { Inspection } from '../../../src/bin/doctor/inspection';
import { version } from '../../../src/bin/version';
import { parseConfig } from '../../../src/cni/config';
import { parseNetwork } from '../../../src/cni/network';
import type { DirectoryLook, DiskLook, FileLook } from '../../../src/disk/inspect';
import { fakeFiles } from '../../../src/model/files';
import type { FakeKernel } from '../../../src/model/kernel';
import { netnsPath } from '../../../src/net/names';
import { cluster, world } from '../../attach/world';

/** A network on eth1. */
export const macvlan = (keys: object = {}) => ({ cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ...keys });

const braidConf = JSON.stringify({ cniVersion: '1.0.0', name: 'braid', plugins: [{ type: 'braid' }] });

export const healthyFiles = {
  '/proc/sys/kernel/osrelease': '6.1.0\n',
  '/sys/module/dummy/parameters/numdummies': '1',
  '/lib/modules/6.1.0/modules.builtin': ['veth', 'bridge', 'macvlan', 'ipvlan', '8021q', 'vrf', 'tun']
    .map((name) => `kernel/x/${name}.ko`)
    .join('\n'),
  '/etc/cni/net.d/00-braid.conflist': braidConf,
};

/** A file of root's, mode 0644, of that time. */
export const file = (name: string, changes: Partial<FileLook> = {}): FileLook => ({
  name,
  uid: 0,
  mode: 0o644,
  changed: 1000,
  isDirectory: false,
  ...changes,
});

export const directory = (
  name: string,
  entries: readonly FileLook[],
  changes: Partial<FileLook> = {},
): DirectoryLook => ({
  ...file(name, { mode: 0o755, isDirectory: true, ...changes }),
  entries,
});

export const disk: DiskLook = {
  path: '/var/lib/cni',
  free: 50 * 1024 ** 3,
  freePart: 0.5,
  freeInodes: 0.9,
  isNetwork: false,
  problem: undefined,
};

function fakeInspection(kernel: FakeKernel): Inspection {
  let made = 0;
  return {
    namespace() {
      made += 1;
      const path = netnsPath(`/proc/1/fd/${made}`);
      kernel.addNamespace(path);
      return { path, close: () => kernel.removeNamespace(path) };
    },
    file: (path) => (path === '/opt/cni/bin/braid' ? file(path, { mode: 0o755 }) : undefined),
    directory: (path) => directory(path, path === '/etc/cni/net.d' ? [file('00-braid.conflist')] : [file('braid')]),
    disk: () => disk,
    agent: () => 'none',
    snapshot: () => undefined,
    version: async (command) =>
      ({ '/opt/cni/bin/braid': `braid ${version}`, nft: 'nftables v1.0.6', containerd: 'containerd 1.7' })[command],
  };
}

export interface NodeChanges {
  readonly networks?: readonly object[];
  readonly files?: Readonly<Record<string, string>>;
  readonly inspection?: Partial<Inspection>;
  readonly view?: Partial<DoctorView>;
}

export function node({ networks = [], files = {}, inspection = {}, view: changes = {} }: NodeChanges = {}) {
  const made = world({
    kernel: { record: true, hostLinks: [{ name: 'eth0' }, { name: 'eth1', addresses: ['192.168.1.2/24'] }] },
  });
  const view: DoctorView = {
    edges: { ...made.edges, files: fakeFiles({ ...healthyFiles, ...files }) },
    conf: parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster] })),
    unreadable: undefined,
    networks: networks.map((network, at) => ({
      display: `default/n${at}`,
      network: parseNetwork(JSON.stringify(network), `n${at}`),
    })),
    confDir: '/etc/cni/net.d',
    misplaced: [],
    inspection: { ...fakeInspection(made.kernel), ...inspection },
    isRoot: true,
    now: Date.parse('2026-11-25T00:00:00Z'),
    ...changes,
  };
  const told: string[] = [];
  return { ...made, view, told, run: () => runChecks(view, (what) => void told.push(what)) };
}

/** What is not well. */
export const wrong = (verdicts: readonly Verdict[]): readonly Verdict[] =>
  verdicts.filter(({ light }) => light !== 'ok');

/** A line in short: its light, and all its words. */
export const shown = (line: Line | Verdict): string =>
  [line.light, line.subject, line.found, 'cause' in line ? line.cause : undefined, 'fix' in line ? line.fix : undefined]
    .filter((each) => each !== undefined)
    .join(' | ');
