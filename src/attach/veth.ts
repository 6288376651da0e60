/** A veth pair between the pod and the node: made, and found again without a record. Acts on the namespaces given. */
import { CniError, fail } from '../error';
import type { Link, LinkSpec } from '../net/link';
import type { Mac } from '../net/mac';
import { derivedName, type IfName } from '../net/names';
import type { AddContext, DelContext } from './delegate';
import type { Netns } from './ports';

/** The two ends of a pair: the pod's, and the name of the node's. */
export interface Pair {
  readonly inside: Link;
  readonly hostEnd: IfName;
}

/**
 * Deletes the pair by whichever end there is. The pod's may be gone with its namespace, or renamed by what runs in it.
 * `others` are links of the node in the result that are no end of it.
 */
export async function deletePair(context: DelContext, others: readonly (string | undefined)[] = []): Promise<void> {
  const { host, pod, ifName } = context;
  await pod?.deleteLink(ifName);
  const inside = await pod?.findLink(ifName); // still there when links are gathered, to be deleted together
  for (const { name, mac } of hostEndsOf(context, others)) {
    const link = await host.findLink(name);
    if (link?.detail.kind !== 'veth' || (mac !== undefined && mac !== link.mac)) continue;
    const isPeer = link.parentElsewhere && link.parent === inside?.index;
    if (!isPeer) await host.deleteLink(link.name); // else it goes with the pod's end
  }
}

/** That link as it is now. LinkMissing when somebody took it away. */
export async function requireLink(netns: Netns, name: IfName): Promise<Link> {
  const place = netns.path === undefined ? 'the node' : 'the pod';
  return (await netns.findLink(name)) ?? fail('LinkMissing', `Cannot find ${name}: it has gone from ${place}`);
}

/** The name of the host's end can be found again without a record; the further ones are for when the first is taken. */
function hostEndNames(containerId: string, ifName: string): readonly [IfName, ...IfName[]] {
  return [
    derivedName('veth', containerId, ifName),
    ...['1', '2', '3'].map((salt) => derivedName('veth', containerId, ifName, salt)),
  ];
}

/** Makes the pair, both ends down; the way back is the caller's. LinkExists when a name is taken. */
export async function createPair(
  ends: Pick<LinkSpec, 'mtu' | 'mac'>,
  { host, pod, containerId, ifName }: AddContext,
): Promise<Pair> {
  let taken: unknown;
  for (const peerName of hostEndNames(containerId, ifName)) {
    try {
      return {
        inside: await host.createLink({ kind: 'veth', name: ifName, peerName, ...ends }, pod),
        hostEnd: peerName,
      };
    } catch (cause) {
      const exists = cause instanceof CniError && cause.reason === 'LinkExists';
      if (!exists || (await host.findLink(peerName)) === undefined) throw cause;
      taken = cause;
    }
  }
  return fail('LinkExists', `Cannot make the host end of ${ifName}: all names for it are taken`, { cause: taken });
}

/** Links of the host that may be the attachment's: the recorded ones with their MAC, else the derived name. */
function hostEndsOf(
  context: DelContext,
  others: readonly (string | undefined)[],
): readonly { readonly name: string; readonly mac?: Mac | undefined }[] {
  const { prevResult, containerId, ifName } = context;
  const recorded = prevResult?.interfaces.filter(({ name, sandbox }) => !sandbox && !others.includes(name));
  return (
    recorded ??
    hostEndNames(containerId, ifName)
      .slice(0, 1)
      .map((name) => ({ name }))
  );
}
