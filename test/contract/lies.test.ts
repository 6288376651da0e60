/** A kernel that says yes and does not do it: ADD of every delegate fails then, or nothing was lost by it. Touches the fakes. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDelegate } from '../../plugins';
import { handleAlone, parseAlone } from '../../src/attach/alone';
import type { Edges } from '../../src/attach/ports';
import { typeOf } from '../../src/cni/network';
import { parseRequest } from '../../src/cni/request';
import { CniError } from '../../src/error';
import type { Json } from '../../src/json';
import { folders } from './delegates';
import { fakeWorld } from './fake-world';
import { lying } from './lying';
import { stateOf } from './node-state';

const root = path.resolve(import.meta.dirname, '../../plugins');

const lease = (addresses: readonly string[], routes: readonly Json[] = []): Json => ({
  ipam: {
    type: 'static',
    addresses: addresses.map((address) => ({ address, gateway: `${address.split('/')[0]}1` })),
    routes,
  },
});
const mac = '02:00:00:00:00:07';
const one = lease(['10.1.0.5/24']);
const dual = lease(['10.1.0.5/24', 'fd00:1::5/64']);
const macvlan = { type: 'macvlan', master: 'eth0', ...dual };
const route = { dst: '10.9.0.0/16', gw: '10.1.0.9', mtu: 1300, advmss: 1200, priority: 50, table: 77, scope: 0 };
const bridge = { type: 'bridge', bridge: 'br1', ...one };

/** What the examples of the folders do not ask for. */
const more: Readonly<Record<string, readonly Json[]>> = {
  'macvlan: all': [{ ...macvlan, mode: 'private', mac, mtu: 1400, bcqueuelen: 2000 }],
  'macvlan: a VLAN of its own, and the node': [{ ...macvlan, vlan: 100, hostAccess: true }],
  'macvlan: routes': [{ ...macvlan, ...lease(['10.1.0.5/24'], [route, { dst: '10.8.0.0/16' }]) }],
  'ipvlan: all': [{ type: 'ipvlan', master: 'eth0', mode: 'l3s', mtu: 1400, ...dual }],
  'vlan: all': [{ type: 'vlan', master: 'eth0', vlanId: 7, mtu: 1400, ...dual }],
  'bridge: a port': [{ ...bridge, mtu: 1400, hairpinMode: true, portIsolation: true, runtimeConfig: { mac } }],
  'bridge: VLANs': [{ ...bridge, vlan: 7, vlanTrunk: [{ id: 5 }] }],
  'bridge: promiscuous, an uplink': [{ ...bridge, promiscMode: true, master: 'eth0', vlan: 100, ipam: {} }],
  'tap: all': [{ type: 'tap', mac, mtu: 1400, owner: 5, group: 6, multiQueue: true, ...dual }],
  'tuning: all': [bridge, { type: 'tuning', mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 77 }],
  'vrf: a table': [
    { ...macvlan, ...lease(['10.1.0.5/24'], [{ dst: '10.8.0.0/16' }]) },
    { type: 'vrf', vrfname: 'blue', table: 9 },
  ],
  'sbr: both families': [macvlan, { type: 'sbr' }],
  'sbr: a table': [macvlan, { type: 'sbr', table: 500 }],
};

const examples = globSync('*/example*.json', { cwd: root })
  .sort()
  .map((file) => [file, JSON.parse(readFileSync(path.join(root, file), 'utf8')).plugins as readonly Json[]] as const);

/** One verb of one plugin, as a runtime calls it. */
async function call(command: 'ADD' | 'DEL', plugin: Json, edges: Edges, podPath: string): Promise<Json> {
  const env = { CNI_COMMAND: command, CNI_CONTAINERID: 'c1', CNI_IFNAME: 'net1', CNI_PATH: '/opt/cni/bin' };
  const conf = parseAlone(JSON.stringify({ cniVersion: '1.1.0', name: 'example', ...plugin }));
  const delegate = findDelegate(typeOf(plugin));
  if (delegate === undefined) throw new Error(`test: ${typeOf(plugin)} is not built in`);
  const text = await handleAlone(delegate, parseRequest({ ...env, CNI_NETNS: podPath }), conf, edges);
  return command === 'ADD' ? { prevResult: JSON.parse(text) } : {};
}

/** A fake node after ADD with the n-th lie: what there is, was before the plugin that failed, and what could be lied about. */
async function visit(plugins: readonly Json[], n: number) {
  const world = await fakeWorld();
  const { edges, lies } = lying(world.edges, n);
  let [failure, before, told]: [unknown, Seen, Json] = [undefined, await seen(world), {}];
  for (const plugin of plugins) {
    if (failure !== undefined) break;
    before = await seen(world);
    told = await call('ADD', { ...plugin, ...told }, edges, world.podPath).catch((error: unknown) => {
      failure = error;
      return {};
    });
  }
  const after = await seen(world);
  for (const plugin of plugins.toReversed()) await call('DEL', plugin, world.edges, world.podPath);
  return { failure, before, after, end: await seen(world), lies };
}

/** All of the node as text in which nothing differs from run to run; `own`: without the bridge br1, which stays. */
interface Seen {
  readonly whole: string;
  readonly own: string;
}

/** What stateOf gives. */
interface State {
  readonly links: readonly (Json & { readonly name: string })[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
}

async function seen({ kernel }: Awaited<ReturnType<typeof fakeWorld>>): Promise<Seen> {
  const devices = kernel.devices().map(({ name, vlans, hairpin, isolated, arp, neighbours, detail, ns }) => {
    const settings = ns.sysctls.get(`net/ipv4/conf/${name}/arp_notify`);
    return { name, vlans, hairpin, isolated, arp, settings, detail, neighbours: [...neighbours.keys()] };
  });
  const spaces = [await stateOf(kernel.host), await stateOf(kernel.pod)] as readonly State[];
  const held = spaces.flatMap(({ links, routes, rules }) => [
    ...links,
    ...[...routes, ...rules].map((text) => ({ name: '', text })),
  ]);
  const all = [...held, ...devices].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { whole: textOf(all), own: textOf(all.filter((one) => one.name !== 'br1')) };
}

function textOf(all: readonly Json[]): string {
  return JSON.stringify(all, undefined, 1).replace(/02(:[0-9a-f]{2}){5}/g, (one) => (one === mac ? one : 'MAC'));
}

it('has an example of every folder', () => {
  expect([...new Set(examples.map(([file]) => path.dirname(file)))].sort()).toEqual([...folders].sort());
});

describe.each([...examples, ...Object.entries(more)])('%s', (_, plugins) => {
  it('fails with what was not done, or ends as without the lie', { timeout: 120_000 }, async () => {
    const honest = await visit(plugins, 0);
    expect(honest.failure).toBeUndefined();
    for (const [at, lie] of honest.lies.entries()) {
      const { failure, before, after, end } = await visit(plugins, at + 1);
      if (failure === undefined) expect(after.whole, lie).toBe(honest.after.whole);
      else {
        expect(failure, lie).toBeInstanceOf(CniError);
        expect(after.own, `${lie}: ${failure}`).toBe(before.own);
      }
      expect(end.own, `DEL after ${lie}`).toBe(honest.end.own);
    }
  });
});
