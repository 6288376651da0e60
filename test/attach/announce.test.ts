/** Announcing what a foreign delegate gave, against the fake kernel. */
import { describe, expect, it } from 'vitest';
import { announceForeign } from '../../src/attach/announce';
import { emptyResult, type Result } from '../../src/cni/result';
import { fakeKernel } from '../../src/model/kernel';
import { cidr } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { world } from './world';

const result = (...addresses: readonly string[]): Result => ({
  ...emptyResult,
  ips: addresses.map((text) => ({ address: cidr(text, 'address') })),
});

interface How {
  readonly up?: boolean;
  readonly fails?: boolean;
  readonly dad?: 'done' | 'stuck';
}

/** A pod's link with those addresses, up or not; what the kernel was asked to announce, and what the log says. */
async function announced(held: readonly string[], told: Result, { up = true, fails = false, dad = 'done' }: How = {}) {
  const { host, pod } = fakeKernel({ hostLinks: ['eth0'], record: true, dad });
  const spec = {
    kind: 'macvlan',
    name: ifName('net1', 'name'),
    parent: host.link('eth0').index,
    mode: 'bridge',
  } as const;
  const { index } = await host.createLink(spec, pod);
  for (const text of held) await pod.addAddress(index, cidr(text, 'address'));
  if (up) await pod.changeLink(index, { up });
  const link = pod.link('net1');
  if (fails) await pod.changeLink(index, { up: false });
  const warnings: unknown[] = [];
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, error: quiet, warn: (about: unknown) => void warnings.push(about) };
  await announceForeign(pod, link, told, { log });
  const notify = await pod.sysctl('net/ipv6/conf/net1/ndisc_notify');
  return { calls: pod.kernel.calls.filter((call) => call.startsWith('announce')), warnings, notify };
}

describe('addresses of a foreign delegate', () => {
  it('are announced, in both families, when they are on the link', async () => {
    const { calls } = await announced(
      ['10.1.0.5/24', 'fd00:1::5/64'],
      result('10.1.0.5/24', 'fd00:1::5/64', '10.1.0.9/24'),
    );
    expect(calls).toEqual(['announce 10.1.0.5 fd00:1::5']);
  });

  it.each([
    ['the link is down', ['10.1.0.5/24'], ['10.1.0.5/24'], { up: false }],
    ['it gave none', ['10.1.0.5/24'], [], {}],
    ['they are not there', [], ['10.1.0.5/24'], {}],
  ])('are not when %s', async (_, held, told, how) => {
    expect((await announced(held, result(...told), how)).calls).toEqual([]);
  });

  it('of IPv6 that are still looked for in the network are left to the kernel', async () => {
    const both = ['10.1.0.5/24', 'fd00:1::5/64'];
    const { calls, notify } = await announced(both, result(...both), { dad: 'stuck' });
    expect([calls, notify]).toEqual([['announce 10.1.0.5'], '1']);
  });

  it('that a link cannot announce are in the log, and the pod starts', async () => {
    const { warnings } = await announced(['10.1.0.5/24'], result('10.1.0.5/24'), { fails: true });
    expect(warnings).toEqual([{ link: 'net1', error: expect.stringContaining('announce 10.1.0.5') }]);
  });
});

describe('addresses of a built-in delegate', () => {
  const addresses = [
    { address: '10.9.0.5/24', gateway: '10.9.0.1' },
    { address: 'fd00:9::5/64', gateway: 'fd00:9::1' },
  ];
  const ipam = { type: 'static', addresses };
  it.each([
    ['macvlan', { master: 'eth1' }],
    ['ipvlan', { master: 'eth1' }],
    ['vlan', { master: 'eth1', vlanId: 9 }],
    ['bridge', { bridge: 'br9' }],
    ['ptp', {}],
    ['tap', {}],
    ['dummy', {}],
    ['host-device', { device: 'eth1' }],
  ])('%s are announced by the kernel when the link goes up', async (type, keys) => {
    const config = { cniVersion: '1.0.0', type, ...keys, ipam };
    const { add, pod } = world({ networks: { 'default/n': config } });
    await add('n');
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_notify')).toBe('1');
    expect(await pod.sysctl('net/ipv6/conf/net1/ndisc_notify')).toBe('1');
  });
});
