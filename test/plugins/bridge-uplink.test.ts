/** A bridge with a way out of the node: its VLAN, or a port that is there, against the fake kernel. */
import { describe, expect, it } from 'vitest';
import { bridge } from '../../plugins/bridge';
import { macvlan } from '../../plugins/macvlan';
import { containerId, ifName } from '../../src/net/names';
import { fixedIpam, lab } from './lab';

const config = { type: 'bridge', bridge: 'br100', master: 'eth0', vlan: 100 };
const second = { containerId: containerId('c2'), ifName: ifName('net2', 'test') };
const ipam = (host = 5) => fixedIpam([`10.1.0.${host}/24`]);

describe('a bridge network with master and vlan', () => {
  it('has the sub-interface as a port; pods’ ports have no VLANs', async () => {
    const { host, add, check, hostLinks } = lab({ ipam: ipam() });
    const result = await add(bridge, config);
    const br = host.link('br100');
    expect(br.detail).toEqual({ kind: 'bridge', vlanFiltering: false });
    expect(host.link('eth0.100')).toMatchObject({ detail: { kind: 'vlan', id: 100 }, master: br.index, up: true });
    expect(host.link('eth0').master).toBeUndefined();
    expect(hostLinks.users()).toEqual({ 'eth0.100': ['c1 net1'] });
    expect(result.interfaces.map(({ name }) => name)).toEqual(['br100', expect.stringMatching(/^veth/), 'net1']);
    await check(bridge, config, result);
  });

  it.each([
    ['once more when the bridge forwards for it', config, ['announce 10.1.0.5']],
    ['once when it has probed them', { ...config, probe: true }, ['announce 10.1.0.5']],
    ['as the kernel does where there is no way out', { type: 'bridge', bridge: 'br100' }, []],
  ])('announces its addresses %s', async (_, asked, announced) => {
    const { kernel, add } = lab({ ipam: ipam(), record: true });
    await add(bridge, asked);
    expect(kernel.calls.filter((call) => call.startsWith('announce'))).toEqual(announced);
  });

  it('has the node’s gateway address on the bridge itself', async () => {
    const { host, add } = lab({ ipam: ipam() });
    await add(bridge, { ...config, isGateway: true });
    expect(host.addressesOf('br100')).toEqual(['10.1.0.1/24']);
    expect(host.names()).not.toContain('br100.100');
  });

  it('has the MTU of a jumbo master, and so have its pods', async () => {
    const { host, pod, add } = lab({ hostLinks: [{ name: 'eth0', mtu: 9000 }], ipam: ipam() });
    await add(bridge, config);
    expect(host.link('eth0.100').mtu).toBe(9000);
    expect(pod.link('net1').mtu).toBe(host.link('br100').mtu);
  });

  it('may be a service VLAN', async () => {
    const { host, add } = lab({ ipam: ipam() });
    await add(bridge, { ...config, vlanProtocol: '802.1ad' });
    expect(host.link('eth0.s100')).toMatchObject({ detail: { protocol: '802.1ad' }, master: host.link('br100').index });
  });

  it('loses the sub-interface with its last pod; the bridge stays', async () => {
    const { host, add, del, hostLinks } = lab({ ipam: ipam() });
    await add(bridge, config);
    await add(bridge, config, { ...second, ipam: ipam(6) });
    await del(bridge, config);
    expect(host.names()).toContain('eth0.100');
    await del(bridge, config, second);
    await del(bridge, config, second);
    expect([host.names(), hostLinks.users()]).toEqual([['eth0', 'br100'], {}]);
  });

  it('takes it back when a later step fails', async () => {
    const { host, kernel, add, hostLinks } = lab({ ipam: ipam() });
    kernel.failNext('addAddress', 'EIO');
    await expect(add(bridge, config)).rejects.toThrow();
    expect([host.names(), hostLinks.users()]).toEqual([['eth0', 'br100'], {}]);
  });

  it('refuses a second VLAN on one bridge: the two would be one network', async () => {
    const { host, add } = lab({ ipam: ipam() });
    await add(bridge, config);
    await expect(add(bridge, { ...config, vlan: 200 }, second)).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem:
        'Cannot use VLAN 200 of eth0 as uplink of bridge br100: it has eth0.100, and the two would be one network; name another bridge',
    });
    expect(host.names()).not.toContain('eth0.200');
  });

  it('refuses one VLAN on two bridges', async () => {
    const { add } = lab({ ipam: ipam() });
    await add(bridge, config);
    await expect(add(bridge, { ...config, bridge: 'other' }, second)).rejects.toMatchObject({
      reason: 'MasterConflict',
      problem: 'Cannot make eth0.100 the uplink of bridge other: it is a port of another bridge; name that one',
    });
  });

  it('refuses a VLAN that serves macvlan', async () => {
    const { add } = lab({ ipam: ipam() });
    await add(macvlan, { type: 'macvlan', master: 'eth0', vlan: 100 });
    await expect(add(bridge, config, second)).rejects.toMatchObject({ reason: 'MasterConflict', errno: 'EBUSY' });
  });

  it('takes no sub-interface of the operator, unless it is a port already', async () => {
    const { host, add, del } = lab({ ipam: ipam() });
    const parent = host.link('eth0').index;
    const storage = await host.createLink({
      kind: 'vlan',
      name: ifName('storage', 'test'),
      parent,
      id: 100,
      protocol: '802.1Q',
    });
    await expect(add(bridge, config)).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem:
        'Cannot use storage as uplink of bridge br100: it is no port of it, and Braid takes no link of the node; run "ip link set storage master br100", or remove it, and Braid makes its own',
    });
    await host.changeLink(storage.index, { master: host.link('br100').index });
    await add(bridge, config);
    await del(bridge, config);
    expect(host.link('storage').master).toBe(host.link('br100').index);
  });

  it('fails CHECK when the bridge has lost it', async () => {
    const { host, add, check } = lab({ ipam: ipam() });
    const result = await add(bridge, config);
    await host.changeLink(host.link('eth0.100').index, { master: 0 });
    await expect(check(bridge, config, result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Bridge br100 has lost its uplink eth0.100: it is no port',
    });
  });
});

