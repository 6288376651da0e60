/** bridge against the fake kernel: what it makes, what it refuses, what it takes back. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bridge, cnvBridge } from '../../plugins/bridge';
import type { Result } from '../../src/cni/result';
import { refused } from '../../src/kernel/errno';
import { cidr } from '../../src/net/ip';
import { containerId, derivedName, ifName } from '../../src/net/names';
import { rulesNft } from './bridge-nft';
import { exhausted, fixedIpam, lab } from './lab';

const config = { type: 'bridge', bridge: 'br1' };
const gateway = { ...config, isGateway: true, ipam: { type: 'fixed' } };
const hostEnd = derivedName('veth', 'c1', 'net1');
const pool = () => fixedIpam(['10.1.0.5/24'], ['10.9.0.0/16']);
const dual = () => fixedIpam(['10.1.0.5/24', 'fd00:1::5/64']);

afterEach(() => vi.useRealTimers());

describe('bridge', () => {
  it('makes the bridge and gives the pod a port on it', async () => {
    const { host, pod, add } = lab();
    const result = await add(bridge, config);
    expect(host.link('br1')).toMatchObject({ detail: { kind: 'bridge', vlanFiltering: false }, up: true, promisc: 0 });
    expect(host.sysctls.get('net/ipv6/conf/br1/accept_ra')).toBe('0');
    expect(host.sysctls.get(`net/ipv6/conf/${hostEnd}/accept_ra`)).toBe('0');
    expect(host.link(hostEnd)).toMatchObject({ master: host.link('br1').index, up: true, operState: 'up' });
    expect(host.device(hostEnd)).toMatchObject({ hairpin: false, isolated: false });
    expect(pod.link('net1')).toMatchObject({ detail: { kind: 'veth' }, up: true });
    expect(result).toEqual({
      interfaces: [
        { name: 'br1', mac: host.link('br1').mac },
        { name: hostEnd, mac: host.link(hostEnd).mac },
        { name: 'net1', mac: pod.link('net1').mac, sandbox: '/var/run/netns/pod' },
      ],
      ips: [],
      routes: [],
      dns: {},
    });
  });

  it('gives addresses and routes of IPAM to the pod, on interface 2', async () => {
    const { host, pod, add } = lab({ ipam: fixedIpam(['10.1.0.5/24 via 10.1.0.1'], ['10.9.0.0/16']) });
    const result = await add(bridge, { ...config, ipam: { type: 'fixed' } });
    expect(pod.addressesOf('net1')).toEqual(['10.1.0.5/24']);
    expect(pod.routesTo('10.9.0.0/16')).toMatchObject([{ gateway: '10.1.0.1' }]);
    expect(host.addressesOf('br1')).toEqual([]);
    expect(result).toMatchObject({
      ips: [{ address: '10.1.0.5/24', gateway: '10.1.0.1', interface: 2 }],
      routes: [{ dst: '10.9.0.0/16' }],
      dns: { nameservers: ['9.9.9.9'] },
    });
  });

  it('prefers the dns of the configuration', async () => {
    const { add } = lab({ ipam: pool() });
    expect((await add(bridge, { ...gateway, dns: { domain: 'lab' } })).dns).toEqual({ domain: 'lab' });
  });

  it('lets two pods share one bridge, which keeps its MAC and address', async () => {
    const { kernel, host, add, ctx } = lab({ ipam: pool() });
    const other = kernel.addNamespace('/var/run/netns/other');
    const first = await add(bridge, gateway);
    const { mac } = host.link('br1');
    const changes = { pod: other, containerId: containerId('c2'), ipam: fixedIpam(['10.1.0.6/24']) };
    const second = await add(bridge, gateway, changes);
    expect(host.link('br1').mac).toBe(mac);
    expect(host.addressesOf('br1')).toEqual(['10.1.0.1/24']);
    expect(first.interfaces[1]?.name).not.toBe(second.interfaces[1]?.name);
    await bridge.bind(gateway).check({ ...ctx, prevResult: first });
    await bridge.bind(gateway).check({ ...ctx, ...changes, prevResult: second });
  });

  it('takes an existing bridge as it is', async () => {
    const { host, add } = lab();
    await host.createLink({ kind: 'bridge', name: ifName('br1', 'name'), mtu: 9000 });
    host.sysctls.set('net/ipv6/conf/br1/accept_ra', '2');
    const { interfaces } = await add(bridge, config);
    expect(host.link('br1').mtu).toBe(9000);
    expect(host.sysctls.get('net/ipv6/conf/br1/accept_ra')).toBe('2');
    expect(host.link(String(interfaces[1]?.name)).mtu).toBe(9000); // a port of less would lower the bridge's
  });

  it('gives mtu to a new bridge and both ends', async () => {
    const { host, pod, add } = lab();
    await add(bridge, { ...config, mtu: 1400 });
    expect([host.link('br1').mtu, host.link(hostEnd).mtu, pod.link('net1').mtu]).toEqual([1400, 1400, 1400]);
  });

  it('sets hairpin, isolation and promiscuity where asked', async () => {
    const { host, add } = lab();
    await add(bridge, { ...config, hairpinMode: true, portIsolation: true });
    expect(host.device(hostEnd)).toMatchObject({ hairpin: true, isolated: true });
    const promiscuous = lab();
    await promiscuous.add(bridge, { ...config, promiscMode: true });
    expect(promiscuous.host.link('br1').promisc).toBe(1);
  });

  it('refuses a link that is no bridge', async () => {
    const { host, pod, add } = lab();
    await expect(add(bridge, { ...config, bridge: 'eth0' })).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem: 'Cannot use eth0 as bridge: eth0 exists but is not a bridge',
    });
    expect([pod.names(), host.names()]).toEqual([[], ['eth0']]);
  });

  it('accepts the bridge that another process made at the same moment', async () => {
    const { host, pod, add } = lab();
    const find = host.findLink.bind(host);
    const racing = vi.spyOn(host, 'findLink').mockImplementationOnce(async () => {
      await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
      racing.mockImplementation(find);
      return undefined;
    });
    await add(bridge, config);
    expect(pod.names()).toEqual(['net1']);
  });

  it('leaves the pod end down with disableContainerInterface, and does not wait for the port', async () => {
    const { host, pod, add } = lab();
    await add(bridge, { ...config, disableContainerInterface: true });
    expect([pod.link('net1').up, host.link(hostEnd).operState === 'up']).toEqual([false, false]);
  });

  const [env, args, runtime] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b', '02:00:00:00:00:0c'];
  it.each([
    ['CNI_ARGS', {}, env],
    ['args before CNI_ARGS', { args: { cni: { mac: args } } }, args],
    ['the runtime before args', { args: { cni: { mac: args } }, runtimeConfig: { mac: runtime } }, runtime],
  ])('takes the MAC of %s', async (_, keys, expected) => {
    const { pod, add } = lab({ args: `IgnoreUnknown=1;MAC=${env}` });
    const result = await add(bridge, { ...config, ...keys });
    expect([pod.link('net1').mac, result.interfaces[2]?.mac]).toEqual([expected, expected]);
  });

  it('uses another name for the host end when the first is taken', async () => {
    const { host, add, del } = lab();
    host.plug({ name: hostEnd });
    const result = await add(bridge, config);
    expect(result.interfaces[1]?.name).toBe(derivedName('veth', 'c1', 'net1', '1'));
    await del(bridge, config, { pod: undefined, prevResult: result });
    expect(host.names()).toEqual(['eth0', hostEnd, 'br1']);
  });

  it('says so when the pod has an interface of that name', async () => {
    const { host, pod, add } = lab();
    pod.plug({ name: 'net1' });
    await expect(add(bridge, config)).rejects.toMatchObject({
      reason: 'LinkExists',
      problem: expect.stringContaining('a link net1 exists'),
    });
    expect(host.names()).toEqual(['eth0', 'br1']);
  });

  it('takes everything back when the port never comes up', async () => {
    vi.useFakeTimers();
    const { host, pod, add } = lab();
    const change = pod.changeLink.bind(pod);
    vi.spyOn(pod, 'changeLink').mockImplementation((index, { up: _, ...others }) => change(index, others));
    const adding = expect(add(bridge, config)).rejects.toMatchObject({
      reason: 'KernelRefused',
      problem: expect.stringMatching(`Cannot use bridge port ${hostEnd}: it is \\w*down after 2550 ms`),
    });
    await vi.advanceTimersByTimeAsync(3000);
    await adding;
    expect([pod.names(), host.names()]).toEqual([[], ['eth0', 'br1']]);
  });
});

describe('cnv-bridge', () => {
  const cnv = {
    name: 'br1-eth2-net',
    type: 'cnv-bridge',
    cniVersion: '0.3.1',
    bridge: 'br1',
    macspoofchk: false,
    ipam: {},
  };

  it('does not make the bridge', async () => {
    const { host, pod, add } = lab();
    await expect(add(cnvBridge, cnv)).rejects.toMatchObject({
      reason: 'MasterMissing',
      problem: expect.stringContaining('bridge br1 does not exist on this node'),
    });
    expect([pod.names(), host.names()]).toEqual([[], ['eth0']]);
  });

  it('is bridge where there is one', async () => {
    const { host, pod, add, check, del } = lab();
    await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    const result = await add(cnvBridge, cnv);
    expect(pod.link('net1').up).toBe(true);
    await check(cnvBridge, cnv, result);
    await del(cnvBridge, cnv);
    expect([pod.names(), host.names()]).toEqual([[], ['eth0', 'br1']]);
  });
});

describe('bridge VLANs', () => {
  it.each([
    ['an access VLAN', { vlan: 100 }, ['100*']],
    ['an access VLAN beside the default one', { vlan: 100, preserveDefaultVlan: true }, ['1u', '100*']],
    ['a trunk', { vlanTrunk: [{ id: 7 }, { minID: 20, maxID: 21 }] }, ['1*', '7', '20', '21']],
    ['a trunk with a native VLAN', { vlan: 5, vlanTrunk: [{ id: 7 }] }, ['5*', '7']],
    ['an empty trunk', { vlanTrunk: [] }, ['1*']],
  ])('puts the port into %s', async (_, keys, expected) => {
    const { host, add, check } = lab();
    const result = await add(bridge, { ...config, ...keys });
    expect(host.link('br1').detail).toEqual({ kind: 'bridge', vlanFiltering: true });
    expect(
      host.device(hostEnd).vlans.map(({ id, pvid, untagged }) => `${id}${pvid ? '*' : untagged ? 'u' : ''}`),
    ).toEqual(expected);
    await check(bridge, { ...config, ...keys }, result);
  });

  it('refuses a bridge that would not keep them apart', async () => {
    const { host, pod, add } = lab();
    await host.createLink({ kind: 'bridge', name: ifName('br1', 'name') });
    await expect(add(bridge, { ...config, vlan: 100 })).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem:
        'Cannot use VLANs on bridge br1: it does not filter them; run "ip link set br1 type bridge vlan_filtering 1"',
    });
    expect(pod.names()).toEqual([]);
    await add(bridge, { ...config, vlanTrunk: [] }); // asks for no VLAN
  });

  it('CHECK sees a port in another VLAN', async () => {
    const { host, add, check } = lab();
    const result = await add(bridge, { ...config, vlan: 100 });
    const { index } = host.link(hostEnd);
    await host.addBridgeVlan(index, { id: 200, pvid: false, untagged: true });
    await expect(check(bridge, { ...config, vlan: 100 }, result)).rejects.toMatchObject({
      problem: `Bridge port ${hostEnd} is in VLAN 200: expected 100 (native)`,
    });
    await host.deleteBridgeVlan(index, 100);
    await expect(check(bridge, { ...config, vlan: 100 }, result)).rejects.toMatchObject({
      problem: `Bridge port ${hostEnd} lacks VLAN 100 (native): it has 200`,
    });
  });
});

describe('bridge firewall', () => {
  const guarded = { ...gateway, ipMasq: true, macspoofchk: true };

  it('masquerades every address and guards the MAC', async () => {
    const nft = rulesNft();
    const { pod, add, check, del } = lab({ ipam: dual() });
    const result = await add(bridge, guarded, { nft });
    expect(nft.rulesOf('inet cni_plugins_masquerade masq_checks')).toEqual([
      expect.stringContaining('ip saddr == 10.1.0.5 ip daddr != 10.1.0.0/24'),
      expect.stringContaining('ip6 saddr == fd00:1::5 ip6 daddr != fd00:1::/64'),
    ]);
    expect(nft.rulesOf('bridge nat PREROUTING')).toEqual([
      `iifname == "${hostEnd}" jump cni-br-iface-c1-net1 comment "macspoofchk-c1-net1"`,
    ]);
    expect(nft.rulesOf('bridge nat cni-br-iface-c1-net1-mac')[0]).toContain(
      `ether saddr == ${pod.link('net1').mac} return`,
    );
    await check(bridge, guarded, result, { nft });
    await del(bridge, guarded, { nft, pod: undefined });
    expect([nft.rulesOf('inet cni_plugins_masquerade masq_checks'), nft.rulesOf('bridge nat PREROUTING')]).toEqual([
      [],
      [],
    ]);
    await expect(check(bridge, guarded, result, { nft })).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it('masquerades nothing at layer 2', async () => {
    const nft = rulesNft();
    await lab().add(bridge, { ...config, ipMasq: true }, { nft });
    expect(nft.scripts).toEqual([]);
  });

  it('masquerades by iptables when asked to, and takes back what the Go plugin made by iptables unasked', async () => {
    const { iptables, add, check, del } = lab({ ipam: dual() });
    const asked = { ...gateway, ipMasq: true, ipMasqBackend: 'iptables' };
    const result = await add(bridge, asked);
    expect(iptables.rules().filter((rule) => rule.startsWith('-A POSTROUTING'))).toEqual([
      expect.stringContaining('-s 10.1.0.5/32'),
      expect.stringContaining('-s fd00:1::5/128'),
    ]);
    await check(bridge, asked, result);
    await del(bridge, { ...gateway, ipMasq: true });
    expect(iptables.rules()).toEqual([]);
    await expect(check(bridge, asked, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});

/** The result of an ADD with everything on, and a world in which to take it apart. */
const everything = {
  ...gateway,
  isDefaultGateway: true,
  vlan: 100,
  hairpinMode: true,
  ipMasq: true,
  macspoofchk: true,
  enabledad: true,
};

