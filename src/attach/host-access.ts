/** The node and its pods reach each other over a macvlan or ipvlan network: a link of the node's own beside the pods', routes, neighbours. Acts on both namespaces. */
import { CniError, fail } from '../error';
import { addressOf, type Cidr, contains, familyOf, hostCidr, type Ip, networkOf } from '../net/ip';
import type { IpvlanMode, Link, LinkSpec } from '../net/link';
import { derivedMac } from '../net/mac';
import { derivedName, type IfName } from '../net/names';
import type { Route } from '../net/route';
import { braidGroup } from '../net/vlan';
import { setUp } from './configure';
import { requireShared, type Sharing } from './host-links';
import type { Netns } from './ports';
import { ensureSysctl } from './sysctl';

/** The kind of the pods' links, which the node's has, too. */
export type AccessKind = { readonly kind: 'macvlan' } | { readonly kind: 'ipvlan'; readonly mode: IpvlanMode };

/** A pod's link and addresses, and the link of the node that it lives on. */
export interface Access {
  readonly as: AccessKind;
  readonly parent: Link;
  readonly pod: Netns;
  readonly link: Link; // in the pod
  readonly addresses: readonly Cidr[];
}

/** An address of the pod, and the node's address in the same subnet. */
interface Pair {
  readonly pod: Ip;
  readonly node: Ip;
}

const linkScope = 253;

/** The node's own link beside its pods' on that parent. */
export function accessName(parent: string): IfName {
  return derivedName('ha', parent);
}

/**
 * Routes from the node to the pod's addresses over a link that the node's pods share, and the node's MAC for the pod: the
 * node does not answer for its addresses there, lest the network take that link for the node's.
 * AddressMissing when the node has no address in the pod's subnets.
 */
export async function openHostAccess(access: Access, sharing: Sharing): Promise<void> {
  const { host } = sharing;
  const { as, parent, link, pod } = access;
  const pairs = await requirePairs(access, host);
  if (as.kind === 'ipvlan' && as.mode === 'l2') await letRepliesIn(parent, host);
  const shim = await requireShim(
    as,
    parent,
    sharing,
    pairs.map((pair) => pair.pod),
  );
  for (const pair of pairs) await addRoute(toRoute(pair, shim), shim, host);
  const mac = shim.mac;
  if (mac === undefined || atLayer3(as)) return; // nobody asks for a MAC there
  for (const { node } of pairs) await pod.setNeighbour(link.index, node, mac);
}

function atLayer3(as: AccessKind): boolean {
  return as.kind === 'ipvlan' && as.mode !== 'l2';
}

/** CheckFailed names what is missing. */
export async function checkHostAccess(
  { as, parent }: Pick<Access, 'as' | 'parent'>,
  { host, hostLinks, owner }: Omit<Sharing, 'undo'>,
): Promise<void> {
  const shim = (await host.links()).find((link) => isShim(link, as, parent));
  if (shim === undefined || !shim.up)
    return fail('CheckFailed', `Cannot find the node's own link on ${parent.name}, up: somebody removed it`);
  const routes = await host.routes({ index: shim.index });
  const noted = await hostLinks.addressesOf(shim.name, owner);
  const missing = noted.find((pod) => !routes.some(({ dst }) => dst === hostCidr(pod)));
  if (missing !== undefined)
    fail('CheckFailed', `Cannot find the node's route to ${missing} over ${shim.name}: somebody removed it`);
}

async function requirePairs(access: Access, host: Netns): Promise<readonly Pair[]> {
  const { addresses, link, as, parent } = access;
  const pairs = await findPairs(access, host);
  if (pairs.length > 0) return pairs;
  const subnets = addresses.map(networkOf).join(', ');
  return fail(
    'AddressMissing',
    addresses.length === 0
      ? `Cannot give the node access to ${link.name}: hostAccess needs addresses, set "ipam"`
      : `Cannot give the node access to ${link.name}: the node has no address in ${subnets}; give it one, on ${atLayer3(as) ? parent.name : 'any link'}`,
  );
}

