/** The network-status annotation. */
import { expect, it } from 'vitest';
import { parseResult } from '../../src/cni/convert';
import { toStatus } from '../../src/pod/status';

const netns = '/proc/7/ns/net';
const one = (network: string, ifName: string, given: object, isDefault = false) => ({
  network,
  ifName,
  isDefault,
  result: parseResult(given, '1.1.0', 'x'),
});

const cbr0 = one(
  'cbr0',
  'eth0',
  {
    interfaces: [{ name: 'eth0', mac: '0a:00:00:00:00:07', sandbox: netns }],
    ips: [{ address: '10.1.0.7/24', gateway: '10.1.0.1', interface: 0 }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
  },
  true,
);
const vlan10 = one('nets/vlan10', 'lan0', {
  interfaces: [{ name: 'lan0', mac: '0a:00:00:00:00:08', sandbox: netns }],
  ips: [{ address: '192.0.2.5/24', interface: 0 }],
});

it('is the text that Multus writes (multus-behaviour.md, appendix D)', () => {
  expect(toStatus([cbr0, vlan10])).toBe(`[{
    "name": "cbr0",
    "interface": "eth0",
    "ips": [
        "10.1.0.7"
    ],
    "mac": "0a:00:00:00:00:07",
    "default": true,
    "dns": {},
    "gateway": [
        "10.1.0.1"
    ]
},{
    "name": "nets/vlan10",
    "interface": "lan0",
    "ips": [
        "192.0.2.5"
    ],
    "mac": "0a:00:00:00:00:08",
    "dns": {}
}]`);
});

const status = (...attached: Parameters<typeof toStatus>[0]) => JSON.parse(toStatus(attached));

it('has every field in Multus’ order', () => {
  const full = one('a', 'net1', {
    interfaces: [{ name: 'net1', mac: '0a:00:00:00:00:08', mtu: 9000, sandbox: netns }],
    ips: [{ address: '192.0.2.5/24', interface: 0 }],
    routes: [{ dst: '::/0', gw: 'fe80::1' }],
    dns: { options: ['o'], search: ['s'], domain: 'd', nameservers: ['10.0.0.1'] },
  });
  const [element] = status({ ...full, isDefault: true, deviceInfo: { type: 'pci' } });
  const order = ['name', 'interface', 'ips', 'mac', 'mtu', 'default', 'dns', 'device-info', 'gateway'];
  expect(Object.keys(element)).toEqual(order);
  expect(Object.keys(element.dns)).toEqual(['nameservers', 'domain', 'search', 'options']);
});

it('of no networks is an empty list', () => {
  expect(toStatus([])).toBe('[]');
});

it('of layer 2 alone has the MAC and no addresses', () => {
  const layer2 = one('default/br1', 'net1', {
    interfaces: [{ name: 'net1', mac: '0a:00:00:00:00:08', sandbox: netns }],
  });
  expect(status(layer2)).toEqual([{ name: 'default/br1', interface: 'net1', mac: '0a:00:00:00:00:08', dns: {} }]);
});

it('of a result without interfaces is there, too', () => {
  const old = one('a', 'net1', { cniVersion: '0.2.0', ip4: { ip: '192.0.2.5/24', routes: [{ dst: '0.0.0.0/0' }] } });
  expect(status(old)).toEqual([{ name: 'a', interface: 'net1', ips: ['192.0.2.5'], dns: {} }]);
});

it('of one interface of the host has its addresses, but no name', () => {
  const host = one('a', 'net1', {
    interfaces: [{ name: 'cni0', mac: '0a:00:00:00:00:01' }],
    ips: [{ address: '192.0.2.5/24' }],
  });
  expect(status(host)).toEqual([{ name: 'a', ips: ['192.0.2.5'], dns: {} }]);
});

it('of a bridge network names the interface in the pod alone', () => {
  const bridge = one(
    'cbr0',
    'eth0',
    {
      interfaces: [{ name: 'cni0' }, { name: 'veth1' }, { name: 'eth0', mac: '0a:00:00:00:00:07', sandbox: netns }],
      ips: [{ address: '10.1.0.7/24', gateway: '10.1.0.1', interface: 2 }],
    },
    true,
  );
  expect(status(bridge)).toEqual([
    { name: 'cbr0', interface: 'eth0', ips: ['10.1.0.7'], mac: '0a:00:00:00:00:07', default: true, dns: {} },
  ]);
});

it('of two interfaces in the pod has one element each, with its own addresses; those without index go to the last', () => {
  const two = one(
    'a',
    'eth0',
    {
      interfaces: [{ name: 'b0' }, { name: 'eth0', sandbox: netns }, { name: 'eth1', sandbox: netns }],
      ips: [
        { address: '10.0.0.1/24', interface: 0 },
        { address: '10.0.0.2/24', interface: 1 },
        { address: '10.0.0.3/24', gateway: '10.0.0.254', interface: 2 },
        { address: '10.0.0.4/24' },
      ],
    },
    true,
  );
  expect(status(two)).toEqual([
    { name: 'a', interface: 'eth0', ips: ['10.0.0.2'], dns: {} },
    { name: 'a', interface: 'eth1', ips: ['10.0.0.3', '10.0.0.4'], default: true, dns: {} },
  ]);
});

it('makes the first interface in the pod the default one when no address has a gateway', () => {
  const two = one(
    'a',
    'eth0',
    { interfaces: [{ name: 'b0' }, { name: 'eth0', sandbox: netns }, { name: 'eth1', sandbox: netns }] },
    true,
  );
  expect(status(two).map((element: { default?: boolean }) => element.default)).toEqual([true, undefined]);
});
