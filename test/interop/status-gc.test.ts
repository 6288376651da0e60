/** STATUS and GC of each delegate on its own: Braid answers as the reference plugins do, whoever asks. Runs both on nodes of its own. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../e2e/runtime';
import { table } from './table';
import { type Maker, type Row, removeStores, Twin, versionOf } from './twins';

const makers: readonly Maker[] = ['reference', 'braid'];

/** Of each delegate the first row of 1.1.0, which alone has these verbs. */
const rows = Object.values(table).flatMap((own) => {
  const row = own.find((each) => each.fails !== true && versionOf(each) === '1.1.0');
  return row === undefined ? [] : [row];
});

afterEach(removeStores);

it('has every delegate', () => {
  expect(rows.length).toBe(Object.keys(table).length);
});

describe.each(rows)('$name', (row) => {
  it('is ready by both, and for cnitool and go-cni', async () => {
    const twin = new Twin(row);
    for (const maker of makers) expect(await twin.ask('STATUS', maker)).toMatchObject({ status: 0 });
    for (const driver of ['cnitool', 'go-cni'] as const)
      expect(await new Twin(row, driver).ask('STATUS', 'braid')).toMatchObject({ status: 0 });
  });

  it('has neither STATUS nor GC before 1.1.0: both give the same code', async () => {
    const twin = new Twin({ ...row, cniVersion: '1.0.0' });
    for (const verb of ['STATUS', 'GC'] as const) {
      const [reference, braid] = [await twin.ask(verb, 'reference'), await twin.ask(verb, 'braid')];
      expect([braid.status, braid.json.code]).toEqual([reference.status, reference.json.code]);
      expect(reference.status).toBe(1);
    }
  });

  it('keeps at GC what is attached: no delegate has more to free than what its DEL frees', async () => {
    const twin = new Twin(row);
    expect(await twin.add('braid')).toMatchObject({ status: 0 });
    const before = twin.see();
    const valid = [{ containerID: 'c1', ifname: row.ifName ?? 'net0' }];
    for (const maker of makers)
      for (const attachments of [valid, []])
        expect(await twin.ask('GC', maker, { 'cni.dev/valid-attachments': attachments })).toMatchObject({ status: 0 });
    expect(twin.see()).toEqual(before);
    expect(await twin.del('reference')).toMatchObject({ status: 0 });
  });

  it('is freed by cnitool’s GC, which deletes what the runtime forgot', async () => {
    const twin = new Twin(row, 'cnitool');
    const before = twin.left();
    expect(await twin.add('braid')).toMatchObject({ status: 0 });
    expect(twin.left()).not.toEqual(before);
    expect(await twin.ask('GC', 'braid')).toMatchObject({ status: 0 });
    expect(twin.left()).toEqual(before);
  });
});

/** What the reference does not look at: a master, and what a bridge's name belongs to. */
const notThere: readonly Json[] = [
  { type: 'macvlan', master: 'nope' },
  { type: 'ipvlan', master: 'nope' },
  { type: 'vlan', master: 'nope', vlanId: 7 },
  { type: 'bridge', bridge: 'up0' },
];

it.each(notThere)('$type is ready by the reference alone when the node has not what it needs', async (plugin) => {
  const ipam = { type: 'host-local', subnet: '10.1.0.0/24' };
  const twin = new Twin({ name: `${plugin.type}`, cniVersion: '1.1.0', plugins: [{ ...plugin, ipam }] });
  expect(await twin.ask('STATUS', 'reference')).toMatchObject({ status: 0 });
  expect(await twin.ask('STATUS', 'braid')).toMatchObject({ status: 1, json: { code: 50 } });
});

it.each(['ptp', 'dummy'])('%s is ready by neither without ipam', async (type) => {
  const twin = new Twin({ name: type, cniVersion: '1.1.0', plugins: [{ type }] });
  for (const maker of makers) expect(await twin.ask('STATUS', maker)).toMatchObject({ status: 1 });
});

it('host-local alone is not ready when it has no address left', async () => {
  const ipam = { type: 'host-local', subnet: '10.1.0.0/24', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.1' };
  const twin = new Twin({ name: 'full', cniVersion: '1.1.0', plugins: [{ type: 'bridge', bridge: 'br0', ipam }] });
  expect(await twin.ask('STATUS', 'reference')).toMatchObject({ status: 0 });
  expect(await twin.ask('STATUS', 'braid')).toMatchObject({ status: 1, json: { code: 50 } });
});

const withIpam = rows.filter(({ plugins }) => plugins.some(({ ipam }) => ipam !== undefined));

it.each(withIpam)('$name: is not ready by both when its IPAM is missing', async (row) => {
  const plugins = row.plugins.map((plugin) => ({ ...plugin, ipam: { type: 'nope' } }) as Json);
  const twin = new Twin({ ...row, plugins } as Row);
  for (const maker of makers) expect(await twin.ask('STATUS', maker)).toMatchObject({ status: 1 });
});