/** Of every address of the pod that the node has a neighbour's address for; at layer 3 the kernel looks for it on the parent only. */
async function findPairs({ addresses, as, parent }: Access, host: Netns): Promise<readonly Pair[]> {
  const all = await host.addresses(atLayer3(as) ? { index: parent.index } : {});
  const held = all.filter(({ scope, dadFailed }) => scope < linkScope && !dadFailed);
  return addresses.flatMap((subnet) => {
    const own = held
      .map(({ address }) => addressOf(address))
      .find((address) => familyOf(address) === familyOf(subnet) && contains(networkOf(subnet), address));
    return own === undefined || own === addressOf(subnet) ? [] : [{ pod: addressOf(subnet), node: own }];
  });
}

/** Without addresses, deaf to router advertisements, no router, silent in ARP: a door for the node's pods and nobody else. */
async function requireShim(as: AccessKind, parent: Link, sharing: Sharing, addresses: readonly Ip[]): Promise<Link> {
  const { host } = sharing;
  const base = { name: accessName(parent.name), parent: parent.index };
  const spec: LinkSpec =
    as.kind === 'macvlan'
      ? { kind: 'macvlan', mode: 'bridge', mac: derivedMac(parent.mac ?? '', parent.name), ...base }
      : { kind: 'ipvlan', mode: as.mode, ...base };
  const called = `the node's access to ${as.kind} pods on ${parent.name}`;
  const shim = await requireShared({ spec, isIt: (link) => isShim(link, as, parent), called }, sharing, addresses);
  const alias = `braid: the node's access to ${as.kind} pods on ${parent.name}`;
  await host.changeLink(shim.index, { alias, ipv4: { arpIgnore: 8, forwarding: 0 } });
  const ipv6 = `net/ipv6/conf/${shim.name}`;
  for (const key of ['accept_ra', 'accept_dad', 'forwarding']) await ensureSysctl(host, `${ipv6}/${key}`, '0');
  if (!shim.up) await setUp(host, shim);
  if (as.kind === 'ipvlan') await host.changeLink(shim.index, { arp: false }); // all of them have one MAC; going up undoes it
  return shim;
}

function isShim({ detail, group, parent, parentElsewhere }: Link, { kind }: AccessKind, { index }: Link): boolean {
  return group === braidGroup && detail.kind === kind && parent === index && !parentElsewhere;
}

function toRoute({ pod, node }: Pair, shim: Link): Route {
  return { dst: hostCidr(pod), index: shim.index, source: node };
}

/** One that a pod before left behind gives way; anybody else's does not. */
async function addRoute(route: Route, shim: Link, host: Netns): Promise<void> {
  try {
    await host.addRoute(route);
  } catch (cause) {
    if (!(cause instanceof CniError) || cause.errno !== 'EEXIST') throw cause;
    const former = await host.routes({ family: familyOf(route.dst), index: shim.index });
    if (!former.some(({ dst }) => dst === route.dst))
      fail('RouteImpossible', `Cannot add route ${route.dst} on ${shim.name}: the node has another one to it`, {
        cause,
      });
    await host.deleteRoute({ dst: route.dst, index: shim.index });
    await host.addRoute(route);
  }
}

/**
 * What an ipvlan pod sends to the node comes in by the parent, while the route back is the node's own link: the strict
 * reverse path check drops that. On a link of Braid's own it is made loose, the operator's stays as it is.
 */
async function letRepliesIn(parent: Link, host: Netns): Promise<void> {
  const key = `net/ipv4/conf/${parent.name}/rp_filter`;
  const held = [await host.sysctl('net/ipv4/conf/all/rp_filter'), await host.sysctl(key)];
  if (Math.max(...held.map(Number)) !== 1) return;
  if (parent.group !== braidGroup)
    fail(
      'LinkUnsuitable',
      `Cannot give the node access to ipvlan pods on ${parent.name}: rp_filter is strict there, so their packets would be dropped; set ${key} to 2, or use macvlan`,
    );
  await host.setSysctl(key, '2');
}
