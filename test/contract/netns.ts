/** What every Netns must do, the fake's and the kernel's: one suite, run against both. Touches the world it is given. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Kernel, Netns } from '../../src/attach/ports';
import { cidr, everything, ip } from '../../src/net/ip';
import type { Link, LinkSpec } from '../../src/net/link';
import { mac } from '../../src/net/mac';
import { type IfName, ifName, type NetnsPath, netnsPath } from '../../src/net/names';
import type { Route } from '../../src/net/route';

/** A host and two pods. The host has the link `up0`, up, with carrier, MTU 1500. */
export interface World {
  readonly kernel: Kernel;
  readonly host: Netns;
  readonly pod: Netns;
  readonly podPath: NetnsPath;
  readonly other: Netns;
  /** Fails unless what host and pods tell is what somebody else sees there. */
  witness(): Promise<void>;
  close(): Promise<void>;
}

const name = (text: string): IfName => ifName(text, 'name');
const net = (text: string) => cidr(text, 'subnet');
const addr = (text: string) => ip(text, 'address');

/** Runs the suite; `lacks` are the kinds of links that this kernel cannot make. */
export function netnsContract(makeWorld: () => Promise<World>, lacks: ReadonlySet<string>): void {
  let world: World;
  let host: Netns;
  let pod: Netns;
  let up0: Link;
  beforeEach(async () => {
    world = await makeWorld();
    ({ host, pod } = world);
    up0 = await link(host, 'up0');
  });
  afterEach(async () => {
    try {
      await world.witness();
    } finally {
      await world.close();
    }
  });
  const where = (...kinds: readonly string[]) => it.skipIf(kinds.some((kind) => lacks.has(kind)));
  const macvlan = (text: string, more: Partial<LinkSpec> = {}): LinkSpec =>
    ({ kind: 'macvlan', name: name(text), parent: up0.index, mode: 'bridge', ...more }) as LinkSpec;
  /** A macvlan in the pod that is up, with these addresses. */
  const upWith = async (text: string, ...addresses: readonly string[]): Promise<Link> => {
    const made = await host.createLink(macvlan(text), pod);
    for (const address of addresses) await pod.addAddress(made.index, net(address), { noDad: true });
    await pod.changeLink(made.index, { up: true });
    return made;
  };

  describe('namespaces', () => {
    it('are told from each other, whoever opened them', async () => {
      expect(pod.identity).toMatch(/^\d+:\d+(:\d+)?$/);
      expect(world.other.identity).not.toBe(pod.identity);
      expect(host.identity).toBeUndefined();
      const again = await world.kernel.find(world.podPath);
      expect(again?.identity).toBe(pod.identity);
      again?.close();
    });

    it('has lo as link 1, down, in a new one', async () => {
      expect(await pod.links()).toMatchObject([
        { index: 1, name: 'lo', up: false, mtu: 65536, detail: { kind: 'other', name: 'loopback' } },
      ]);
    });
    it('says that there is none at a path', async () => {
      const gone = netnsPath('/run/netns/no-such-namespace');
      expect(await world.kernel.find(gone)).toBeUndefined();
      await expect(world.kernel.open(gone)).rejects.toMatchObject({ reason: 'NetnsMissing' });
    });
    it("refuses the host's", async () => {
      await expect(world.kernel.open(netnsPath('/proc/self/ns/net'))).rejects.toMatchObject({
        reason: 'NetnsSame',
        code: 8,
      });
    });
    it('knows the same links by every handle', async () => {
      const again = await world.kernel.open(world.podPath);
      expect(again.path).toBe(world.podPath);
      const made = await host.createLink(macvlan('net1'), again);
      expect(await link(pod, 'net1')).toEqual(made);
    });
  });

  describe('making links', () => {
    it('answers undefined for a link that is not there', async () => {
      expect(await pod.findLink('nope')).toBeUndefined();
      expect(await pod.findLink('a-name-that-is-far-too-long-for-a-link')).toBeUndefined();
      expect(await pod.findLinkByIndex(4711)).toBeUndefined();
    });
    it('makes a macvlan in the pod, and nothing in the host', async () => {
      const made = await host.createLink(macvlan('net1', { mac: mac('02:00:00:00:00:07', 'mac'), mtu: 1400 }), pod);
      expect(made).toMatchObject({
        name: 'net1',
        mac: '02:00:00:00:00:07',
        mtu: 1400,
        up: false,
        parent: up0.index,
        parentElsewhere: true,
      });
      expect(made.detail).toMatchObject({ kind: 'macvlan', mode: 'bridge' });
      expect(await pod.findLinkByIndex(made.index)).toEqual(made);
      expect(await host.findLink('net1')).toBeUndefined();
    });
    it.each(['private', 'vepa', 'bridge', 'passthru'] as const)('makes a macvlan of mode %s', async (mode) => {
      const made = await host.createLink(macvlan('net1', { mode, broadcastQueueLength: 2000 }));
      expect(made).toMatchObject({
        detail: { kind: 'macvlan', mode, broadcastQueueLength: 2000 },
        parent: up0.index,
        parentElsewhere: false,
        mtu: 1500,
      });
    });
    it('makes and changes several at one time, in the order in which that is asked for', async () => {
      await host.createLink(macvlan('net2'), pod);
      const outcomes = await world.kernel.overlapping(() =>
        Promise.allSettled(
          ['net1', 'net2', 'net3'].map(async (text, at) => {
            const { index } = await host.createLink(macvlan(text), pod);
            const address = net(`192.168.7.${at + 1}/24`);
            expect(
              await pod.changeAll([
                { link: index, address },
                { link: index, address },
              ]),
            ).toMatchObject([undefined, { errno: 'EEXIST' }]);
            await pod.changeLink(index, { up: true });
            await pod.addRoute({ dst: net(`10.${at}.0.0/24`), index }, 'append');
            return index;
          }),
        ),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { reason: 'LinkExists' } });
      const links = await pod.links();
      expect(links.map((each) => each.name)).toEqual(['lo', 'net2', 'net1', 'net3']);
      expect((await pod.routes()).map(({ dst }) => dst)).toEqual(
        expect.arrayContaining(['10.0.0.0/24', '10.2.0.0/24']),
      );
      expect((await pod.addresses({ family: 4 })).map(({ address }) => address)).toEqual([
        '192.168.7.1/24',
        '192.168.7.3/24',
      ]);
    });
    it('makes a link whose name the host has, too', async () => {
      const made = await host.createLink(macvlan('up0'), pod);
      expect(made).toMatchObject({ name: 'up0', detail: { kind: 'macvlan' } });
      expect((await pod.links()).map((each) => each.name)).toEqual(['lo', 'up0']);
    });
    it('refuses a name that the pod has', async () => {
      await host.createLink(macvlan('net1'), pod);
      const again = host.createLink(macvlan('net1'), pod);
      await expect(again).rejects.toMatchObject({
        reason: 'LinkExists',
        errno: 'EEXIST',
        message: expect.stringContaining('net1'),
      });
      expect(await pod.links()).toHaveLength(2);
    });
    it('refuses a name that both have', async () => {
      await host.createLink(macvlan('up0'), pod);
      await expect(host.createLink(macvlan('up0'), pod)).rejects.toMatchObject({ reason: 'LinkExists' });
      expect(await pod.links()).toHaveLength(2);
    });
    it('refuses a parent that is not there', async () => {
      const making = host.createLink(macvlan('net1', { parent: 4711 }), pod);
      await expect(making).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'ENODEV' });
    });
    it.each([
      ['more than the parent carries', 1501],
      ['less than an Ethernet link can have', 60],
    ])('refuses a macvlan MTU of %s', async (_, mtu) => {
      await expect(host.createLink(macvlan('net1', { mtu }), pod)).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'EINVAL',
      });
    });
    it('refuses a second macvlan beside passthru', async () => {
      await host.createLink(macvlan('net1', { mode: 'passthru' }), pod);
      await expect(host.createLink(macvlan('net2'), pod)).rejects.toMatchObject({ errno: 'EINVAL' });
    });
    it('puts a macvlan of a macvlan on the link below', async () => {
      const first = await host.createLink(macvlan('first'));
      expect(await host.createLink(macvlan('net1', { parent: first.index }), pod)).toMatchObject({ parent: up0.index });
    });
    it('makes a veth with the named end in the pod and the peer here', async () => {
      const made = await host.createLink({ kind: 'veth', name: name('net1'), peerName: name('vp1'), mtu: 1400 }, pod);
      const peer = await link(host, 'vp1');
      expect(made).toMatchObject({
        detail: { kind: 'veth' },
        parent: peer.index,
        parentElsewhere: true,
        mtu: 1400,
        txQueueLength: 1000,
      });
      expect(peer).toMatchObject({
        detail: { kind: 'veth' },
        parent: made.index,
        parentElsewhere: true,
        mtu: 1400,
        txQueueLength: 0,
      });
      expect(await host.findLink('net1')).toBeUndefined();
    });
    it('makes a veth with the MAC for the named end only', async () => {
      const address = mac('02:00:00:00:00:09', 'mac');
      await host.createLink({ kind: 'veth', name: name('net1'), peerName: name('vp1'), mac: address }, pod);
      expect((await link(pod, 'net1')).mac).toBe(address);
      expect((await link(host, 'vp1')).mac).not.toBe(address);
    });
    it('makes a veth with both ends here', async () => {
      const made = await host.createLink({ kind: 'veth', name: name('va'), peerName: name('vb') });
      expect(await link(host, 'vb')).toMatchObject({ parent: made.index, parentElsewhere: false });
    });
    it('makes a veth for a pod name that the host has, too', async () => {
      await host.createLink({ kind: 'veth', name: name('up0'), peerName: name('vp1') }, pod);
      expect((await link(pod, 'up0')).parent).toBe((await link(host, 'vp1')).index);
    });
    it.each([
      ['the peer', 'net1', 'up0', 'up0'],
      ['the named end', 'net1', 'vp1', 'net1'],
    ])('refuses a veth when the name of %s is taken', async (_, end, peer, named) => {
      if (named === 'net1') await host.createLink(macvlan('net1'), pod);
      const making = host.createLink({ kind: 'veth', name: name(end), peerName: name(peer) }, pod);
      await expect(making).rejects.toMatchObject({
        reason: 'LinkExists',
        errno: 'EEXIST',
        message: expect.stringContaining(named),
      });
      expect(await host.findLink('vp1')).toBeUndefined();
    });
    it('makes a bridge', async () => {
      expect(await host.createLink({ kind: 'bridge', name: name('br0') })).toMatchObject({
        detail: { kind: 'bridge', vlanFiltering: false },
        up: false,
      });
    });
    it('makes a tap device that stays, in the pod', async () => {
      const nobody = { owner: undefined, ownerGroup: undefined };
      const made = await host.createLink({ kind: 'tap', name: name('tap1') }, pod);
      expect(made).toMatchObject({ name: 'tap1', up: false, detail: { kind: 'tap', multiQueue: false, ...nobody } });
      expect(await host.findLink('tap1')).toBeUndefined();
      await expect(pod.createLink({ kind: 'tap', name: name('tap1') })).rejects.toMatchObject({ reason: 'LinkExists' });
      await pod.deleteLink(name('tap1'));
      expect(await pod.findLink('tap1')).toBeUndefined();
    });
    it('makes a tap device with several queues, owner, group, MAC and MTU', async () => {
      const asked = { multiQueue: true, owner: 64001, ownerGroup: 64002 };
      const spec: LinkSpec = {
        kind: 'tap',
        name: name('tap1'),
        mac: mac('02:00:00:00:00:07', 'mac'),
        mtu: 1400,
        ...asked,
      };
      expect(await pod.createLink(spec)).toMatchObject({
        mac: '02:00:00:00:00:07',
        mtu: 1400,
        detail: { kind: 'tap', ...asked },
      });
    });
    it('refuses a tap device with an MTU that none can have, and leaves none', async () => {
      const making = pod.createLink({ kind: 'tap', name: name('tap1'), mtu: 60 });
      await expect(making).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EINVAL' });
      expect(await pod.findLink('tap1')).toBeUndefined();
    });
    it('refuses a bridge that exists', async () => {
      await host.createLink({ kind: 'bridge', name: name('br0') });
      await expect(host.createLink({ kind: 'bridge', name: name('br0') })).rejects.toMatchObject({
        reason: 'LinkExists',
      });
    });
    where('dummy')('makes a dummy', async () => {
      expect((await host.createLink({ kind: 'dummy', name: name('dum0') }, pod)).detail).toEqual({ kind: 'dummy' });
    });
    where('vrf')('makes a vrf of a table', async () => {
      expect((await pod.createLink({ kind: 'vrf', name: name('blue'), table: 1000 })).detail).toEqual({
        kind: 'vrf',
        table: 1000,
      });
    });
    where('vlan').each(['802.1Q', '802.1ad'] as const)('makes a vlan of protocol %s in the pod', async (protocol) => {
      const made = await host.createLink(
        { kind: 'vlan', name: name('net1'), parent: up0.index, id: 100, protocol },
        pod,
      );
      expect(made).toMatchObject({
        detail: { kind: 'vlan', id: 100, protocol },
        parent: up0.index,
        parentElsewhere: true,
        mac: up0.mac,
      });
    });
    where('vlan')('refuses a vlan id that the parent has', async () => {
      await host.createLink({ kind: 'vlan', name: name('net1'), parent: up0.index, id: 100 }, pod);
      const making = host.createLink({ kind: 'vlan', name: name('net2'), parent: up0.index, id: 100 }, pod);
      await expect(making).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EEXIST' });
      expect(await pod.findLink('net2')).toBeUndefined();
    });
    where('vlan')('refuses a vlan id beyond 4094 with the reason in words', async () => {
      const making = host.createLink({ kind: 'vlan', name: name('net1'), parent: up0.index, id: 4096 }, pod);
      await expect(making).rejects.toMatchObject({
        errno: 'ERANGE',
        message: expect.stringContaining('Invalid VLAN id'),
      });
    });
    where('ipvlan').each(['l2', 'l3', 'l3s'] as const)('makes an ipvlan of mode %s', async (mode) => {
      const made = await host.createLink({ kind: 'ipvlan', name: name('net1'), parent: up0.index, mode }, pod);
      expect(made).toMatchObject({
        detail: { kind: 'ipvlan', mode },
        mac: up0.mac,
        parent: up0.index,
        parentElsewhere: true,
      });
    });
    where('ipvlan')('lets macvlan and ipvlan not share a parent', async () => {
      await host.createLink(macvlan('net1'), pod);
      const making = host.createLink({ kind: 'ipvlan', name: name('net2'), parent: up0.index, mode: 'l2' }, pod);
      await expect(making).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EBUSY' });
      await pod.deleteLink(name('net1'));
      await host.createLink({ kind: 'ipvlan', name: name('net2'), parent: up0.index, mode: 'l2' }, pod);
      await expect(host.createLink(macvlan('net1'), pod)).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'EBUSY',
      });
    });
    where('ipvlan')('changes the mode of every ipvlan with that of the newest', async () => {
      await host.createLink({ kind: 'ipvlan', name: name('net1'), parent: up0.index, mode: 'l2' }, pod);
      await host.createLink({ kind: 'ipvlan', name: name('net2'), parent: up0.index, mode: 'l3' }, pod);
      expect((await link(pod, 'net1')).detail).toEqual({ kind: 'ipvlan', mode: 'l3' });
    });
  });

  describe('changing links', () => {
    it('changes name, MAC, MTU, queue, alias and state in one call', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      const change = {
        name: name('lan'),
        mac: mac('02:00:00:00:00:08', 'mac'),
        mtu: 1400,
        txQueueLength: 500,
        alias: 'of a pod',
        up: true,
      };
      await pod.changeLink(made.index, change);
      expect(await link(pod, 'lan')).toMatchObject({ index: made.index, ...change });
      expect(await pod.findLink('net1')).toBeUndefined();
      expect(await pod.sysctl('net/ipv4/conf/lan/forwarding')).toBeDefined();
    });
    it('changes settings of IPv4, and tells of them', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      expect(made.ipv4).toEqual({ forwarding: 0, arpIgnore: 0, arpAnnounce: 0, arpNotify: 0 });
      const ipv4 = { forwarding: 1, arpIgnore: 1, arpAnnounce: 2, arpNotify: 1 };
      await pod.changeLink(made.index, { ipv4, arp: false });
      expect(await link(pod, 'net1')).toMatchObject({ ipv4, arp: false });
      expect(await pod.sysctl('net/ipv4/conf/net1/arp_announce')).toBe('2');
    });
    it('remembers the neighbours that it is told of, each on its link', async () => {
      const [net1, net2] = [await upWith('net1', '10.1.0.2/24', 'fd00::2/64'), await upWith('net2', '10.2.0.2/24')];
      const [one, other] = [mac('02:00:00:00:00:0a', 'mac'), mac('02:00:00:00:00:0b', 'mac')];
      await pod.setNeighbour(net1.index, addr('10.1.0.1'), one);
      await pod.setNeighbour(net1.index, addr('fd00::1'), one);
      await pod.setNeighbour(net1.index, addr('10.1.0.1'), other); // in its place
      expect([...(await pod.neighbours(net1.index))].sort()).toEqual([
        ['10.1.0.1', other],
        ['fd00::1', one],
      ]);
      expect(await pod.neighbours(net2.index)).toEqual([]);
    });
    it('counts the users of promiscuous mode', async () => {
      await host.changeLink(up0.index, { promisc: true });
      expect((await link(host, 'up0')).promisc).toBe(up0.promisc + 1);
      await host.changeLink(up0.index, { promisc: false });
      expect((await link(host, 'up0')).promisc).toBe(up0.promisc);
    });
    it('takes in all multicast, or not', async () => {
      await host.changeLink(up0.index, { allMulti: true });
      expect((await link(host, 'up0')).allMulti).toBe(true);
      await host.changeLink(up0.index, { allMulti: false, promisc: true });
      expect(await link(host, 'up0')).toMatchObject({ allMulti: false, promisc: up0.promisc + 1 });
      await host.changeLink(up0.index, { promisc: false });
    });
    it('refuses a name that is taken', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await host.createLink(macvlan('net2'), pod);
      await expect(pod.changeLink(made.index, { name: name('net2') })).rejects.toMatchObject({ reason: 'LinkExists' });
    });
    it('refuses a link that is not there', async () => {
      await expect(pod.changeLink(4711, { up: true })).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'ENODEV',
      });
    });
    it('refuses an MTU above the parent’s', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await expect(pod.changeLink(made.index, { mtu: 9000 })).rejects.toMatchObject({ errno: 'EINVAL' });
    });
    it('lowers the MTU of what stands on a link with it', async () => {
      await host.createLink(macvlan('net1'), pod);
      await host.changeLink(up0.index, { mtu: 1300 });
      expect((await link(pod, 'net1')).mtu).toBe(1300);
    });
    it('shows a macvlan as up while its parent is', async () => {
      const made = await upWith('net1');
      expect(await eventually(async () => (await link(pod, 'net1')).operState, 'up')).toBe('up');
      await host.changeLink(up0.index, { up: false });
      const goneDown = async () => (await link(pod, 'net1')).operState.endsWith('down'); // kernels differ in which
      expect(await eventually(goneDown, true)).toBe(true);
      expect(await pod.findLinkByIndex(made.index)).toMatchObject({ up: true });
    });
    where('vlan')('refuses to set a vlan up on a parent that is down', async () => {
      const made = await host.createLink({ kind: 'vlan', name: name('net1'), parent: up0.index, id: 5 }, pod);
      await host.changeLink(up0.index, { up: false });
      await expect(pod.changeLink(made.index, { up: true })).rejects.toMatchObject({ errno: 'ENETDOWN' });
    });
    it('moves a link to another namespace, without its addresses', async () => {
      const made = await upWith('net1', '10.1.0.2/24');
      await pod.moveLink(made.index, world.other);
      expect(await pod.findLink('net1')).toBeUndefined();
      const moved = await link(world.other, 'net1');
      expect(moved).toMatchObject({ up: false, parent: up0.index, parentElsewhere: true, mac: made.mac });
      expect(await world.other.addresses({ index: moved.index, family: 4 })).toEqual([]);
      expect(await pod.routes({ family: 4 })).toEqual([]);
    });
    it('refuses to move a link to where its name is taken', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await host.createLink(macvlan('net1'), world.other);
      await expect(pod.moveLink(made.index, world.other)).rejects.toMatchObject({ reason: 'LinkExists' });
    });
    it('moves a link to another name, whoever has the old one there', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await host.createLink(macvlan('net1'), world.other);
      await pod.moveLink(made.index, world.other, name('net2'));
      expect((await world.other.links()).map((each) => each.name).sort()).toEqual(['lo', 'net1', 'net2']);
      expect(await link(world.other, 'net2')).toMatchObject({ mac: made.mac, up: false });
      expect(await pod.sysctl('net/ipv4/conf/net1/forwarding')).toBeUndefined();
      expect(await world.other.sysctl('net/ipv4/conf/net2/forwarding')).toBeDefined();
    });
    it('moves nothing when the new name is taken there', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await host.createLink(macvlan('net2'), world.other);
      await expect(pod.moveLink(made.index, world.other, name('net2'))).rejects.toMatchObject({ reason: 'LinkExists' });
      expect(await pod.findLink('net1')).toBeDefined();
    });
    it('refuses to move a bridge', async () => {
      const bridge = await host.createLink({ kind: 'bridge', name: name('br0') });
      await expect(host.moveLink(bridge.index, pod)).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'EINVAL',
      });
    });
  });

  describe('deleting links', () => {
    it('counts a missing link as deleted', async () => {
      await pod.deleteLink(name('net1'));
    });
    it('deletes a link with its addresses and routes', async () => {
      await upWith('net1', '10.1.0.2/24');
      await pod.deleteLink(name('net1'));
      expect((await pod.links()).map((each) => each.name)).toEqual(['lo']);
      expect(await pod.addresses()).toEqual([]);
      expect(await pod.routes()).toEqual([]);
    });
    it('deletes the peer with an end of a veth', async () => {
      await host.createLink({ kind: 'veth', name: name('net1'), peerName: name('vp1') }, pod);
      await pod.deleteLink(name('net1'));
      expect(await host.findLink('vp1')).toBeUndefined();
    });
    it('deletes in every namespace what stands on a link', async () => {
      const base = await host.createLink({ kind: 'veth', name: name('va'), peerName: name('vb') });
      await host.createLink(macvlan('net1', { parent: base.index }), pod);
      await host.deleteLink(name('va'));
      expect(await pod.findLink('net1')).toBeUndefined();
    });
    it('refuses to delete lo', async () => {
      await expect(pod.deleteLink(name('lo'))).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EOPNOTSUPP' });
    });
    it('deletes several links at once, those only', async () => {
      for (const each of ['net1', 'net2', 'net3']) await host.createLink(macvlan(each), pod);
      await pod.deleteLinks([name('net1'), name('net3'), name('gone')]);
      expect((await pod.links()).map((each) => each.name)).toEqual(['lo', 'net2']);
    });
  });

  describe('bridge ports', () => {
    const port = async (): Promise<{ bridge: Link; end: Link }> => {
      const bridge = await host.createLink({ kind: 'bridge', name: name('br0') });
      await host.createLink({ kind: 'veth', name: name('net1'), peerName: name('vp1') }, pod);
      const end = await link(host, 'vp1');
      await host.changeLink(end.index, { master: bridge.index, up: true });
      return { bridge, end };
    };
    it('joins and leaves a bridge', async () => {
      const { bridge, end } = await port();
      expect((await link(host, 'vp1')).master).toBe(bridge.index);
      await host.changeLink(end.index, { master: 0 });
      expect((await link(host, 'vp1')).master).toBeUndefined();
    });
    it('gives a bridge the MAC of its lowest port until one is chosen', async () => {
      const { bridge, end } = await port();
      expect((await link(host, 'br0')).mac).toBe(end.mac);
      await host.changeLink(bridge.index, { mac: mac('02:00:00:00:00:0a', 'mac') });
      await host.changeLink(end.index, { master: 0 });
      expect((await link(host, 'br0')).mac).toBe('02:00:00:00:00:0a');
    });
    it('frees its ports when the bridge goes', async () => {
      await port();
      await host.deleteLink(name('br0'));
      expect((await link(host, 'vp1')).master).toBeUndefined();
    });
    it('refuses a bridge in a bridge, and a macvlan parent as a port', async () => {
      const { bridge } = await port();
      const second = await host.createLink({ kind: 'bridge', name: name('br1') });
      await expect(host.changeLink(second.index, { master: bridge.index })).rejects.toMatchObject({ errno: 'ELOOP' });
      await host.createLink(macvlan('net2'), pod);
      await expect(host.changeLink(up0.index, { master: bridge.index })).rejects.toMatchObject({ errno: 'EBUSY' });
    });
    it('sets and tells hairpin and isolation of ports only', async () => {
      const { end } = await port();
      expect(await host.bridgePort(end.index)).toEqual({ hairpin: false, isolated: false });
      await host.setBridgePort(end.index, { hairpin: true, isolated: true });
      expect(await host.bridgePort(end.index)).toEqual({ hairpin: true, isolated: true });
      await host.setBridgePort(end.index, { hairpin: false });
      expect(await host.bridgePort(end.index)).toEqual({ hairpin: false, isolated: true });
      expect([await host.bridgePort(up0.index), await host.bridgePort(4711)]).toEqual([undefined, undefined]);
      await expect(host.setBridgePort(up0.index, { hairpin: true })).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'EOPNOTSUPP',
      });
    });
    where('vlan filtering')('makes a bridge that filters VLANs', async () => {
      const bridge = await host.createLink({ kind: 'bridge', name: name('br0'), vlanFiltering: true });
      expect(bridge.detail).toEqual({ kind: 'bridge', vlanFiltering: true });
    });
    where('vlan filtering')('starts a port in VLAN 1, and puts it into others', async () => {
      const { end } = await port();
      expect(await host.bridgeVlans(end.index)).toEqual([{ id: 1, pvid: true, untagged: true }]);
      await host.addBridgeVlan(end.index, { id: 100, pvid: true, untagged: true });
      await host.addBridgeVlan(end.index, { id: 200, pvid: false, untagged: false });
      await host.deleteBridgeVlan(end.index, 1);
      await host.deleteBridgeVlan(end.index, 1);
      expect(await host.bridgeVlans(end.index)).toEqual([
        { id: 100, pvid: true, untagged: true },
        { id: 200, pvid: false, untagged: false },
      ]);
    });
    where('vlan filtering')('takes the PVID from the VLAN that had it', async () => {
      const { end } = await port();
      await host.addBridgeVlan(end.index, { id: 7, pvid: true, untagged: true });
      expect(await host.bridgeVlans(end.index)).toEqual([
        { id: 1, pvid: false, untagged: true },
        { id: 7, pvid: true, untagged: true },
      ]);
    });
    where('vlan filtering')('has no VLANs on a link that is no port', async () => {
      expect(await host.bridgeVlans(up0.index)).toEqual([]);
      await expect(host.addBridgeVlan(up0.index, { id: 7, pvid: false, untagged: false })).rejects.toMatchObject({
        errno: 'EOPNOTSUPP',
      });
    });
  });

  describe('addresses', () => {
    it('adds, lists and deletes them', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await pod.addAddress(made.index, net('10.1.0.2/24'));
      await pod.addAddress(made.index, net('fd00::2/64'), { noDad: true });
      expect(await pod.addresses({ index: made.index })).toEqual([
        { index: made.index, address: '10.1.0.2/24', tentative: false, dadFailed: false, scope: 0 },
        { index: made.index, address: 'fd00::2/64', tentative: false, dadFailed: false, scope: 0 },
      ]);
      expect(await pod.addresses({ family: 6 })).toHaveLength(1);
      await pod.deleteAddress(made.index, net('10.1.0.2/24'));
      await pod.deleteAddress(made.index, net('10.1.0.2/24'));
      await pod.deleteAddress(4711, net('10.1.0.2/24'));
      expect(await pod.addresses({ family: 4 })).toEqual([]);
      expect(await pod.addresses({ index: 4711 })).toEqual([]);
    });
    it.each(['10.1.0.2/24', 'fd00::2/64'])('refuses %s twice', async (address) => {
      const made = await host.createLink(macvlan('net1'), pod);
      await pod.addAddress(made.index, net(address));
      await expect(pod.addAddress(made.index, net(address))).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno: 'EEXIST',
      });
    });
    it('refuses an address for a link that is not there', async () => {
      await expect(pod.addAddress(4711, net('10.1.0.2/24'))).rejects.toMatchObject({ errno: 'ENODEV' });
    });
    it('refuses an IPv6 address where IPv6 is off', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await pod.setSysctl('net/ipv6/conf/net1/disable_ipv6', '1');
      await expect(pod.addAddress(made.index, net('fd00::2/64'))).rejects.toMatchObject({ errno: 'EACCES' });
    });
    it('gives a link that comes up a link-local address', async () => {
      await upWith('net1');
      expect(await pod.addresses({ family: 6 })).toMatchObject([
        { address: expect.stringMatching(/^fe80::.*\/64$/), scope: 253 },
      ]);
    });
    it('brings the addresses of lo with it', async () => {
      await pod.changeLink(1, { up: true });
      expect((await pod.addresses()).map((a) => [a.address, a.scope])).toEqual([
        ['127.0.0.1/8', 254],
        ['::1/128', 254],
      ]);
      expect(await pod.routes()).toEqual([]);
    });
    it('deletes secondary addresses with the first of their subnet', async () => {
      const made = await upWith('net1', '10.1.0.2/24', '10.1.0.3/24', '10.2.0.3/24');
      await pod.deleteAddress(made.index, net('10.1.0.2/24'));
      expect((await pod.addresses({ family: 4 })).map((a) => a.address)).toEqual(['10.2.0.3/24']);
    });
    it('keeps IPv4 addresses when a link goes down, IPv6 ones when told to', async () => {
      const made = await upWith('net1', '10.1.0.2/24', 'fd00::2/64');
      await pod.changeLink(made.index, { up: false });
      expect((await pod.addresses()).map((a) => a.address)).toEqual(['10.1.0.2/24']);
      await pod.addAddress(made.index, net('fd00::2/64'), { noDad: true });
      await pod.setSysctl('net/ipv6/conf/net1/keep_addr_on_down', '1');
      await pod.changeLink(made.index, { up: true });
      await pod.changeLink(made.index, { up: false });
      expect((await pod.addresses({ family: 6 })).map((a) => a.address)).toEqual(['fd00::2/64']);
    });
  });

  describe('routes', () => {
    it('come with an address on a link that is up, and go with either', async () => {
      const made = await upWith('net1', '10.1.0.2/24', 'fd00::2/64', '10.9.9.9/32');
      expect(await tableOf(pod)).toEqual([
        '10.1.0.0/24 src 10.1.0.2 scope 253',
        'fd00::/64 metric 256',
        'fe80::/64 metric 256',
      ]);
      await pod.deleteAddress(made.index, net('fd00::2/64'));
      expect(await pod.routes({ family: 6 })).toHaveLength(1);
      await pod.changeLink(made.index, { up: false });
      expect(await pod.routes()).toEqual([]);
      await pod.changeLink(made.index, { up: true });
      expect(await pod.routes({ family: 4 })).toMatchObject([
        { dst: '10.1.0.0/24', index: made.index, protocol: 2, table: 254 },
      ]);
    });
    it.each([
      ['IPv4', '10.1.0.2/24', '10.1.0.1'],
      ['IPv6', 'fd00::2/64', 'fd00::1'],
    ])('adds and deletes a default route, %s', async (_, address, gateway) => {
      const made = await upWith('net1', address);
      const dst = everything(gateway.includes(':') ? 6 : 4);
      await pod.addRoute({ dst, gateway: addr(gateway), metric: 1001, mtu: 1400, advmss: 1300 });
      const [found] = (await pod.routes()).filter((route) => route.dst === dst);
      expect(found).toMatchObject({
        gateway,
        index: made.index,
        metric: 1001,
        mtu: 1400,
        advmss: 1300,
        protocol: 3,
        scope: 0,
      });
      await pod.deleteRoute({ dst });
      await pod.deleteRoute({ dst });
      expect((await pod.routes()).filter((route) => route.dst === dst)).toEqual([]);
    });
    it.each([
      ['10.1.0.2/24', '0.0.0.0/0', '10.2.0.1', 'ENETUNREACH'],
      ['fd00::2/64', '::/0', 'fd01::1', 'EHOSTUNREACH'],
    ])('refuses a gateway out of reach: %s', async (address, dst, gateway, errno) => {
      await upWith('net1', address);
      await expect(pod.addRoute({ dst: net(dst), gateway: addr(gateway) })).rejects.toMatchObject({
        reason: 'KernelRefused',
        errno,
      });
    });
    it('says the kernel’s own words', async () => {
      await upWith('net1', '10.1.0.2/24');
      const adding = pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.2.0.1') });
      await expect(adding).rejects.toThrow('Nexthop has invalid gateway');
    });
    it('takes a gateway out of reach that is said to be on the link', async () => {
      const made = await upWith('net1', '10.1.0.2/24');
      await pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.2.0.1'), index: made.index, onlink: true });
      expect(await pod.routes({ index: made.index })).toContainEqual(
        expect.objectContaining({ gateway: '10.2.0.1', onlink: true }),
      );
    });
    it('refuses a route over a link that is down', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      await expect(pod.addRoute({ dst: net('10.5.0.0/16'), index: made.index })).rejects.toMatchObject({
        errno: 'ENETDOWN',
      });
    });
    it('refuses host bits in an IPv4 destination', async () => {
      const made = await upWith('net1');
      await expect(pod.addRoute({ dst: net('10.5.0.1/16'), index: made.index })).rejects.toMatchObject({
        errno: 'EINVAL',
      });
    });
    it('refuses a source that the namespace does not have', async () => {
      const made = await upWith('net1', '10.1.0.2/24');
      const adding = pod.addRoute({ dst: net('10.5.0.0/16'), index: made.index, source: addr('10.7.0.1') });
      await expect(adding).rejects.toMatchObject({ errno: 'EINVAL' });
    });
    it('creates a route once, whatever its gateway', async () => {
      await upWith('net1', '10.1.0.2/24');
      await pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.1.0.1') });
      const again = pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.1.0.9') });
      await expect(again).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EEXIST' });
      await pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.1.0.9'), metric: 5 });
    });
    it('appends an IPv4 route in front of its like, but not itself', async () => {
      await upWith('net1', '10.1.0.2/24');
      const dst = net('0.0.0.0/0');
      await pod.addRoute({ dst, gateway: addr('10.1.0.1') }, 'append');
      await pod.addRoute({ dst, gateway: addr('10.1.0.9') }, 'append');
      await expect(pod.addRoute({ dst, gateway: addr('10.1.0.9') }, 'append')).rejects.toMatchObject({
        errno: 'EEXIST',
      });
      expect(await gateways(pod, dst)).toEqual(['10.1.0.9', '10.1.0.1']);
    });
    it('appends an IPv6 route as one more next hop', async () => {
      await upWith('net1', 'fd00::2/64');
      const dst = everything(6);
      await pod.addRoute({ dst, gateway: addr('fd00::1') }, 'append');
      await pod.addRoute({ dst, gateway: addr('fd00::9') }, 'append');
      await expect(pod.addRoute({ dst, gateway: addr('fd00::9') }, 'append')).rejects.toMatchObject({
        errno: 'EEXIST',
      });
      expect([...(await gateways(pod, dst))].sort()).toEqual(['fd00::1', 'fd00::9']);
    });
    it('replaces a route of the same metric', async () => {
      await upWith('net1', '10.1.0.2/24');
      const dst = net('0.0.0.0/0');
      await pod.addRoute({ dst, gateway: addr('10.1.0.1') }, 'replace');
      await pod.addRoute({ dst, gateway: addr('10.1.0.9') }, 'replace');
      expect(await gateways(pod, dst)).toEqual(['10.1.0.9']);
    });
    it('deletes the one that agrees in all that is said', async () => {
      await upWith('net1', '10.1.0.2/24');
      const dst = net('0.0.0.0/0');
      await pod.addRoute({ dst, gateway: addr('10.1.0.1'), metric: 10 });
      await pod.addRoute({ dst, gateway: addr('10.1.0.9'), metric: 20 });
      await pod.deleteRoute({ dst, metric: 30 });
      await pod.deleteRoute({ dst, gateway: addr('10.1.0.9') });
      expect(await gateways(pod, dst)).toEqual(['10.1.0.1']);
    });
    it('deletes a route to the link itself without being told its scope', async () => {
      const made = await upWith('net1', '10.1.0.2/24');
      await pod.addRoute({ dst: net('10.5.0.0/16'), index: made.index });
      await pod.deleteRoute({ dst: net('10.5.0.0/16') });
      expect((await pod.routes({ family: 4 })).map((route) => route.dst)).toEqual(['10.1.0.0/24']);
    });
    it('puts back a route exactly as it was listed', async () => {
      await upWith('net1', '10.1.0.2/24', 'fd00::2/64');
      const before = await pod.routes();
      for (const route of before) await pod.deleteRoute(route);
      expect(await pod.routes()).toEqual([]);
      for (const route of before) await pod.addRoute(route);
      expect(sorted(await pod.routes())).toEqual(sorted(before));
    });
    it.each([100, 5000])('keeps table %d apart', async (table) => {
      const made = await upWith('net1', '10.1.0.2/24');
      const before = await pod.routes();
      await pod.addRoute({ dst: net('10.1.0.0/24'), index: made.index, source: addr('10.1.0.2'), table });
      await pod.addRoute({ dst: net('0.0.0.0/0'), gateway: addr('10.1.0.1'), index: made.index, table });
      expect(await pod.routes()).toEqual(before);
      expect((await pod.routes({ table })).map((route) => route.dst).sort()).toEqual(['0.0.0.0/0', '10.1.0.0/24']);
      expect(await pod.routes({ table: 'all' })).toHaveLength(before.length + 2);
      await pod.deleteRoute({ dst: net('0.0.0.0/0'), table });
      expect(await pod.routes({ table })).toMatchObject([{ source: '10.1.0.2', table, scope: 253 }]);
    });
    it('answers nothing for a table that is not there, and a link that is not there', async () => {
      expect(await pod.routes({ table: 4711 })).toEqual([]);
      expect(await pod.routes({ index: 4711 })).toEqual([]);
    });
    where('vrf')('go into the table of a vrf with their link', async () => {
      const vrf = await pod.createLink({ kind: 'vrf', name: name('blue'), table: 1000 });
      const made = await upWith('net1', '10.1.0.2/24');
      await pod.changeLink(made.index, { master: vrf.index });
      expect(await pod.routes({ family: 4 })).toEqual([]);
      expect(await pod.routes({ family: 4, table: 1000 })).toMatchObject([{ dst: '10.1.0.0/24', table: 1000 }]);
    });
  });

  describe('rules', () => {
    it('start with local, main and default', async () => {
      expect((await pod.rules()).map((rule) => [rule.family, rule.priority, rule.table])).toEqual([
        [4, 0, 255],
        [4, 32766, 254],
        [4, 32767, 253],
        [6, 0, 255],
        [6, 32766, 254],
      ]);
    });
    it('are added below the second of the family unless told otherwise', async () => {
      await pod.addRule({ family: 4, source: net('10.1.0.2/32'), table: 100 });
      await pod.addRule({ family: 4, source: net('10.2.0.2/32'), table: 5000 });
      await pod.addRule({ family: 6, source: net('fd00::2/128'), table: 100, priority: 77, protocol: 77 });
      const added = (await pod.rules()).filter((rule) => rule.source !== undefined);
      expect(added).toEqual([
        { family: 4, source: '10.2.0.2/32', table: 5000, priority: 32764, protocol: 3 },
        { family: 4, source: '10.1.0.2/32', table: 100, priority: 32765, protocol: 3 },
        { family: 6, source: 'fd00::2/128', table: 100, priority: 77, protocol: 77 },
      ]);
    });
    it('are refused when they exist with that priority', async () => {
      const rule = { family: 4, source: net('10.1.0.2/32'), table: 100, priority: 50 } as const;
      await pod.addRule(rule);
      await expect(pod.addRule(rule)).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EEXIST' });
    });
    it('may drop what comes in by one link, and go alone', async () => {
      const lead = { family: 4, source: undefined, table: 100, priority: 50 } as const;
      const drop = { ...lead, table: 0, iif: 'net1', blackhole: true } as const;
      const other = { ...drop, iif: 'net2' } as const;
      const before = await pod.rules();
      for (const rule of [lead, drop, other]) await pod.addRule(rule);
      const added = (): Promise<readonly unknown[]> =>
        pod.rules().then((rules) => rules.filter(({ priority }) => priority === 50));
      expect(await added()).toEqual([lead, drop, other].map((rule) => ({ ...rule, protocol: 3 })));
      await pod.deleteRule(drop);
      expect(await added()).toEqual([lead, other].map((rule) => ({ ...rule, protocol: 3 })));
      await pod.deleteRule(other);
      await pod.deleteRule(lead);
      expect(await pod.rules()).toEqual(before);
    });
    it('are deleted one at a time, no other in place of a missing one', async () => {
      await pod.addRule({ family: 4, source: net('10.1.0.2/32'), table: 100 });
      const before = await pod.rules();
      await pod.deleteRule({ family: 4, source: undefined, table: 100 });
      await pod.deleteRule({ family: 4, source: net('10.1.0.3/32'), table: 100 });
      await pod.deleteRule({ family: 6, source: undefined, table: 100 });
      expect(await pod.rules()).toEqual(before);
      await pod.deleteRule({ family: 4, source: net('10.1.0.2/32'), table: 100 });
      expect(await pod.rules()).toHaveLength(before.length - 1);
    });
  });

  describe('changes together', () => {
    const lead = { family: 4, source: undefined, table: 100, priority: 50 } as const;
    it('are made in order', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      const done = await pod.changeAll([
        { link: made.index, change: { mtu: 1400 } },
        { link: made.index, address: net('10.1.0.5/24') },
        { link: made.index, change: { up: true } },
        { rule: lead },
      ]);
      expect(done).toEqual([undefined, undefined, undefined, undefined]);
      expect(await pod.findLink('net1')).toMatchObject({ mtu: 1400, up: true });
      expect(await pod.addresses({ index: made.index, family: 4 })).toMatchObject([{ address: '10.1.0.5/24' }]);
      expect(await pod.rules()).toContainEqual({ ...lead, protocol: 3 });
    });
    it('tell which were refused, and hold back none after them', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      const [missing, first, again, up] = await pod.changeAll([
        { link: 4711, change: { up: true } },
        { rule: lead },
        { rule: lead },
        { link: made.index, change: { up: true } },
      ]);
      expect(missing).toMatchObject({ reason: 'KernelRefused', errno: 'ENODEV' });
      expect(again).toMatchObject({ reason: 'KernelRefused', errno: 'EEXIST' });
      expect([first, up]).toEqual([undefined, undefined]);
      expect(await pod.findLink('net1')).toMatchObject({ up: true });
      const last = await pod.changeAll([{ link: made.index, change: { up: true } }, { rule: lead }]);
      expect(last).toMatchObject([undefined, { errno: 'EEXIST' }]);
      expect(await pod.changeAll([])).toEqual([]);
    });
    it('take rules away, and one that is gone is done', async () => {
      const drop = { ...lead, table: 0, iif: 'net1', blackhole: true } as const;
      const other = { ...drop, iif: 'net2' } as const;
      const before = await pod.rules();
      for (const rule of [lead, drop, other]) await pod.addRule(rule);
      expect(await pod.changeAll([{ gone: other }, { gone: other }, { gone: drop }])).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect((await pod.rules()).filter(({ priority }) => priority === 50)).toMatchObject([lead]);
      await pod.deleteRule(lead);
      expect(await pod.rules()).toEqual(before);
    });
  });

  describe('sysctls', () => {
    it('belong to the namespace', async () => {
      await pod.setSysctl('net/ipv4/ip_forward', '1');
      await world.other.setSysctl('net/ipv4/ip_forward', '0');
      expect(await pod.sysctl('net/ipv4/ip_forward')).toBe('1');
      expect(await world.other.sysctl('net/ipv4/ip_forward')).toBe('0');
    });
    it('belong to a link, dots in its name or not', async () => {
      await host.createLink(macvlan('up0.100'), pod);
      await pod.setSysctl('net/ipv4/conf/up0.100/arp_ignore', '1');
      expect(await pod.sysctl('net/ipv4/conf/up0.100/arp_ignore')).toBe('1');
      await pod.deleteLink(name('up0.100'));
      expect(await pod.sysctl('net/ipv4/conf/up0.100/arp_ignore')).toBeUndefined();
    });
    it('switch forwarding of every link together', async () => {
      await host.createLink(macvlan('net1'), pod);
      await pod.setSysctl('net/ipv4/ip_forward', '1');
      expect(await pod.sysctl('net/ipv4/conf/net1/forwarding')).toBe('1');
    });
    it('of IPv6 are told with the link', async () => {
      const made = await host.createLink(macvlan('net1'), pod);
      expect(made.ipv6).toEqual({ forwarding: 0 });
      await pod.setSysctl('net/ipv6/conf/net1/forwarding', '1');
      expect((await link(pod, 'net1')).ipv6).toEqual({ forwarding: 1 });
    });
    it('are set together where they are there', async () => {
      await host.createLink(macvlan('net1'), pod);
      const there = await pod.ensureSysctls([
        ['net/ipv4/conf/net1/arp_ignore', '1'],
        ['net/ipv4/no_such_key', '1'],
        ['net/ipv4/conf/net1/arp_announce', '2'],
      ]);
      expect(there).toEqual([true, false, true]);
      expect(await pod.sysctl('net/ipv4/conf/net1/arp_ignore')).toBe('1');
      expect(await pod.sysctl('net/ipv4/conf/net1/arp_announce')).toBe('2');
    });
    it('are refused when there is no such key', async () => {
      expect(await pod.sysctl('net/ipv4/no_such_key')).toBeUndefined();
      await expect(pod.setSysctl('net/ipv4/no_such_key', '1')).rejects.toMatchObject({ reason: 'SysctlRefused' });
    });
  });
}

async function link(netns: Netns, text: string): Promise<Link> {
  const found = await netns.findLink(text);
  if (found === undefined) throw new Error(`no link ${text}`);
  return found;
}

async function gateways(netns: Netns, dst: string): Promise<readonly unknown[]> {
  return (await netns.routes()).filter((route) => route.dst === dst).map((route) => route.gateway);
}

async function tableOf(netns: Netns): Promise<readonly string[]> {
  const shown = (route: Route): string =>
    [
      route.dst,
      route.source && `src ${route.source}`,
      route.metric && `metric ${route.metric}`,
      route.scope && `scope ${route.scope}`,
    ]
      .filter(Boolean)
      .join(' ');
  return (await netns.routes()).map(shown).sort();
}

function sorted(routes: readonly Route[]): readonly Route[] {
  return [...routes].sort((a, b) => a.dst.localeCompare(b.dst));
}

/** The kernel tells some states a moment late: asks until the value is as wanted, for a second. */
async function eventually<T>(ask: () => Promise<T>, wanted: T): Promise<T> {
  for (let round = 0; round < 50; round++) {
    if ((await ask()) === wanted) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return ask();
}
