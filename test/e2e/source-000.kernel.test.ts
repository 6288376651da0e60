/** Source 000 (a customer: "own VLAN, independent"): its manifests on a real kernel, by the compiled executable. */
import { describe, expect, it } from 'vitest';
import { macvlanConf } from './documents';
import { addressesOf, Node, type Pod, type Space, statusOf } from './runtime';

/** The document's definition, its master on the node. */
function macvlanNode(): Node {
  const node = new Node();
  node.uplink('eth0');
  node.define(macvlanConf);
  return node;
}

describe('T000-1, a second interface appears', () => {
  it('gives thor lo, eth0 of the cluster and net1 of macvlan-conf', async () => {
    const node = macvlanNode();
    const pod = node.pod({ name: 'thor', networks: 'macvlan-conf' });
    const result = await pod.add();
    expect([...pod.names()].sort()).toEqual(['eth0', 'lo', 'net1']);
    expect(pod.addresses('eth0')).toEqual(['10.244.1.2/24']);
    expect(pod.addresses('net1')).toEqual(['192.168.1.200/24']);
    expect(pod.link('net1')).toMatchObject({
      mtu: 1500,
      linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
    });
    expect(pod.link('net1').flags).toContain('UP');
    expect(pod.link('eth0')).toMatchObject({ mtu: 1500, linkinfo: { info_kind: 'veth' } });
    const [bridge, port, ...own] = result.interfaces ?? [];
    expect([bridge?.name, own.map(({ name }) => name)]).toEqual(['cni-t0', ['eth0', 'net1']]);
    expect(node.link(port?.name ?? '').master).toBe('cni-t0');
    expect(own.map(({ sandbox }) => sandbox)).toEqual([pod.path, pod.path]);
    expect(own.map(({ mac }) => mac)).toEqual([pod.link('eth0').address, pod.link('net1').address]);
    expect([addressesOf(result, 'eth0'), addressesOf(result, 'net1')]).toEqual([
      ['10.244.1.2/24'],
      ['192.168.1.200/24'],
    ]);
    expect(result.ips?.[0]?.address).toBe('10.244.1.2/24');
    await node.end();
  });

  it('can tell the pod what it got, in the words of network-status', async () => {
    const node = macvlanNode();
    const pod = node.pod({ name: 'thor', networks: 'macvlan-conf' });
    await pod.add();
    const [first, second, ...more] = statusOf(pod);
    expect(first).toMatchObject({ name: 'cluster', interface: 'eth0', ips: ['10.244.1.2'], default: true });
    expect(second).toMatchObject({
      name: 'default/macvlan-conf',
      interface: 'net1',
      ips: ['192.168.1.200'],
      mac: pod.link('net1').address,
    });
    expect(second).not.toHaveProperty('default');
    expect(more).toEqual([]);
    await node.end();
  });

  it('names the network after its definition, calls the cluster network first, and undoes in the other order', async () => {
    const node = macvlanNode();
    node.recorder('bridge', { ADD: `echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.244.1.2/24"}]}'` });
    node.recorder('macvlan', {
      ADD: `echo '{"cniVersion":"0.3.0","ips":[{"version":"4","address":"192.168.1.200/24"}]}'`,
    });
    const pod = node.pod({ name: 'thor', networks: 'macvlan-conf', changes: { externalDelegates: true } });
    await pod.add();
    expect(node.callList()).toEqual(['ADD bridge eth0', 'ADD macvlan net1']);
    expect(node.recorded()[1]?.stdin).toMatchObject({
      name: 'macvlan-conf',
      cniVersion: '0.3.0',
      type: 'macvlan',
      master: 'eth0',
    });
    await node.end();
    expect(node.callList().slice(2)).toEqual(['DEL macvlan net1', 'DEL bridge eth0']);
  });

  it('passes CHECK although 0.3.0 has none', async () => {
    const node = macvlanNode();
    const pod = node.pod({ name: 'thor', networks: 'macvlan-conf' });
    await pod.add();
    await pod.check();
    await node.end();
  });

  it('gives 17 pods an address; the 18th fails with the reason and is taken back', async () => {
    const node = macvlanNode();
    const pods = Array.from({ length: 17 }, () => node.pod({ networks: 'macvlan-conf' }));
    const given: (readonly string[])[] = [];
    for (const pod of pods) given.push(addressesOf(await pod.add(), 'net1'));
    expect(given).toEqual(pods.map((_, at) => [`192.168.1.${200 + at}/24`]));
    const last = node.pod({ networks: 'macvlan-conf' });
    const before = node.names();
    const { msg } = await last.addFails();
    expect(msg).toContain('no IP addresses available');
    expect(msg).toContain('default/macvlan-conf');
    expect(node.names()).toEqual(before);
    await node.end();
  }, 240_000);

  it('gives the freed address to the next pod', async () => {
    const node = macvlanNode();
    const [one, two] = [node.pod({ networks: 'macvlan-conf' }), node.pod({ networks: 'macvlan-conf' })];
    await one.add();
    await one.del();
    expect(addressesOf(await two.add(), 'net1')).toEqual(['192.168.1.201/24']); // round robin, as host-local
    await node.end();
  });
});

