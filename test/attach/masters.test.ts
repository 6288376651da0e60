/** Masters settled before anything is done: chosen by what they are, and able to live beside each other. */
import { describe, expect, it } from 'vitest';
import { mac } from '../../src/net/mac';
import { world } from './world';

const on = (type: string, master: unknown, more: object = {}) => ({ cniVersion: '1.0.0', type, master, ...more });
const node = {
  hostLinks: [
    { name: 'eth0', addresses: ['192.0.2.10/24'] },
    {
      name: 'eth1',
      addresses: ['10.9.0.1/24', 'fd00:9::1/64'],
      mac: mac('02:00:00:00:00:e1', 'test'),
      altNames: ['storage'],
      device: '0000:3B:00.1',
    },
    { name: 'eth2', addresses: ['10.9.1.1/24'] },
  ],
  hostGateways: ['192.0.2.1'],
};

describe('a master chosen by what it is', () => {
  it.each([
    ['subnet', { subnet: '10.9.0.0/24' }, 'eth1'],
    ['IPv6 subnet', { subnet: 'fd00:9::/64' }, 'eth1'],
    ['MAC', { mac: '02-00-00-00-00-E1' }, 'eth1'],
    ['PCI address', { pciAddress: '0000:3b:00.1' }, 'eth1'],
    ['alternative name', { altName: 'storage' }, 'eth1'],
    ['default route', { defaultRoute: true }, 'eth0'],
    ['two of them', { subnet: '10.9.0.0/16', altName: 'storage' }, 'eth1'],
  ])('by %s is recorded by its name', async (_, match, name) => {
    const { add, del, check, host, pod, record } = world({
      kernel: node,
      networks: { 'default/m': on('macvlan', { match }) },
    });
    await add('m');
    expect(pod.link('net1').parent).toBe(host.link(name).index);
    expect((await record())?.attachments[1]?.plugins[0]).toMatchObject({ master: name });
    await check();
    await del();
    expect(pod.names()).toEqual([]);
  });

  it.each([
    [
      { subnet: '172.16.0.0/12' },
      'MasterMissing',
      'Cannot find a master that matches {"subnet":"172.16.0.0/12"}: the node has lo, eth0, eth1, eth2',
    ],
    [
      { subnet: '10.9.0.0/16' },
      'MasterMissing',
      'Cannot choose a master that matches {"subnet":"10.9.0.0/16"}: eth1, eth2 all do, need a closer match',
    ],
    [
      { subnet: '10.9.0.0' },
      'ConfigInvalid',
      'Cannot use "10.9.0.0" as master.match.subnet: need an address with prefix length, like 192.168.0.20/24',
    ],
    [
      { name: 'eth*' },
      'ConfigInvalid',
      'Cannot use "name" in master.match: need one of subnet, mac, pciAddress, altName, defaultRoute',
    ],
    [{}, 'ConfigInvalid', 'Cannot use {} in master.match: need one of subnet, mac, pciAddress, altName, defaultRoute'],
  ])('%j is refused before anything is attached', async (match, reason, problem) => {
    const { add, edges } = world({ kernel: node, networks: { 'default/m': on('ipvlan', { match }) } });
    await expect(add('m')).rejects.toMatchObject({ reason, problem, where: { network: 'default/m' } });
    expect(edges.records.saves).toEqual([]);
  });
});

describe('two networks of a pod on one master', () => {
  it.each([
    [
      'macvlan and ipvlan',
      on('macvlan', 'eth1'),
      on('ipvlan', 'eth1'),
      'Cannot attach default/b beside default/a on master eth1: macvlan and ipvlan in mode l2 cannot share it',
    ],
    [
      'ipvlan in two modes',
      on('ipvlan', 'eth1'),
      on('ipvlan', 'eth1', { mode: 'l3' }),
      'Cannot attach default/b beside default/a on master eth1: ipvlan in mode l2 and ipvlan in mode l3 cannot share it',
    ],
    [
      'one VLAN twice',
      on('vlan', 'eth1', { vlanId: 5 }),
      on('vlan', 'eth1', { vlanId: 5 }),
      'Cannot attach default/b beside default/a on VLAN 5 of eth1: that VLAN is there once',
    ],
    [
      'both on one VLAN',
      on('macvlan', 'eth1', { vlan: 5 }),
      on('ipvlan', 'eth1', { vlan: 5 }),
      'Cannot attach default/b beside default/a on VLAN 5 of master eth1: macvlan and ipvlan in mode l2 cannot share it',
    ],
    [
      'a bridge and macvlan on one VLAN',
      on('bridge', 'eth1', { vlan: 5, bridge: 'br5' }),
      on('macvlan', 'eth1', { vlan: 5 }),
      'Cannot attach default/b beside default/a on VLAN 5 of master eth1: bridge br5 and macvlan cannot share it',
    ],
    [
      'two bridges on one VLAN',
      on('bridge', 'eth1', { vlan: 5, bridge: 'br5' }),
      on('bridge', { match: { altName: 'storage' } }, { vlan: 5, bridge: 'br6' }),
      'Cannot attach default/b beside default/a on VLAN 5 of master eth1: bridge br5 and bridge br6 cannot share it',
    ],
    [
      'a device that moves into the pod and a macvlan on it',
      on('host-device', undefined, { device: 'eth1' }),
      on('macvlan', 'eth1'),
      'Cannot attach default/b beside default/a on master eth1: host-device and macvlan cannot share it',
    ],
    [
      'one device twice',
      on('host-device', undefined, { device: 'eth1' }),
      on('host-device', undefined, { device: 'eth1' }),
      'Cannot attach default/b beside default/a on master eth1: host-device and host-device cannot share it',
    ],
    [
      'a match and a name',
      on('macvlan', { match: { altName: 'storage' } }),
      on('ipvlan', 'eth1'),
      'Cannot attach default/b beside default/a on master eth1: macvlan and ipvlan in mode l2 cannot share it',
    ],
  ])('are refused when they are %s', async (_, a, b, problem) => {
    const { add, edges } = world({ kernel: node, networks: { 'default/a': a, 'default/b': b } });
    await expect(add('a,b')).rejects.toMatchObject({
      reason: 'MasterConflict',
      problem,
      where: { network: 'default/b' },
    });
    expect(edges.records.saves).toEqual([]);
  });

  it.each([
    ['macvlan twice', on('macvlan', 'eth1'), on('macvlan', 'eth1')],
    ['on VLANs of their own', on('macvlan', 'eth1', { vlan: 5 }), on('ipvlan', 'eth1', { vlan: 6 })],
    [
      'bridges on VLANs of their own',
      on('bridge', 'eth1', { vlan: 5, bridge: 'br5' }),
      on('macvlan', 'eth1', { vlan: 6 }),
    ],
    [
      'one bridge twice',
      on('bridge', 'eth1', { vlan: 5 }),
      on('bridge', { match: { altName: 'storage' } }, { vlan: 5 }),
    ],
    ['vlan beside macvlan', on('macvlan', 'eth1'), on('vlan', 'eth1', { vlanId: 5 })],
  ])('work when they are %s', async (_, a, b) => {
    const { add, pod } = world({ kernel: node, networks: { 'default/a': a, 'default/b': b } });
    await add('a,b');
    expect(pod.names()).toEqual(['eth0', 'net1', 'net2']);
  });
});
