/** hostAccess in a real kernel: the node and its pods talk, and the network still finds the node where it was. Runs in a guest. */
import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { accessName } from '../../src/attach/host-access';
import type { HostLinks } from '../../src/attach/ports';
import { createHostLinks } from '../../src/disk/host-links';
import { containerId } from '../../src/net/names';
import { fixedIpam } from '../plugins/lab';
import { node, onRealNode, type RealPod, reaches, realPod, shell } from './child';
import { addressesOf, linkOf, linksOf, type Place, routesOf } from './ip';

const [nodeIp, nodeIp6] = ['10.1.0.2', 'fd00:1::2'];
let state: string;
let hostLinks: HostLinks;
let wire: Place;

onRealNode();
beforeAll(async () => {
  const { lab } = node();
  await lab.uplink('lan0');
  wire = { lab, space: await lab.wire() };
  shell(node(), `ip addr add ${nodeIp}/24 dev lan0; ip addr add ${nodeIp6}/64 dev lan0 nodad`);
  shell(wire, 'ip addr add 10.1.0.9/24 dev lan0; ip addr add fd00:1::9/64 dev lan0 nodad');
});
afterAll(() => shell(node(), 'ip addr flush dev lan0'));
beforeEach(() => {
  state = mkdtempSync('/tmp/host-access-');
  hostLinks = createHostLinks(state);
});
afterEach(() => rmSync(state, { recursive: true }));

/** Whether each hears the other, in both families. */
async function talk(pod: RealPod, host: number): Promise<readonly boolean[]> {
  return [
    await reaches(node(), pod, `10.1.0.${host}`),
    await reaches(pod, node(), nodeIp),
    await reaches(node(), pod, `fd00:1::${host}`),
    await reaches(pod, node(), nodeIp6),
  ];
}

/** A gateway makes ADD wait until the addresses may be used. */
const podWith = (host: number): Promise<RealPod> =>
  realPod({ ipam: fixedIpam([`10.1.0.${host}/24`, `fd00:1::${host}/64 via fd00:1::1`]) });

describe.each([
  ['macvlan', macvlan, {}],
  ['ipvlan in mode l2', ipvlan, { mode: 'l2' }],
  ['ipvlan in mode l3', ipvlan, { mode: 'l3' }],
  ['ipvlan in mode l3s', ipvlan, { mode: 'l3s' }],
])('%s with hostAccess', (_, delegate, mode) => {
  const config = { type: delegate.type, master: 'lan0', hostAccess: true, ...mode };
  const second = { containerId: containerId('c2') };

  it('lets the node and two pods talk in both directions, and takes all of it away', async () => {
    const before = [linksOf(node()), routesOf(node())];
    const [one, two] = [await podWith(5), await podWith(6)];
    const result = await one.add(delegate, config, { hostLinks });
    await two.add(delegate, config, { hostLinks, ...second });
    expect(await talk(one, 5)).toEqual([true, true, true, true]);
    expect(await talk(two, 6)).toEqual([true, true, true, true]);
    await one.check(delegate, config, result);
    const shim = accessName('lan0');
    expect(addressesOf(node(), shim)).toEqual([]);
    await one.del(delegate, config, { hostLinks });
    expect(routesOf(node()).filter((route) => /\.5$|::5$/.test(route))).toEqual([]);
    expect(await talk(two, 6)).toEqual([true, true, true, true]);
    for (const __ of [1, 2]) await two.del(delegate, config, { hostLinks, ...second });
    expect([linksOf(node()), routesOf(node())]).toEqual(before);
  });

  it('works on a VLAN of its own, with an address of the node on another link', async () => {
    shell(node(), 'ip addr flush dev lan0');
    shell(node(), `ip link add lan7 type dummy; ip link set lan7 up; ip addr add ${nodeIp}/32 dev lan7`);
    shell(node(), `ip addr add ${nodeIp6}/128 dev lan7 nodad`);
    const one = await podWith(5);
    const own = { ...config, vlan: 100 };
    try {
      if (/^l3/.test(String(own.mode))) {
        // At layer 3 the kernel looks for the node's address on the parent only.
        await expect(one.add(delegate, own, { hostLinks })).rejects.toMatchObject({ reason: 'AddressMissing' });
      } else {
        await one.add(delegate, own, { hostLinks });
        expect(await talk(one, 5)).toEqual([true, true, true, true]);
        await one.del(delegate, own, { hostLinks });
      }
      expect(linksOf(node()).filter((name) => /^lan0\.|^ha/.test(name))).toEqual([]);
    } finally {
      shell(node(), 'ip link del lan7');
      shell(node(), `ip addr add ${nodeIp}/24 dev lan0; ip addr add ${nodeIp6}/64 dev lan0 nodad`);
    }
  });

  it('leaves the node’s address to the link it is on: the network hears one answer', async () => {
    const one = await podWith(5);
    await one.add(delegate, config, { hostLinks });
    await reaches(node(), one, '10.1.0.5');
    const heard = shell(wire, `busybox arping -c 3 -w 10 -I lan0 ${nodeIp}`);
    const macs = new Set([...heard.matchAll(/\[([\da-f:]+)\]/g)].map(([, mac]) => mac));
    expect([...macs]).toEqual([linkOf(node(), 'lan0').address]);
    expect(await reaches(wire as RealPod, node() as RealPod, nodeIp6)).toBe(true);
    expect(shell(wire, `ip neigh show ${nodeIp6} dev lan0`)).toContain(linkOf(node(), 'lan0').address);
    await one.del(delegate, config, { hostLinks });
  });
});

describe('with the strict reverse path check on', () => {
  const set = (value: number): void => void shell(node(), `echo ${value} >/proc/sys/net/ipv4/conf/all/rp_filter`);
  beforeEach(() => set(1));
  afterEach(() => set(0));

  it.each([
    ['macvlan', macvlan, { mode: 'bridge' }],
    ['ipvlan in mode l3', ipvlan, { mode: 'l3' }],
  ])('%s works', async (_, delegate, mode) => {
    const one = await podWith(5);
    const config = { type: delegate.type, master: 'lan0', hostAccess: true, ...mode };
    await one.add(delegate, config, { hostLinks });
    expect(await talk(one, 5)).toEqual([true, true, true, true]);
    await one.del(delegate, config, { hostLinks });
  });

  it('ipvlan in mode l2 is refused, for it would not work', async () => {
    const one = await podWith(5);
    const config = { type: 'ipvlan', master: 'lan0', hostAccess: true };
    await expect(one.add(ipvlan, config, { hostLinks })).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    expect([linksOf(one), linksOf(node()).filter((name) => name.startsWith('ha'))]).toEqual([['lo'], []]);
    shell(node(), 'echo 2 >/proc/sys/net/ipv4/conf/lan0/rp_filter');
    try {
      await one.add(ipvlan, config, { hostLinks });
      expect(await talk(one, 5)).toEqual([true, true, true, true]);
      await one.del(ipvlan, config, { hostLinks });
    } finally {
      shell(node(), 'echo 0 >/proc/sys/net/ipv4/conf/lan0/rp_filter');
    }
  });
});
