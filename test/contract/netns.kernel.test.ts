/** The kernel edge keeps the contract of Netns, and what it tells is what `ip` and `bridge` see. Touches the guest's kernel. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKernel } from '../../src/kernel/kernel';
import { cidr, ip } from '../../src/net/ip';
import type { Link, LinkDetail } from '../../src/net/link';
import { ifName, netnsPath } from '../../src/net/names';
import type { Address, Route, Rule } from '../../src/net/route';
import { Lab, type Shown, type Space } from '../kernel/lab';
import { netnsContract, type World } from './netns';

describe('the Netns of the kernel edge', () => {
  netnsContract(async (): Promise<World> => {
    const lab = new Lab();
    const [pod, other] = [await lab.namespace(), await lab.namespace()];
    await lab.uplink('up0');
    return {
      kernel: lab.kernel,
      host: lab.host.netns,
      pod: pod.netns,
      podPath: pod.path,
      other: other.netns,
      async witness() {
        for (const space of [lab.host, pod, other]) await compare(lab, space);
      },
      close: () => lab.close(),
    };
  }, lacking());
});

describe('what only a kernel has', () => {
  let lab: Lab;
  let pod: Space;
  beforeAll(async () => {
    lab = new Lab();
    pod = await lab.namespace();
    const up0 = await lab.uplink('up0');
    await lab.wire();
    const made = await lab.host.netns.createLink(
      { kind: 'macvlan', name: ifName('net1', 'n'), parent: up0.index, mode: 'bridge' },
      pod.netns,
    );
    for (const address of ['10.1.0.2/24', 'fd00::2/64'])
      await pod.netns.addAddress(made.index, cidr(address, 'a'), { noDad: true });
    await pod.netns.changeLink(made.index, { up: true });
  });
  afterAll(() => lab.close());
  const inPod = (...args: readonly string[]): unknown => lab.ip(pod, ...args);

  it('gives a macvlan the queue for broadcasts that was asked for', async () => {
    const parent = (await lab.host.netns.findLink('up0'))?.index ?? 0;
    const spec = {
      kind: 'macvlan',
      name: ifName('net9', 'n'),
      parent,
      mode: 'bridge',
      broadcastQueueLength: 2000,
    } as const;
    await lab.host.netns.createLink(spec, pod.netns);
    const shown = (inPod('link', 'show', 'dev', 'net9') as { linkinfo: Shown }[])[0]?.linkinfo;
    expect(shown?.info_data).toMatchObject({ bcqueuelen: 2000 });
    await pod.netns.deleteLink(spec.name);
  });

  it('shows each next hop of a multipath route as a route', async () => {
    inPod(
      'route',
      'add',
      '10.7.0.0/16',
      'nexthop',
      'via',
      '10.1.0.7',
      'nexthop',
      'via',
      '10.1.0.8',
      'dev',
      'net1',
      'onlink',
    );
    const hops = (await pod.netns.routes({ family: 4 })).filter((route) => route.dst === '10.7.0.0/16');
    expect(hops).toMatchObject([
      { gateway: '10.1.0.7', index: 2, onlink: undefined },
      { gateway: '10.1.0.8', index: 2, onlink: true },
    ]);
    inPod('route', 'del', '10.7.0.0/16');
  });

  it('reads, deletes and restores an IPv4 route over an IPv6 gateway', async () => {
    inPod('route', 'add', '10.8.0.0/16', 'via', 'inet6', 'fd00::9', 'dev', 'net1');
    const [found] = (await pod.netns.routes()).filter((route) => route.dst === '10.8.0.0/16');
    expect(found).toMatchObject({ gateway: 'fd00::9', index: 2 });
    if (found === undefined) throw new Error('no route');
    await pod.netns.deleteRoute(found);
    expect((await pod.netns.routes()).filter((route) => route.dst === '10.8.0.0/16')).toEqual([]);
    await pod.netns.addRoute(found);
    expect((await pod.netns.routes()).filter((route) => route.dst === '10.8.0.0/16')).toEqual([found]);
    await pod.netns.deleteRoute(found);
  });

  it('leaves out routes that are no unicast ones', async () => {
    inPod('route', 'add', 'blackhole', '10.6.0.0/16');
    inPod('route', 'add', 'unreachable', '::ffff:0:0/96');
    expect((await pod.netns.routes({ table: 'all' })).map((route) => route.dst)).not.toContain('10.6.0.0/16');
    expect(await pod.netns.routes({ table: 255 })).toEqual([]);
    inPod('route', 'del', '10.6.0.0/16');
  });

  it('reads a point-to-point address as a host address', async () => {
    inPod('addr', 'add', '10.3.0.1', 'peer', '10.3.0.2/24', 'dev', 'net1');
    expect((await pod.netns.addresses({ family: 4 })).map((a) => a.address)).toContain('10.3.0.1/32');
    inPod('addr', 'del', '10.3.0.1', 'peer', '10.3.0.2/24', 'dev', 'net1');
  });

  it('gives an IPv4 address below /31 its broadcast address', async () => {
    const shown = (inPod('-4', 'addr', 'show', 'dev', 'net1') as { addr_info: Shown[] }[])[0]?.addr_info;
    expect(shown).toMatchObject([{ local: '10.1.0.2', prefixlen: 24, broadcast: '10.1.0.255' }]);
  });

  it('finds a link by a name of any length that it also has, and never deletes it by that', async () => {
    const alt = 'a-name-of-its-own-longer-than-fifteen';
    inPod('link', 'property', 'add', 'dev', 'net1', 'altname', alt, 'altname', 'short');
    for (const name of [alt, 'short'])
      expect(await pod.netns.findLink(name)).toMatchObject({ name: 'net1', altNames: [alt, 'short'] });
    await pod.netns.deleteLink(ifName('short', 'n'));
    expect(await pod.netns.findLink('net1')).toBeDefined();
  });

  it('sees a table that changes while it is read', async () => {
    const busy = Array.from({ length: 4000 }, (_, i) => `route add 10.${64 + (i >> 8)}.${i & 255}.0/24 dev net1`).join(
      '\n',
    );
    execFileSync('ip', ['-n', pod.name ?? '', '-batch', '-'], { input: busy });
    expect(await pod.netns.routes({ family: 4 })).toHaveLength(4001);
    expect(await pod.netns.routes({ family: 4, index: 2, table: 'all' })).toHaveLength(4001);
  });

  it('deletes what a killed call left under a temporary name', async () => {
    const up0 = await lab.host.netns.findLink('up0');
    const at = up0?.index ?? 0;
    await lab.host.netns.createLink(
      { kind: 'macvlan', name: ifName('up0', 'n'), parent: at, mode: 'bridge' },
      pod.netns,
    );
    const { derivedName } = await import('../../src/net/names');
    inPod('link', 'set', 'up0', 'name', derivedName('b', 'up0'));
    await lab.host.netns.createLink(
      { kind: 'macvlan', name: ifName('up0', 'n'), parent: at, mode: 'bridge' },
      pod.netns,
    );
    await pod.netns.deleteLink(ifName('up0', 'n'));
    expect((await pod.netns.links()).map((link) => link.name)).toEqual(['lo', 'net1']);
  });

  it.each([
    ['a file', '/etc/hostname'],
    ['a directory', '/etc'],
    ['another kind of namespace', '/proc/self/ns/mnt'],
    ['a file below a file', '/etc/hostname/net'],
    ['a process that is gone', '/proc/4194303/ns/net'],
  ])('takes %s for no network namespace', async (_, path) => {
    expect(await lab.kernel.find(path as never)).toBeUndefined();
    await expect(lab.kernel.open(path as never)).rejects.toMatchObject({ reason: 'NetnsMissing' });
  });

  it('stays in its own namespace whatever it does in others', async () => {
    await pod.netns.sysctl('net/ipv4/ip_forward');
    expect(lab.run(lab.host, 'ip', '-br', 'link')).toContain('up0');
    expect((await openKernel().host.findLink('up0'))?.name).toBe('up0');
  });

  it('is another one when it is removed and made again at the same path', async () => {
    const path = netnsPath('/run/netns/braid-again');
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      execFileSync('ip', ['netns', 'add', 'braid-again']);
      const made = await lab.kernel.open(path);
      seen.add(made.identity ?? '');
      made.close();
      execFileSync('ip', ['netns', 'del', 'braid-again']);
    }
    expect(seen.size).toBe(5);
  });

  it('leaves no descriptor open after close', async () => {
    const { readdirSync } = await import('node:fs');
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let round = 0; round < 20; round++) {
      const again = await lab.kernel.open(pod.path);
      await again.links();
      again.close();
      again.close();
      await lab.kernel.find('/etc/hostname' as never);
      await lab.kernel.find('/proc/self/ns/mnt' as never);
      await lab.kernel.find('/proc/self/ns/net' as never).catch(() => undefined);
    }
    expect(open()).toBeLessThan(before + 10); // Bun closes some of its own meanwhile; a leak would be 20 or more
  });

  it('carries datagrams between namespaces, and sees when it does not', async () => {
    const second = await lab.namespace();
    const up0 = await lab.host.netns.findLink('up0');
    const made = await lab.host.netns.createLink(
      { kind: 'macvlan', name: ifName('net1', 'n'), parent: up0?.index ?? 0, mode: 'bridge' },
      second.netns,
    );
    await second.netns.addAddress(made.index, cidr('10.1.0.3/24', 'a'));
    await second.netns.changeLink(made.index, { up: true });
    expect(await lab.echo(pod, second, ip('10.1.0.3', 'a'))).toBe(true);
    await second.netns.changeLink(made.index, { up: false });
    expect(await lab.echo(pod, second, ip('10.1.0.3', 'a'), { patience: 300 })).toBe(false);
  });
});

/** The kinds that this kernel does not make; in a guest it makes all. */
function lacking(): ReadonlySet<string> {
  if (process.env.BRAID_GUEST === '1') return new Set();
  const tries: Readonly<Record<string, readonly string[]>> = {
    dummy: ['type', 'dummy'],
    vrf: ['type', 'vrf', 'table', '10'],
    vlan: ['link', 'lo', 'type', 'vlan', 'id', '5'],
    ipvlan: ['link', 'lo', 'type', 'ipvlan'],
    'vlan filtering': ['type', 'bridge', 'vlan_filtering', '1'],
  };
  const refuses = (args: readonly string[]): boolean => {
    try {
      execFileSync('unshare', ['--net', 'ip', 'link', 'add', 'x0', ...args], { stdio: 'pipe' });
      return false;
    } catch (error) {
      return /Unknown device type|Operation not supported/.test(String((error as { stderr?: unknown }).stderr));
    }
  };
  return new Set(Object.keys(tries).filter((kind) => refuses(tries[kind] ?? [])));
}

