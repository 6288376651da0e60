/** Facts that hold in a real kernel for every delegate whose link lives on a master. Runs in a guest; touches its namespaces. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Delegate } from '../../src/attach/delegate';
import type { Json } from '../../src/json';
import { ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { callsFor, exhausted, type FakeIpam, fixedIpam, type LabOptions } from '../plugins/lab';
import { addressesOf, linkOf, linksOf, type Place, routesOf } from './ip';
import { Lab } from './lab';

/** Two links of the node that are each other's other end, so that both can be masters on one wire. */
export const uplinks = { left: 'up0', right: 'up1' } as const;

/** A pod of the real kernel, and a delegate's calls for it. */
export type RealPod = Place & ReturnType<typeof callsFor>;

let lab: Lab;
let pods: readonly RealPod[] = [];

/** Makes the uplinks before the tests of this file, and takes away each test's pods after it. */
export function onRealNode(): void {
  beforeAll(async () => {
    lab = new Lab();
    const [left, right] = [ifName(uplinks.left, 'uplink'), ifName(uplinks.right, 'uplink')];
    await lab.host.netns.createLink({ kind: 'veth', name: left, peerName: right });
    shell(node(), `ip link set ${left} up; ip link set ${right} up`);
  });
  afterEach(async () => {
    for (const { space } of pods) {
      await space.netns.deleteLink(ifName('net1', 'name')); // else the namespace takes it away, but later
      lab.remove(space);
    }
    pods = [];
  });
  afterAll(() => lab.close());
}

/** The node itself. */
export const node = (): Place => ({ lab, space: lab.host });

/** A new pod, until the end of the test. */
export async function realPod(options: Pick<LabOptions, 'ipam' | 'args' | 'prevResult'> = {}): Promise<RealPod> {
  const space = await lab.namespace();
  const made = { lab, space, ...callsFor(lab.host.netns, space.netns, options) };
  pods = [...pods, made];
  return made;
}

/** Runs a shell command there. */
export const shell = ({ space }: Place, command: string): string => lab.run(space, 'sh', '-ec', command);

/** Whether a datagram to that address of another pod comes back. */
export const reaches = (from: Place, to: Place, address: string): Promise<boolean> =>
  lab.echo(from.space, to.space, ip(address, 'address'), { patience: 5000 }); // ms: emulation is slow

const dual = (host: number): FakeIpam =>
  fixedIpam([`10.1.0.${host}/24 via 10.1.0.1`, `fd00:1::${host}/64`], ['10.9.0.0/16', 'fd00:9::/48 via fd00:1::1']);

