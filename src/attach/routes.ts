/** Decides a pod's routes once, after all its attachments, from what the kernel holds and what was asked. Pure. */
import type { Result, ResultRoute } from '../cni/result';
import { fail } from '../error';
import {
  addressOf,
  type Cidr,
  contains,
  everything,
  type Family,
  familyOf,
  type Ip,
  isDefault,
  networkOf,
} from '../net/ip';
import { type Route, secondaryMetric } from '../net/route';
import type { Attachment } from '../pod/attachment';

/** An attachment after its ADD: its result, and which links of the pod are its own. */
export interface Routed {
  readonly attachment: Pick<Attachment, 'network' | 'ifName' | 'isDefault' | 'defaultRoute' | 'plugins'>;
  readonly result: Result;
  readonly index: number; // of attachment.ifName in the pod; 0: a foreign delegate made none
  readonly indexes: readonly number[]; // of every link the attachment made in the pod
}

/** How the operator wants routes decided. */
export interface RoutePolicy {
  /** Keep a secondary network's default route behind the default network's. */
  readonly guard: boolean;
  /** Cluster and service ranges, which stay on the default network when the default route moves. */
  readonly clusterCIDRs: readonly Cidr[];
}

/** Changes of the pod's main table: removals first, then additions. */
export interface RouteChanges {
  readonly remove: readonly Route[];
  readonly add: readonly Route[];
}

/**
 * The changes that make the pod's main table what was asked for:
 * - the default route goes where `default-route` says, per family; without it, it stays with the default network;
 * - a secondary network's own default route stays usable for bound sockets, behind the default network's;
 * - after source-based routing each connected route is back, with its source hint.
 * RouteImpossible when a gateway lies in no subnet of its interface.
 */
export function planRoutes(routed: readonly Routed[], main: readonly Route[], policy: RoutePolicy): RouteChanges {
  const hints = routed.flatMap((one) => sourceHints(one, main));
  const changes = ([4, 6] as const).map((family) => {
    const taker = routed.find((one) => takesDefault(one, family, main));
    return taker === undefined
      ? guarded(routed, family, main, policy)
      : moved(taker, routed, family, [...main, ...hints], policy);
  });
  return { remove: changes.flatMap(({ remove }) => remove), add: [...hints, ...changes.flatMap(({ add }) => add)] };
}

/** The result's routes as the changes leave them, for the one merged answer. */
export function routesAfter(one: Routed, changes: RouteChanges): readonly ResultRoute[] {
  const own = (route: Route): boolean => route.index !== undefined && one.indexes.includes(route.index);
  const added = changes.add.filter(own);
  const kept = one.result.routes.flatMap((route) => {
    if (!isDefault(route.dst) || route.table !== undefined) return [route];
    const gone = changes.remove.some((removed) => own(removed) && removed.dst === route.dst);
    return gone ? [] : [route];
  });
  return [
    ...kept,
    ...added
      .filter(({ dst }) => !kept.some((route) => networkOf(route.dst) === dst && !isDefault(dst)))
      .map(toResultRoute),
  ];
}

/** An attachment takes the default route of a family by naming a gateway of it, or by `[]` and having a default route itself. */
function takesDefault({ attachment, indexes }: Routed, family: Family, main: readonly Route[]): boolean {
  const { defaultRoute } = attachment;
  if (defaultRoute === undefined) return false;
  if (defaultRoute.length > 0) return defaultRoute.some((gateway) => familyOf(gateway) === family);
  return main.some((route) => isDefaultOf(family)(route) && route.index !== undefined && indexes.includes(route.index));
}

/** The default route of one family goes to `taker`; every other one goes, and the cluster's ranges stay where they were. */
function moved(
  taker: Routed,
  routed: readonly Routed[],
  family: Family,
  main: readonly Route[],
  policy: RoutePolicy,
): RouteChanges {
  const defaults = main.filter(isDefaultOf(family));
  const gateways = taker.attachment.defaultRoute?.filter((gateway) => familyOf(gateway) === family) ?? [];
  const kept =
    gateways.length > 0 ? [] : defaults.filter(({ index }) => index !== undefined && taker.indexes.includes(index));
  const first = routed.find(({ attachment }) => attachment.isDefault);
  const old = defaults.find(({ index }) => index !== undefined && first?.indexes.includes(index));
  return {
    remove: defaults.filter((route) => !kept.includes(route)),
    add: [
      ...gateways.map((gateway, at) => defaultVia(gateway, at, taker, main)),
      ...(old === undefined ? [] : clusterRoutes(old, family, main, policy)),
    ],
  };
}

