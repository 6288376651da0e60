/** Links in the node's own namespace that pods share: made when first needed, removed with the last user. Acts on the host and the list of users. */
import { CniError, fail } from '../error';
import { hostCidr, type Ip } from '../net/ip';
import type { Link, LinkSpec } from '../net/link';
import type { IfName } from '../net/names';
import { braidGroup, type VlanTag, vlanName } from '../net/vlan';
import { setUp } from './configure';
import type { HostLinks, LeaseOwner, Netns } from './ports';
import type { Undo } from './undo';

/** What sharing needs. */
export interface Sharing {
  readonly host: Netns;
  readonly hostLinks: HostLinks;
  readonly owner: LeaseOwner;
  readonly undo: Undo;
}

/** A link to be shared. */
export interface SharedLink {
  readonly spec: LinkSpec;
  /** Whether a link of the node is it, whatever its name. */
  isIt(link: Link): boolean;
  /** What people call it, e.g. `VLAN 100 (802.1Q)`. */
  readonly called: string;
}

/**
 * The sub-interface of `parent` for that VLAN, up: one that is there, or a new one. Braid's own is removed with its last
 * user, anybody else's never. LinkUnsuitable when the name is taken by something else, or the parent is down.
 */
export async function requireVlanLink(parent: Link, tag: VlanTag, sharing: Sharing): Promise<Link> {
  const { host } = sharing;
  const spec: LinkSpec = {
    kind: 'vlan',
    name: vlanName(parent.name, tag),
    parent: parent.index,
    id: tag.id,
    protocol: tag.protocol,
  };
  const called = `VLAN ${tag.id} (${tag.protocol})`;
  const link = await requireShared({ spec, isIt: (one) => isVlanOf(one, parent, tag), called }, sharing);
  if (!link.up) await setUp(host, link);
  return await withMtuOf(parent, link, host);
}

/** The sub-interface of `parent` for that VLAN, for CHECK. CheckFailed when there is none. */
export async function findVlanLink(parent: Link, tag: VlanTag, host: Netns): Promise<Link> {
  const found = (await host.links()).find((link) => isVlanOf(link, parent, tag));
  return found ?? fail('CheckFailed', `Cannot find VLAN ${tag.id} of ${parent.name} on the node: somebody removed it`);
}

/** A parent that got a smaller MTU takes its VLANs along, one that got a larger one does not. The operator's stays as it is. */
async function withMtuOf({ mtu }: Link, link: Link, host: Netns): Promise<Link> {
  if (link.group !== braidGroup || link.mtu >= mtu) return link;
  try {
    await host.changeLink(link.index, { mtu });
    return { ...link, mtu };
  } catch (error) {
    if (error instanceof CniError) return link; // a parent that cannot carry the tag beside a full packet
    throw error;
  }
}

/** Whether the link is the sub-interface of `parent` for that VLAN, in the namespace of both. */
export function isVlanOf(
  { detail, parent: index, parentElsewhere }: Link,
  parent: Link,
  { id, protocol }: VlanTag,
): boolean {
  return (
    detail.kind === 'vlan' &&
    index === parent.index &&
    !parentElsewhere &&
    detail.id === id &&
    detail.protocol === protocol
  );
}

/**
 * The link, found or made; if it is Braid's, its user is written down before, with the addresses that it will have routes
 * to. The name that is locked is that of the link that is used: a renamed parent leaves its links their names.
 */
export async function requireShared(
  shared: SharedLink,
  sharing: Sharing,
  addresses: readonly Ip[] = [],
): Promise<Link> {
  for (;;) {
    const there = await findShared(shared, sharing.host);
    const name = there?.name ?? shared.spec.name;
    const { owner, host, hostLinks, undo } = sharing;
    undo.push(() => releaseHostLinks(owner, host, hostLinks, [name])); // first: a lock that fails leaves its file
    const link = await hostLinks.locked(name, () => useShared(name, shared, sharing, addresses));
    if (link !== undefined) return link;
  }
}

/** Under the lock of the name. `undefined` when the link came or went meanwhile: look again. */
async function useShared(
  name: IfName,
  shared: SharedLink,
  { host, hostLinks, owner }: Sharing,
  addresses: readonly Ip[],
): Promise<Link | undefined> {
  const there = await findShared(shared, host);
  if ((there?.name ?? shared.spec.name) !== name) return undefined;
  if (there !== undefined && there.group !== braidGroup) return there; // the operator's: used, never removed
  await hostLinks.use(name, owner, addresses);
  return there ?? (await make(shared, host));
}

/** The link under its name, or else under any other. LinkUnsuitable when its name is taken and it is nowhere. */
async function findShared({ spec, isIt, called }: SharedLink, host: Netns): Promise<Link | undefined> {
  const named = await host.findLink(spec.name);
  if (named !== undefined && isIt(named)) return named;
  const found = (await host.links()).find(isIt);
  if (found === undefined && named !== undefined) refuseOther(named, spec.name, called);
  return found;
}

async function make({ spec, called }: SharedLink, host: Netns): Promise<Link> {
  try {
    return await host.createLink({ ...spec, group: braidGroup });
  } catch (cause) {
    if (cause instanceof CniError && cause.errno === 'EPROTONOSUPPORT')
      fail('KernelRefused', `Cannot make ${spec.name}: this kernel has no ${called}`, { cause });
    throw cause;
  }
}

function refuseOther({ detail }: Link, name: IfName, called: string): never {
  const is =
    detail.kind === 'vlan'
      ? `VLAN ${detail.id} (${detail.protocol}) of another kind or parent`
      : `of kind ${detail.kind === 'other' ? detail.name || 'hardware' : detail.kind}`;
  return fail('LinkUnsuitable', `Cannot use link ${name} for ${called}: it is ${is}; rename or remove it`);
}

/**
 * Gives up what the owner uses: its routes, and links that nobody else uses, if Braid made them. The note of the use goes
 * last, so that a killed call is found by it. `wanted`: links that it may have been killed for before it was a user; only
 * the lock's file is left then.
 */
export async function releaseHostLinks(
  owner: LeaseOwner,
  host: Netns,
  hostLinks: HostLinks,
  wanted: readonly IfName[] = [],
): Promise<void> {
  const used = await hostLinks.usedBy(owner);
  for (const name of wanted.filter((one) => !used.includes(one))) await hostLinks.locked(name, async () => undefined); // goes with its holder
  for (const name of used) {
    await hostLinks.locked(name, async () => {
      if (await hostLinks.isOnlyUser(name, owner)) await deleteOwn(name, host);
      else await deleteRoutes(name, await hostLinks.addressesOf(name, owner), host);
      await hostLinks.release(name, owner);
    });
  }
}

/** Deletes the link if Braid made it; gone, or somebody else's by now, is success. Its routes go with it. */
export async function deleteOwn(name: IfName, host: Netns): Promise<void> {
  const link = await findOwn(name, host);
  if (link !== undefined) await host.deleteLink(link.name);
}

async function deleteRoutes(name: IfName, addresses: readonly Ip[], host: Netns): Promise<void> {
  const link = addresses.length === 0 ? undefined : await findOwn(name, host);
  if (link === undefined) return;
  for (const address of addresses) await host.deleteRoute({ dst: hostCidr(address), index: link.index });
}

async function findOwn(name: IfName, host: Netns): Promise<Link | undefined> {
  const link = await host.findLink(name);
  return link?.name === name && link.group === braidGroup ? link : undefined;
}
