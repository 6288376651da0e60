/** The node as gateway of a bridge's pods: addresses, default routes, forwarding, the gateway of a VLAN. Touches only the fakes. */
import { describe, expect, it, vi } from 'vitest';
import { bridge } from '../../plugins/bridge';
import { planGateways } from '../../plugins/bridge/gateway';
import { cidr, type Ip, ip } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { containerId, derivedName, ifName } from '../../src/net/names';
import { fixedIpam, lab } from './lab';

const gateway = { type: 'bridge', bridge: 'br1', isGateway: true, ipam: { type: 'fixed' } };
const pair = derivedName('veth', 'br1.100');

describe('planGateways', () => {
  const lease = (addresses: readonly string[], routes: readonly string[] = []) => ({
    ips: addresses.map((text) => {
      const [address, via] = text.split(' via ');
      return { address: cidr(address, 'address'), gateway: via === undefined ? undefined : ip(via, 'gateway') };
    }),
    routes: routes.map((text) => {
      const [dst, via] = text.split(' via ');
      return { dst: cidr(dst, 'dst'), gw: via === undefined ? undefined : (via as Ip) };
    }),
  });
  const none = { isGateway: false, isDefaultGateway: false };
  const is = { isGateway: true, isDefaultGateway: false };
  const isDefault = { isGateway: true, isDefaultGateway: true };

  it.each([
    ['no gateway', none, ['10.1.0.5/24'], [undefined], []],
    ['the first address of the subnet', is, ['10.1.0.5/24'], ['10.1.0.1'], ['10.1.0.1/24']],
    ['the one that IPAM says', is, ['10.1.0.5/24 via 10.1.0.254'], ['10.1.0.254'], ['10.1.0.254/24']],
    ['IPAM says one, the node is none', none, ['10.1.0.5/24 via 10.1.0.254'], ['10.1.0.254'], []],
    ['IPv4 before IPv6', is, ['fd00::5/64', '10.1.2.3/23'], ['fd00::1', '10.1.2.1'], ['10.1.2.1/23', 'fd00::1/64']],
    [
      'two subnets of a family',
      is,
      ['fd00:1::5/64', 'fd00:2::5/64'],
      ['fd00:1::1', 'fd00:2::1'],
      ['fd00:1::1/64', 'fd00:2::1/64'],
    ],
    ['the next address of a /32', is, ['10.1.0.5/32'], ['10.1.0.6'], ['10.1.0.6/32']],
  ])('%s', (_, c, addresses, shown, held) => {
    const plan = planGateways(c, lease(addresses));
    expect(plan.ips.map((one) => one.gateway)).toEqual(shown);
    expect(plan.ips.every((one) => one.interface === 2)).toBe(true);
    expect(plan.gateways).toEqual(held);
    expect(plan.routes).toEqual([]);
  });

  it.each([
    ['one for each family', ['10.1.0.5/24', 'fd00::5/64'], [], ['0.0.0.0/0 via 10.1.0.1', '::/0 via fd00::1']],
    [
      'in the order of the addresses',
      ['fd00::5/64', '10.1.0.5/24'],
      [],
      ['::/0 via fd00::1', '0.0.0.0/0 via 10.1.0.1'],
    ],
    ['one for two addresses of a family', ['10.1.0.5/24', '10.2.0.5/24'], [], ['0.0.0.0/0 via 10.1.0.1']],
    ['behind the routes of IPAM', ['10.1.0.5/24'], ['10.9.0.0/16'], ['10.9.0.0/16', '0.0.0.0/0 via 10.1.0.1']],
    ['none where IPAM gives one', ['10.1.0.5/24'], ['0.0.0.0/0 via 10.1.0.9'], ['0.0.0.0/0 via 10.1.0.9']],
    ['none where that of IPAM will get this gateway', ['10.1.0.5/24'], ['0.0.0.0/0'], ['0.0.0.0/0']],
    ['of the other family', ['10.1.0.5/24'], ['::/0 via fd00::1'], ['::/0 via fd00::1', '0.0.0.0/0 via 10.1.0.1']],
  ])('a default gateway gives default routes: %s', (_, addresses, routes, expected) => {
    const plan = planGateways(isDefault, lease(addresses, routes));
    expect(plan.routes.map(({ dst, gw }) => (gw === undefined ? dst : `${dst} via ${gw}`))).toEqual(expected);
  });
});

