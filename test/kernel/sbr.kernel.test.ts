/** sbr in a real kernel: rules, tables and where packets go, IPv4 and IPv6. Works in namespaces of the lab. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sbr } from '../../plugins/sbr';
import { configure, type Lease } from '../../src/attach/configure';
import { emptyResult, type Result } from '../../src/cni/result';
import { cidr, type Ip, ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { callsFor, thenFails } from '../plugins/lab';
import { Lab, type Space } from './lab';

/** `address via gateway`, routes alike or without. */
const leaseOf = (ips: readonly string[], routes: readonly string[] = []): Lease => ({
  ips: ips.map((text) => {
    const [address, gateway] = text.split(' via ');
    return { address: cidr(address, 'address'), gateway: ip(gateway, 'gateway') };
  }),
  routes: routes.map((dst) => ({ dst: cidr(dst, 'dst') })),
});
const eth0 = leaseOf(['10.244.1.2/24 via 10.244.1.1', 'fd10::2/64 via fd10::1'], ['0.0.0.0/0', '::/0']);
const net1 = leaseOf(['192.168.0.20/24 via 192.168.0.254', 'fd00::20/64 via fd00::fe'], ['10.50.0.0/16', '::/0']);
const [near, near6] = [ip('192.168.0.20', 'ip'), ip('fd00::20', 'ip')];

let lab: Lab;
let pod: Space;
let cluster: Space; // behind eth0
let vlan: Space; // behind net1
let calls: ReturnType<typeof callsFor>;

/** A cable from the pod's new link to a router, which holds the addresses. */
async function plug(name: string, router: Space, addresses: readonly string[]): Promise<void> {
  const spec = { kind: 'veth', name: ifName(`far-${name}`, 'name'), peerName: ifName(name, 'name') } as const;
  const far = await pod.netns.createLink(spec, router.netns);
  for (const address of addresses) await router.netns.addAddress(far.index, cidr(address, 'address'), { noDad: true });
  await router.netns.changeLink(far.index, { up: true });
}

/** What the plugin before in the chain does, and its result. */
async function attach(name: string, lease: Lease): Promise<Result> {
  const link = (await pod.netns.findLink(name)) ?? expect.fail(`no link ${name}`);
  await configure(pod.netns, link, lease, { dad: false });
  return {
    ...emptyResult,
    interfaces: [{ name, sandbox: pod.path }],
    ips: lease.ips.map((each) => ({ ...each, interface: 0 })),
    routes: lease.routes,
  };
}

/** What these commands print in the pod, without what the kernel adds by itself and when it likes. */
const shown = (...commands: readonly string[]): readonly string[] =>
  lab
    .run(pod, 'sh', '-ec', commands.join('\n'))
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/ pref medium| proto (boot|kernel)/g, '')
        .replace(/\t/g, ' '),
    )
    .filter((line) => line !== '' && !line.includes('table local') && !line.startsWith('fe80:'));
const rules = (): readonly string[] => shown('ip rule', 'ip -6 rule').filter((line) => !line.includes('from all'));
const state = (): readonly string[] =>
  [...rules(), ...shown('ip -4 route show table all', 'ip -6 route show table all')].sort();
/** The links by which packets leave, each `to` or `to from source`. */
const ways = (...packets: readonly string[]): readonly string[] =>
  shown(...packets.map((packet) => `ip -o route get ${packet}`)).map((line) => /dev (\S+)/.exec(line)?.[1] ?? line);
const reaches = (to: Space, address: string, source?: Ip): Promise<boolean> =>
  lab.echo(pod, to, ip(address, 'address'), source === undefined ? {} : { source });

beforeEach(async () => {
  lab = new Lab();
  [pod, cluster, vlan] = [await lab.namespace(), await lab.namespace(), await lab.namespace()];
  await plug('eth0', cluster, ['10.244.1.1/24', 'fd10::1/64', '198.51.100.1/32', '2001:db8:1::1/128']);
  await plug('net1', vlan, ['192.168.0.254/24', 'fd00::fe/64', '198.51.100.1/32', '2001:db8:1::1/128']);
  calls = callsFor(lab.kernel.host, pod.netns);
  await attach('eth0', eth0);
});
afterEach(() => lab.close());

