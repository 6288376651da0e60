/** A pod's link that lives on a master, as macvlan, ipvlan and vlan do: what their verbs share. Acts on the namespaces given. */
import { parseDns } from '../cni/dns';
import type { Dns, Result } from '../cni/result';
import { CniError, fail } from '../error';
import { boolean, type Fields, int } from '../json';
import type { Link, LinkDetail, LinkSpec } from '../net/link';
import type { IfName } from '../net/names';
import { parseVlanTag, type VlanTag, vlanName } from '../net/vlan';
import { type ConfigureOptions, configure, setUp } from './configure';
import type { AddContext, CheckContext, DelContext, StatusContext } from './delegate';
import { type AccessKind, accessName, checkHostAccess, openHostAccess } from './host-access';
import { findVlanLink, releaseHostLinks, requireVlanLink, type Sharing } from './host-links';
import { type Master, parseMaster, requireMaster } from './master';
import type { Netns } from './ports';
import { Undo } from './undo';
import { checkAddresses, checkLink, checkMtu, checkRoutes, ipsOf } from './verify';

/** The configuration that all of them have. */
export interface ChildConfig {
  readonly master: string | undefined; // undefined: the interface of the first default route
  readonly mtu: number | undefined; // bytes; undefined: same as the master
  readonly linkInContainer: boolean; // the master lies in the pod, too
  readonly vlan: VlanTag | undefined; // a VLAN of its own: the link lives on a sub-interface of the master
  readonly hostAccess: boolean; // the node and its pods reach each other over the network
  readonly probe: boolean; // ask the network whether somebody holds the addresses
  readonly dns: Dns;
}

/** The shared keys of a configuration. */
export function parseChild(c: Fields): ChildConfig {
  const linkInContainer = boolean(c.linkInContainer, 'linkInContainer');
  const hostAccess = boolean(c.hostAccess, 'hostAccess');
  if (hostAccess && linkInContainer)
    fail('ConfigInvalid', 'Cannot use hostAccess with linkInContainer: the node has no part in a link inside the pod');
  const vlan = parseVlanTag(c.vlan, c.vlanProtocol);
  if (vlan !== undefined && linkInContainer)
    fail(
      'ConfigInvalid',
      'Cannot use vlan with linkInContainer: need a network of type vlan for a VLAN inside the pod',
    );
  return {
    master: parseMaster(c.master),
    mtu: int(c.mtu ?? 0, 'mtu', 0, 65535) || undefined, // 0 on the wire means unset
    linkInContainer,
    vlan,
    hostAccess,
    probe: boolean(c.probe, 'probe'),
    dns: parseDns(c.dns),
  };
}

/** The master as it is now; with `vlan` the sub-interface, which is made when it is first needed. */
export async function requireParent(c: ChildConfig, context: AddContext): Promise<Master> {
  const master = await findMasterOnce(c, context);
  if (c.vlan === undefined) return master;
  return { ...master, link: await requireVlanLink(master.link, c.vlan, sharing(context)) };
}

/** With `hostAccess`: the way between the node and the pod. */
export async function openAccess(
  c: ChildConfig,
  as: AccessKind,
  parent: Link,
  link: Link,
  { ips }: Result,
  context: AddContext,
): Promise<void> {
  if (!c.hostAccess) return;
  const addresses = ips.map(({ address }) => address);
  await openHostAccess({ as, parent, pod: context.pod, link, addresses }, sharing(context));
}

function sharing({ host, hostLinks, containerId, ifName, undo }: AddContext): Sharing {
  return { host, hostLinks, owner: { containerId, ifName }, undo };
}

/** The master, looked at once in an ADD when it is a named link of the node. */
async function findMasterOnce(c: ChildConfig, context: AddContext): Promise<Master> {
  const { masters } = context;
  if (c.linkInContainer || c.master === undefined) return findMaster(c, context);
  const master = masters.get(c.master) ?? findMaster(c, context);
  masters.set(c.master, master);
  return master;
}

/** The master as it is now. */
function findMaster(
  c: Pick<ChildConfig, 'master' | 'linkInContainer'>,
  { host, pod }: { readonly host: Netns; readonly pod: Netns },
): Promise<Master> {
  return requireMaster(c.linkInContainer ? pod : host, c.master);
}

/** Makes the link on its master, inside the pod. MasterConflict when the master serves somebody else. */
export async function createChild(
  spec: LinkSpec,
  { netns, link: master }: Master,
  { pod, undo }: AddContext,
): Promise<Link> {
  const link = await netns.createLink(spec, pod).catch((cause) => explain(cause, spec, master));
  undo.push(() => pod.deleteLink(spec.name));
  return link;
}

const missing = 'IPAM plugin returned missing IP config: need an address in ipam, or in "ips" of the annotation';

/** Leases addresses; `undefined` at layer 2. AddressMissing when IPAM gives none. */
export async function leaseAddresses({ ipam, undo }: AddContext): Promise<Result | undefined> {
  const lease = await ipam?.add(undo);
  return lease?.ips.length === 0 ? fail('AddressMissing', missing) : lease;
}

