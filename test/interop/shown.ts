/** What `ip` shows of a namespace, and what a plugin printed, without what differs from run to run. Runs ip. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { countRules6 } from '../e2e/namespace';
import type { Json, Space } from '../e2e/runtime';
import { container } from './drivers';

/** States, counters, numbers of links, and timers. */
const restless = new Set([
  'ifindex',
  'link_index',
  'link_netnsid',
  'link_netns',
  'operstate',
  'permaddr',
  'address_random',
  'tentative',
  'stable-privacy',
  'valid_life_time',
  'preferred_life_time',
  'hello_timer',
  'tcn_timer',
  'topology_change_timer',
  'gc_timer',
  'bridge_id',
  'root_id',
  'designated_port',
  'designated_root',
  'designated_bridge',
  'message_age_timer',
  'forward_delay_timer',
  'hold_timer',
  'no',
  'config_pending',
  'topology_change_ack',
  'topology_change',
  'state',
  'port_id',
  'port_no',
  'root_port',
  'root_path_cost',
  'expires',
  'pref',
  'linkmode',
  'tso_max_size',
  'parentbus',
  'parentdev',
  'link_pointtopoint',
]);
const mac = /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g;
const made = /\b(?:veth[0-9a-f]{8}|b[0-9a-f]{8})\b/g;
const byCnitool = /\bcnitool-[0-9a-f]{20}/g;
const hashed = /-[0-9a-f]{16}(?=, net: )/g; // of the container's name; the other's DEL finds it
const chained = /\bCNI-[0-9a-f]{24}\b/g; // of iptables, hashed as well
const counted = /\bpackets \d+ bytes \d+/g;
const quietFlags = new Set(['LOWER_UP', 'NO-CARRIER', 'M-DOWN', 'linkdown']); // the kernel sets them when it comes to it

/** Names of the links of this thread's namespace. */
export const linksHere = (): readonly string[] =>
  readdirSync('/proc/sys/net/ipv4/conf')
    .filter((name) => !/^(all|default)$/.test(name))
    .sort();

/** Links, addresses and routes of this thread's namespace, in the kernel's own words. */
export function heldHere(): readonly unknown[] {
  const read = (name: string): readonly string[] => readFileSync(`/proc/thread-self/net/${name}`, 'utf8').split('\n');
  const addresses = read('if_inet6')
    .filter((line) => line !== '' && !line.startsWith('fe80'))
    .map((line) => line.split(/\s+/))
    .map(([address, , , , , link]) => `${link} ${address}`);
  const four = new Set(
    read('fib_trie')
      .filter((line) => /^ +(\|--|\/\d)/.test(line))
      .map((line) => line.trim()),
  ); // its trees part with the first rule, for good
  const six = read('ipv6_route')
    .filter((line) => line !== '' && !/^f[ef]/.test(line))
    .map((line) => line.split(/\s+/))
    .map(([to, length, , , via, , , , , link]) => `${to}/${length} ${via} ${link}`);
  return [linksHere(), addresses.sort(), [...four].sort(), [...new Set(six)].sort()];
}

/** Settings of links that plugins make. */
const settings = {
  ipv4: ['arp_filter', 'forwarding'], // not arp_notify: Braid announces the addresses of every delegate
  ipv6: ['accept_dad', 'disable_ipv6', 'enhanced_dad', 'forwarding', 'keep_addr_on_down'],
} as const;

