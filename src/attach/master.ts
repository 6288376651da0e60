/** The link that a pod's link lives on: named, or the interface of the default route. Reads the namespace given. */
import { fail } from '../error';
import { optionalString, shown } from '../json';
import { isDefault } from '../net/ip';
import type { Link } from '../net/link';
import type { Netns } from './ports';

/** A master, and the namespace it lies in. */
export interface Master {
  readonly netns: Netns;
  readonly link: Link;
}

const longestAltName = 127; // bytes: ALTIFNAMSIZ in linux/if.h, with its NUL

/** Parses `master`, a link's name or alternative name; `undefined` when absent or empty. */
export function parseMaster(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null)
    return fail(
      'FieldUnsupported',
      `Cannot use ${shown(value)} as master: need the name of one link; a match works in networks that braid itself attaches`,
    );
  const name = optionalString(value, 'master') || undefined;
  if (name === undefined || (Buffer.byteLength(name) <= longestAltName && /^[^\s/]+$/.test(name))) return name;
  return fail('ConfigInvalid', `Cannot use ${shown(name)} as master: need the name of a link`);
}

/** The master of that name, else the interface of the first default route. MasterMissing says what there is instead. */
export async function requireMaster(netns: Netns, name: string | undefined): Promise<Master> {
  const link = name === undefined ? await defaultRouteLink(netns) : await netns.findLink(name);
  if (link !== undefined) return { netns, link };
  const there = place(netns);
  if (name === undefined)
    return fail(
      'MasterMissing',
      `Cannot choose a master: none is configured, and ${there} has no default route to take it from; set "master"`,
    );
  return fail('MasterMissing', `Cannot find master ${shown(name)}: ${there} has ${await candidates(netns)}`);
}

/** The MTU asked for, which the master must be able to carry; `undefined` leaves it to the kernel, which takes the master's. */
export function fittingMtu(mtu: number | undefined, master: Link): number | undefined {
  if (mtu === undefined || mtu <= master.mtu) return mtu;
  return fail('ConfigInvalid', `Cannot use ${mtu} as mtu: master ${master.name} carries at most ${master.mtu}`);
}

async function defaultRouteLink(netns: Netns): Promise<Link | undefined> {
  const route = (await netns.routes()).find(({ dst, index }) => isDefault(dst) && index !== undefined);
  return route?.index === undefined ? undefined : await netns.findLinkByIndex(route.index);
}

async function candidates(netns: Netns): Promise<string> {
  const names = (await netns.links())
    .filter(({ name, detail }) => name !== 'lo' && detail.kind !== 'veth')
    .map(({ name }) => name);
  const more = names.length > 8 ? ', …' : '';
  return names.length === 0 ? 'none that could be one' : `${names.slice(0, 8).join(', ')}${more}`;
}

function place(netns: Netns): string {
  return netns.path === undefined ? 'the node' : 'the pod';
}
