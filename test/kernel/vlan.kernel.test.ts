/** vlan in a real kernel: what `ip` shows, what is on the wire, and traffic. */
import { describe, expect, it } from 'vitest';
import { vlan } from '../../plugins/vlan';
import { fixedIpam } from '../plugins/lab';
import { node, onRealNode, reaches, realChildFacts, realPod, shell, uplinks } from './child';
import { linkOf, linksOf } from './ip';

const config = { type: 'vlan', master: uplinks.left, vlanId: 7 };

describe('vlan', () => {
  onRealNode();
  realChildFacts(vlan, config, { protocol: '802.1Q', id: 7 });

  it.each([1, 4094])('tags with id %i', async (vlanId) => {
    const one = await realPod();
    const result = await one.add(vlan, { ...config, vlanId });
    expect(linkOf(one, 'net1').linkinfo?.info_data).toMatchObject({ protocol: '802.1Q', id: vlanId });
    await one.check(vlan, { ...config, vlanId }, result);
  });

  it('keeps a pod of another VLAN out of reach', async () => {
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    const two = await realPod({ ipam: fixedIpam(['10.1.0.6/24']) });
    const other = await realPod({ ipam: fixedIpam(['10.1.0.7/24']) });
    await one.add(vlan, config);
    await two.add(vlan, { ...config, master: uplinks.right });
    await other.add(vlan, { ...config, master: uplinks.right, vlanId: 8 });
    expect([await reaches(one, two, '10.1.0.6'), await reaches(one, other, '10.1.0.7')]).toEqual([true, false]);
  });

  it('puts the tag on the wire', async () => {
    const one = await realPod({ ipam: fixedIpam(['10.1.0.5/24']) });
    await one.add(vlan, config);
    const ping = `ip netns exec ${one.space.name} busybox ping -c 10 -W 1 10.1.0.6 >/dev/null || true`; // asks by ARP
    const watch = `timeout 20 tcpdump -c 1 -e -n -i ${uplinks.right} 'vlan 7 and arp' 2>/dev/null`;
    const seen = shell(node(), `${watch} & ${ping}; wait`);
    expect(seen).toMatch(/vlan 7, .*who-has 10\.1\.0\.6/);
  });

  it('says that the id is taken on that master, and keeps the first one', async () => {
    const one = await realPod();
    const two = await realPod();
    await one.add(vlan, config);
    await expect(two.add(vlan, config)).rejects.toMatchObject({
      reason: 'LinkExists',
      problem: expect.stringContaining(`a vlan of that id exists on master ${uplinks.left}; use macvlan or bridge`),
    });
    expect([linksOf(one), linksOf(two)]).toEqual([['lo', 'net1'], ['lo']]);
  });

  it('has the MAC that the runtime asks for', async () => {
    const one = await realPod();
    await one.add(vlan, { ...config, runtimeConfig: { mac: '02:00:00:00:00:0c' } });
    expect(linkOf(one, 'net1').address).toBe('02:00:00:00:00:0c');
  });

  it('says that its master is down, and leaves nothing', async () => {
    shell(node(), 'ip link add spare type dummy');
    const one = await realPod();
    await expect(one.add(vlan, { ...config, master: 'spare' })).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    expect(linksOf(one)).toEqual(['lo']);
    shell(node(), 'ip link del spare');
  });
});
