/** macvlan against the fake kernel: what it makes, what it refuses, what it takes back. */
import { describe, expect, it } from 'vitest';
import { macvlan, parse, plan } from '../../plugins/macvlan';
import { ifName } from '../../src/net/names';
import { childFacts } from './child';
import { fixedIpam, lab } from './lab';

const config = { type: 'macvlan', master: 'eth0' };

describe('macvlan', () => {
  childFacts(macvlan, config);

  it('lives on the interface of the first default route when no master is named', async () => {
    const hostLinks = [{ name: 'eth5', addresses: ['192.0.2.2/24'] }, 'eth6'];
    const { host, pod, add, check } = lab({ hostLinks, hostGateways: ['192.0.2.1'] });
    const result = await add(macvlan, { type: 'macvlan', master: '' });
    expect(pod.link('net1').parent).toBe(host.link('eth5').index);
    for (const route of host.routesTo('0.0.0.0/0')) await host.deleteRoute(route);
    await check(macvlan, { type: 'macvlan' }, result);
  });

  it('asks for a master when there is no default route', async () => {
    const { add } = lab();
    await expect(add(macvlan, { type: 'macvlan' })).rejects.toMatchObject({
      reason: 'MasterMissing',
      problem:
        'Cannot choose a master: none is configured, and the node has no default route to take it from; set "master"',
    });
  });

  it('takes the default route of the pod with linkInContainer', async () => {
    const { pod, add } = lab();
    pod.plug({ name: 'ext0', addresses: ['10.5.0.2/24'] });
    await pod.addRoute({ dst: '0.0.0.0/0' as never, gateway: '10.5.0.1' as never });
    await add(macvlan, { type: 'macvlan', linkInContainer: true });
    expect(pod.link('net1').parent).toBe(pod.link('ext0').index);
  });

  it.each(['bridge', 'private', 'vepa', 'passthru'] as const)('works in mode %s, and CHECK sees it', async (mode) => {
    const { pod, add, check } = lab();
    const result = await add(macvlan, { ...config, mode });
    expect(pod.link('net1').detail).toMatchObject({ kind: 'macvlan', mode });
    await check(macvlan, { ...config, mode }, result);
    const other = mode === 'vepa' ? 'bridge' : 'vepa';
    await expect(check(macvlan, { ...config, mode: other }, result)).rejects.toMatchObject({
      problem: `Interface net1 is in macvlan mode ${mode}: expected ${other}`,
    });
  });

  it('is in mode bridge by default', () => {
    expect(parse(config).mode).toBe('bridge');
    expect(parse({ ...config, mode: '' }).mode).toBe('bridge');
  });

  const [plain, args, runtime] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b', '02:00:00:00:00:0c'];
  it.each([
    ['the configuration', { mac: plain }, '', plain],
    ['CNI_ARGS before the configuration', { mac: plain }, `IgnoreUnknown=1;MAC=${args}`, args],
    ['the runtime before CNI_ARGS', { mac: plain, runtimeConfig: { mac: runtime } }, `MAC=${args}`, runtime],
    ['the runtime, spelt as the Go suites do', { RuntimeConfig: { MAC: runtime?.toUpperCase() } }, '', runtime],
  ])('takes the MAC of %s', async (_, keys, cniArgs, expected) => {
    const { pod, add } = lab({ args: cniArgs });
    const result = await add(macvlan, { ...config, ...keys });
    expect(pod.link('net1').mac).toBe(expected);
    expect(result.interfaces[0]?.mac).toBe(expected);
  });

  it.each([
    ['mac', { mac: 'nope' }, /Cannot use "nope" as mac: need a MAC address/],
    ['a group’s mac', { mac: '01:00:5e:00:00:01' }, /need the address of one host/],
    [
      'runtimeConfig.mac',
      { runtimeConfig: { mac: '00:00:00:00:00:00' } },
      /as runtimeConfig.mac: need the address of one host/,
    ],
    ['mode', { mode: 'source' }, /Cannot use "source" as mode: need one of bridge, private, vepa, passthru/],
    ['mtu', { mtu: '1500' }, /Cannot use "1500" as mtu: need an integer/],
    ['bcqueuelen', { bcqueuelen: -1 }, /as bcqueuelen/],
    ['linkInContainer', { linkInContainer: 'yes' }, /as linkInContainer: need true or false/],
    ['master', { master: 'eth 0' }, /as master/],
    ['dns', { dns: { search: 'lab' } }, /as dns.search: need a list/],
  ])('refuses a bad %s by name', (_, keys, problem) => {
    expect(() => macvlan.bind({ ...config, ...keys })).toThrow(
      expect.objectContaining({ reason: 'ConfigInvalid', problem: expect.stringMatching(problem) }),
    );
  });

  it('refuses a bad MAC of CNI_ARGS, and makes nothing', async () => {
    const { pod, add } = lab({ args: 'MAC=02:00' });
    await expect(add(macvlan, config)).rejects.toMatchObject({ reason: 'EnvironmentInvalid' });
    expect(pod.names()).toEqual([]);
  });

  it.each([
    [5000, 5000],
    [0, undefined],
    [undefined, undefined],
  ])('makes of bcqueuelen %j a queue of %j', (bcqueuelen, broadcastQueueLength) => {
    const { host } = lab();
    const spec = plan(parse({ ...config, bcqueuelen }), host.link('eth0'), ifName('net1', 'name'), undefined);
    expect(spec).toMatchObject({
      kind: 'macvlan',
      name: 'net1',
      parent: host.link('eth0').index,
      broadcastQueueLength,
    });
  });

  it('says that a master which carries ipvlan cannot carry macvlan', async () => {
    const { host, kernel, add } = lab();
    const other = kernel.addNamespace('/var/run/netns/other');
    await host.createLink(
      { kind: 'ipvlan', name: 'net1' as never, parent: host.link('eth0').index, mode: 'l2' },
      other,
    );
    await expect(add(macvlan, config)).rejects.toMatchObject({
      reason: 'MasterConflict',
      errno: 'EBUSY',
      problem: expect.stringMatching(/^Cannot make macvlan on master eth0: it already carries links of another kind/),
    });
  });

  it('says that a port of a bridge cannot be a master', async () => {
    const { host, add } = lab();
    const { index } = await host.createLink({ kind: 'bridge', name: 'br0' as never });
    await host.changeLink(host.link('eth0').index, { master: index });
    await expect(add(macvlan, config)).rejects.toMatchObject({
      reason: 'MasterConflict',
      problem: expect.stringContaining('it is a port of a bridge or a bond'),
    });
  });

  it('says that a master in passthru mode is taken', async () => {
    const { host, kernel, add } = lab();
    const other = kernel.addNamespace('/var/run/netns/other');
    await host.createLink(
      { kind: 'macvlan', name: 'net1' as never, parent: host.link('eth0').index, mode: 'passthru' },
      other,
    );
    await expect(add(macvlan, config)).rejects.toMatchObject({
      reason: 'KernelRefused',
      problem: expect.stringContaining('need an Ethernet link without a passthru macvlan'),
    });
  });

  it('CHECK finds a macvlan of a macvlan on the link below', async () => {
    const { host, add, check } = lab();
    await host.createLink({ kind: 'macvlan', name: 'mv0' as never, parent: host.link('eth0').index, mode: 'bridge' });
    const result = await add(macvlan, { ...config, master: 'mv0' });
    await check(macvlan, { ...config, master: 'mv0' }, result);
  });

  it('CHECK fails when the MAC is another', async () => {
    const { pod, add, check } = lab();
    const result = await add(macvlan, { ...config, mac: plain });
    await pod.changeLink(pod.link('net1').index, { mac: args as never });
    await expect(check(macvlan, config, result)).rejects.toMatchObject({
      problem: `Interface net1 has MAC ${args}: expected ${plain}`,
    });
  });

  it('announces its addresses when it goes up', async () => {
    const { pod, add } = lab({ ipam: fixedIpam(['10.1.0.5/24', 'fd00:1::5/64']) });
    await add(macvlan, config);
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_notify')).toBe('1');
    expect(await pod.sysctl('net/ipv6/conf/net1/ndisc_notify')).toBe('1');
  });

  it('turns IPv6 on where an address needs it', async () => {
    const { pod, add } = lab({ ipam: fixedIpam(['fd00:1::5/64']) });
    await pod.setSysctl('net/ipv6/conf/all/disable_ipv6', '1');
    await pod.setSysctl('net/ipv6/conf/default/disable_ipv6', '1');
    await add(macvlan, config);
    expect(pod.addressesOf('net1')).toEqual(['fd00:1::5/64']);
  });

  it('says that another host has the address', async () => {
    const { pod, add } = lab({ ipam: fixedIpam(['fd00:1::5/64 via fd00:1::1']), dad: 'failed' });
    await expect(add(macvlan, config)).rejects.toMatchObject({
      reason: 'AddressTaken',
      problem: expect.stringContaining('another host on the network has it'),
    });
    expect(pod.names()).toEqual([]);
  });
});
