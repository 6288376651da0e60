/** What `ip` shows of a namespace, to look past our own netlink code. Runs ip through the lab. */
import type { Lab, Shown, Space } from './lab';

/** A namespace, and the lab it is in. */
export interface Place {
  readonly lab: Lab;
  readonly space: Space;
}

/** A link as `ip -d -j link show` has it. */
export interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address: string;
  readonly link?: string; // the parent, when it lies in the same namespace
  readonly link_index?: number; // and when it lies elsewhere
  readonly linkinfo?: { readonly info_kind: string; readonly info_data: Shown };
}

const show = <T>({ lab, space }: Place, ...what: readonly string[]): readonly T[] =>
  lab.ip(space, ...what) as readonly unknown[] as readonly T[];

/** The link of that name; throws when there is none. */
export function linkOf(place: Place, name: string): IpLink {
  const [link] = show<IpLink>(place, 'link', 'show', 'dev', name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

/** Names of all links. */
export const linksOf = (place: Place): readonly string[] =>
  show<IpLink>(place, 'link', 'show').map(({ ifname }) => ifname);

/** Addresses of a link as `10.1.0.5/24`, without link-local ones. */
export function addressesOf(place: Place, name: string): readonly string[] {
  interface Entry {
    readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
  }
  const found = show<Entry>(place, 'addr', 'show', 'dev', name).flatMap(({ addr_info }) => addr_info);
  return found.filter(({ scope }) => scope !== 'link').map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Routes of the main table as `10.9.0.0/16 via 10.1.0.1`, both families. */
export function routesOf(place: Place): readonly string[] {
  interface Entry {
    readonly dst: string;
    readonly gateway?: string;
  }
  const found = ['-4', '-6'].flatMap((family) => show<Entry>(place, family, 'route', 'show'));
  return found.map(({ dst, gateway }) => (gateway === undefined ? dst : `${dst} via ${gateway}`));
}
