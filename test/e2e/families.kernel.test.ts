/** IPv6 and dual-stack pods, VLAN tags, MTU and traffic of each built-in delegate, by the compiled executable. */
import { describe, expect, it } from 'vitest';
import { addressesOf, Node, type Pod } from './runtime';

const dualRanges = (v4: string, v6: string): unknown => [[{ subnet: v4 }], [{ subnet: v6 }]];

/** A cluster network of both families. */
function dualCluster(node: Node): Record<string, unknown> {
  const ipam = { type: 'host-local', dataDir: node.leases, ranges: dualRanges('10.244.1.0/24', '2001:db8:1::/64') };
  return { cniVersion: '1.0.0', name: 'cluster', type: 'bridge', bridge: 'cni-t0', isDefaultGateway: true, ipam };
}

const bare = (pod: Pod, link: string): readonly string[] =>
  pod.addresses(link).map((address) => address.split('/')[0] ?? '');

describe('dual stack', () => {
  it('gives both families on both networks, usable at once, and takes both back', async () => {
    const node = new Node();
    node.uplink('eth1');
    node.network('dual', {
      cniVersion: '1.0.0',
      type: 'macvlan',
      master: 'eth1',
      ipam: { type: 'host-local', ranges: dualRanges('192.0.2.0/24', '2001:db8:2::/64') },
    });
    const changes = { delegates: [dualCluster(node)] };
    const [one, two] = [node.pod({ networks: 'dual', changes }), node.pod({ networks: 'dual', changes })];
    const result = await one.add();
    await two.add();
    expect([addressesOf(result, 'eth0'), addressesOf(result, 'net1')]).toEqual([
      ['10.244.1.2/24', '2001:db8:1::2/64'],
      ['192.0.2.2/24', '2001:db8:2::2/64'],
    ]);
    expect([one.addresses('eth0'), one.addresses('net1')]).toEqual([
      addressesOf(result, 'eth0'),
      addressesOf(result, 'net1'),
    ]);
    for (const address of [...bare(two, 'eth0'), ...bare(two, 'net1')])
      expect([address, one.reaches(address)]).toEqual([address, true]);
    expect(one.routes('main', 6).filter((route) => route.startsWith('default'))).toEqual([
      'default via 2001:db8:1::1 dev eth0 metric 1024 pref medium',
    ]);
    await one.check();
    await node.end();
  });

  it('moves the default of the family that default-route names, and only that', async () => {
    const node = new Node();
    node.uplink('eth1');
    node.network('dual', {
      cniVersion: '1.0.0',
      type: 'macvlan',
      master: 'eth1',
      ipam: { type: 'host-local', ranges: dualRanges('192.0.2.0/24', '2001:db8:2::/64') },
    });
    const networks = '[{"name":"dual","default-route":["2001:db8:2::1"]}]';
    const pod = node.pod({
      networks,
      changes: { delegates: [dualCluster(node)], clusterCIDRs: ['10.96.0.0/12', 'fd00:96::/112'] },
    });
    await pod.add();
    expect(pod.routes().filter((route) => route.startsWith('default'))).toEqual(['default via 10.244.1.1 dev eth0']);
    expect(pod.routes('main', 6).filter((route) => route.startsWith('default'))).toEqual([
      'default via 2001:db8:2::1 dev net1 metric 1024 pref medium',
    ]);
    expect(pod.routeTo('fd00:96::10', 6)).toContain('via 2001:db8:1::1 dev eth0');
    expect(pod.routeTo('2001:4860:4860::8888', 6)).toContain('via 2001:db8:2::1 dev net1');
    await pod.check();
    await node.end();
  });

  it('routes both families by source', async () => {
    const node = new Node();
    node.uplink('eth1');
    const addresses = [
      { address: '192.0.2.20/24', gateway: '192.0.2.1' },
      { address: '2001:db8:2::20/64', gateway: '2001:db8:2::1' },
    ];
    node.network('source', {
      cniVersion: '1.0.0',
      plugins: [{ type: 'macvlan', master: 'eth1', ipam: { type: 'static', addresses } }, { type: 'sbr' }],
    });
    const pod = node.pod({ networks: 'source', changes: { delegates: [dualCluster(node)] } });
    await pod.add();
    expect([pod.rules(4), pod.rules(6)]).toEqual([['from 192.0.2.20 lookup 100'], ['from 2001:db8:2::20 lookup 101']]);
    expect(pod.routes('100')).toContain('default via 192.0.2.1 dev net1');
    expect(pod.routes('101', 6)).toEqual(
      expect.arrayContaining([expect.stringContaining('default via 2001:db8:2::1 dev net1')]),
    );
    expect(pod.routeTo('8.8.8.8')).toContain('dev eth0');
    expect(pod.routeTo('2001:4860:4860::8888', 6)).toContain('dev eth0');
    expect(pod.routeTo('2001:4860:4860::8888 from 2001:db8:2::20', 6)).toContain('dev net1');
    await pod.check();
    await node.end();
  });

  it('works where only IPv6 is', async () => {
    const node = new Node();
    const ipam = { type: 'host-local', dataDir: node.leases, subnet: '2001:db8:1::/64' };
    const cluster = {
      cniVersion: '1.0.0',
      name: 'six',
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      ipam,
    };
    const [one, two] = [
      node.pod({ changes: { delegates: [cluster] } }),
      node.pod({ changes: { delegates: [cluster] } }),
    ];
    await one.add();
    const result = await two.add();
    expect(result.ips).toMatchObject([{ address: '2001:db8:1::3/64', gateway: '2001:db8:1::1' }]);
    expect(one.reaches('2001:db8:1::3')).toBe(true);
    expect(one.reaches('2001:db8:1::1')).toBe(true);
    await one.check();
    await node.end();
  });
});

