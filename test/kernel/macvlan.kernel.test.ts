/** macvlan in a real kernel: what `ip` shows, and traffic. */
import { describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { fixedIpam } from '../plugins/lab';
import { node, onRealNode, reaches, realChildFacts, realPod, shell, uplinks } from './child';
import { linkOf, linksOf } from './ip';

const config = { type: 'macvlan', master: uplinks.left };

describe('macvlan', () => {
  onRealNode();
  realChildFacts(macvlan, config, { mode: 'bridge' });

  it.each(['private', 'vepa', 'bridge', 'passthru'])('is in mode %s', async (mode) => {
    const one = await realPod();
    const result = await one.add(macvlan, { ...config, mode });
    expect(linkOf(one, 'net1').linkinfo?.info_data).toMatchObject({ mode });
    await one.check(macvlan, { ...config, mode }, result);
  });

  it('has the MAC and the broadcast queue asked for', async () => {
    const one = await realPod({ args: 'MAC=02:00:00:00:00:0b' });
    const result = await one.add(macvlan, { ...config, mac: '02:00:00:00:00:0a', bcqueuelen: 5000 });
    const link = linkOf(one, 'net1');
    expect(link.address).toBe('02:00:00:00:00:0b');
    expect(link.linkinfo?.info_data).toMatchObject({ bcqueuelen: 5000 });
    expect(result.interfaces[0]?.mac).toBe('02:00:00:00:00:0b');
  });

  it('has the MTU of a jumbo master', async () => {
    shell(node(), 'ip link add jumbo mtu 9000 type dummy; ip link set jumbo up');
    const one = await realPod();
    await one.add(macvlan, { ...config, master: 'jumbo' });
    expect(linkOf(one, 'net1').mtu).toBe(9000);
    shell(node(), 'ip link del jumbo');
  });

  it('lets pods on one master reach each other in mode bridge, and not in mode private', async () => {
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    const two = await realPod({ ipam: fixedIpam(['10.1.0.6/24']) });
    await one.add(macvlan, config);
    await two.add(macvlan, config);
    expect(await reaches(one, two, '10.1.0.6')).toBe(true);
    for (const { del, add } of [one, two]) {
      await del(macvlan, config);
      await add(macvlan, { ...config, mode: 'private' });
    }
    expect(await reaches(one, two, '10.1.0.6')).toBe(false);
  });

  it('keeps pods of two VLANs of one wire apart', async () => {
    const { left, right } = uplinks;
    shell(
      node(),
      `ip link add link ${left} name ${left}.7 up type vlan id 7; ip link add link ${right} name ${right}.7 up type vlan id 7`,
    );
    shell(node(), `ip link add link ${right} name ${right}.8 up type vlan id 8`);
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    const two = await realPod({ ipam: fixedIpam(['10.1.0.6/24']) });
    const other = await realPod({ ipam: fixedIpam(['10.1.0.7/24']) });
    await one.add(macvlan, { ...config, master: `${left}.7` });
    await two.add(macvlan, { ...config, master: `${right}.7` });
    await other.add(macvlan, { ...config, master: `${right}.8` });
    expect([await reaches(one, two, '10.1.0.6'), await reaches(one, other, '10.1.0.7')]).toEqual([true, false]);
    shell(node(), `ip link del ${left}.7; ip link del ${right}.7; ip link del ${right}.8`);
  });

  it('lives on the interface of the default route when no master is named', async () => {
    shell(node(), `ip addr add 192.0.2.2/24 dev ${uplinks.right}; ip route add default via 192.0.2.1`);
    const one = await realPod();
    try {
      await one.add(macvlan, { type: 'macvlan' });
      expect(linkOf(one, 'net1').link_index).toBe(linkOf(node(), uplinks.right).ifindex);
    } finally {
      shell(node(), `ip route del default; ip addr del 192.0.2.2/24 dev ${uplinks.right}`);
    }
  });

  it('says that a master which carries ipvlan cannot carry macvlan', async () => {
    const one = await realPod();
    const two = await realPod();
    await one.add(ipvlan, { type: 'ipvlan', master: uplinks.left });
    await expect(two.add(macvlan, config)).rejects.toMatchObject({ reason: 'MasterConflict', errno: 'EBUSY' });
    expect(linksOf(two)).toEqual(['lo']);
  });

  it('says that a master in passthru mode is taken', async () => {
    const one = await realPod();
    const two = await realPod();
    await one.add(macvlan, { ...config, mode: 'passthru' });
    await expect(two.add(macvlan, config)).rejects.toMatchObject({ reason: 'KernelRefused', errno: 'EINVAL' });
  });

  it('says that a MAC is in use on the master, and leaves nothing', async () => {
    const one = await realPod();
    const two = await realPod();
    const asked = { ...config, mac: '02:00:00:00:00:0a' };
    await one.add(macvlan, asked);
    await expect(two.add(macvlan, asked)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: 'Cannot set net1 up: another link of its master has the MAC 02:00:00:00:00:0a',
    });
    expect(linksOf(two)).toEqual(['lo']);
  });

  it('passes CHECK on a macvlan of the node, which the kernel replaces by the link below', async () => {
    shell(node(), `ip link add link ${uplinks.left} name mv0 up type macvlan mode bridge`);
    const one = await realPod();
    const result = await one.add(macvlan, { ...config, master: 'mv0' });
    await one.check(macvlan, { ...config, master: 'mv0' }, result);
    shell(node(), 'ip link del mv0');
  });

  it('says that another host has the IPv6 address', async () => {
    const ipam = () => fixedIpam(['fd00:1::5/64 via fd00:1::1']);
    const one = await realPod({ ipam: ipam() });
    const two = await realPod({ ipam: ipam() });
    await one.add(macvlan, config);
    await expect(two.add(macvlan, config)).rejects.toMatchObject({ reason: 'AddressTaken' });
    expect(linksOf(two)).toEqual(['lo']);
  });
});
