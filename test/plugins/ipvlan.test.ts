/** ipvlan against the fake kernel: what it makes, what it refuses, how it works in a chain. */
import { describe, expect, it } from 'vitest';
import { ipvlan, parse } from '../../plugins/ipvlan';
import { emptyResult, type Result } from '../../src/cni/result';
import { cidr, ip } from '../../src/net/ip';
import { childFacts } from './child';
import { fixedIpam, lab } from './lab';

const config = { type: 'ipvlan', master: 'eth0' };

/** What a plugin before it in the chain answered. */
const before: Result = {
  ...emptyResult,
  interfaces: [{ name: 'ens5' }],
  ips: [{ address: cidr('10.4.0.7/24', 'address'), gateway: ip('10.4.0.1', 'gateway') }],
  routes: [{ dst: cidr('10.8.0.0/16', 'dst') }],
};

describe('ipvlan', () => {
  childFacts(ipvlan, config);

  it.each(['l2', 'l3', 'l3s'] as const)('works in mode %s, and CHECK sees it', async (mode) => {
    const { pod, add, check } = lab();
    const result = await add(ipvlan, { ...config, mode });
    expect(pod.link('net1').detail).toEqual({ kind: 'ipvlan', mode });
    await check(ipvlan, { ...config, mode }, result);
    const other = mode === 'l3' ? 'l2' : 'l3';
    await expect(check(ipvlan, { ...config, mode: other }, result)).rejects.toMatchObject({
      problem: `Interface net1 is in ipvlan mode ${mode}: expected ${other}`,
    });
  });

  it('is in mode l2 by default, and refuses others by name', () => {
    expect(parse(config).mode).toBe('l2');
    expect(() => parse({ ...config, mode: 'l4' })).toThrow('Cannot use "l4" as mode: need one of l2, l3, l3s');
  });

  it('takes addresses, routes and the master of the plugin before it', async () => {
    const { host, pod, add, check } = lab({ hostLinks: ['eth0', 'ens5'], prevResult: before });
    const result = await add(ipvlan, { type: 'ipvlan' });
    expect(pod.link('net1').parent).toBe(host.link('ens5').index);
    expect(pod.addressesOf('net1')).toEqual(['10.4.0.7/24']);
    expect(pod.routesTo('10.8.0.0/16')).toMatchObject([{ gateway: '10.4.0.1' }]);
    expect(result).toMatchObject({
      interfaces: [{ name: 'net1', sandbox: '/var/run/netns/pod' }],
      ips: [{ address: '10.4.0.7/24', interface: 0 }],
    });
    await check(ipvlan, { type: 'ipvlan' }, result);
  });

  it('prefers its own IPAM and its own master', async () => {
    const { host, pod, add } = lab({
      hostLinks: ['eth0', 'ens5'],
      prevResult: before,
      ipam: fixedIpam(['10.1.0.5/24']),
    });
    await add(ipvlan, config);
    expect(pod.link('net1').parent).toBe(host.link('eth0').index);
    expect(pod.addressesOf('net1')).toEqual(['10.1.0.5/24']);
  });

  it.each([
    ['no interface', []],
    ['two interfaces', [{ name: 'ens5' }, { name: 'ens6' }]],
    ['a nameless interface', [{ name: '' }]],
  ])('asks for a master when the plugin before it made %s', async (_, interfaces) => {
    const { add } = lab({ prevResult: { ...before, interfaces } });
    await expect(add(ipvlan, { type: 'ipvlan' })).rejects.toMatchObject({
      reason: 'MasterMissing',
      problem: expect.stringContaining('set "master"'),
    });
  });

  it('lives on the interface of the default route, and DEL works when that is gone', async () => {
    const hostLinks = [{ name: 'eth5', addresses: ['192.0.2.2/24'] }];
    const { host, pod, add, del } = lab({ hostLinks, hostGateways: ['192.0.2.1'] });
    await add(ipvlan, { type: 'ipvlan' });
    expect(pod.link('net1').parent).toBe(host.link('eth5').index);
    for (const route of host.routesTo('0.0.0.0/0')) await host.deleteRoute(route);
    await del(ipvlan, { type: 'ipvlan' });
    expect(pod.names()).toEqual([]);
  });

  it('refuses a MAC of its own, which it cannot have', async () => {
    const { pod, add } = lab();
    const asked = { ...config, runtimeConfig: { mac: '02:00:00:00:00:0c' } };
    await expect(add(ipvlan, asked)).rejects.toMatchObject({
      reason: 'RequestUnmet',
      problem: 'Cannot give net1 the MAC 02:00:00:00:00:0c: an ipvlan link has the MAC of its master eth0; use macvlan',
    });
    expect(pod.names()).toEqual([]);
  });

  it('says that a master which carries macvlan cannot carry ipvlan', async () => {
    const { host, kernel, add } = lab();
    const other = kernel.addNamespace('/var/run/netns/other');
    await host.createLink(
      { kind: 'macvlan', name: 'net1' as never, parent: host.link('eth0').index, mode: 'bridge' },
      other,
    );
    await expect(add(ipvlan, config)).rejects.toMatchObject({
      reason: 'MasterConflict',
      problem: expect.stringContaining('Cannot make ipvlan on master eth0'),
    });
  });

  it('says that another link of the master has the address', async () => {
    const { kernel, pod, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    kernel.failNext('addAddress', 'EADDRINUSE');
    await expect(add(ipvlan, config)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: 'Cannot add 10.1.0.5/24 to net1: another link of its master has it',
    });
    expect(pod.names()).toEqual([]);
  });
});