describe('each built-in delegate', () => {
  const kinds: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    [
      'macvlan',
      { type: 'macvlan', master: 'eth1', mode: 'bridge', mtu: 1400 },
      { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
    ],
    [
      'ipvlan l2',
      { type: 'ipvlan', master: 'eth1', mode: 'l2', mtu: 1400 },
      { info_kind: 'ipvlan', info_data: { mode: 'l2' } },
    ],
    [
      'ipvlan l3s',
      { type: 'ipvlan', master: 'eth1', mode: 'l3s', mtu: 1400 },
      { info_kind: 'ipvlan', info_data: { mode: 'l3s' } },
    ],
    ['bridge', { type: 'bridge', bridge: 'br5', mtu: 1400 }, { info_kind: 'veth' }],
    ['bridge in a VLAN', { type: 'bridge', bridge: 'br5', vlan: 55, mtu: 1400 }, { info_kind: 'veth' }],
  ];

  it.each(kinds)('%s: has the kind, the MTU and the traffic', async (_, config, linkinfo) => {
    const node = new Node();
    node.uplink('eth1');
    node.network('net', { cniVersion: '1.0.0', ...config, ipam: { type: 'host-local', subnet: '192.0.2.0/24' } });
    const [one, two] = [node.pod({ networks: 'net' }), node.pod({ networks: 'net' })];
    for (const pod of [one, two]) await pod.add();
    expect(one.link('net1')).toMatchObject({ mtu: 1400, linkinfo });
    expect(one.reaches('192.0.2.3', { from: '192.0.2.2' })).toBe(true);
    for (const pod of [one, two]) await pod.check();
    await node.end({ bridges: ['cni-t0', 'br5'] });
  });

  it('vlan: has the tag and the MTU, and reaches the node of the VLAN outside', async () => {
    const node = new Node();
    const outside = node.uplink('eth1');
    node.network('net', {
      cniVersion: '1.0.0',
      type: 'vlan',
      master: 'eth1',
      vlanId: 55,
      mtu: 1400,
      ipam: { type: 'host-local', subnet: '192.0.2.0/24' },
    });
    outside.ip('link add link eth1 name eth1.55 type vlan id 55');
    outside.ip('addr add 192.0.2.99/24 dev eth1.55');
    outside.ip('link set eth1.55 up');
    const pod = node.pod({ networks: 'net' });
    await pod.add();
    expect(pod.link('net1')).toMatchObject({
      mtu: 1400,
      linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 55 } },
    });
    expect(pod.reaches('192.0.2.99')).toBe(true);
    await pod.check();
    await node.end();
  });

  it('gives the MAC that was asked for, by annotation', async () => {
    const node = new Node();
    node.uplink('eth1');
    const networks = { a: { type: 'macvlan', master: 'eth1' }, b: { type: 'bridge', bridge: 'br5' } };
    for (const [name, config] of Object.entries(networks)) node.network(name, { cniVersion: '1.0.0', ...config });
    const pod = node.pod({
      networks: '[{"name":"a","mac":"02:00:00:00:0a:01"},{"name":"b","mac":"02:00:00:00:0A:02"}]',
    });
    await pod.add();
    expect(['net1', 'net2'].map((name) => pod.link(name).address)).toEqual(['02:00:00:00:0a:01', '02:00:00:00:0a:02']);
    await pod.check();
    await node.end({ bridges: ['cni-t0', 'br5'] });
  });

  it('works on eight networks of one pod', async () => {
    const node = new Node();
    node.uplink('eth1');
    const names = Array.from({ length: 8 }, (_, at) => `net-${at + 1}`);
    for (const [at, name] of names.entries())
      node.network(name, {
        cniVersion: '1.0.0',
        type: 'macvlan',
        master: 'eth1',
        ipam: { type: 'static', addresses: [{ address: `192.168.${at}.2/24` }] },
      });
    const pod = node.pod({ networks: names.join(',') });
    const result = await pod.add();
    expect(names.map((_, at) => addressesOf(result, `net${at + 1}`))).toEqual(
      names.map((_, at) => [`192.168.${at}.2/24`]),
    );
    await pod.check();
    await node.end();
  });
});
