/** What `ip` shows of a namespace, and what a plugin printed, without what differs from run to run. Runs ip. */
import { execFileSync } from 'node:child_process';
import type { Json, Space } from '../e2e/runtime';

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
const quietFlags = new Set(['LOWER_UP', 'NO-CARRIER', 'M-DOWN']);

/** Links, addresses, routes of every table, and rules. `known` is text whose MAC addresses are kept, others are only told to be there. */
export function shownNode(space: Space, known: string): Json {
  const four = batch(space, 4, ['link show', 'addr show', 'route show table all', 'rule show']);
  const six = batch(space, 6, ['addr show', 'route show table all', 'rule show']);
  const [links = [], addresses4 = [], routes4 = [], rules4 = []] = four;
  const [addresses6 = [], routes6 = [], rules6 = []] = six;
  const addresses = [...addresses4, ...addresses6].flatMap(({ ifname, addr_info }) =>
    ((addr_info ?? []) as readonly Json[])
      .filter((one) => one.local !== undefined && !String(one.local).startsWith('fe80:'))
      .map((one) => ({ ifname, ...one })),
  );
  const routes = [...routes4, ...routes6].filter(
    ({ dst, type }) => !/^f[ef]/.test(String(dst)) && type !== 'multicast',
  );
  const sorted = (list: readonly unknown[]): unknown => list.map((one) => calm(one, known)).sort(byText);
  return {
    links: sorted(links),
    addresses: sorted(addresses),
    routes: sorted(routes),
    rules: sorted([...rules4, ...rules6].filter(({ l3mdev }) => l3mdev === undefined)), // made by the kernel with the first VRF, for good
  };
}

/** A result with the same made alike, and the pod's path named so. */
export function shownResult(result: unknown, known: string, path: string): unknown {
  return calm(JSON.parse(JSON.stringify(result ?? null).replaceAll(path, 'POD')), known);
}

function batch({ name }: Space, family: 4 | 6, commands: readonly string[]): readonly (readonly Json[])[] {
  const text = execFileSync('ip', ['-n', name, `-${family}`, '-d', '-j', '-batch', '-'], {
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
    return named.replace(made, 'MADE');
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
