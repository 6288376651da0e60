/** What networks share: definitions in, findings out. */
import { describe, expect, it } from 'vitest';
import { ip } from '../../src/net/ip';
import type { NetworkName } from '../../src/net/names';
import { findHolder, findSharing, findTwice, type Shape, staticAddresses } from '../../src/pod/independence';

const shape = (network: string, ...plugins: readonly Record<string, unknown>[]): Shape => ({
  network,
  name: (network.split('/')[1] ?? network) as NetworkName,
  plugins,
  isDefault: network === 'cluster',
});
const hostLocal = (subnet: string, more: object = {}) => ({ type: 'host-local', subnet, ...more });
const vlan = (id: number, subnet = `192.168.${id % 256}.0/24`) => ({
  type: 'vlan',
  master: 'eth1',
  vlanId: id,
  ipam: hostLocal(subnet),
});
const macvlan = (more: object = {}) => ({ type: 'macvlan', master: 'eth0', ...more });

describe('independent networks (T000-4, step 5)', () => {
  it.each([
    ['three VLANs (T000-3)', [shape('d/a', vlan(100)), shape('d/b', vlan(200)), shape('d/c', vlan(300))]],
    ['one network attached twice', [shape('d/a', vlan(100)), shape('d/a', vlan(100))]],
    ['one link without a VLAN', [shape('d/a', macvlan()), shape('d/b', macvlan())]],
    ['one VLAN id on two links', [shape('d/a', vlan(7)), shape('d/b', { ...vlan(8), vlanId: 7, master: 'eth2' })]],
    ['one bridge with tags', [shape('d/a', { type: 'bridge', vlan: 1 }), shape('d/b', { type: 'bridge', vlan: 2 })]],
    [
      'families apart',
      [
        shape('d/a', macvlan({ ipam: { type: 'static', routes: [{ dst: '0.0.0.0/0' }] } })),
        shape('d/b', macvlan({ ipam: { type: 'static', routes: [{ dst: '::/0' }] } })),
      ],
    ],
    [
      'the default network’s own default',
      [
        shape('cluster', { type: 'bridge', isDefaultGateway: true, ipam: hostLocal('10.244.0.0/24') }),
        shape('d/a', macvlan({ ipam: hostLocal('192.168.1.0/24', { routes: [{ dst: '0.0.0.0/0' }] }) })),
      ],
    ],
    [
      'what cannot be read',
      [shape('d/a', { type: 'x', ipam: 7 }), shape('d/b', macvlan({ ipam: { ranges: [7, [7]] } }))],
    ],
  ])('share nothing: %s', (_, networks) => {
    expect(findSharing(networks)).toEqual([]);
  });
});

describe('networks that share (T000-4, step 5)', () => {
  it.each([
    ['a VLAN id on one parent', vlan(100), vlan(100, '192.168.9.0/24'), 'share VLAN 100 of link eth1'],
    ['a VLAN by its link’s name', vlan(100), macvlan({ master: 'eth1.100' }), 'share VLAN 100 of link eth1'],
    [
      'a VLAN of their own',
      macvlan({ vlan: 5 }),
      { type: 'ipvlan', master: 'eth0', vlan: 5 },
      'share VLAN 5 of link eth0',
    ],
    [
      'a bridge without tags',
      { type: 'bridge', bridge: 'br1' },
      { type: 'cnv-bridge', bridge: 'br1' },
      'share bridge br1, without VLAN tags',
    ],
    [
      'the usual bridge',
      { type: 'bridge' },
      { type: 'bridge', bridge: 'cni0', vlan: 0 },
      'share bridge cni0, without VLAN tags',
    ],
    ['a tag on one bridge', { type: 'bridge', vlan: 3 }, { type: 'bridge', vlan: 3 }, 'share VLAN 3 of bridge cni0'],
    [
      'a subnet',
      macvlan({ ipam: hostLocal('10.0.0.0/8') }),
      macvlan({ ipam: { type: 'static', addresses: [{ address: '10.5.2.3/24' }] } }),
      'have subnets that overlap: 10.0.0.0/8 and 10.5.2.0/24',
    ],
    [
      'a range',
      macvlan({ ipam: { type: 'whereabouts', range: '192.168.2.225-192.168.2.230/28' } }),
      macvlan({ ipam: { type: 'host-local', ranges: [[{ subnet: 'fd00::/64' }], [{ subnet: '192.168.2.0/24' }]] } }),
      'have subnets that overlap: 192.168.2.224/28 and 192.168.2.0/24',
    ],
    [
      'the default route',
      macvlan({ ipam: hostLocal('192.168.1.0/24', { routes: [{ dst: '0.0.0.0/0' }] }) }),
      { type: 'bridge', isDefaultGateway: true, ipam: hostLocal('192.168.2.0/24') },
      'both have an IPv4 default route: the one attached first comes first',
    ],
  ])('say so: %s', (_, one, other, says) => {
    expect(findSharing([shape('d/a', one), shape('d/b', other)])).toEqual([`networks d/a and d/b ${says}`]);
  });

  it('by equal names in two namespaces say so (T000-5)', () => {
    const networks = [1, 2].map((n) => shape(`ns${n}/macvlan-conf`, macvlan({ ipam: hostLocal(`192.168.${n}.0/24`) })));
    expect(findSharing(networks)).toEqual([
      'networks ns1/macvlan-conf and ns2/macvlan-conf share the addresses of /var/lib/cni/networks/macvlan-conf: give them different names',
    ]);
    const apart = networks.map((each, at) => ({ ...each, name: `n${at}` as NetworkName }));
    expect(findSharing(apart)).toEqual([]);
  });
});