/** Tells the facts of `delegate` with `config`, whose master is the left uplink; `details` is what `ip -d` shows of it. */
export function realChildFacts(delegate: Delegate, config: Json, details: Json): void {
  describe('in the kernel', () => {
    let one: RealPod;
    let ipam: FakeIpam;
    beforeEach(async () => {
      ipam = dual(5);
      one = await realPod({ ipam });
    });

    it('makes the link in the pod, on its master, as the result says', async () => {
      const result = await one.add(delegate, config);
      const link = linkOf(one, 'net1');
      expect(link).toMatchObject({ linkinfo: { info_kind: delegate.type, info_data: details }, mtu: 1500 });
      expect(link.link_index).toBe(linkOf(node(), config.master as string).ifindex);
      expect(link.flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']));
      expect(result.interfaces).toEqual([{ name: 'net1', mac: link.address, sandbox: one.space.path }]);
      expect(linksOf(one)).toEqual(['lo', 'net1']);
    });

    it('gives it the addresses and routes of the lease', async () => {
      await one.add(delegate, config);
      expect(addressesOf(one, 'net1')).toEqual(['10.1.0.5/24', 'fd00:1::5/64']);
      expect(routesOf(one)).toEqual(
        expect.arrayContaining(['10.1.0.0/24', '10.9.0.0/16 via 10.1.0.1', 'fd00:1::/64', 'fd00:9::/48 via fd00:1::1']),
      );
    });

    it('passes CHECK, and fails it when an address is gone', async () => {
      const result = await one.add(delegate, config);
      await one.check(delegate, config, result);
      shell(one, 'ip addr del 10.1.0.5/24 dev net1');
      await expect(one.check(delegate, config, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
    });

    it('has the MTU asked for', async () => {
      const result = await one.add(delegate, { ...config, mtu: 1400 });
      expect(linkOf(one, 'net1').mtu).toBe(1400);
      await one.check(delegate, { ...config, mtu: 1400 }, result);
    });

    it('is gone after DEL, and DEL again is success', async () => {
      await one.add(delegate, config);
      for (const _ of [1, 2]) await one.del(delegate, config);
      expect(linksOf(one)).toEqual(['lo']);
      expect(ipam.held).toBe(false);
    });

    it('leaves nothing when IPAM fails', async () => {
      await expect(one.add(delegate, config, { ipam: exhausted })).rejects.toMatchObject({ reason: 'PoolExhausted' });
      expect(linksOf(one)).toEqual(['lo']);
    });

    it('leaves nothing when a route cannot be', async () => {
      const lost = fixedIpam(['10.1.0.5/24'], ['10.9.0.0/16 via 172.31.0.1']);
      await expect(one.add(delegate, config, { ipam: lost })).rejects.toMatchObject({ reason: 'RouteImpossible' });
      expect(linksOf(one)).toEqual(['lo']);
      expect(lost.held).toBe(false);
    });

    it('never harms a link that has the name', async () => {
      await one.add(delegate, config);
      const before = linkOf(one, 'net1').ifindex;
      await expect(one.add(delegate, config)).rejects.toMatchObject({ reason: 'LinkExists' });
      expect(linkOf(one, 'net1').ifindex).toBe(before);
      expect(linksOf(one)).toEqual(['lo', 'net1']);
    });

    it('may have a name that a link of the node has', async () => {
      shell(node(), 'ip link add net1 type dummy');
      try {
        await one.add(delegate, config);
        expect(linksOf(one)).toEqual(['lo', 'net1']);
        expect(linkOf(one, 'net1').linkinfo).toMatchObject({ info_kind: delegate.type });
      } finally {
        shell(node(), 'ip link del net1');
      }
    });

    it('finds the master by an alternative name', async () => {
      shell(node(), `ip link property add dev ${uplinks.left} altname storage-network-left`);
      const named = { ...config, master: 'storage-network-left' };
      try {
        const result = await one.add(delegate, named);
        await one.check(delegate, named, result);
      } finally {
        shell(node(), `ip link property del dev ${uplinks.left} altname storage-network-left`);
      }
    });

    it('lives on a link of the pod with linkInContainer', async () => {
      shell(one, 'ip link add ext0 type dummy; ip link set ext0 up');
      const inside = { ...config, master: 'ext0', linkInContainer: true };
      const result = await one.add(delegate, inside);
      expect(linkOf(one, 'net1')).toMatchObject({ link: 'ext0', linkinfo: { info_kind: delegate.type } });
      await one.check(delegate, inside, result);
    });

    it('is only up, at layer 2', async () => {
      const result = await one.add(delegate, config, { ipam: undefined });
      expect(linkOf(one, 'net1').flags).toContain('UP');
      expect(addressesOf(one, 'net1')).toEqual([]);
      expect(result.ips).toEqual([]);
    });

    it('works where the namespace has IPv6 off by default', async () => {
      shell(one, 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6');
      await one.add(delegate, config);
      expect(addressesOf(one, 'net1')).toContain('fd00:1::5/64');
    });

    it('lets two pods on one network reach each other', async () => {
      const settled = fixedIpam(['10.1.0.6/24', 'fd00:1::6/64 via fd00:1::1']); // a gateway makes ADD wait for the address
      const two = await realPod({ ipam: settled });
      await one.add(delegate, config);
      await two.add(delegate, { ...config, master: uplinks.right });
      expect(await reaches(one, two, '10.1.0.6')).toBe(true);
      expect(await reaches(one, two, 'fd00:1::6')).toBe(true);
    });

    it('keeps its link through DEL of another pod', async () => {
      const two = await realPod({ ipam: dual(6) });
      await one.add(delegate, config);
      await two.add(delegate, { ...config, master: uplinks.right });
      await two.del(delegate, config);
      expect(linksOf(one)).toEqual(['lo', 'net1']);
    });

    it('goes with its master, and DEL is success then', async () => {
      shell(node(), 'ip link add spare type dummy; ip link set spare up');
      const onSpare = { ...config, master: 'spare' };
      await one.add(delegate, onSpare);
      shell(node(), 'ip link del spare');
      expect(linksOf(one)).toEqual(['lo']);
      await one.del(delegate, onSpare);
      expect(ipam.held).toBe(false);
    });
  });
}
