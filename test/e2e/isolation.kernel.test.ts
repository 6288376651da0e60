/** T000-4 by traffic: a pod on two networks with a peer on each; UDP echo, IPv4 and IPv6. */
import { describe, expect, it } from 'vitest';
import { echo } from '../kernel/echo';
import { type Json, Node, type Pod } from './runtime';
import { framesOn } from './wire';

const bridges = ['cni-t0', 'st-1', 'st-2'];
const four = (net: number, host: number): string => `192.168.${net}.${host}`;
const six = (net: number, host: number): string => `2001:db8:${net}::${host}`;

interface Crossing {
  readonly node: Node;
  readonly pod: Pod;
  readonly a: Pod; // 192.168.1.50
  readonly b: Pod; // 192.168.2.50
}

/**
 * The pod is .200 on both networks; A and B reach each other's network through it. After ADD the pod forwards wherever
 * its namespace allows that: so do runtimes that set the sysctls a pod asks for.
 */
async function crossing(keys: Json): Promise<Crossing> {
  const node = new Node();
  const network = (name: string, net: number, host: number): void => {
    const addresses = [{ address: `${four(net, host)}/24` }, { address: `${six(net, host)}/64` }];
    const ipam = { type: 'static', addresses };
    node.network(name, { cniVersion: '1.0.0', type: 'bridge', bridge: `st-${net}`, ipam, ...keys });
  };
  for (const net of [1, 2]) {
    network(`net${net}`, net, 200);
    network(`peer${net}`, net, 50);
  }
  const pod = node.pod({ networks: 'net1,net2' });
  const [a, b] = [node.pod({ networks: 'peer1' }), node.pod({ networks: 'peer2' })];
  for (const each of [pod, a, b]) await each.add();
  await pod.check();
  for (const [peer, near, far] of [
    [a, 1, 2],
    [b, 2, 1],
  ] as const) {
    peer.ip(`route add 192.168.${far}.0/24 via ${four(near, 200)}`);
    peer.ip(`-6 route add 2001:db8:${far}::/64 via ${six(near, 200)}`);
  }
  for (const key of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) pod.setSysctl(key, '1');
  return { node, pod, a, b };
}

const soon = { patience: 20_000 }; // it ends with the answer

describe('T000-4, networks of a pod', () => {
  it('are not joined by the pod, even when it forwards', async () => {
    const { node, pod, a, b } = await crossing({});
    for (const [net, peer] of [
      [1, a],
      [2, b],
    ] as const) {
      expect(await echo(peer, pod, four(net, 200), soon)).toBe(true); // the pod itself is there
      expect(await echo(peer, pod, six(net, 200), soon)).toBe(true);
    }
    expect(await echo(a, b, four(2, 50))).toBe(false); // step 1, both ways
    expect(await echo(b, a, four(1, 50))).toBe(false);
    expect(await echo(a, b, six(2, 50))).toBe(false);
    expect(await echo(b, a, six(1, 50))).toBe(false);
    a.ip('route replace 192.168.2.0/24 dev net1'); // step 2: on the link, with the other network's address
    a.ip('-6 route replace 2001:db8:2::/64 dev net1');
    expect(await echo(a, pod, four(2, 200))).toBe(false);
    expect(await echo(a, pod, six(2, 200))).toBe(false);
    expect(pod.sysctl('net/ipv4/conf/eth0/forwarding')).toBe('1'); // step 3: eth0 is the pod's own
    expect(pod.sysctl('net/ipv6/conf/eth0/forwarding')).toBe('1');
    await node.end({ bridges });
  });

  it('are joined by a pod whose networks say isolation: false', async () => {
    const { node, pod, a, b } = await crossing({ isolation: false });
    expect([...pod.allRules(4), ...pod.allRules(6)]).toEqual([]);
    expect(await echo(a, b, four(2, 50), soon)).toBe(true);
    expect(await echo(a, b, six(2, 50), soon)).toBe(true);
    await node.end({ bridges });
  });
});

describe('an isolated network (source 001: "special traffic: multicast")', () => {
  it('hands its pod what is for everybody and for groups, in both families', async () => {
    const node = new Node();
    const outside = node.uplink('eth1');
    const addresses = [{ address: '192.168.1.200/24' }, { address: '2001:db8:1::200/64' }];
    node.network('lan', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { type: 'static', addresses } });
    const pod = node.pod({ networks: 'lan' });
    await pod.add();
    pod.setSysctl('net/ipv4/icmp_echo_ignore_broadcasts', '0'); // so that the pod can say that it heard
    outside.ip('addr add 192.168.1.1/24 brd + dev eth1');
    const { address: mac } = pod.link('net1');
    for (const [to, answer] of [
      ['224.0.0.1', '192.168.1.200 > 192.168.1.1: ICMP echo reply'],
      ['192.168.1.255', '192.168.1.200 > 192.168.1.1: ICMP echo reply'],
      ['ff02::1', 'ICMP6, echo reply'],
    ] as const)
      await framesOn(outside, 'eth1', new RegExp(`^\\S+ ${mac} > .*${answer}`), () =>
        outside.reaches(to, { from: 'eth1' }),
      );
    await node.end();
  });
});

describe('T002-6, a static address', () => {
  it('is one pod’s of the node: the second ADD fails and is taken back, and the pod is named', async () => {
    const node = new Node();
    node.uplink('eth1');
    const ipam = { type: 'static', addresses: [{ address: '192.168.0.20/24', gateway: '192.168.0.254' }] };
    node.network('fixed', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam });
    node.network('shared', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam: { ...ipam, shared: true } });
    const [one, two, three] = [
      node.pod({ name: 'one', networks: 'fixed' }),
      node.pod({ name: 'two', networks: 'fixed' }),
      node.pod({ name: 'three', networks: 'shared' }),
    ];
    await one.add();
    const { code, msg } = await two.addFails();
    expect([code, msg]).toEqual([
      107,
      expect.stringContaining('Cannot use address 192.168.0.20: already used by pod default/one on this node'),
    ]);
    await three.add(); // an address that pods share on purpose
    await one.del();
    await two.add();
    await node.end();
  });
});
