/** bridge and cnv-bridge in a real kernel: links, VLANs, addresses, rules, and what gets through. Runs ip, bridge and nft. */
import { afterEach, describe, expect, it } from 'vitest';
import { bridge, cnvBridge } from '../../plugins/bridge';
import type { AddContext, Delegate, Ipam } from '../../src/attach/delegate';
import type { Result } from '../../src/cni/result';
import { createNft } from '../../src/exec/nft';
import { containerId, derivedName } from '../../src/net/names';
import { exhausted, fixedIpam } from '../plugins/lab';
import { node, onRealNode, type RealPod, reaches, realPod, shell } from './child';
import { addressesOf, linkOf, linksOf, routesOf } from './ip';

const br = 'btest0';
const config = { type: 'bridge', bridge: br };
const gateway = { ...config, isGateway: true, ipam: { type: 'fixed' } };
const nft = createNft(process.env);
const forwarding = '/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding';

const onNode = (command: string): string => shell(node(), command);
const vlansOf = (port: string): readonly string[] => {
  const [shown] = JSON.parse(onNode(`bridge -j vlan show dev ${port}`));
  return shown.vlans.map(({ vlan, flags = [] }: { vlan: number; flags?: string[] }) => [vlan, ...flags].join(' '));
};

/** A pod on the bridge: container `name`, its calls with the node's own nftables. */
function inContainer(pod: RealPod, name: string) {
  const changes = { containerId: containerId(name), nft } satisfies Partial<AddContext>;
  return {
    ...pod,
    port: derivedName('veth', name, 'net1'),
    add: (c: object, delegate: Delegate = bridge) => pod.add(delegate, c, changes),
    del: (c: object, prevResult?: Result, gone = false) =>
      pod.del(bridge, c, { ...changes, prevResult, ...(gone ? { pod: undefined } : {}) }),
    check: (c: object, result: Result) => pod.check(bridge, c, result, changes),
  };
}

const layer2 = async (name: string) => inContainer(await realPod(), name);
const layer3 = async (name: string, ...addresses: string[]) =>
  inContainer(await realPod({ ipam: fixedIpam(addresses) }), name);

