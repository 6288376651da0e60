/** A VLAN of its own: the sub-interface that macvlan and ipvlan networks share, against the fake kernel. */
import { describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { vlan } from '../../plugins/vlan';
import { CniError } from '../../src/error';
import { containerId, type IfName, ifName } from '../../src/net/names';
import { lab } from './lab';

const config = { type: 'macvlan', master: 'eth0', vlan: 100 };
const name = (text: string): IfName => ifName(text, 'test');

describe.each([
  ['macvlan', macvlan],
  ['ipvlan', ipvlan],
])('%s with a VLAN of its own', (_, delegate) => {
  it('lives on a sub-interface that is made, up, and gone after DEL', async () => {
    const { host, pod, add, check, del, hostLinks } = lab();
    const result = await add(delegate, config);
    expect(host.link('eth0.100')).toMatchObject({
      detail: { kind: 'vlan', id: 100, protocol: '802.1Q' },
      up: true,
      parent: host.link('eth0').index,
    });
    expect(pod.link('net1').parent).toBe(host.link('eth0.100').index);
    expect(hostLinks.users()).toEqual({ 'eth0.100': ['c1 net1'] });
    await check(delegate, config, result);
    await del(delegate, config);
    await del(delegate, config);
    expect([host.names().includes('eth0.100'), pod.names(), hostLinks.users()]).toEqual([false, [], {}]);
  });

  it('shares it with other pods, and removes it with the last one', async () => {
    const { host, add, del } = lab();
    const second = { ifName: name('net2'), containerId: containerId('c2') };
    await add(delegate, config);
    await add(delegate, config, second);
    await del(delegate, config);
    expect(host.names()).toContain('eth0.100');
    await del(delegate, config, second);
    expect(host.names()).not.toContain('eth0.100');
  });

  it('uses a sub-interface of the operator, whatever its name, and never removes it', async () => {
    const { host, pod, add, del, hostLinks } = lab();
    await host.createLink({
      kind: 'vlan',
      name: name('storage'),
      parent: host.link('eth0').index,
      id: 100,
      protocol: '802.1Q',
    });
    await add(delegate, config);
    expect(pod.link('net1').parent).toBe(host.link('storage').index);
    expect(hostLinks.users()).toEqual({});
    await del(delegate, config);
    expect(host.names()).toContain('storage');
  });

  it('says what has its name when that is something else', async () => {
    const { host, pod, add } = lab();
    await host.createLink({ kind: 'vlan', name: name('eth0.100'), parent: host.link('eth0').index, id: 7 });
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem:
        'Cannot use link eth0.100 for VLAN 100 (802.1Q): it is VLAN 7 (802.1Q) of another kind or parent; rename or remove it',
    });
    expect(pod.names()).toEqual([]);
    expect(host.names()).toContain('eth0.100');
  });

  it('leaves no sub-interface behind when a later step fails', async () => {
    const { host, add, hostLinks } = lab({ hostLinks: ['eth0', 'net0'] });
    host.kernel.pod.plug({ name: 'net1' });
    await expect(add(delegate, config)).rejects.toMatchObject({ reason: 'LinkExists' });
    expect([host.names().includes('eth0.100'), hostLinks.users()]).toEqual([false, {}]);
  });

  it('is found by its user when the process was killed before the link was used', async () => {
    const { host, del, hostLinks, ctx } = lab();
    await hostLinks.use(name('eth0.100'), ctx);
    await del(delegate, config);
    expect([host.names().includes('eth0.100'), hostLinks.users()]).toEqual([false, {}]);
  });

  it('leaves no lock of an ADD that was killed under it: DEL takes the lock, and its file goes with it', async () => {
    const { del, hostLinks } = lab();
    const locked: string[] = [];
    hostLinks.locked = async (link, work) => {
      locked.push(link);
      return await work();
    };
    await del(delegate, config);
    expect(locked).toEqual(['eth0.100']);
  });

  it('leaves no lock of an ADD whose locking failed: the way back takes it', async () => {
    const { add, hostLinks } = lab();
    const outcomes: string[] = [];
    hostLinks.locked = async (link, work) => {
      outcomes.push(link);
      if (outcomes.length === 1) throw new CniError('IoFailed', 'Cannot lock: EIO');
      return await work();
    };
    await expect(add(delegate, config)).rejects.toMatchObject({ reason: 'IoFailed' });
    expect(outcomes).toEqual(['eth0.100', 'eth0.100']);
  });

  it('fits 15 characters on a master with a long name', async () => {
    const { host, pod, add } = lab({ hostLinks: ['enp175s0f1np1'] });
    await add(delegate, { ...config, master: 'enp175s0f1np1', vlan: 4094 });
    const link = await host.findLinkByIndex(pod.link('net1').parent ?? 0);
    expect(link?.name).toMatch(/^vl[0-9a-f]{8}$/);
  });

  it('may be a service VLAN', async () => {
    const { host, add } = lab();
    await add(delegate, { ...config, vlanProtocol: '802.1ad' });
    expect(host.link('eth0.s100').detail).toMatchObject({ id: 100, protocol: '802.1ad' });
  });

  it.each([
    [{ vlan: 0 }, 'Cannot use 0 as vlan: need an integer from 1 to 4094'],
    [{ vlan: 4095 }, 'Cannot use 4095 as vlan: need an integer from 1 to 4094'],
    [{ vlanProtocol: '802.1X' }, 'Cannot use "802.1X" as vlanProtocol: need one of 802.1Q, 802.1ad'],
    [{ vlan: undefined, vlanProtocol: '802.1ad' }, 'Cannot use vlanProtocol alone: need vlan, too'],
    [
      { linkInContainer: true },
      'Cannot use vlan with linkInContainer: need a network of type vlan for a VLAN inside the pod',
    ],
  ])('refuses %j', (keys, problem) => {
    expect(() => delegate.bind({ ...config, ...keys })).toThrow(
      expect.objectContaining({ reason: 'ConfigInvalid', problem }),
    );
  });
});

it('is not what a network of type vlan has: that has vlanId', () => {
  expect(() => vlan.bind({ type: 'vlan', master: 'eth0', vlanId: 5, vlan: 100 })).toThrow(
    expect.objectContaining({ reason: 'FieldUnsupported' }),
  );
});
