/** The networks of conf/, on a node as their first lines ask for: they are attached as they stand there. Runs in a guest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Node } from './runtime';

const conf = join(import.meta.dirname, '../../conf/networks');
const speaks = { cniVersion: '1.1.0' };

function nodeWith(...files: readonly string[]): Node {
  const node = new Node();
  node.uplink('eth1');
  for (const file of files) node.define(readFileSync(join(conf, `${file}.yaml`), 'utf8'));
  return node;
}

it('a pod of all that eth1 can carry beside each other', async () => {
  const names = [
    'vlan-100',
    'vlan-400-bridge',
    'provider-vlan-500',
    'storage-by-subnet',
    'lan-host-access',
    'lan-probe',
    'lan-router',
  ];
  const node = nodeWith(...names);
  node.ip('addr add 10.60.0.1/24 dev eth1');
  node.ip('addr add 192.168.6.5/24 dev eth1');
  const pod = node.pod({ networks: names.join(',') });
  await pod.add(speaks);
  expect(names.map((_, at) => pod.addresses(`net${at + 1}`))).toEqual([
    ['192.168.100.10/24'],
    ['192.168.40.10/24'],
    ['192.168.50.10/24'],
    ['10.60.0.100/24'],
    ['192.168.6.200/24'],
    ['192.168.7.20/24'],
    ['192.168.8.1/24'],
  ]);
  expect(node.link('eth1.400').master).toBe('br400');
  expect(node.link('eth1.s500').linkinfo).toMatchObject({ info_data: { protocol: '802.1ad', id: 500 } });
  expect(node.reaches('192.168.6.200')).toBe(true);
  await pod.check(speaks);
  await node.end({ bridges: ['cni-t0', 'br400'], changes: speaks });
});

it('a pod with a trunk, and two of its VLANs as interfaces', async () => {
  const node = nodeWith('vlan-trunk/trunk-to-pod');
  node.ip('link add br-trunk up type bridge vlan_filtering 1');
  node.ip('link set eth1 master br-trunk');
  node.exec('bridge', 'vlan', 'add', 'dev', 'eth1', 'vid', '10-12');
  const pod = node.pod({ networks: 'trunk@net1, inside-10@vlan10, inside-11@vlan11' });
  await pod.add(speaks);
  expect([pod.addresses('net1'), pod.addresses('vlan10'), pod.addresses('vlan11')]).toEqual([
    [],
    ['192.168.10.2/24'],
    ['192.168.11.2/24'],
  ]);
  await pod.check(speaks);
  await node.end({ bridges: ['cni-t0', 'br-trunk'], changes: speaks });
});