describe('bridge as gateway', () => {
  it('has the gateway addresses, keeps its MAC and forwards', async () => {
    const { host, pod, add } = lab({ ipam: fixedIpam(['10.1.0.5/24', 'fd00:1::5/64']) });
    const result = await add(bridge, { ...gateway, isDefaultGateway: true });
    expect(host.addressesOf('br1')).toEqual(['10.1.0.1/24', 'fd00:1::1/64']);
    expect(host.device('br1').macChosen).toBe(true);
    expect(host.sysctls.get('net/ipv4/ip_forward')).toBe('1');
    expect(host.sysctls.get('net/ipv6/conf/all/forwarding')).toBe('1');
    expect(pod.routesTo('0.0.0.0/0')).toMatchObject([{ gateway: '10.1.0.1' }]);
    expect(pod.routesTo('::/0')).toMatchObject([{ gateway: 'fd00:1::1' }]);
    expect(result.ips.map((one) => one.gateway)).toEqual(['10.1.0.1', 'fd00:1::1']);
  });

  it('forwards only for families that it has', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    await add(bridge, gateway);
    expect(host.sysctls.get('net/ipv6/conf/all/forwarding')).toBe('0');
  });

  it('does not forward when it is none', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['10.1.0.5/24 via 10.1.0.1']) });
    await add(bridge, { ...gateway, isGateway: false });
    expect([host.addressesOf('br1'), host.sysctls.get('net/ipv4/ip_forward')]).toEqual([[], '0']);
  });

  it('does not add a default route twice that IPAM left to this gateway', async () => {
    const { pod, add, check } = lab({ ipam: fixedIpam(['10.1.0.5/24'], ['0.0.0.0/0']) });
    const result = await add(bridge, { ...gateway, isDefaultGateway: true });
    expect(pod.routesTo('0.0.0.0/0')).toHaveLength(1);
    await check(bridge, { ...gateway, isDefaultGateway: true }, result);
  });

  it.each([
    ['IPv4', '10.1.0.254/24', '10.1.0.5/24', '10.1.0.1/24'],
    ['another IPv4 subnet', '192.168.0.1/24', '10.1.0.5/24', '10.1.0.1/24'],
    ['an overlapping IPv6 subnet', 'fd00:1::fe/48', 'fd00:1::5/64', 'fd00:1::1/64'],
  ])('refuses to displace %s, and does it when forced', async (_, there, address, wanted) => {
    const { host, pod, add } = lab({ ipam: fixedIpam([address]) });
    const { index } = await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    await host.addAddress(index, cidr(there, 'address'));
    await expect(add(bridge, gateway)).rejects.toMatchObject({
      reason: 'AddressConflict',
      problem: `Cannot give br1 the address ${wanted}: it already has ${there}`,
    });
    expect([pod.names(), host.addressesOf('br1')]).toEqual([[], [there]]);
    await add(bridge, { ...gateway, forceAddress: true });
    expect(host.addressesOf('br1')).toEqual([wanted]);
  });

  it('adds an IPv6 address beside one of another subnet', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['fd00:1::5/64']) });
    const { index } = await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    await host.addAddress(index, cidr('fd00:2::1/64', 'address'));
    await add(bridge, gateway);
    expect(host.addressesOf('br1')).toEqual(['fd00:2::1/64', 'fd00:1::1/64']);
  });

  it('keeps the MAC that the first port gave a bridge which had none', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    host.device('br1').mac = mac('00:00:00:00:00:00', 'mac'); // the kernel's way when the last port has left
    const { interfaces } = await add(bridge, gateway);
    expect(host.device('br1')).toMatchObject({ mac: interfaces[1]?.mac, macChosen: true });
  });

  it('keeps the MAC that it was made with before it has a port, for all pods that start at that moment', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    const change = vi.spyOn(host, 'changeLink');
    const { interfaces } = await add(bridge, gateway);
    expect(change.mock.calls[0]).toEqual([host.device('br1').index, { mac: interfaces[0]?.mac }]);
  });

  it('accepts the address that another process added at the same moment', async () => {
    const { host, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    const { index } = await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    await host.addAddress(index, cidr('10.1.0.1/24', 'address'));
    vi.spyOn(host, 'addresses').mockResolvedValueOnce([]);
    await add(bridge, gateway);
    expect(host.addressesOf('br1')).toEqual(['10.1.0.1/24']);
  });
});

