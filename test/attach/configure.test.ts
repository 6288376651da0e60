/** Putting a lease onto a link, against the fake kernel. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configure, type Lease, resolvedRoutes, setUp } from '../../src/attach/configure';
import { type FakeKernelOptions, type FakeNetns, fakeKernel } from '../../src/model/kernel';
import { addressOf, cidr, ip } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { ifName } from '../../src/net/names';

const net1 = ifName('net1', 'name');
const lease = (ips: readonly string[], routes: Lease['routes'] = []): Lease => ({
  ips: ips.map((text) => ({
    address: cidr(text, 'address'),
    gateway: ip(text.includes(':') ? 'fd00:1::1' : '10.1.0.1', 'gw'),
  })),
  routes,
});
const dst = (text: string) => ({ dst: cidr(text, 'dst') });

/** A pod with a macvlan that has yet to be configured. */
async function fresh(options: FakeKernelOptions = {}): Promise<{ readonly pod: FakeNetns; readonly link: Link }> {
  const { host, pod } = fakeKernel({ hostLinks: ['eth0'], ...options });
  const parent = host.link('eth0').index;
  return { pod, link: await host.createLink({ kind: 'macvlan', name: net1, parent, mode: 'bridge' }, pod) };
}

describe('routes of a lease', () => {
  const both = lease(['10.1.0.5/24', 'fd00:1::5/64']);

  it('go through the first gateway of their family', () => {
    const resolved = resolvedRoutes({ ...both, routes: [dst('10.9.0.0/16'), dst('fd00:9::/48')] }, 7);
    expect(resolved).toMatchObject([
      { dst: '10.9.0.0/16', gateway: '10.1.0.1', index: 7 },
      { dst: 'fd00:9::/48', gateway: 'fd00:1::1', index: 7 },
    ]);
  });

  it('keep their own gateway, metric, table, scope, MTU and MSS', () => {
    const own = {
      ...dst('10.9.0.0/16'),
      gw: ip('10.1.0.9', 'gw'),
      priority: 5,
      table: 100,
      scope: 0,
      mtu: 1400,
      advmss: 1360,
    };
    const { gw, priority, ...same } = own;
    expect(resolvedRoutes({ ...both, routes: [own] }, 7)).toEqual([
      { ...same, gateway: gw, metric: priority, index: 7 },
    ]);
  });

  it('start at the first address of their subnet', () => {
    expect(resolvedRoutes({ ...both, routes: [dst('10.9.3.4/16')] }, 7)).toMatchObject([{ dst: '10.9.0.0/16' }]);
  });

  it('are there once, when a default without gateway meets the same with one', () => {
    const twice = [dst('0.0.0.0/0'), { ...dst('0.0.0.0/0'), gw: ip('10.1.0.1', 'gw') }];
    expect(resolvedRoutes({ ...both, routes: twice }, 7)).toHaveLength(1);
  });

  it('are on the link when there is no gateway', () => {
    const bare = { ips: [{ address: cidr('10.1.0.5/24', 'address') }], routes: [dst('10.9.0.0/16')] };
    expect(resolvedRoutes(bare, 7)[0]?.gateway).toBeUndefined();
  });

  it('that lead nowhere fail with the route’s name', async () => {
    const { pod, link } = await fresh();
    const lost = lease(['10.1.0.5/24'], [{ ...dst('10.9.0.0/16'), gw: ip('172.31.0.1', 'gw') }]);
    await expect(configure(pod, link, lost)).rejects.toMatchObject({
      reason: 'RouteImpossible',
      problem:
        'Cannot add route 10.9.0.0/16 via 172.31.0.1 on net1: no address of net1 reaches gw 172.31.0.1 (ENETUNREACH)',
    });
  });
});

describe('addresses of a lease', () => {
  it('are on the link before it goes up, so that the kernel announces them', async () => {
    const { pod, link } = await fresh({ record: true });
    await configure(pod, link, lease(['10.1.0.5/24', 'fd00:1::5/64']));
    const acts = pod.kernel.calls.filter((call) => /^(addAddress|changeLink)/.test(call));
    const announced = `changeLink ${link.index}`; // arp_notify is on before
    expect(acts).toEqual([announced, 'addAddress 10.1.0.5/24', 'addAddress fd00:1::5/64', `changeLink ${link.index}`]);
  });

  it('of IPv6 stay when the link goes down for a while', async () => {
    const { pod, link } = await fresh();
    await configure(pod, link, lease(['fd00:1::5/64']));
    await pod.changeLink(link.index, { up: false });
    await pod.changeLink(link.index, { up: true });
    expect(pod.addressesOf('net1')).toEqual(['fd00:1::5/64']);
  });

  it('of IPv4 need no IPv6 in the kernel', async () => {
    const { pod, link } = await fresh({ ipv6: false });
    await configure(pod, link, lease(['10.1.0.5/24']));
    expect(pod.addressesOf('net1')).toEqual(['10.1.0.5/24']);
  });
});

describe('setting a link up', () => {
  it.each([
    ['EADDRINUSE', 'AddressTaken', /another link of its master has the MAC/],
    ['EBUSY', 'AddressTaken', /another link of its master has the MAC/],
    ['ENETDOWN', 'LinkUnsuitable', /its master is down/],
    ['ENOMEM', 'KernelRefused', /out of memory/],
  ])('explains %s', async (errno, reason, problem) => {
    const { pod, link } = await fresh();
    pod.kernel.failNext('changeLink', errno);
    await expect(setUp(pod, link)).rejects.toMatchObject({ reason, problem: expect.stringMatching(problem) });
  });
});

describe('duplicate address detection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Milliseconds until configure ends. */
  async function duration(options: FakeKernelOptions, carrier: boolean, dad?: boolean): Promise<number> {
    const { pod, link } = await fresh(options);
    pod.kernel.host.device('eth0').carrier = carrier;
    const started = Date.now();
    const done = configure(pod, link, lease(['fd00:1::5/64']), dad === undefined ? {} : { dad }).then(
      () => Date.now() - started,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    return await done;
  }

  it('is not waited for when it has ended', async () => {
    expect(await duration({}, true)).toBe(0);
  });

  it('is waited for 5 seconds at most', async () => {
    expect(await duration({ dad: 'stuck' }, true)).toBe(5000);
  });

  it('is given up early on a link without carrier', async () => {
    expect(await duration({ dad: 'stuck' }, false)).toBe(500);
  });

  it('does not run when it is off', async () => {
    expect(await duration({ dad: 'stuck' }, true, false)).toBe(0);
  });

  it('that finds another host fails with the address', async () => {
    const { pod, link } = await fresh({ dad: 'failed' });
    await expect(configure(pod, link, lease(['fd00:1::5/64']))).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: `Cannot use ${addressOf(cidr('fd00:1::5/64', 'x'))}/64 on net1: another host on the network has it`,
    });
  });
});
