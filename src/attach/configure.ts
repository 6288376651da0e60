/** Puts a lease onto a pod's link: addresses, up, routes. Acts on the namespace given. */

import type { ResultRoute } from '../cni/result';
import { CniError, fail } from '../error';
import { addressOf, type Cidr, type Family, familyOf, type Ip, isNobody, networkOf } from '../net/ip';
import type { Link } from '../net/link';
import type { Route } from '../net/route';
import { sleep } from '../sleep';
import type { Netns } from './ports';

/** Addresses and routes for one link. */
export interface Lease {
  readonly ips: readonly { readonly address: Cidr; readonly gateway?: Ip | undefined }[];
  readonly routes: readonly ResultRoute[];
}

/** How a link is configured where delegates differ. */
export interface ConfigureOptions {
  /** Duplicate address detection for IPv6; off makes addresses usable at once. Default: on. */
  readonly dad?: boolean;
  /** Ask the network first whether somebody holds an address: on the link itself, or where its questions are answered. */
  readonly probe?: 'link' | { readonly netns: Netns; readonly link: Link } | undefined;
}

const settleStep = 50; // ms between looks at tentative addresses
const settleLimit = 5000; // ms; the reference plugins' limit (pkg/ip SettleAddresses)
const downLimit = 500; // ms without carrier that end the wait; less, since the kernel tells of carrier late

/**
 * Gives the link its addresses, sets it up and adds its routes; a route without gateway gets the first one of its family.
 * The link goes up after the addresses, so that the kernel announces them (arp_notify, ndisc_notify).
 * KernelRefused or RouteImpossible name the address or route.
 */
export async function configure(pod: Netns, link: Link, lease: Lease, options: ConfigureOptions = {}): Promise<void> {
  if (options.probe !== undefined) await refuseHeld(pod, link, lease, options.probe);
  if (lease.ips.some(({ address }) => familyOf(address) === 6)) await allowIpv6(pod, link, options.dad ?? true);
  await addressAndUp(pod, link, lease);
  if (options.probe === 'link') await announce(pod, link, lease);
  if (lease.ips.some(({ gateway }) => gateway !== undefined && familyOf(gateway) === 6)) await settle(pod, link);
  for (const route of resolvedRoutes(lease, link.index)) await addRoute(pod, link, route);
}

/** Sets the link up. LinkUnsuitable when its master is down, AddressTaken when its MAC is in use there. */
export async function setUp(pod: Netns, link: Link): Promise<void> {
  await pod.changeLink(link.index, { up: true }).catch((cause) => explainUp(cause, link));
}

/** One request: the kernel is to tell of the addresses, they are added, the link goes up. */
async function addressAndUp(pod: Netns, link: Link, { ips }: Lease): Promise<void> {
  const [telling, ...others] = await pod.changeAll([
    { link: link.index, change: { ipv4: { arpNotify: 1 } } },
    ...ips.map(({ address }) => ({ link: link.index, address })),
    { link: link.index, change: { up: true } },
  ]);
  if (telling !== undefined && !says(telling, 'EAFNOSUPPORT')) throw telling; // a link too small for IPv4 has nothing to announce
  for (const [at, { address }] of ips.entries()) explainAddress(others[at], link, address);
  const up = others[ips.length];
  if (up !== undefined) explainUp(up, link);
}

function explainUp(cause: unknown, link: Link): never {
  const tried = `Cannot set ${link.name} up`;
  if (says(cause, 'ENETDOWN')) fail('LinkUnsuitable', `${tried}: its master is down, set that up first`, { cause });
  if (says(cause, 'EADDRINUSE', 'EBUSY'))
    fail('AddressTaken', `${tried}: another link of its master has the MAC ${link.mac}`, { cause });
  throw cause;
}

/** The lease's routes as the kernel gets them: gateways filled in, equal ones once. Pure. */
export function resolvedRoutes(lease: Lease, index: number): readonly Route[] {
  const resolved = lease.routes.map((route) => toRoute(route, firstGateway(lease, familyOf(route.dst)), index));
  if (resolved.length < 2) return resolved;
  const byText = new Map(resolved.map((route) => [JSON.stringify(route), route]));
  return [...byText.values()];
}

/** The first gateway of that family. */
export function firstGateway(lease: Pick<Lease, 'ips'>, family: Family): Ip | undefined {
  return lease.ips.find(({ gateway }) => gateway !== undefined && familyOf(gateway) === family)?.gateway;
}

