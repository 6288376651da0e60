/** vlan against the fake kernel: what it makes, what it refuses. */
import { describe, expect, it } from 'vitest';
import { parse, vlan } from '../../plugins/vlan';
import { childFacts } from './child';
import { lab } from './lab';

const config = { type: 'vlan', master: 'eth0', vlanId: 7 };

describe('vlan', () => {
  childFacts(vlan, config);

  it('tags with its id, and CHECK sees it', async () => {
    const { pod, add, check } = lab();
    const result = await add(vlan, config);
    expect(pod.link('net1').detail).toEqual({ kind: 'vlan', id: 7, protocol: '802.1Q' });
    await expect(check(vlan, { ...config, vlanId: 8 }, result)).rejects.toMatchObject({
      problem: 'Interface net1 has VLAN id 7: expected 8',
    });
  });

  it.each([0, 1, 4094])('accepts id %i', (vlanId) => {
    expect(parse({ ...config, vlanId }).vlanId).toBe(vlanId);
  });

  it('has id 0 by default', () => {
    expect(parse({ type: 'vlan', master: 'eth0' }).vlanId).toBe(0);
  });

  it.each([-1, 4095, 1.5, '7'])('refuses id %j', (vlanId) => {
    expect(() => parse({ ...config, vlanId })).toThrow(
      `Cannot use ${JSON.stringify(vlanId)} as vlanId: need an integer from 0 to 4094`,
    );
  });

  it.each([undefined, ''])('refuses to do without a master (%j)', (master) => {
    expect(() => parse({ type: 'vlan', vlanId: 7, master })).toThrow('name the interface to create the VLAN on');
  });

  it('says that the id is taken on that master, and keeps the first one', async () => {
    const { kernel, pod, add } = lab();
    await add(vlan, config);
    const second = kernel.addNamespace('/var/run/netns/second');
    await expect(add(vlan, config, { pod: second })).rejects.toMatchObject({
      reason: 'LinkExists',
      problem:
        'Cannot make VLAN 7 on master eth0: a vlan of that id exists on master eth0; use macvlan or bridge over eth0.7 for several pods per node',
    });
    expect(second.names()).toEqual([]);
    expect(pod.names()).toEqual(['net1']);
  });

  it('says that the name is taken in the pod, when it is that', async () => {
    const { add } = lab();
    await add(vlan, config);
    await expect(add(vlan, { ...config, vlanId: 8 })).rejects.toMatchObject({
      reason: 'LinkExists',
      problem: 'Cannot create vlan net1: a link net1 exists',
    });
  });

  it('gives the MAC that the runtime asks for', async () => {
    const { pod, add } = lab();
    const result = await add(vlan, { ...config, runtimeConfig: { mac: '02:00:00:00:00:0C' } });
    expect(pod.link('net1').mac).toBe('02:00:00:00:00:0c');
    expect(result.interfaces[0]?.mac).toBe('02:00:00:00:00:0c');
  });

  it('says that the master is down', async () => {
    const { pod, add } = lab({ hostLinks: [{ name: 'eth0', up: false }] });
    await expect(add(vlan, config)).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    expect(pod.names()).toEqual([]);
  });
});