/** Puts the lease onto the link and sets it up; the result shows the configuration's own dns, as the reference plugins do. */
export async function configureChild(
  link: Link,
  lease: Result | undefined,
  { dns, probe = false }: { readonly dns: Dns; readonly probe?: boolean },
  { pod }: Pick<AddContext, 'pod'>,
  asks: ConfigureOptions['probe'] = 'link',
): Promise<Result> {
  if (lease === undefined) await setUp(pod, link);
  else await configure(pod, link, lease, { probe: probe ? asks : undefined });
  return {
    interfaces: [{ name: link.name, mac: link.mac, sandbox: pod.path }],
    ips: (lease?.ips ?? []).map((ip) => ({ ...ip, interface: 0 })),
    routes: lease?.routes ?? [],
    dns,
  };
}

/**
 * DEL: every step is tried. The node's routes go before the addresses do: the next pod that gets one has a route of its own.
 * The addresses go back even when the namespace is gone, the link goes even when IPAM fails.
 */
export async function deleteChild(c: ChildConfig, context: DelContext): Promise<void> {
  const { host, hostLinks, containerId, pod, ifName, ipam } = context;
  const steps = new Undo();
  steps.push(async () => pod?.deleteLink(ifName)); // a missing link is success
  steps.push(async () => ipam?.del());
  if (c.vlan !== undefined || c.hostAccess)
    steps.push(() => releaseHostLinks({ containerId, ifName }, host, hostLinks, sharedNames(c)));
  const [failure] = await steps.run();
  if (failure !== undefined) throw failure;
}

/** What the shared links of the node are called, as far as the configuration tells. */
function sharedNames({ master, vlan, hostAccess }: ChildConfig): readonly IfName[] {
  if (master === undefined) return [];
  const sub = vlan === undefined ? [] : [vlanName(master, vlan)];
  return hostAccess ? [...sub, accessName(sub[0] ?? master)] : sub;
}

/** STATUS: the master is there. A master in the pod cannot be looked at, nor one that only the pod's chain knows. */
export async function statusOfChild(c: ChildConfig, { host }: StatusContext): Promise<void> {
  if (c.master !== undefined && !c.linkInContainer) await requireMaster(host, c.master);
}

/** CHECK of what they share: IPAM, the link and its kind, master and MTU, addresses and routes. CheckFailed names the difference. */
export async function checkChild<K extends LinkDetail['kind']>(
  c: ChildConfig,
  kind: K,
  context: CheckContext,
): Promise<Extract<LinkDetail, { kind: K }>> {
  const { pod, ifName, ipam, prevResult } = context;
  await ipam?.check();
  const link = await checkLink(pod, ifName, kind, prevResult);
  if (c.master !== undefined) await checkMaster(c, link, context);
  checkMtu(link, c.mtu);
  await checkAddresses(pod, link, ipsOf(prevResult, ifName));
  await checkRoutes(pod, prevResult.routes);
  if (c.hostAccess && c.master !== undefined) await checkAccess(c, link, context);
  return link.detail;
}

async function checkAccess(c: ChildConfig, { detail }: Link, context: CheckContext): Promise<void> {
  const as = detail.kind === 'ipvlan' ? detail : ({ kind: 'macvlan' } as const);
  const { host, hostLinks, containerId, ifName } = context;
  const parent = await findParent(c, context);
  await checkHostAccess({ as, parent }, { host, hostLinks, owner: { containerId, ifName } });
}

async function findParent(c: ChildConfig, context: CheckContext): Promise<Link> {
  const { link } = await findMaster(c, context);
  return c.vlan === undefined ? link : await findVlanLink(link, c.vlan, context.host);
}

/** Only a named master: the default route may have moved on since ADD, and the kernel deletes the link with its master. */
async function checkMaster(c: ChildConfig, link: Link, context: CheckContext): Promise<void> {
  const master = await findParent(c, context);
  const { kind } = link.detail;
  const shares = kind !== 'vlan' && master.detail.kind === kind; // the kernel puts a macvlan's macvlan onto the link below
  const parent = shares ? master.parent : master.index;
  const elsewhere = !c.linkInContainer || (shares && master.parentElsewhere);
  if (link.parent !== parent || link.parentElsewhere !== elsewhere)
    fail(
      'CheckFailed',
      `Interface ${link.name} is on link ${link.parent ?? 'none'}: expected master ${master.name}, link ${parent}`,
    );
}

/** The kernel says EBUSY or EINVAL; which master, and what it can carry, only we know. */
function explain(cause: unknown, { kind }: LinkSpec, master: Link): never {
  if (!(cause instanceof CniError)) throw cause;
  const tried = `Cannot make ${kind} on master ${master.name}`;
  if (cause.errno === 'EBUSY') {
    const busy =
      master.master === undefined ? 'it already carries links of another kind' : 'it is a port of a bridge or a bond';
    fail('MasterConflict', `${tried}: ${busy}; a master serves either macvlan, or ipvlan, or one bridge or bond`, {
      cause,
      errno: 'EBUSY',
    });
  }
  if (cause.errno === 'EINVAL')
    fail('KernelRefused', `${tried}: need an Ethernet link without a passthru macvlan (${cause.problem})`, {
      cause,
      errno: 'EINVAL',
    });
  throw cause;
}