describe('T000-2, the default route does not move', () => {
  it('stays with the cluster network; net1 has one behind it, for those who bind to it', async () => {
    const node = macvlanNode();
    const pod = node.pod({ networks: 'macvlan-conf' });
    await pod.add();
    const defaults = pod.routes().filter((route) => route.startsWith('default'));
    expect(defaults).toEqual(['default via 10.244.1.1 dev eth0', 'default via 192.168.1.1 dev net1 metric 1001']);
    expect(pod.routeTo('8.8.8.8')).toContain('8.8.8.8 via 10.244.1.1 dev eth0 src 10.244.1.2');
    expect(pod.routeTo('8.8.8.8 oif net1')).toContain('8.8.8.8 via 192.168.1.1 dev net1 src 192.168.1.200');
    await node.end();
  });

  it('passes CHECK of both networks where their version has it', async () => {
    const node = new Node();
    node.uplink('eth0');
    node.define(macvlanConf.replace('0.3.0', '1.0.0'));
    const pod = node.pod({ networks: 'macvlan-conf' });
    await pod.add();
    await pod.check();
    await node.end();
  });

  it('moves without the guard, as under Multus', async () => {
    const node = macvlanNode();
    const pod = node.pod({ networks: 'macvlan-conf', changes: { defaultRouteGuard: false } });
    await pod.add();
    const defaults = pod
      .ip('route')
      .split('\n')
      .filter((route) => route.startsWith('default'));
    expect(defaults.map((route) => route.trim())).toEqual([
      'default via 192.168.1.1 dev net1',
      'default via 10.244.1.1 dev eth0',
    ]);
    expect(pod.routeTo('8.8.8.8')).toContain('dev net1');
    await node.end();
  });

  it('keeps every further default route behind, each with a metric of its own', async () => {
    const node = macvlanNode();
    node.define(macvlanConf.replaceAll('macvlan-conf', 'second').replaceAll('192.168.1.', '192.168.2.'));
    const pod = node.pod({ networks: 'macvlan-conf,second' });
    await pod.add();
    const defaults = pod.routes().filter((route) => route.startsWith('default'));
    expect(defaults).toEqual([
      'default via 10.244.1.1 dev eth0',
      'default via 192.168.1.1 dev net1 metric 1001',
      'default via 192.168.2.1 dev net2 metric 1002',
    ]);
    expect(pod.routeTo('8.8.8.8')).toContain('dev eth0');
    await node.end();
  });

  it('does the same for IPv6, behind the kernel metric 1024', async () => {
    const node = new Node();
    node.uplink('eth0');
    const ipam = {
      type: 'host-local',
      dataDir: node.leases,
      subnet: '2001:db8:9::/64',
      gateway: '2001:db8:9::1',
      routes: [{ dst: '::/0' }],
    };
    node.network('six', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth0', ipam });
    const cluster = {
      cniVersion: '1.0.0',
      name: 'cluster6',
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      ipam: { type: 'host-local', dataDir: node.leases, subnet: '2001:db8:1::/64' },
    };
    const pod = node.pod({ networks: 'six', changes: { delegates: [cluster] } });
    await pod.add();
    const defaults = pod.routes('main', 6).filter((route) => route.startsWith('default'));
    expect(defaults).toEqual([
      'default via 2001:db8:1::1 dev eth0 metric 1024 pref medium',
      'default via 2001:db8:9::1 dev net1 metric 2048 pref medium',
    ]);
    expect(pod.routeTo('2001:4860:4860::8888', 6)).toContain('dev eth0');
    await pod.check();
    await node.end();
  });
});

/** vlan100, vlan200 and vlan300 of T000-3, on the trunk eth1. */
function vlanNode(): { readonly node: Node; readonly trunk: Space } {
  const node = new Node();
  const trunk = node.uplink('eth1');
  for (const id of [100, 200, 300])
    node.network(`vlan${id}`, {
      cniVersion: '1.0.0',
      name: `vlan${id}`,
      type: 'vlan',
      master: 'eth1',
      vlanId: id,
      ipam: { type: 'host-local', subnet: `192.168.${id % 256}.0/24` },
    });
  return { node, trunk };
}

/** A peer outside, in that VLAN of the trunk. */
function addPeer(trunk: Space, id: number, address: string): void {
  trunk.ip(`link add link eth1 name eth1.${id} type vlan id ${id}`);
  trunk.ip(`addr add ${address} dev eth1.${id}`);
  trunk.ip(`link set eth1.${id} up`);
}

describe('T000-3, each interface in its own VLAN', () => {
  it('tags each of secure0, nw2 and user0, and gives each one connected route and no default', async () => {
    const { node } = vlanNode();
    const pod = node.pod({ networks: 'vlan100@secure0, vlan200@nw2, vlan300@user0' });
    await pod.add();
    const shown = ['secure0', 'nw2', 'user0'].map((name) => pod.link(name));
    expect(shown.map(({ linkinfo }) => linkinfo)).toMatchObject(
      [100, 200, 300].map((id) => ({ info_kind: 'vlan', info_data: { protocol: '802.1Q', id } })),
    );
    expect(shown.map(({ mtu }) => mtu)).toEqual([1500, 1500, 1500]);
    expect(pod.routes()).toEqual([
      '10.244.0.0/16 via 10.244.1.1 dev eth0',
      '10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.2',
      '192.168.100.0/24 dev secure0 proto kernel scope link src 192.168.100.2',
      '192.168.200.0/24 dev nw2 proto kernel scope link src 192.168.200.2',
      '192.168.44.0/24 dev user0 proto kernel scope link src 192.168.44.2',
      'default via 10.244.1.1 dev eth0',
    ]);
    await pod.check();
    await node.end();
  });

  it('reaches peers of each VLAN, and nobody in the wrong one', async () => {
    const { node, trunk } = vlanNode();
    addPeer(trunk, 100, '192.168.100.50/24');
    addPeer(trunk, 200, '192.168.200.50/24');
    addPeer(trunk, 999, '192.168.44.50/24'); // the third network's addresses in a VLAN that is not its own
    const pod = node.pod({ networks: 'vlan100@secure0, vlan200@nw2, vlan300@user0' });
    await pod.add();
    expect(pod.reaches('192.168.100.50')).toBe(true);
    expect(pod.reaches('192.168.200.50')).toBe(true);
    expect(pod.reaches('192.168.44.50')).toBe(false);
    await node.end();
  });

  it('says for the second pod of a node that the VLAN link is taken, and what to use instead', async () => {
    const { node } = vlanNode();
    const [first, second] = [node.pod({ networks: 'vlan100' }), node.pod({ networks: 'vlan100' })];
    await first.add();
    const { msg } = await second.addFails();
    expect(msg).toContain('a vlan of that id exists on master eth1');
    expect(msg).toContain('macvlan or bridge over eth1.100');
    await first.check();
    await node.end();
  });

  it('puts bridge ports into their VLAN by tag', async () => {
    const node = new Node();
    for (const id of [100, 200])
      node.network(`bridge${id}`, {
        cniVersion: '1.0.0',
        type: 'bridge',
        bridge: 'br-trunk',
        vlan: id,
        ipam: { type: 'host-local', subnet: '192.168.7.0/24' },
      });
    const [a, b, c] = [
      node.pod({ networks: 'bridge100' }),
      node.pod({ networks: 'bridge100' }),
      node.pod({ networks: 'bridge200' }),
    ];
    const results = [await a.add(), await b.add(), await c.add()];
    expect(node.link('br-trunk').linkinfo?.info_data).toMatchObject({ vlan_filtering: 1 });
    const vlans = results.map(({ interfaces = [] }) => {
      const port = interfaces.at(-2)?.name ?? '';
      const [shown] = JSON.parse(node.exec('bridge', '-j', 'vlan', 'show', 'dev', port)) as { vlans: unknown[] }[];
      return shown?.vlans;
    });
    const access = (vlan: number): unknown => [{ vlan, flags: ['PVID', 'Egress Untagged'] }];
    expect(vlans).toEqual([access(100), access(100), access(200)]);
    const [, toB] = [a, b].map((pod) => pod.addresses('net1')[0]?.split('/')[0] ?? '');
    expect(a.reaches(toB ?? '')).toBe(true);
    expect(c.reaches(toB ?? '')).toBe(false); // the same subnet, but another VLAN
    for (const pod of [a, b, c]) await pod.check();
    await node.end({ bridges: ['cni-t0', 'br-trunk'] });
  });

  it('refuses macvlan and ipvlan on one master by naming it', async () => {
    const node = new Node();
    node.uplink('eth1');
    node.network('mac', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1' });
    node.network('ip', {
      cniVersion: '1.0.0',
      type: 'ipvlan',
      master: 'eth1',
      ipam: { type: 'static', addresses: [{ address: '10.5.2.3/24' }] },
    });
    const pod = node.pod({ networks: 'mac,ip' });
    const { msg, code } = await pod.addFails();
    expect(msg).toContain('eth1');
    expect(code).toBe(102);
    await node.end();
  });
});

describe('T000-4, networks are independent', () => {
  /** A pod on two bridges with a peer on each, and routes through the pod on both peers. */
  async function crossing(
    isolation: boolean,
  ): Promise<{ readonly node: Node; readonly pod: Pod; readonly peers: readonly Pod[] }> {
    const node = new Node();
    node.setSysctl('net/ipv4/ip_forward', '1');
    for (const net of [1, 2]) {
      const address = (host: number): unknown => ({
        cniVersion: '1.0.0',
        type: 'bridge',
        bridge: `st-${net}`,
        isolation,
        ipam: { type: 'static', addresses: [{ address: `192.168.${net}.${host}/24` }] },
      });
      node.network(`net${net}`, address(200) as Record<string, unknown>);
      node.network(`peer${net}`, address(50) as Record<string, unknown>);
    }
    const pod = node.pod({ networks: 'net1,net2' });
    const peers = [node.pod({ networks: 'peer1' }), node.pod({ networks: 'peer2' })];
    pod.setSysctl('net/ipv4/ip_forward', '1'); // what a router, and many an image, sets
    for (const each of [pod, ...peers]) await each.add();
    peers[0]?.ip('route add 192.168.2.0/24 via 192.168.1.200');
    peers[1]?.ip('route add 192.168.1.0/24 via 192.168.2.200');
    return { node, pod, peers };
  }
  const bridges = ['cni-t0', 'st-1', 'st-2'];

  it('does not forward between them, nor answer on one for the other', async () => {
    const { node, pod, peers } = await crossing(true);
    for (const name of ['net1', 'net2']) {
      expect(pod.sysctl(`net/ipv4/conf/${name}/forwarding`)).toBe('0');
      expect(pod.sysctl(`net/ipv4/conf/${name}/arp_ignore`)).toBe('1');
      expect(pod.sysctl(`net/ipv4/conf/${name}/arp_announce`)).toBe('2');
      expect(pod.sysctl(`net/ipv6/conf/${name}/forwarding`)).toBe('0');
    }
    expect(pod.sysctl('net/ipv4/conf/eth0/forwarding')).toBe('1');
    expect(peers[0]?.reaches('192.168.1.200')).toBe(true);
    expect(peers[0]?.reaches('192.168.2.50')).toBe(false);
    peers[0]?.ip('route replace 192.168.2.0/24 dev net1');
    expect(peers[0]?.reaches('192.168.2.200')).toBe(false);
    await pod.check();
    await node.end({ bridges });
  });

  it('forwards between them when the networks say isolation: false', async () => {
    const { node, pod, peers } = await crossing(false);
    expect(pod.sysctl('net/ipv4/conf/net1/forwarding')).toBe('1');
    expect(peers[0]?.reaches('192.168.2.50')).toBe(true);
    await node.end({ bridges });
  });

  it('says in CHECK that somebody made the pod forward', async () => {
    const { node, pod } = await crossing(true);
    pod.setSysctl('net/ipv4/conf/net2/forwarding', '1');
    const { status, json } = await pod.call('CHECK');
    expect([status, json.msg]).toEqual([1, expect.stringContaining('net/ipv4/conf/net2/forwarding is 1: expected 0')]);
    await node.end({ bridges });
  });
});

describe('T000-5, one name in two namespaces', () => {
  it('gives each pod an address of its own subnet, and DEL of one keeps the other', async () => {
    const node = new Node();
    node.uplink('eth0');
    node.define(macvlanConf.replace('name: macvlan-conf', 'name: macvlan-conf\n  namespace: a'));
    node.define(
      macvlanConf
        .replace('name: macvlan-conf', 'name: macvlan-conf\n  namespace: b')
        .replaceAll('192.168.1.', '192.168.2.'),
    );
    const [a, b] = [
      node.pod({ namespace: 'a', networks: 'macvlan-conf' }),
      node.pod({ namespace: 'b', networks: 'macvlan-conf' }),
    ];
    expect(addressesOf(await a.add(), 'net1')).toEqual(['192.168.1.200/24']);
    expect(addressesOf(await b.add(), 'net1')).toEqual(['192.168.2.200/24']);
    await a.del();
    expect(node.reservations().some((path) => path.endsWith('/192.168.2.200'))).toBe(true);
    expect(b.addresses('net1')).toEqual(['192.168.2.200/24']);
    await node.end();
  });
});