/** Everything that a namespace tells, against what `ip` shows of it. States that settle late get a second to do so. */
async function compare(lab: Lab, space: Space): Promise<void> {
  for (let round = 0; ; round++) {
    try {
      const [shownLinks = [], addresses4 = [], routes4 = [], rules4 = []] = lab.ipAll(
        space,
        4,
        'link show',
        'addr show',
        'route show table all',
        'rule show',
      );
      const [addresses6 = [], routes6 = [], rules6 = []] = lab.ipAll(
        space,
        6,
        'addr show',
        'route show table all',
        'rule show',
      );
      const links = await space.netns.links();
      expect(links.map(ofLink)).toEqual(shownLinks.map((shown) => ofShownLink(shown, links)));
      const addresses = [...addresses4, ...addresses6].flatMap(ofShownAddresses);
      expect((await space.netns.addresses()).map(ofAddress).sort()).toEqual(addresses.sort());
      const routes = [...routes4, ...routes6].filter((shown) => shown.type === 'unicast' && shown.table !== 'local');
      const hops = routes.flatMap((shown) => ofShownRoutes(shown, links));
      expect((await space.netns.routes({ table: 'all' })).map(ofRoute).sort()).toEqual(hops.sort());
      const rules = [...rules4.map((shown) => ofShownRule(shown, 4)), ...rules6.map((shown) => ofShownRule(shown, 6))];
      expect((await space.netns.rules()).map(ofRule)).toEqual(rules.filter((shown) => shown !== undefined));
      await compareVlans(space, links);
      return;
    } catch (error) {
      if (round === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Of the families' settings `ip` shows nothing; facts compare them with /proc/sys. */
const ofLink = ({ ipv4, ipv6, ...link }: Link): unknown => link;

function ofShownLink(shown: Shown, links: readonly Link[]): unknown {
  const named = (name: unknown): number | undefined => links.find((link) => link.name === name)?.index;
  const flags = shown.flags as readonly string[];
  return {
    index: shown.ifindex,
    name: shown.ifname,
    detail: ofShownDetail(shown),
    mac: shown.address,
    mtu: shown.mtu,
    up: flags.includes('UP'),
    promisc: shown.promiscuity,
    allMulti: flags.includes('ALLMULTI'),
    arp: !flags.includes('NOARP'),
    operState: String(shown.operstate).toLowerCase(),
    master: named(shown.master),
    parent: shown.link_index ?? named(shown.link),
    parentElsewhere: shown.link_netnsid !== undefined,
    txQueueLength: shown.txqlen ?? 0,
    alias: shown.ifalias,
    altNames: shown.altnames ?? [],
    group: shown.group === 'default' ? 0 : Number(shown.group),
  };
}

function ofShownDetail(shown: Shown): LinkDetail {
  const info = shown.linkinfo as { info_kind?: string; info_data?: Record<string, never> } | undefined;
  const data = info?.info_data;
  switch (info?.info_kind) {
    case 'macvlan':
      return { kind: 'macvlan', mode: data?.mode, broadcastQueueLength: data?.bcqueuelen } as unknown as LinkDetail;
    case 'ipvlan':
      return { kind: 'ipvlan', mode: data?.mode } as unknown as LinkDetail;
    case 'vlan':
      return { kind: 'vlan', id: data?.id, protocol: data?.protocol } as unknown as LinkDetail;
    case 'bridge':
      return { kind: 'bridge', vlanFiltering: Number(data?.vlan_filtering ?? 0) === 1 };
    case 'vrf':
      return { kind: 'vrf', table: data?.table } as unknown as LinkDetail;
    case 'veth':
    case 'dummy':
      return { kind: info.info_kind };
    case 'tun':
      return {
        kind: 'tap',
        multiQueue: data?.multi_queue,
        owner: data?.user,
        ownerGroup: data?.group,
      } as unknown as LinkDetail;
    default:
      return { kind: 'other', name: shown.link_type === 'loopback' ? 'loopback' : (info?.info_kind ?? '') };
  }
}

const scopes: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };
const protocols: Readonly<Record<string, number>> = { redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, bird: 12 };

const tables: Readonly<Record<string, number>> = { local: 255, main: 254, default: 253 };

const ofAddress = (a: Address): string => [a.index, a.address, a.scope, a.tentative, a.dadFailed].join(' ');

function ofShownAddresses(shown: Shown): readonly string[] {
  const each = (a: Shown): string =>
    [
      shown.ifindex,
      `${a.local}/${a.prefixlen}`,
      scopes[String(a.scope)],
      a.tentative === true,
      a.dadfailed === true,
    ].join(' ');
  return ((shown.addr_info ?? []) as readonly Shown[]).filter((a) => a.local !== undefined).map(each);
}

const ofRoute = (r: Route): string =>
  [
    r.dst,
    r.gateway,
    r.index,
    r.source,
    r.table,
    r.metric,
    r.scope,
    r.protocol,
    r.onlink === true,
    r.mtu,
    r.advmss,
  ].join(' ');

function ofShownRoutes(shown: Shown, links: readonly Link[]): readonly string[] {
  const hops = (shown.nexthops as readonly Shown[] | undefined) ?? [shown];
  return hops.map((hop) => {
    const gateway = (hop.gateway ?? (hop.via as Shown | undefined)?.host) as string | undefined;
    const six = shown.gateway === undefined ? String(shown.dst).includes(':') : String(shown.gateway).includes(':');
    const isSix = String(shown.dst).includes(':') || (shown.dst === 'default' && (six || shown.pref !== undefined));
    const dst =
      shown.dst === 'default'
        ? isSix
          ? '::/0'
          : '0.0.0.0/0'
        : String(shown.dst).includes('/')
          ? shown.dst
          : `${shown.dst}/${isSix ? 128 : 32}`;
    const metrics = ((shown.metrics ?? []) as readonly Shown[])[0] ?? {};
    const flags = (hop.flags ?? shown.flags ?? []) as readonly string[];
    const table = tables[String(shown.table ?? 'main')] ?? Number(shown.table);
    const protocol = protocols[String(shown.protocol)] ?? Number(shown.protocol);
    const index = links.find((link) => link.name === hop.dev)?.index;
    const fields = [
      dst,
      gateway,
      index,
      shown.prefsrc,
      table,
      shown.metric,
      scopes[String(shown.scope ?? 'global')],
      protocol,
    ];
    return [...fields, flags.includes('onlink'), metrics.mtu, metrics.advmss].join(' ');
  });
}

const ofRule = (r: Rule): string => [r.family, r.priority, r.source, r.table, r.protocol].join(' ');

function ofShownRule(shown: Shown, family: number): string | undefined {
  if (shown.table === undefined) return undefined; // of the vrfs: to the table of whichever it is
  const bits = shown.srclen ?? (family === 4 ? 32 : 128);
  const source = shown.src === 'all' ? undefined : `${shown.src}/${bits}`;
  return [
    family,
    shown.priority,
    source,
    tables[String(shown.table)] ?? shown.table,
    protocols[String(shown.protocol)] ?? shown.protocol,
  ].join(' ');
}

/** `bridge -j vlan` and `bridge -d -j link` of the ports. */
async function compareVlans(space: Space, links: readonly Link[]): Promise<void> {
  if (!links.some((link) => link.detail.kind === 'bridge')) return;
  const where = space.name === undefined ? [] : ['-n', space.name];
  const text = execFileSync('bridge', [...where, '-j', 'vlan', 'show'], { encoding: 'utf8' });
  const shown =
    text.trim() === '' ? [] : (JSON.parse(text) as { ifname: string; vlans: { vlan: number; flags?: string[] }[] }[]);
  for (const link of links) {
    const seen = shown.find((each) => each.ifname === link.name)?.vlans ?? [];
    const expected = seen.map(({ vlan, flags = [] }) => ({
      id: vlan,
      pvid: flags.includes('PVID'),
      untagged: flags.includes('Egress Untagged'),
    }));
    expect(await space.netns.bridgeVlans(link.index)).toEqual(expected);
  }
}