function toRoute(route: ResultRoute, otherwise: Ip | undefined, index: number): Route {
  const { dst, gw = otherwise, priority: metric, table, scope, mtu, advmss } = route;
  const gateway = gw === undefined || isNobody(gw) ? undefined : gw;
  return { dst: networkOf(dst), gateway, index, metric, table, scope, mtu, advmss };
}

function explainAddress(cause: CniError | undefined, link: Link, address: Cidr): void {
  if (cause === undefined) return;
  if (says(cause, 'EADDRINUSE'))
    fail('AddressTaken', `Cannot add ${address} to ${link.name}: another link of its master has it`, { cause });
  throw cause;
}

async function addRoute(pod: Netns, link: Link, route: Route): Promise<void> {
  try {
    await pod.addRoute(route, 'append');
  } catch (cause) {
    if (!(cause instanceof CniError && says(cause, 'ENETUNREACH', 'EHOSTUNREACH', 'EINVAL'))) throw cause;
    const { dst, gateway } = route;
    const lost = gateway !== undefined && !says(cause, 'EINVAL');
    const why = lost ? `no address of ${link.name} reaches gw ${gateway} (${cause.errno})` : cause.problem;
    fail('RouteImpossible', `Cannot add route ${dst} via ${gateway ?? 'the link'} on ${link.name}: ${why}`, { cause });
  }
}

/** AddressTaken says who holds it. A link that asks itself is up from then on: down and up again, a bridge port is deaf for a second. */
async function refuseHeld(
  pod: Netns,
  link: Link,
  lease: Lease,
  probe: NonNullable<ConfigureOptions['probe']>,
): Promise<void> {
  const addresses = lease.ips.map(({ address }) => addressOf(address));
  const via = probe === 'link' ? { netns: pod, link } : probe;
  if (addresses.some((address) => familyOf(address) === 6)) await allowIpv6(pod, link, true);
  if (probe === 'link') await setUp(pod, link);
  const [held] = await via.netns.probe(via.link.index, addresses);
  if (held !== undefined)
    fail('AddressTaken', `Cannot use ${held[0]} on ${link.name}: ${held[1]} on the network has it`);
}

/** What the kernel tells of IPv4 addresses only when a link goes up; of IPv6 addresses it tells whenever one is there. */
async function announce(pod: Netns, link: Link, { ips }: Lease): Promise<void> {
  const addresses = ips.map(({ address }) => addressOf(address)).filter((address) => familyOf(address) === 4);
  if (addresses.length > 0) await pod.announce(link.index, addresses);
}

/** A pod's namespace may have IPv6 off by default; addresses must outlive a link that goes down. SysctlRefused where there is no IPv6. */
export async function allowIpv6(pod: Netns, link: Link, dad: boolean): Promise<void> {
  const own = `net/ipv6/conf/${link.name}`;
  const [hasIpv6] = await pod.ensureSysctls([
    [`${own}/disable_ipv6`, '0'],
    ['net/ipv6/conf/lo/disable_ipv6', '0'],
    [`${own}/keep_addr_on_down`, '1'],
    [`${own}/ndisc_notify`, '1'],
    ...(dad ? [] : [[`${own}/accept_dad`, '0'] as const]),
  ]);
  if (hasIpv6 !== true)
    fail(
      'SysctlRefused',
      `Cannot give ${link.name} an IPv6 address: this kernel has no IPv6, or its MTU is below 1280`,
    );
}

/** Waits until duplicate address detection has ended; a link without carrier never ends it, so that ends the wait. */
async function settle(pod: Netns, link: Link): Promise<void> {
  for (let waited = 0, down = 0; waited < settleLimit && down < downLimit; waited += settleStep) {
    const addresses = await pod.addresses({ index: link.index, family: 6 });
    const failed = addresses.find(({ dadFailed }) => dadFailed);
    if (failed !== undefined)
      fail('AddressTaken', `Cannot use ${failed.address} on ${link.name}: another host on the network has it`);
    if (!addresses.some(({ tentative }) => tentative)) return;
    const state = (await pod.findLinkByIndex(link.index))?.operState;
    down = state === 'lowerlayerdown' || state === 'down' ? down + settleStep : 0;
    await sleep(settleStep);
  }
}

function says(error: unknown, ...errnos: readonly string[]): boolean {
  return error instanceof CniError && error.errno !== undefined && errnos.includes(error.errno);
}
