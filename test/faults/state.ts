/**
 * The whole state that a pod's networks could leave behind, as lines of text, and what differs between two states.
 * Reads both namespaces by ip, nftables by nft, and the files; changes nothing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ask } from './ip';
import { places, spacePath } from './node';

/** One line for each thing that is there. */
export type State = readonly string[];

/** What may stay, with the reason; everything else that an ADD made must go. */
const mayStay: readonly { readonly path: RegExp; readonly because: string }[] = [
  { path: /\/last_reserved_ip\.\d+$/, because: "host-local's layout: where the search for the next address goes on" },
  {
    path: /^\/var\/lib\/cni\/(networks\/\w+|trunk\/trunk)\/lock$/,
    because: "host-local's layout: the lock file of a store",
  },
  {
    path: /^\/var\/lib\/cni\/braid\/stores\/%2Fvar%2Flib%2Fcni%2F[\w%]+$/,
    because: 'remembers where stores are, not what is in them',
  },
  {
    path: /^\/var\/lib\/cni\/braid\/failures\/[\w%.-]+$/,
    because: 'tells people for a day why an ADD failed',
  },
];

/** Places whose files count, and those below them that are not the node's state. */
const watched = ['/var/lib/cni', places.foreign, '/run', '/tmp', '/etc/cni', '/opt/cni'];
const elsewhere = /^\/run\/(netns|guest|lock|output|inside|mount)|^\/tmp\/(faults|vitest|bunx|\.)/;

/** The checkout is the host's, read-only here, and other guests write their reports into it; it may lie in a watched place. */
const checkout = resolve(import.meta.dirname, '../..');

interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly link?: string;
  readonly group: string;
  readonly promiscuity: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly id?: number; readonly vlan_filtering?: number };
  };
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

type Shown = Readonly<Record<string, unknown>>;
type Lists = readonly [readonly Link[], readonly Shown[], readonly Shown[]];

/** The node's state, and that of the sandbox's namespace if it is there. */
export function readState(space: string): State {
  const pod = existsSync(spacePath(space)) ? namespaceState('pod', space) : [];
  return [...namespaceState('host', undefined), ...pod, ...firewallState(), ...watched.flatMap(files)].sort();
}

/** `+` what is there now and was not, `-` what was there and is gone. */
export function difference(before: State, now: State): readonly string[] {
  const [earlier, later] = [new Set(before), new Set(now)];
  const lost = before.filter((line) => !later.has(line) && !(line.startsWith('pod ') && !hasPod(now)));
  return [...now.filter((line) => !earlier.has(line)).map((line) => `+ ${line}`), ...lost.map((line) => `- ${line}`)];
}

/** A state without a sandbox's namespace lacks all of its lines. */
function hasPod(state: State): boolean {
  return state.some((line) => line.startsWith('pod '));
}

function namespaceState(place: string, space: string | undefined): readonly string[] {
  // IPv4 and IPv6, but for rules
  const [links, routes, rules] = ask<Lists>(space, '', ['addr', 'route show table all', 'rule']);
  const [rules6] = ask<readonly [readonly Shown[]]>(space, '-6', ['rule']);
  return [
    ...links.map((link) => `${place} link ${shownLink(link)}`),
    ...links.flatMap(({ ifname, addr_info }) =>
      addr_info
        .filter(({ family, scope }) => !(family === 'inet6' && scope === 'link')) // the kernel's own, with its MAC
        .map(({ local, prefixlen }) => `${place} address ${local}/${prefixlen} of ${ifname}`),
    ),
    ...routes.filter(isNotLinkLocal).map((route) => `${place} route ${shownRoute(route)}`),
    ...[...rules, ...rules6].map((rule) => `${place} rule ${JSON.stringify(rule)}`),
  ];
}

function shownLink({ ifname, flags, mtu, master, link, group, promiscuity, linkinfo }: Link): string {
  const { info_kind: kind = 'none', info_data: { id, vlan_filtering: filtering } = {} } = linkinfo ?? {};
  const up = flags.includes('UP') ? 'up' : 'down';
  return JSON.stringify({ ifname, kind, up, mtu, master, link, group, promiscuity, id, filtering });
}

function isNotLinkLocal({ dst }: Shown): boolean {
  return typeof dst !== 'string' || !/^(fe80:|ff00:)/.test(dst);
}

/** Without flags: they tell of carrier, which the last pod takes with it. */
function shownRoute({ flags: _, ...route }: Shown): string {
  return JSON.stringify(route);
}

/** Each line of the ruleset, with the table and chain that it stands in. */
function firewallState(): readonly string[] {
  const text = execFileSync('nft', ['--stateless', 'list', 'ruleset'], { encoding: 'utf8' });
  const blocks: string[] = [];
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim();
    if (line === '') return [];
    if (line === '}') {
      blocks.pop();
      return [];
    }
    const shown = `nft ${[...blocks, line].join(' ')}`;
    if (line.endsWith('{')) blocks.push(line);
    return [shown];
  });
}

function files(directory: string): readonly string[] {
  if (directory === checkout || elsewhere.test(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return files(path); // empty directories may stay
    if (elsewhere.test(path) || mayStay.some((one) => one.path.test(path))) return [];
    return [
      `file ${path} ${entry.isFile() && path.startsWith('/var/lib/') ? JSON.stringify(readFileSync(path, 'utf8')) : ''}`,
    ];
  });
}
