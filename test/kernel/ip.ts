/** What `ip` shows of a namespace, to look past our own netlink code. Runs ip in a guest. */
import { execFileSync } from 'node:child_process';
import type { Json } from '../../src/json';

/** Runs a shell command; throws with its stderr when it fails. */
export const run = (command: string): string =>
  execFileSync('sh', ['-ec', command], { encoding: 'utf8', stdio: 'pipe' });

/** A link as `ip -d -j link show` has it; `ns` undefined: the node. */
export type IpLink = Json & {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address: string;
  readonly link_index?: number;
  readonly linkinfo?: { readonly info_kind: string; readonly info_data: Json };
};

const show = <T>(ns: string | undefined, what: string): readonly T[] =>
  JSON.parse(run(`ip ${ns === undefined ? '' : `-n ${ns} `}-d -j ${what}`) || '[]');

/** The link of that name; throws when there is none. */
export function linkOf(ns: string | undefined, name: string): IpLink {
  const [link] = show<IpLink>(ns, `link show dev ${name}`);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

/** Names of all links. */
export const linksOf = (ns: string): readonly string[] => show<IpLink>(ns, 'link show').map(({ ifname }) => ifname);

/** Addresses of a link as `10.1.0.5/24`, without link-local ones. */
export function addressesOf(ns: string, name: string): readonly string[] {
  interface Entry {
    readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
  }
  const found = show<Entry>(ns, `addr show dev ${name}`).flatMap(({ addr_info }) => addr_info);
  return found.filter(({ scope }) => scope !== 'link').map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Routes of the main table as `10.9.0.0/16 via 10.1.0.1`, both families. */
export function routesOf(ns: string): readonly string[] {
  interface Entry {
    readonly dst: string;
    readonly gateway?: string;
  }
  const found = [...show<Entry>(ns, '-4 route show'), ...show<Entry>(ns, '-6 route show')];
  return found.map(({ dst, gateway }) => (gateway === undefined ? dst : `${dst} via ${gateway}`));
}
