/** Links in the node's own namespace that pods share: made when first needed, removed with the last user. Acts on the host and the list of users. */
import { CniError, fail } from '../error';
import type { Link, LinkSpec } from '../net/link';
import type { IfName } from '../net/names';
import { braidGroup, type VlanTag, vlanName } from '../net/vlan';
import type { HostLinks, LeaseOwner, Netns } from './ports';
import type { Undo } from './undo';

/** What sharing needs. */
export interface Sharing {
  readonly host: Netns;
  readonly hostLinks: HostLinks;
  readonly owner: LeaseOwner;
  readonly undo: Undo;
}

/**
 * The sub-interface of `parent` for that VLAN, up: one that is there, or a new one. Braid's own is removed with its last
 * user, anybody else's never. LinkUnsuitable when the name is taken by something else.
 */
export async function requireVlanLink(parent: Link, tag: VlanTag, sharing: Sharing): Promise<Link> {
  const { host } = sharing;
  const isIt = (link: Link): boolean => isVlanOf(link, parent, tag);
  const name = vlanName(parent.name, tag);
  const spec: LinkSpec = { kind: 'vlan', name, parent: parent.index, id: tag.id, protocol: tag.protocol };
  const link = await shared(spec, isIt, sharing);
  if (!link.up) await host.changeLink(link.index, { up: true });
  return link;
}

/** The sub-interface of `parent` for that VLAN, for CHECK. CheckFailed when there is none. */
export async function findVlanLink(parent: Link, tag: VlanTag, host: Netns): Promise<Link> {
  const found = (await host.links()).find((link) => isVlanOf(link, parent, tag));
  return found ?? fail('CheckFailed', `Cannot find VLAN ${tag.id} of ${parent.name} on the node: somebody removed it`);
}

function isVlanOf({ detail, parent: index, parentElsewhere }: Link, parent: Link, { id, protocol }: VlanTag): boolean {
  return (
    detail.kind === 'vlan' &&
    index === parent.index &&
    !parentElsewhere &&
    detail.id === id &&
    detail.protocol === protocol
  );
}

/**
 * Gives up what the owner uses. What nobody else uses is removed first, if Braid made it: a killed call is found by its user
 * file. `wanted`: a link that it may have been killed for before it was a user; only the lock's file is left then.
 */
export async function releaseHostLinks(
  owner: LeaseOwner,
  host: Netns,
  hostLinks: HostLinks,
  wanted?: IfName,
): Promise<void> {
  const used = await hostLinks.usedBy(owner);
  if (wanted !== undefined && !used.includes(wanted)) await hostLinks.locked(wanted, async () => undefined); // goes with its holder
  for (const name of used) {
    await hostLinks.locked(name, async () => {
      if (await hostLinks.isOnlyUser(name, owner)) await deleteOwn(name, host);
      await hostLinks.release(name, owner);
    });
  }
}

/** Deletes the link if Braid made it; gone, or somebody else's by now, is success. */
export async function deleteOwn(name: IfName, host: Netns): Promise<void> {
  const link = await host.findLink(name);
  if (link?.name === name && link.group === braidGroup) await host.deleteLink(name);
}

/** Under the lock of the name: found or made, and its user written down before it is used. */
async function shared(spec: LinkSpec, isIt: (link: Link) => boolean, sharing: Sharing): Promise<Link> {
  const { host, hostLinks, owner, undo } = sharing;
  return hostLinks.locked(spec.name, async () => {
    const found = (await host.findLink(spec.name)) ?? (await host.links()).find(isIt);
    if (found !== undefined && !isIt(found)) return refuseOther(found, spec);
    if (found !== undefined && found.group !== braidGroup) return found; // the operator's: used, never removed
    const name = found?.name ?? spec.name;
    undo.push(() => releaseHostLinks(owner, host, hostLinks));
    await hostLinks.use(name, owner);
    return found ?? (await make(spec, host));
  });
}

async function make(spec: LinkSpec, host: Netns): Promise<Link> {
  try {
    return await host.createLink({ ...spec, group: braidGroup });
  } catch (cause) {
    if (cause instanceof CniError && cause.errno === 'EPROTONOSUPPORT')
      fail('KernelRefused', `Cannot make ${spec.name}: this kernel has no such VLAN protocol`, { cause });
    throw cause;
  }
}

function refuseOther({ name, detail }: Link, spec: LinkSpec): never {
  const is =
    detail.kind === 'vlan'
      ? `VLAN ${detail.id} (${detail.protocol}) of another kind or parent`
      : `of kind ${detail.kind}`;
  const wanted = spec.kind === 'vlan' ? `VLAN ${spec.id} (${spec.protocol ?? '802.1Q'})` : spec.kind;
  return fail('LinkUnsuitable', `Cannot use link ${name} for ${wanted}: it is ${is}; rename or remove it`);
}