describe('bridge takes back', () => {
  /** Counts calls to the kernel and fails one of them. */
  async function addFailingAt(step: number) {
    const nft = rulesNft();
    const ipam = dual();
    const world = lab({ ipam });
    const { kernel } = world;
    let calls = 0;
    let failed = '';
    vi.spyOn(kernel, 'enter').mockImplementation((act) => {
      calls += 1;
      if (calls !== step) return;
      failed = act;
      throw refused(act, 'ENOMEM', 'a test asked for it');
    });
    const outcome = await world.add(bridge, everything, { nft }).catch((error: unknown) => error);
    return { ...world, ipam, nft, failed, outcome };
  }

  it('everything after a failure at each step; only what pods share stays', async () => {
    let step = 1;
    for (let reached = true; reached; step += 1) {
      const { host, pod, ipam, nft, failed, outcome } = await addFailingAt(step);
      reached = failed !== '';
      if (!reached) break;
      const shared = ['eth0', 'br1', 'br1.100', derivedName('veth', 'br1.100')];
      if (outcome instanceof Error) {
        expect([step, failed, pod.names(), ipam.held]).toEqual([step, failed, [], false]);
        expect(host.names().filter((name) => !shared.includes(name))).toEqual([]);
        expect(nft.rulesOf('inet cni_plugins_masquerade masq_checks')).toEqual([]);
        expect([...nft.chains].filter((chain) => chain.includes('cni-br-iface'))).toEqual([]);
      } else expect(failed).toBe('setSysctl'); // announcing is a nicety
    }
    expect(step).toBeGreaterThan(30);
  });

  it.each([1, 2])('everything when transaction %i of the firewall fails', async (which) => {
    const nft = rulesNft();
    const ipam = dual();
    const { pod, host, add } = lab({ ipam });
    const run = nft.run.bind(nft);
    let runs = 0;
    nft.run = async (script) => {
      runs += 1;
      if (runs === which) nft.failNext();
      await run(script);
    };
    await expect(add(bridge, everything, { nft })).rejects.toMatchObject({ reason: 'FirewallFailed' });
    expect([pod.names(), ipam.held, host.names().includes(hostEnd)]).toEqual([[], false, false]);
    expect([...nft.chains].filter((chain) => chain.includes('cni-br-iface'))).toEqual([]);
  });

  it('the port when the pool is exhausted or gives nothing', async () => {
    for (const [ipam, reason] of [
      [exhausted, 'PoolExhausted'],
      [fixedIpam([]), 'AddressMissing'],
    ] as const) {
      const { host, pod, add } = lab({ ipam });
      await expect(add(bridge, gateway)).rejects.toMatchObject({ reason });
      expect([pod.names(), host.names()]).toEqual([[], ['eth0', 'br1']]);
    }
  });
});