describe('sbr', () => {
  it('routes by source in tables of its own, and keeps the connected routes', async () => {
    const main = shown('ip route show dev eth0', 'ip -6 route show dev eth0');
    const prevResult = await attach('net1', net1);
    await calls.add(sbr, {}, { prevResult });
    expect(rules()).toEqual(['32765: from 192.168.0.20 lookup 100', '32765: from fd00::20 lookup 101']);
    expect(shown('ip route show table 100', 'ip -6 route show table 101')).toEqual([
      'default via 192.168.0.254 dev net1',
      '10.50.0.0/16 via 192.168.0.254 dev net1',
      '192.168.0.0/24 dev net1 scope link src 192.168.0.20',
      'fd00::/64 dev net1 metric 256',
      'default via fd00::fe dev net1 metric 1024',
    ]);
    expect(shown('ip route show dev net1', 'ip -6 route show dev net1')).toEqual([
      '192.168.0.0/24 scope link src 192.168.0.20',
      'fd00::/64 metric 256',
    ]);
    expect(shown('ip route show dev eth0', 'ip -6 route show dev eth0')).toEqual(main);
    await calls.check(sbr, {}, prevResult);
  });

  it('sends packets of its addresses by its link, all others by eth0', async () => {
    await calls.add(sbr, {}, { prevResult: await attach('net1', net1) });
    expect(ways('8.8.8.8', '8.8.8.8 from 192.168.0.20', '2001:db8::8', '2001:db8::8 from fd00::20')).toEqual([
      'eth0',
      'net1',
      'eth0',
      'net1',
    ]);
    expect(ways('192.168.0.77', '192.168.0.77 from 192.168.0.20', 'fd00::77')).toEqual(['net1', 'net1', 'net1']);
    expect(shown('ip route get 192.168.0.77', 'ip route get fd00::77')).toEqual(
      expect.arrayContaining([expect.stringContaining('src 192.168.0.20'), expect.stringContaining('src fd00::20')]),
    );
    // Both networks have these addresses behind them: the way decides which one answers.
    expect([await reaches(cluster, '198.51.100.1'), await reaches(vlan, '198.51.100.1', near)]).toEqual([true, true]);
    expect([await reaches(cluster, '2001:db8:1::1'), await reaches(vlan, '2001:db8:1::1', near6)]).toEqual([
      true,
      true,
    ]);
    expect([await reaches(vlan, '192.168.0.254'), await reaches(vlan, 'fd00::fe')]).toEqual([true, true]);
  });

  it('leaves the main table to eth0 with source hints off, so that unbound packets to the subnet take eth0', async () => {
    await calls.add(sbr, { addSourceHints: false }, { prevResult: await attach('net1', net1) });
    expect(shown('ip route show dev net1', 'ip -6 route show dev net1')).toEqual([]);
    expect(ways('192.168.0.77', '192.168.0.77 from 192.168.0.20', 'fd00::77', 'fd00::77 from fd00::20')).toEqual([
      'eth0',
      'net1',
      'eth0',
      'net1',
    ]);
    expect(await reaches(vlan, '198.51.100.1', near)).toBe(true);
    expect(await reaches(vlan, '2001:db8:1::1', near6)).toBe(true);
  });

  it('only adds rules with a table of the user, and DEL removes them', async () => {
    const prevResult = await attach('net1', net1);
    const before = state();
    await calls.add(sbr, { table: 5000 }, { prevResult });
    expect(state().filter((line) => !before.includes(line))).toEqual([
      '32765: from 192.168.0.20 lookup 5000',
      '32765: from fd00::20 lookup 5000',
    ]);
    await calls.check(sbr, { table: 5000 }, prevResult);
    for (const _ of [1, 2]) await calls.del(sbr, { table: 5000 }, { prevResult });
    expect(state()).toEqual(before);
  });

  it.each([true, false])(
    'takes everything back when a later plugin fails (source hints: %s)',
    async (addSourceHints) => {
      const prevResult = await attach('net1', net1);
      const before = state();
      const adding = calls.add(thenFails(sbr), { addSourceHints }, { prevResult });
      await expect(adding).rejects.toMatchObject({ reason: 'DelegateFailed' });
      expect(state()).toEqual(before);
    },
  );

  it('takes the rules away on DEL when the link is gone', async () => {
    const prevResult = await attach('net1', net1);
    await calls.add(sbr, {}, { prevResult });
    await pod.netns.deleteLink(ifName('net1', 'name'));
    expect(rules()).toHaveLength(2);
    await calls.del(sbr, {}, { prevResult });
    expect(rules()).toEqual([]);
  });

  it('says why the kernel refuses a gateway out of reach, and takes everything back', async () => {
    const prevResult = await attach('net1', net1);
    const before = state();
    await expect(calls.add(sbr, { gateways: ['172.16.0.1'] }, { prevResult })).rejects.toMatchObject({
      reason: 'KernelRefused',
      problem: expect.stringContaining('Nexthop has invalid gateway'),
    });
    expect(state()).toEqual(before);
  });

  it('restores a connected route, and gives a second network the next table', async () => {
    const prevResult = await attach('net1', leaseOf(['192.168.0.20/24 via 192.168.0.254']));
    lab.run(pod, 'sh', '-ec', 'ip route del 192.168.0.0/24 dev net1; ip route add 192.168.0.254 dev net1');
    await calls.add(sbr, {}, { prevResult });
    expect(shown('ip route show dev net1')).toContain('192.168.0.0/24 scope link src 192.168.0.20');
    await plug('net2', vlan, ['192.168.5.254/24']);
    const second = await attach('net2', leaseOf(['192.168.5.20/24 via 192.168.5.254']));
    await calls.add(sbr, {}, { ifName: ifName('net2', 'name'), prevResult: second });
    expect(rules()).toEqual(['32764: from 192.168.5.20 lookup 101', '32765: from 192.168.0.20 lookup 100']);
    expect(ways('8.8.8.8 from 192.168.0.20', '8.8.8.8 from 192.168.5.20', '8.8.8.8')).toEqual(['net1', 'net2', 'eth0']);
  });
});