describe('bridge', () => {
  onRealNode();
  afterEach(() => {
    onNode(`exec 2>/dev/null; set +e
      ip link del ${br}; ip link del ${br}.100; ip link del bup0
      nft delete table inet cni_plugins_masquerade; nft delete table bridge nat
      for key in ${forwarding}; do echo 0 >$key; done`);
  });

  it('makes bridge, port and pod link as asked, and says what is there', async () => {
    const pod = await layer3('one', '10.66.0.5/24');
    const c = { ...gateway, mtu: 1400, hairpinMode: true, portIsolation: true };
    const mac = '02:00:00:00:00:0c';
    const result = await pod.add({ ...c, runtimeConfig: { mac } });
    const [made, port, inside] = [linkOf(node(), br), linkOf(node(), pod.port), linkOf(pod, 'net1')];
    expect(made).toMatchObject({
      mtu: 1400,
      promiscuity: 0,
      linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 0 } },
    });
    expect(port).toMatchObject({
      master: br,
      operstate: 'UP',
      mtu: 1400,
      linkinfo: { info_kind: 'veth', info_slave_kind: 'bridge', info_slave_data: { hairpin: true, isolated: true } },
    });
    expect(inside).toMatchObject({ operstate: 'UP', mtu: 1400, address: mac, linkinfo: { info_kind: 'veth' } });
    expect(result.interfaces).toEqual([
      { name: br, mac: made.address },
      { name: pod.port, mac: port.address },
      { name: 'net1', mac, sandbox: pod.space.path },
    ]);
    expect(onNode(`cat /proc/sys/net/ipv6/conf/${br}/accept_ra /proc/sys/net/ipv6/conf/${pod.port}/accept_ra`)).toBe(
      '0\n0\n',
    );
    await pod.check(c, result);
  });

  it('connects pods and node at layer 3, both families, and keeps its MAC', async () => {
    const c = { ...gateway, isDefaultGateway: true };
    const one = await layer3('one', '10.66.0.5/24', 'fd66::5/64');
    const two = await layer3('two', '10.66.0.6/24', 'fd66::6/64');
    const first = await one.add(c);
    const second = await two.add(c);
    expect(addressesOf(node(), br)).toEqual(['10.66.0.1/24', 'fd66::1/64']);
    expect(routesOf(one)).toEqual(expect.arrayContaining(['default via 10.66.0.1', 'default via fd66::1']));
    expect(shell(one, 'ip -6 addr show dev net1')).not.toContain('tentative');
    expect(onNode(`cat ${forwarding}`)).toBe('1\n1\n');
    expect([await reaches(one, two, '10.66.0.6'), await reaches(one, two, 'fd66::6')]).toEqual([true, true]);
    expect(await reaches(one, node(), '10.66.0.1')).toBe(true);
    expect(second.interfaces[0]).toEqual(first.interfaces[0]);
    await one.check(c, first);
    await two.check(c, second);
  });

  it('keeps isolated ports apart, yet lets them reach the node', async () => {
    const c = { ...gateway, portIsolation: true };
    const one = await layer3('one', '10.66.0.5/24');
    const two = await layer3('two', '10.66.0.6/24');
    await one.add(c);
    await two.add(c);
    expect([await reaches(one, two, '10.66.0.6'), await reaches(one, node(), '10.66.0.1')]).toEqual([false, true]);
  });

  it('is a plain wire at layer 2', async () => {
    const c = { ...config, promiscMode: true };
    const one = await layer2('one');
    const result = await one.add(c);
    expect(linkOf(node(), br)).toMatchObject({ promiscuity: 1 });
    expect(addressesOf(one, 'net1')).toEqual([]);
    expect(linkOf(one, 'net1')).toMatchObject({ operstate: 'UP' });
    await one.check(c, result);
    const two = await layer2('two');
    await two.add({ ...c, disableContainerInterface: true });
    expect(linkOf(two, 'net1')).toMatchObject({ operstate: 'DOWN' });
  });

  it('detects duplicate addresses where asked', async () => {
    const asked = await layer3('one', 'fd66::5/64');
    const other = await layer3('two', 'fd66::6/64');
    await asked.add({ ...gateway, enabledad: true });
    await other.add(gateway);
    const setting = 'cat /proc/sys/net/ipv6/conf/net1/accept_dad';
    expect([shell(asked, setting), shell(other, setting)]).toEqual(['1\n', '0\n']);
  });

  it('displaces the address of a bridge only when forced', async () => {
    onNode(`ip link add ${br} type bridge; ip addr add 10.66.0.254/24 dev ${br}`);
    const pod = await layer3('one', '10.66.0.5/24');
    await expect(pod.add(gateway)).rejects.toMatchObject({ reason: 'AddressConflict' });
    expect(linksOf(pod)).toEqual(['lo']);
    await pod.add({ ...gateway, forceAddress: true });
    expect(addressesOf(node(), br)).toEqual(['10.66.0.1/24']);
  });

  it('gives the pod the MTU of a bridge that is there', async () => {
    onNode(`ip link add ${br} mtu 9000 type bridge`);
    const pod = await layer2('one');
    await pod.add({ ...config, type: 'cnv-bridge', ipam: {} }, cnvBridge);
    expect([linkOf(pod, 'net1').mtu, linkOf(node(), br).mtu]).toEqual([9000, 9000]);
  });

  it('makes no bridge as cnv-bridge, and none of another link', async () => {
    const pod = await layer2('one');
    await expect(pod.add(config, cnvBridge)).rejects.toMatchObject({ reason: 'MasterMissing' });
    onNode(`ip link add ${br} type dummy`);
    await expect(pod.add(config)).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    expect(linksOf(pod)).toEqual(['lo']);
  });

  it('lets pods of one VLAN reach each other, and not those of another', async () => {
    const access = { ...config, vlan: 100, ipam: { type: 'fixed' } };
    const one = await layer3('one', '10.66.0.5/24');
    const two = await layer3('two', '10.66.0.6/24');
    const other = await layer3('other', '10.66.0.7/24');
    const result = await one.add(access);
    await two.add(access);
    await other.add({ ...access, vlan: 200 });
    expect(linkOf(node(), br).linkinfo?.info_data).toMatchObject({ vlan_filtering: 1 });
    expect([vlansOf(one.port), vlansOf(other.port)]).toEqual([
      ['100 PVID Egress Untagged'],
      ['200 PVID Egress Untagged'],
    ]);
    expect(await reaches(one, two, '10.66.0.6')).toBe(true);
    expect([await reaches(one, other, '10.66.0.7'), await reaches(other, two, '10.66.0.6')]).toEqual([false, false]);
    await one.check(access, result);
    await expect(one.check({ ...access, vlan: 200 }, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it('hands a trunk its VLANs with their tags', async () => {
    const c = { ...config, vlanTrunk: [{ id: 7 }, { minID: 20, maxID: 22 }] };
    const trunk = await layer2('one');
    const result = await trunk.add(c);
    expect(vlansOf(trunk.port)).toEqual(['1 PVID Egress Untagged', '7', '20', '21', '22']);
    await trunk.check(c, result);
    const access = await layer3('two', '10.66.0.6/24');
    await access.add({ ...config, vlan: 7, preserveDefaultVlan: true, ipam: { type: 'fixed' } });
    expect(vlansOf(access.port)).toEqual(['1 Egress Untagged', '7 PVID Egress Untagged']);
    const tag = (id: number): string =>
      `ip link add link net1 name tag type vlan id ${id}; ip addr add 10.66.0.5/24 dev tag; ip link set tag up`;
    shell(trunk, tag(7));
    expect(await reaches(trunk, access, '10.66.0.6')).toBe(true);
    shell(trunk, `ip link del tag; ${tag(8)}`);
    expect(await reaches(trunk, access, '10.66.0.6')).toBe(false);
  });

  it('has a gateway in the VLAN, made once and completed when half made', async () => {
    const c = { ...gateway, vlan: 100 };
    const one = await layer3('one', '10.66.0.5/24');
    const result = await one.add(c);
    const own = linkOf(node(), `${br}.100`);
    const peer = String(own.link);
    expect(addressesOf(node(), `${br}.100`)).toEqual(['10.66.0.1/24']);
    expect(result.interfaces[3]).toEqual({ name: `${br}.100`, mac: own.address });
    expect(linkOf(node(), peer)).toMatchObject({ master: br, ifindex: own.ifindex - 1 });
    expect(vlansOf(peer)).toEqual(['100 PVID Egress Untagged']);
    expect(await reaches(one, node(), '10.66.0.1')).toBe(true);
    await one.check(c, result);
    onNode(`ip link set ${peer} nomaster`);
    const two = await layer3('two', '10.66.0.6/24');
    await two.add(c);
    expect(vlansOf(peer)).toEqual(['100 PVID Egress Untagged']);
    expect(await reaches(two, node(), '10.66.0.1')).toBe(true);
  });

  it('refuses VLANs on a bridge that does not filter them', async () => {
    onNode(`ip link add ${br} type bridge`);
    const pod = await layer2('one');
    await expect(pod.add({ ...config, vlan: 100 })).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    onNode(`ip link set ${br} type bridge vlan_filtering 1`);
    await pod.add({ ...config, vlan: 100 });
  });

  it('drops frames from another MAC than the pod was given', async () => {
    const c = { ...gateway, macspoofchk: true };
    const one = await layer3('one', '10.66.0.5/24');
    const two = await layer3('two', '10.66.0.6/24');
    const result = await one.add(c);
    await two.add(gateway);
    expect(await reaches(one, two, '10.66.0.6')).toBe(true);
    await one.check(c, result);
    shell(one, 'ip link set net1 address 02:00:00:00:66:66');
    expect(await reaches(one, two, '10.66.0.6')).toBe(false);
    shell(one, `ip link set net1 address ${result.interfaces[2]?.mac}`);
    expect(await reaches(one, two, '10.66.0.6')).toBe(true);
    await one.del(c, result);
    expect(onNode('nft list table bridge nat')).not.toContain('one-net1');
  });

  it('masquerades towards others, not within the subnet', async () => {
    const outside = await realPod();
    onNode(`ip link add bup0 type veth peer name net1 netns ${outside.space.name}`);
    onNode('ip addr add 192.0.2.1/24 dev bup0; ip link set bup0 up');
    shell(outside, 'ip addr add 192.0.2.2/24 dev net1; ip link set net1 up');
    shell(outside, 'ip link add null0 type dummy; ip link set null0 up; ip route add default dev null0');
    const plain = await layer3('one', '10.66.0.5/24');
    await plain.add({ ...gateway, isDefaultGateway: true });
    expect(await reaches(plain, outside, '192.0.2.2')).toBe(false); // its way back leads nowhere
    const masquerading = { ...gateway, isDefaultGateway: true, ipMasq: true };
    const pod = await layer3('two', '10.66.0.6/24', 'fd66::6/64');
    const result = await pod.add(masquerading);
    expect(await reaches(pod, outside, '192.0.2.2')).toBe(true);
    const rules = onNode('nft list table inet cni_plugins_masquerade');
    expect(rules).toContain('ip saddr 10.66.0.6 ip daddr != 10.66.0.0/24 masquerade comment');
    expect(rules).toContain('ip6 saddr fd66::6 ip6 daddr != fd66::/64 masquerade comment');
    expect(rules).toContain('comment "Masquerading for plugins from github.com/containernetworking/plugins"');
    await pod.del(masquerading, result, true);
    expect(onNode('nft list table inet cni_plugins_masquerade')).not.toContain('masquerade comment');
  });

  const everything = { ...gateway, ipMasq: true, macspoofchk: true, vlan: 100 };

  /** What the node still has of a container. */
  const leftOf = ({ port }: { readonly port: string }, name: string): readonly string[] => {
    const ruleset = onNode('nft list ruleset').split('\n');
    const rules = ruleset.filter((line) => line.includes(`${name}-net1`) || line.includes(`id: ${name}"`));
    return [...linksOf(node()).filter((link) => link === port), ...rules];
  };

  it.each([
    'with the namespace',
    'without the namespace', // its path is gone, something still holds it
    'without namespace and record',
    'with the pod end renamed',
  ])('leaves nothing after DEL %s, twice', async (how) => {
    const pod = await layer3('one', '10.66.0.5/24');
    const result = await pod.add(everything);
    expect(leftOf(pod, 'one').length).toBeGreaterThan(3);
    if (how.endsWith('renamed')) shell(pod, 'ip link set net1 down; ip link set net1 name nic0');
    const call = [how.endsWith('record') ? undefined : result, how.startsWith('without')] as const;
    await pod.del(everything, ...call);
    await pod.del(everything, ...call);
    expect([leftOf(pod, 'one'), linksOf(pod)]).toEqual([[], ['lo']]);
    expect(addressesOf(node(), `${br}.100`)).toEqual(['10.66.0.1/24']); // other pods may use it
  });

  it.each<[string, Ipam, string]>([
    ['has no address', exhausted, 'PoolExhausted'],
    ['gives none', fixedIpam([]), 'AddressMissing'],
  ])('leaves nothing when IPAM %s', async (_, ipam, reason) => {
    const pod = inContainer(await realPod({ ipam }), 'one');
    await expect(pod.add(everything)).rejects.toMatchObject({ reason });
    expect([leftOf(pod, 'one'), linksOf(pod)]).toEqual([[], ['lo']]);
  });
});