describe('a static address', () => {
  const asked = { ips: [], mac: undefined };
  const plugin = macvlan({ ipam: { type: 'static', addresses: [{ address: '192.168.0.20/24' }] } });
  const wanted = { ...shape('d/a', plugin), addresses: [ip('192.168.0.20', 'test')] };
  const holder = (network: string, by: Record<string, unknown>, address = '192.168.0.20') => [
    { pod: 'shop/one', attachments: [{ ...shape(network, by), addresses: [ip(address, 'test')] }] },
  ];

  it('is what was asked for, else what is configured, unless it is meant to be shared', () => {
    expect(staticAddresses({ plugins: [plugin], asked })).toEqual(['192.168.0.20']);
    expect(staticAddresses({ plugins: [plugin], asked: { ...asked, ips: ['192.168.0.21/24', 'fd00::1'] } })).toEqual([
      '192.168.0.21',
      'fd00::1',
    ]);
    const shared = macvlan({ ipam: { type: 'static', shared: true, addresses: [{ address: '192.168.0.20/24' }] } });
    expect(staticAddresses({ plugins: [shared], asked })).toEqual([]);
    expect(staticAddresses({ plugins: [macvlan({ ipam: hostLocal('192.168.0.0/24') })], asked })).toEqual([]);
  });

  it('has a holder on the same network, or on the same VLAN', () => {
    expect(findHolder(wanted, holder('d/a', plugin))).toEqual({ pod: 'shop/one', address: '192.168.0.20' });
    const tagged = { ...plugin, vlan: 7 };
    const other = { ...wanted, plugins: [tagged] };
    expect(findHolder(other, holder('d/b', tagged))).toMatchObject({ pod: 'shop/one' });
  });

  it('has none elsewhere, nor with another address', () => {
    expect(findHolder(wanted, holder('d/a', plugin, '192.168.0.21'))).toBeUndefined();
    expect(
      findHolder({ ...wanted, plugins: [{ ...plugin, vlan: 7 }] }, holder('d/b', { ...plugin, vlan: 8 })),
    ).toBeUndefined();
  });

  it('that two pods ask for is told once, with both pods and the network (T002-6)', () => {
    const pods = ['a/one', 'a/two', 'b/three'].map((pod) => ({ pod: `pod ${pod}`, attachments: [wanted] }));
    expect(findTwice(pods.slice(0, 2))).toEqual(['pod a/one and pod a/two both ask for 192.168.0.20 of d/a']);
    expect(findTwice(pods)).toHaveLength(2); // each later pod once
    const elsewhere = { pod: 'pod c/four', attachments: [{ ...wanted, addresses: [ip('192.168.0.21', 'test')] }] };
    expect(findTwice([...pods.slice(0, 1), elsewhere])).toEqual([]);
  });
});

it('takes values of a wrong kind as they are: the delegate refuses them, with words', () => {
  const strange = [{ toString: 'x' }];
  for (const keys of [
    { master: strange },
    { master: 'eth1', vlan: strange },
    { type: 'vlan', master: 'eth1', vlanId: strange },
    { type: 'bridge', bridge: strange, vlan: strange },
  ])
    expect(() =>
      findSharing([{ network: 'a', name: 'a' as never, isDefault: false, plugins: [{ type: 'macvlan', ...keys }] }]),
    ).not.toThrow();
});
