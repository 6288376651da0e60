/** Differences from the reference plugins that are intended and that no row can show: what comes after ADD. Runs both on nodes of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Json } from '../e2e/runtime';
import { type Maker, removeStores, Twin } from './twins';

const docs = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8');
const makers = ['reference', 'braid'] as const;
type One = (typeof makers)[number];

afterEach(removeStores);

interface Difference {
  /** In the words of docs/compatibility.md. */
  readonly why: string;
  readonly plugins: readonly Json[];
  readonly pod?: string;
  /** What happens between ADD and the call. */
  readonly meanwhile?: { readonly on: 'node' | 'pod'; readonly command: string };
  /** The call: its keys come over those of every plugin. */
  readonly verb: 'ADD' | 'CHECK' | 'DEL';
  readonly keys?: Json;
  readonly status: Readonly<Record<One, number>>;
  readonly withoutAdd?: true;
}

const bridged = (ipam: Json, keys: Json = {}): Json => ({ type: 'bridge', bridge: 'br0', ...keys, ipam });
const subnet = { type: 'host-local', subnet: '10.1.0.0/24' };
const fixed = { type: 'static', addresses: [{ address: '10.1.0.5/24' }] };
const strict = { reference: 0, braid: 1 };
const lenient = { reference: 1, braid: 0 };

const differences: readonly Difference[] = [
  {
    why: "host-local gives a container's interface a second address when one is asked for, or the ranges have changed",
    plugins: [{ type: 'host-local', ipam: subnet }],
    verb: 'ADD',
    keys: { runtimeConfig: { ips: ['10.1.0.77'] } },
    status: strict,
  },
  {
    why: 'DEL fails for a configuration that ADD refuses, such as one of host-local whose ranges went bad',
    plugins: [{ type: 'host-local', ipam: subnet }],
    verb: 'DEL',
    keys: { runtimeConfig: { ipRanges: [[]] } },
    status: lenient,
  },
  {
    why: 'vrf DEL fails when the interface is gone and the VRF serves others',
    plugins: [{ type: 'vrf', vrfname: 'blue' }],
    pod: 'ip link add blue type vrf table 9; ip link add x0 master blue type dummy',
    verb: 'DEL',
    status: lenient,
    withoutAdd: true,
  },
  {
    why: "CHECK of bridge fails when the bridge's MAC has followed its ports",
    plugins: [bridged(fixed)],
    meanwhile: { on: 'node', command: 'ip link set br0 address 02:00:00:00:00:01' },
    verb: 'CHECK',
    status: lenient,
  },
  {
    why: 'CHECK looks at little more than kind, MAC, addresses and routes',
    plugins: [bridged(fixed, { mtu: 1400 })],
    meanwhile: { on: 'pod', command: 'ip link set net0 mtu 1300' },
    verb: 'CHECK',
    status: strict,
  },
  {
    why: 'CHECK looks at little more than kind, MAC, addresses and routes',
    plugins: [bridged(fixed, { hairpinMode: true })],
    meanwhile: { on: 'node', command: 'bridge link set dev $(bridge link | sed "s/^[0-9]*: //; s/@.*//") hairpin off' },
    verb: 'CHECK',
    status: strict,
  },
];

it.each(differences)('$verb: $why', async ({ why, plugins, pod, meanwhile, verb, keys, status, withoutAdd }) => {
  expect(docs).toContain(`| ${why}. |`);
  const row = { name: why, plugins, ...(pod === undefined ? {} : { pod }) };
  const statusOf = async (maker: Maker): Promise<number> => {
    const twin = new Twin(row);
    if (withoutAdd !== true) expect(await twin.add(maker)).toMatchObject({ status: 0 });
    if (meanwhile !== undefined) twin.run(meanwhile.on, meanwhile.command);
    return (await twin.ask(verb, maker, keys)).status;
  };
  expect({ reference: await statusOf('reference'), braid: await statusOf('braid') }).toEqual(status);
});
