/** DEL and GC with a record cut at any byte, over the real disk edges: no address stays held. Writes a temporary directory. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { delAll } from '../../src/attach/del';
import { gcAll } from '../../src/attach/gc';
import { createLeaseStore } from '../../src/disk/leases';
import { createRecords } from '../../src/disk/records';
import { networkName } from '../../src/net/names';
import { world } from '../attach/world';
import { addr, id, link, sampleRecord } from './sample';
import { temporaryDirectory } from './temp';

const owner = { containerId: id('cid1'), ifName: link('eth0') };

/** A node whose records and leases are real files, with one pod that holds two addresses. */
async function attached() {
  const root = temporaryDirectory();
  const [cniDir, roots] = [join(root, 'braid'), join(root, 'leases')];
  mkdirSync(roots);
  const { edges } = world();
  const leases = createLeaseStore({ roots: [roots], cniDir });
  const real = { ...edges, leases, records: createRecords(cniDir, edges.log) };
  const hold = (): Promise<boolean> =>
    leases.locked(roots, networkName('blue'), (store) =>
      ['10.5.0.2', 'fd05::2'].every((address) => store.reserve(addr(address), { ...owner, ifName: link('net1') })),
    );
  await hold();
  const { attachments } = sampleRecord();
  await real.records.save({
    ...sampleRecord(),
    pod: undefined,
    attachments: attachments.slice(0, 1),
    result: undefined,
  });
  await real.records.locked(owner.containerId, async () => {}); // makes the directory
  const path = join(cniDir, 'attachments', 'cid1_eth0.json');
  const left = (): readonly string[] => [
    ...readdirSync(join(roots, 'blue')).filter((file) => file !== 'lock'),
    ...['attachments', 'locks'].flatMap((directory) => readdirSync(join(cniDir, directory))),
  ];
  return { real, hold, path, bytes: readFileSync(path), left };
}

describe('a record cut at any byte', () => {
  it('does not keep DEL from giving the addresses back', async () => {
    const { real, hold, path, bytes, left } = await attached();
    for (let length = 0; length < bytes.length - 1; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      if (left().length !== 3) expect.fail(`something is missing before the cut at ${length}: ${left()}`);
      await delAll({ ...owner, netns: undefined }, real);
      expect(left(), `cut at ${length}`).toEqual([]);
      await hold();
    }
  }, 120_000);

  it('does not keep GC from it, either', async () => {
    const { real, hold, path, bytes, left } = await attached();
    for (let length = 0; length < bytes.length - 1; length += 97) {
      writeFileSync(path, bytes.subarray(0, length));
      const { freed, failed } = await gcAll({ valid: [], dryRun: false }, real);
      expect([freed.length, failed]).toEqual([1, []]);
      expect(left(), `cut at ${length}`).toEqual([]);
      await hold();
    }
  });
});

it.each([
  ['of a newer version', (text: string) => text.replace('"version": 1', '"version": 2')],
  ['of somebody else', (text: string) => text.replace('"cid1"', '"cid2"')],
  ['that is no JSON', () => '\0\0\0'],
])('a record %s does not keep DEL from giving the addresses back', async (_, changed) => {
  const { real, path, bytes, left } = await attached();
  writeFileSync(path, changed(bytes.toString()));
  await delAll({ ...owner, netns: undefined }, real);
  expect(left()).toEqual([]);
});