describe('bridge as gateway of a VLAN', () => {
  const vlan = { ...gateway, vlan: 100 };
  const pool = () => fixedIpam(['10.1.0.5/24']);

  it('has the address on a link of its own in that VLAN', async () => {
    const { host, add, check } = lab({ ipam: pool() });
    const result = await add(bridge, vlan);
    expect(host.addressesOf('br1')).toEqual([]);
    expect(host.addressesOf('br1.100')).toEqual(['10.1.0.1/24']);
    expect(host.link('br1.100')).toMatchObject({ detail: { kind: 'veth' }, up: true, parent: host.link(pair).index });
    expect(host.link(pair)).toMatchObject({ master: host.link('br1').index, up: true });
    expect(host.link(pair).index).toBe(host.link('br1.100').index - 1);
    expect(host.device(pair).vlans).toEqual([{ id: 100, pvid: true, untagged: true }]);
    expect(result.interfaces.map(({ name }) => name)).toEqual(['br1', result.interfaces[1]?.name, 'net1', 'br1.100']);
    expect(result.interfaces[3]).toEqual({ name: 'br1.100', mac: host.link('br1.100').mac });
    await check(bridge, vlan, result);
  });

  it('is made once', async () => {
    const { kernel, host, add } = lab({ ipam: pool() });
    await add(bridge, vlan);
    const before = host.names().length;
    const pod = kernel.addNamespace('/var/run/netns/other');
    await add(bridge, vlan, { pod, containerId: containerId('c2'), ipam: fixedIpam(['10.1.0.6/24']) });
    expect(host.names()).toHaveLength(before + 1); // the second pod's own port
    expect(host.addressesOf('br1.100')).toEqual(['10.1.0.1/24']);
  });

  it('stays for other pods when the pod goes', async () => {
    const { host, add, del } = lab({ ipam: pool() });
    const prevResult = await add(bridge, vlan);
    await del(bridge, vlan, { prevResult });
    expect(host.names()).toEqual(['eth0', 'br1', pair, 'br1.100']);
  });

  it('is completed when somebody left it half made', async () => {
    const { host, add } = lab({ ipam: pool() });
    await host.createLink({ kind: 'veth', name: ifName('br1.100', 'name'), peerName: ifName('veth0', 'name') });
    await add(bridge, vlan);
    expect(host.link('veth0')).toMatchObject({ master: host.link('br1').index, up: true });
    expect(host.device('veth0').vlans).toEqual([{ id: 100, pvid: true, untagged: true }]);
  });

  it("takes the administrator's own link of that name", async () => {
    const { host, add } = lab({ ipam: pool() });
    const br1 = await host.createLink({ kind: 'bridge', name: ifName('br1', 'name'), vlanFiltering: true });
    await host.changeLink(br1.index, { up: true });
    await host.createLink({ kind: 'vlan', name: ifName('br1.100', 'name'), parent: br1.index, id: 100 });
    await add(bridge, vlan);
    expect(host.addressesOf('br1.100')).toEqual(['10.1.0.1/24']);
  });

  it('accepts the link that another process made at the same moment', async () => {
    const { host, add } = lab({ ipam: pool() });
    const find = host.findLink.bind(host);
    vi.spyOn(host, 'findLink').mockImplementation(async (name) => {
      if (name !== 'br1.100' || host.names().includes(name)) return find(name);
      await host.createLink({ kind: 'veth', name: ifName(name, 'name'), peerName: pair });
      return undefined;
    });
    await add(bridge, vlan);
    expect(host.addressesOf('br1.100')).toEqual(['10.1.0.1/24']);
    expect(host.device(pair).vlans).toEqual([{ id: 100, pvid: true, untagged: true }]);
  });
});