/** Several gateways stand behind each other in the order of the annotation. */
function defaultVia(gateway: Ip, at: number, { attachment, result, index }: Routed, main: readonly Route[]): Route {
  const family = familyOf(gateway);
  if (index === 0)
    fail('RouteImpossible', `Cannot use default-route ${gateway}: the pod has no interface ${attachment.ifName}`);
  const reachable = result.ips.some(({ address }) => contains(address, gateway));
  const linkLocal = family === 6 && contains('fe80::/10' as Cidr, gateway);
  if (!reachable && !linkLocal)
    fail(
      'RouteImpossible',
      `Cannot use default-route ${gateway}: it lies in no subnet of ${attachment.ifName} (${subnets(result)})`,
    );
  const connected =
    linkLocal ||
    main.some(
      (route) =>
        route.index === index && route.gateway === undefined && !isDefault(route.dst) && contains(route.dst, gateway),
    );
  const base = family === 6 ? 1024 : 0; // the kernel's own metric of a route without one
  return {
    dst: everything(family),
    gateway,
    index,
    metric: at === 0 ? undefined : base + at,
    onlink: connected ? undefined : true,
  };
}

function clusterRoutes(
  old: Route,
  family: Family,
  main: readonly Route[],
  { clusterCIDRs }: RoutePolicy,
): readonly Route[] {
  const { gateway, index, onlink } = old;
  return clusterCIDRs
    .map(networkOf)
    .filter((dst) => familyOf(dst) === family && !main.some((route) => route.dst === dst && route.index === index))
    .map((dst) => ({ dst, gateway, index, onlink }));
}

/** Every default route of a secondary network gets a metric behind the default network's, each its own: equal ones would share traffic. */
function guarded(
  routed: readonly Routed[],
  family: Family,
  main: readonly Route[],
  { guard }: RoutePolicy,
): RouteChanges {
  if (!guard) return { remove: [], add: [] };
  const secondary = routed.filter(({ attachment }) => !attachment.isDefault).flatMap(({ indexes }) => indexes);
  const base = secondaryMetric[family];
  const competes = (route: Route): boolean => isDefaultOf(family)(route) && (route.metric ?? 0) < base;
  const own = main.filter(competes);
  const remove = secondary.flatMap((link) => own.filter(({ index }) => index === link)); // in the order of the attachments, not the kernel's
  return { remove, add: remove.map((route, at) => ({ ...route, metric: base + at })) };
}

/** Source-based routing takes the connected routes out of the main table; unbound sockets and CHECK need them. */
function sourceHints({ attachment, result, index }: Routed, main: readonly Route[]): readonly Route[] {
  const sbr = attachment.plugins.find(({ type }) => type === 'sbr');
  if (sbr === undefined || index === 0 || sbr.addSourceHints === false || sbr.table !== undefined) return [];
  return result.ips
    .filter(({ interface: at }) => at === undefined || result.interfaces[at]?.name === attachment.ifName)
    .map(({ address }) => ({
      dst: networkOf(address),
      index,
      ...(familyOf(address) === 4 ? hint(addressOf(address)) : {}),
    }))
    .filter(({ dst }) => !main.some((route) => route.dst === dst && route.index === index));
}

/** IPv6 chooses the source by itself, and refuses one that is still tentative. */
const hint = (source: Ip) => ({ source, scope: 253 }); // RT_SCOPE_LINK

function isDefaultOf(family: Family): (route: Route) => boolean {
  return ({ dst }) => isDefault(dst) && familyOf(dst) === family;
}

function toResultRoute({ dst, gateway, metric }: Route): ResultRoute {
  return { dst, gw: gateway, priority: metric };
}

function subnets(result: Result): string {
  return result.ips.map(({ address }) => networkOf(address)).join(', ') || 'it has no addresses';
}