describe('a bridge network with master and no vlan', () => {
  const plain = { type: 'bridge', bridge: 'br0', master: 'eth0' };

  it('never takes a link of the node', async () => {
    const { host, pod, add } = lab({ ipam: ipam() });
    await expect(add(bridge, plain)).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem:
        'Cannot use eth0 as uplink of bridge br0: it is no port of it, and Braid takes no link of the node; run "ip link set eth0 master br0", or set "vlan" for a VLAN of it',
    });
    expect([host.link('eth0').master, pod.names()]).toEqual([undefined, []]);
  });

  it('is content with one that is a port already, and leaves it there', async () => {
    const { host, add, del, check } = lab({ ipam: ipam() });
    const br = await host.createLink({ kind: 'bridge', name: ifName('br0', 'test') });
    await host.changeLink(host.link('eth0').index, { master: br.index });
    const result = await add(bridge, plain);
    await check(bridge, plain, result);
    await del(bridge, plain);
    expect(host.link('eth0').master).toBe(br.index);
  });
});

it('leaves `vlan` its meaning of the reference where there is no master', async () => {
  const { host, add, hostLinks } = lab({ ipam: ipam() });
  await add(bridge, { type: 'bridge', bridge: 'br0', vlan: 100 });
  const port = host.names().find((name) => name.startsWith('veth')) ?? 'none';
  expect(await host.bridgeVlans(host.link(port).index)).toEqual([{ id: 100, pvid: true, untagged: true }]);
  expect([host.names().includes('eth0.100'), hostLinks.users()]).toEqual([false, {}]);
});