describe('bridge DEL', () => {
  it.each(['twice', 'after the namespace', 'after the namespace, without a record'])(
    'leaves nothing of the pod, %s',
    async (how) => {
      const nft = rulesNft();
      const ipam = dual();
      const { kernel, pod, host, add, del } = lab({ ipam });
      const prevResult = await add(bridge, everything, { nft });
      if (how === 'twice') await del(bridge, everything, { nft, prevResult });
      else if (how === 'after the namespace') kernel.removeNamespace('/var/run/netns/pod');
      const gone = how === 'twice' ? {} : { pod: undefined };
      await del(bridge, everything, { nft, ...gone, prevResult: how.endsWith('record') ? undefined : prevResult });
      expect([pod.names(), host.names().includes(hostEnd), ipam.held]).toEqual([[], false, false]);
      expect(nft.rulesOf('inet cni_plugins_masquerade masq_checks')).toEqual([]);
      expect(nft.rulesOf('bridge nat PREROUTING')).toEqual([]);
    },
  );

  it('removes the pair when what runs in the pod has renamed its end', async () => {
    const { host, pod, add, del } = lab();
    const prevResult = await add(bridge, config);
    await pod.changeLink(pod.link('net1').index, { name: ifName('nic0', 'name') });
    await del(bridge, config, { prevResult });
    expect([pod.names(), host.names()]).toEqual([[], ['eth0', 'br1']]);
  });

  it('leaves a link alone that only has the recorded name', async () => {
    const { host, add, del } = lab();
    const prevResult = await add(bridge, config);
    await host.deleteLink(hostEnd);
    await host.createLink({ kind: 'veth', name: hostEnd, peerName: ifName('peer0', 'name') });
    await del(bridge, config, { pod: undefined, prevResult });
    expect(host.names()).toContain(hostEnd);
  });

  it('tries every step, and says what failed', async () => {
    const nft = rulesNft();
    const ipam = dual();
    const { kernel, pod, add, del } = lab({ ipam });
    await add(bridge, everything, { nft });
    kernel.failNext('findLink', 'ENOMEM');
    nft.failNext();
    await expect(del(bridge, everything, { nft })).rejects.toMatchObject({ reason: 'KernelRefused' });
    expect([pod.names(), ipam.held, nft.rulesOf('inet cni_plugins_masquerade masq_checks')]).toEqual([[], false, []]);
  });
});

