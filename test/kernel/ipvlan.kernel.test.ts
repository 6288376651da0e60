/** ipvlan in a real kernel: what `ip` shows, and traffic. */
import { describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { emptyResult } from '../../src/cni/result';
import { cidr, ip } from '../../src/net/ip';
import { fixedIpam } from '../plugins/lab';
import { node, onRealNode, reaches, realChildFacts, realPod, uplinks } from './child';
import { addressesOf, linkOf, linksOf, routesOf } from './ip';

const config = { type: 'ipvlan', master: uplinks.left };

describe('ipvlan', () => {
  onRealNode();
  realChildFacts(ipvlan, config, { mode: 'l2' });

  it.each(['l2', 'l3', 'l3s'])('is in mode %s', async (mode) => {
    const one = await realPod();
    const result = await one.add(ipvlan, { ...config, mode });
    expect(linkOf(one, 'net1').linkinfo?.info_data).toMatchObject({ mode });
    await one.check(ipvlan, { ...config, mode }, result);
  });

  it('has the MAC of its master', async () => {
    const one = await realPod();
    const result = await one.add(ipvlan, config);
    expect(result.interfaces[0]?.mac).toBe(linkOf(node(), uplinks.left).address as never);
  });

  it('lets pods on one master reach each other', async () => {
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    const two = await realPod({ ipam: fixedIpam(['10.1.0.6/24']) });
    await one.add(ipvlan, config);
    await two.add(ipvlan, config);
    expect(await reaches(one, two, '10.1.0.6')).toBe(true);
  });

  it('takes addresses, routes and the master of the plugin before it', async () => {
    const prevResult = {
      ...emptyResult,
      interfaces: [{ name: uplinks.right }],
      ips: [{ address: cidr('10.4.0.7/24', 'address'), gateway: ip('10.4.0.1', 'gateway') }],
      routes: [{ dst: cidr('10.8.0.0/16', 'dst') }],
    };
    const one = await realPod({ prevResult });
    await one.add(ipvlan, { type: 'ipvlan' });
    expect(linkOf(one, 'net1').link_index).toBe(linkOf(node(), uplinks.right).ifindex);
    expect(addressesOf(one, 'net1')).toEqual(['10.4.0.7/24']);
    expect(routesOf(one)).toContain('10.8.0.0/16 via 10.4.0.1');
  });

  it('says that another pod on the master has the address, and leaves nothing', async () => {
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    const two = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    await one.add(ipvlan, config);
    await expect(two.add(ipvlan, config)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: 'Cannot add 10.1.0.5/24 to net1: another link of its master has it',
    });
    expect(linksOf(two)).toEqual(['lo']);
  });

  it('says that a master which carries macvlan cannot carry ipvlan', async () => {
    const one = await realPod();
    const two = await realPod();
    await one.add(macvlan, { type: 'macvlan', master: uplinks.left });
    await expect(two.add(ipvlan, config)).rejects.toMatchObject({ reason: 'MasterConflict', errno: 'EBUSY' });
  });

  it('has one mode for all links of a master: CHECK tells the pod whose mode another one changed', async () => {
    const one = await realPod();
    const two = await realPod();
    const result = await one.add(ipvlan, config);
    await two.add(ipvlan, { ...config, mode: 'l3' });
    await expect(one.check(ipvlan, config, result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Interface net1 is in ipvlan mode l3: expected l2',
    });
  });
});