/** Links, addresses, routes of every table, rules, VLANs of bridge ports, and settings. `known` is text whose MAC addresses are kept, others are only told to be there. */
export function shownNode(space: Space, known: string): Json {
  const [shown = [], routes = [], rules4 = []] = batch(space, ['addr show', 'route show table all', 'rule show']);
  const own6 = countRules6(space.name) === 2; // the kernel's: nothing to be seen
  const [rules6 = []] = own6 ? [] : batch(space, ['rule show'], ['-6']); // without -6 it shows those of IPv4 only
  const addresses = shown.flatMap(({ ifname, addr_info }) =>
    ((addr_info ?? []) as readonly Json[])
      .filter((one) => one.local !== undefined && !String(one.local).startsWith('fe80:'))
      .map((one) => ({ ifname, ...one })),
  );
  const sorted = (list: readonly unknown[]): unknown => list.map((one) => calm(one, known)).sort(byText);
  return {
    links: sorted(shown.map(({ addr_info, ...link }) => link)),
    addresses: sorted(addresses),
    routes: sorted(routes.filter(isSteady)),
    rules: sorted([...rules4, ...rules6].filter(({ l3mdev }) => l3mdev === undefined)), // made by the kernel with the first VRF, for good
    vlans: JSON.stringify(shown).includes('"vlan_filtering":1') ? sorted(vlansOf(space)) : [],
    settings: sorted(space.enter(() => settingsHere(addresses))),
  };
}

/** Of IPv6 the kernel adds routes for multicast and local addresses, some of them when it has looked for duplicates. */
const isSteady = ({ dst, type, table }: Json): boolean =>
  !/^f[ef]/.test(String(dst)) && type !== 'multicast' && !(table === 'local' && String(dst).includes(':'));

const vlansOf = ({ name }: Space): readonly unknown[] =>
  JSON.parse(execFileSync('bridge', ['-n', name, '-j', 'vlan', 'show'], { encoding: 'utf8' })) as readonly unknown[];

/** Of IPv6 where there are addresses of it: the reference's bridge turns checks of link-local addresses off, too. */
function settingsHere(addresses: readonly Json[]): readonly string[] {
  const read = (key: string): string => `${key} = ${readFileSync(`/proc/sys/net/${key}`, 'utf8').trim()}`;
  const six = new Set(addresses.filter(({ family }) => family === 'inet6').map(({ ifname }) => ifname));
  const links = readdirSync('/proc/sys/net/ipv4/conf');
  const of = (family: keyof typeof settings, names: readonly string[]): readonly string[] =>
    names.flatMap((link) => settings[family].map((key) => read(`${family}/conf/${link}/${key}`)));
  return [
    ...of('ipv4', links),
    ...of('ipv6', ['all', ...links.filter((link) => six.has(link))]),
    ...readdirSync('/proc/sys/net/ipv6/conf').map((link) => read(`ipv6/conf/${link}/accept_ra`)),
    read('core/somaxconn'),
  ];
}

/** A result with the same made alike, and the pod's path named so. */
export function shownResult(result: unknown, known: string, path: string): unknown {
  return calm(JSON.parse(JSON.stringify(result ?? null).replaceAll(path, 'POD')), known);
}

function batch(
  { name }: Space,
  commands: readonly string[],
  family: readonly string[] = [],
): readonly (readonly Json[])[] {
  const text = execFileSync('ip', ['-n', name, ...family, '-d', '-j', '-batch', '-'], {
    encoding: 'utf8',
    input: commands.join('\n'),
  });
  return text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Json[]).filter((one) => Object.keys(one).length > 0));
}

/** Text or a tree of it with the same made alike. */
export function calm(value: unknown, known: string): unknown {
  if (typeof value === 'string') {
    const named = value.replace(mac, (one) => (known.includes(one) || /^(00:|ff:)/.test(one) ? one : 'MAC'));
    return named
      .replace(made, 'MADE')
      .replace(byCnitool, container)
      .replace(hashed, '-HASH')
      .replace(chained, 'CNI-HASH')
      .replace(counted, 'counted');
  }
  if (Array.isArray(value)) return value.filter((one) => !quietFlags.has(one as string)).map((one) => calm(one, known));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, one]) => !restless.has(key) && !(key === 'id' && typeof one === 'string'),
  );
  return Object.fromEntries(entries.map(([key, one]) => [key, calm(one, known)]).sort(byText));
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