describe('bridge CHECK', () => {
  const world = async () => {
    const ipam = pool();
    const made = lab({ ipam });
    return { ...made, ipam, result: await made.add(bridge, gateway) };
  };
  type World = Awaited<ReturnType<typeof world>>;

  it('passes for what ADD made, and asks IPAM', async () => {
    const { check, result, ipam } = await world();
    await check(bridge, gateway, result);
    expect(ipam.checked).toBe(1);
  });

  it('passes at layer 2, where other pods change the bridge MAC', async () => {
    const { host, add, check } = lab();
    const result = await add(bridge, config);
    await host.changeLink(host.link('br1').index, { mac: '02:00:00:00:00:01' as never });
    await check(bridge, config, result);
  });

  const port = (host: World['host']) => host.link(hostEnd).index;
  it.each<[string, (world: World) => Promise<unknown> | unknown, string]>([
    ['the bridge has gone', ({ host }) => host.deleteLink(ifName('br1', 'name')), 'Cannot find bridge br1 on the node'],
    [
      'the bridge has another MAC',
      ({ host }) => host.changeLink(host.link('br1').index, { mac: '02:00:00:00:00:01' as never }),
      'Interface br1 has MAC 02:00:00:00:00:01',
    ],
    [
      'the bridge is promiscuous',
      ({ host }) => host.changeLink(host.link('br1').index, { promisc: true }),
      'Bridge br1 has promiscuous mode on: expected off',
    ],
    [
      'the port has left the bridge',
      ({ host }) => host.changeLink(port(host), { master: 0 }),
      `Interface ${hostEnd} is no port of any bridge: expected a port of br1`,
    ],
    [
      'the port has another MAC',
      ({ host }) => host.changeLink(port(host), { mac: '02:00:00:00:00:01' as never }),
      `Interface ${hostEnd} has MAC 02:00:00:00:00:01`,
    ],
    [
      'the pod end has gone',
      ({ pod }) => pod.deleteLink(ifName('net1', 'name')),
      'Cannot find interface net1 in the pod',
    ],
    [
      'the pod end has another MAC',
      ({ pod }) => pod.changeLink(pod.link('net1').index, { mac: '02:00:00:00:00:01' as never }),
      'Interface net1 has MAC 02:00:00:00:00:01',
    ],
    [
      'an address has gone',
      ({ pod }) => pod.deleteAddress(pod.link('net1').index, cidr('10.1.0.5/24', 'address')),
      'Interface net1 lacks address 10.1.0.5/24',
    ],
    [
      'a route has gone',
      ({ pod }) => pod.deleteRoute({ dst: cidr('10.9.0.0/16', 'dst') }),
      'Cannot find route 10.9.0.0/16',
    ],
  ])('fails when %s', async (_, change, problem) => {
    const made = await world();
    await change(made);
    await expect(made.check(bridge, gateway, made.result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: expect.stringContaining(problem),
    });
  });

  it.each([
    ['hairpinMode', 'hairpin'],
    ['portIsolation', 'isolated'],
  ] as const)('fails when somebody switched %s off', async (key, flag) => {
    const { host, add, check } = lab();
    const c = { ...config, [key]: true };
    const result = await add(bridge, c);
    await check(bridge, c, result);
    await host.setBridgePort(port(host), { [flag]: false });
    await expect(check(bridge, c, result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: `Bridge port ${hostEnd} has ${flag} off: expected on`,
    });
  });

  it('fails when the MTU is another', async () => {
    const { pod, add, check } = lab();
    const c = { ...config, mtu: 1400 };
    const result = await add(bridge, c);
    await pod.changeLink(pod.link('net1').index, { mtu: 1300 });
    await expect(check(bridge, c, result)).rejects.toMatchObject({
      problem: 'Interface net1 has MTU 1300: expected 1400',
    });
  });

  it('fails when the result knows another port', async () => {
    const { check, result } = await world();
    const interfaces = result.interfaces.map((one) => (one.name === hostEnd ? { ...one, name: 'veth0' } : one));
    const other: Result = { ...result, interfaces };
    await expect(check(bridge, gateway, other)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});
