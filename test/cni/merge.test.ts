/** The results of a pod's networks as one. */
import { expect, it } from 'vitest';
import { parseResult } from '../../src/cni/convert';
import { mergeResults } from '../../src/cni/merge';

const netns = '/proc/7/ns/net';
const part = (ifName: string, given: object) => ({ ifName, result: parseResult(given, '1.0.0', 'x') });
const cni0 = { name: 'cni0', mac: '02:00:00:00:00:01' };
const eth0 = { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: netns };
const net1 = { name: 'net1', mac: '02:00:00:00:00:03', sandbox: netns };

const cluster = part('eth0', {
  interfaces: [cni0, { name: 'veth1' }, eth0],
  ips: [{ address: '10.1.0.7/24', gateway: '10.1.0.1', interface: 2 }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
  dns: { nameservers: ['10.96.0.10'] },
});
const vlan = part('net1', {
  interfaces: [net1],
  ips: [{ address: '192.168.0.20/24', interface: 0 }],
  routes: [{ dst: '192.168.9.0/24' }],
  dns: { nameservers: ['192.168.0.1'] },
});

it('keeps order and shifts indexes', () => {
  const { interfaces, ips, routes } = mergeResults([cluster, vlan]);
  expect(interfaces.map(({ name }) => name)).toEqual(['cni0', 'veth1', 'eth0', 'net1']);
  expect(ips.map(({ address, interface: index }) => [address, index])).toEqual([
    ['10.1.0.7/24', 2],
    ['192.168.0.20/24', 3],
  ]);
  expect(routes.map(({ dst }) => dst)).toEqual(['0.0.0.0/0', '192.168.9.0/24']);
});

it("has the default network's DNS alone", () => {
  expect(mergeResults([cluster, vlan]).dns).toEqual({ nameservers: ['10.96.0.10'] });
  expect(mergeResults([part('eth0', {}), vlan]).dns).toEqual({});
});

it('of one result is that result', () => {
  expect(mergeResults([cluster])).toEqual(cluster.result);
});

it('of nothing is empty', () => {
  expect(mergeResults([])).toEqual({ interfaces: [], ips: [], routes: [], dns: {} });
});

it('has a host link that two results name once (X3)', () => {
  const second = part('net1', {
    interfaces: [cni0, { name: 'veth2' }, net1],
    ips: [{ address: '10.2.0.7/24', interface: 2 }],
  });
  const { interfaces, ips } = mergeResults([cluster, second]);
  expect(interfaces.map(({ name }) => name)).toEqual(['cni0', 'veth1', 'eth0', 'veth2', 'net1']);
  expect(ips.map(({ interface: index }) => interfaces[index ?? -1]?.name)).toEqual(['eth0', 'net1']);
});

it('tells a link of the pod from one of the host with its name', () => {
  const second = part('net1', {
    interfaces: [{ name: 'eth0' }, net1],
    ips: [{ address: '10.2.0.7/24', interface: 0 }],
  });
  const { interfaces, ips } = mergeResults([cluster, second]);
  expect(interfaces).toHaveLength(5);
  expect(interfaces[ips[1]?.interface ?? -1]).toEqual({ name: 'eth0' });
});

it.each([
  ['its only interface', [net1], 'net1'],
  ['its first interface in the pod', [cni0, { ...net1, name: 'b1' }, { ...net1, name: 'b2' }], 'b1'],
  ['the interface it was attached under', [{ ...net1, name: 'lo9' }, net1], 'net1'],
])('gives an address without index to %s (X2)', (_, interfaces, name) => {
  const second = part('net1', { interfaces, ips: [{ address: '192.168.0.20/24' }] });
  const merged = mergeResults([cluster, second]);
  expect(merged.interfaces[merged.ips[1]?.interface ?? -1]?.name).toBe(name);
});

it('names the interface of a result that has none, when the namespace is known', () => {
  const old = part('net1', { cniVersion: '0.2.0', ip4: { ip: '192.168.0.20/24' } });
  const merged = mergeResults([cluster, old], netns);
  expect(merged.interfaces.at(-1)).toEqual({ name: 'net1', sandbox: netns });
  expect(merged.ips[1]).toEqual({ address: '192.168.0.20/24', interface: 3 });
});

it('never gives a further network’s address to eth0 (X1)', () => {
  const six = part('net1', { interfaces: [net1], ips: [{ address: '2001:db8::5/64' }] });
  const { interfaces, ips } = mergeResults([cluster, six]);
  const ofEth0 = ips.filter((each) => interfaces[each.interface ?? -1]?.name === 'eth0');
  expect(ofEth0.map(({ address }) => address)).toEqual(['10.1.0.7/24']);
});
