/** The kernel's own words are in the error, whichever delegate asked and whatever Braid makes of the refusal. Touches namespaces of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findDelegate } from '../../plugins';
import { handleAlone, parseAlone } from '../../src/attach/alone';
import type { Edges } from '../../src/attach/ports';
import { typeOf } from '../../src/cni/network';
import { parseRequest } from '../../src/cni/request';
import { toCniError, toErrorObject } from '../../src/error';
import { createNft } from '../../src/exec/nft';
import { isRecord, type Json, parseObject } from '../../src/json';
import { fakeFiles } from '../../src/model/files';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeIptables } from '../../src/model/iptables';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import { folders, type Touched } from '../contract/delegates';
import { Lab } from './lab';

const root = path.resolve(import.meta.dirname, '../../plugins');

/** The plugins of each folder's example. */
const examples = folders.map((folder) => {
  const file = path.join(root, folder, 'example.json');
  return [folder, parseObject(readFileSync(file, 'utf8'), file).plugins as readonly Json[]] as const;
});

/** Delegates that ask the kernel for nothing that it says more of than its error number, or for nothing at all. */
const silent = ['dhcp', 'host-local', 'loopback', 'static', 'vrf'];

const route = { dst: '10.99.0.0/16', gw: '172.31.0.1' };
const one = { ipam: { type: 'static', addresses: [{ address: '10.1.0.5/24' }] } };
const vlan = { type: 'vlan', master: 'eth0', vlanId: 7, ...one };
const macvlan = { type: 'macvlan', master: 'eth0', ...one };
const ipvlan = { type: 'ipvlan', master: 'eth0', ...one };

/** What the kernel (6.1) says besides of what each is refused: commands on the node first, and what is attached to another pod. */
const table: readonly Refusal[] = [
  [
    'vlan: an id that is there',
    [vlan],
    'VLAN device already exists',
    { node: 'ip link add v7 link eth0 type vlan id 7' },
  ],
  ['ipvlan: an address of another', [ipvlan], 'Address already assigned to an ipvlan device', { other: [ipvlan] }],
  ['tuning: an MTU', [macvlan, { type: 'tuning', mtu: 9 }], 'mtu less than device minimum', {}],
  ['sbr: a gateway', [macvlan, { type: 'sbr', gateways: ['172.31.0.1'] }], 'Nexthop has invalid gateway', {}],
  ...examples.flatMap(([folder, plugins]): readonly Refusal[] => {
    const last = plugins.at(-1) ?? {};
    if (!isRecord(last.ipam) || last.type !== folder) return [];
    const lost = { ...last, ipam: { ...last.ipam, routes: [route] } };
    return [[`${folder}: a route`, [...plugins.slice(0, -1), lost], 'Nexthop has invalid gateway', {}]];
  }),
];

type Refusal = readonly [name: string, plugins: readonly Json[], words: string, before: Before];

interface Before {
  readonly node?: string;
  readonly other?: readonly Json[];
}

it('has every delegate whose requests the kernel has words for', () => {
  const told = new Set(table.map(([, plugins]) => typeOf(plugins.at(-1) ?? {})));
  expect([...told, ...silent].sort()).toEqual([...folders].sort());
});

describe.each(table)('%s', (_, plugins, words, before = {}) => {
  it(`says "${words}"`, async () => {
    const lab = new Lab();
    onTestFinished(() => lab.close());
    await lab.uplink('eth0');
    lab.run(lab.host, 'sh', '-ec', 'ip link add br0 type bridge; ip link set br0 up; ip link add dev0 type dummy');
    if (before.node !== undefined) lab.run(lab.host, 'sh', '-ec', before.node);
    const edges: Omit<Touched, 'dhcp'> = {
      findDelegate,
      kernel: lab.kernel,
      leases: fakeLeases(),
      hostLinks: fakeHostLinks(),
      nft: createNft(process.env),
      iptables: fakeIptables(),
      files: fakeFiles(),
      log: fakeLog(),
    };
    const add = async (among: readonly Json[], id: string): Promise<void> => {
      const { path: netns } = await lab.namespace();
      let told: Json = {};
      for (const plugin of among) {
        const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: id, CNI_IFNAME: 'net1', CNI_PATH: '/opt/cni/bin' };
        const conf = parseAlone(JSON.stringify({ cniVersion: '1.1.0', name: 'example', ...plugin, ...told }));
        const delegate = findDelegate(typeOf(plugin)) ?? expect.fail(`${typeOf(plugin)} is not built in`);
        const text = await handleAlone(delegate, parseRequest({ ...env, CNI_NETNS: netns }), conf, edges as Edges);
        told = { prevResult: JSON.parse(text) };
      }
    };
    if (before.other !== undefined) await add(before.other, 'c2');
    const error = await add(plugins, 'c1').catch((cause: unknown) => toCniError(cause));
    const { msg, details } = error === undefined ? {} : toErrorObject(error, '1.1.0');
    expect(`${msg} ${details}`).toContain(words);
  });
});
