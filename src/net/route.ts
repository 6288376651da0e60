/** Addresses, routes and rules of a namespace, as rtnetlink has them. Pure. */
import type { Cidr, Family, Ip } from './ip';

/** The main routing table (RT_TABLE_MAIN). */
export const mainTable = 254;
/** Metric of a secondary network's default route: behind the default network's (0; for IPv6 the kernel makes 1024 of it). */
export const secondaryMetric = { 4: 1001, 6: 2048 } as const;

/** An address of a link. */
export interface Address {
  readonly index: number;
  readonly address: Cidr;
  readonly tentative: boolean; // IPv6: duplicate address detection still runs
  readonly dadFailed: boolean;
  readonly scope: number; // rtm_scope: 0 universe, 253 link, 254 host
}

/** A unicast route of one next hop; unset fields are left to the kernel. */
export interface Route {
  readonly dst: Cidr; // network address; 0.0.0.0/0 and ::/0 are the defaults
  readonly gateway?: Ip | undefined;
  readonly index?: number | undefined; // RTA_OIF
  readonly source?: Ip | undefined; // RTA_PREFSRC
  readonly table?: number | undefined; // default: main
  readonly metric?: number | undefined; // RTA_PRIORITY
  readonly scope?: number | undefined; // rtm_scope; default: link without gateway (IPv4), else universe
  readonly protocol?: number | undefined; // rtm_protocol; default: boot (3), 2 is the kernel's own
  readonly onlink?: boolean | undefined; // RTNH_F_ONLINK
  readonly mtu?: number | undefined; // RTAX_MTU
  readonly advmss?: number | undefined; // RTAX_ADVMSS
}

/** Which routes to list; unset fields match all. Cloned and local routes are never listed. */
export interface RouteFilter {
  readonly family?: Family | undefined;
  readonly index?: number | undefined;
  readonly table?: number | 'all' | undefined; // default: main
}

/** A routing policy rule "from source lookup table", or "iif link blackhole". */
export interface Rule {
  readonly family: Family;
  readonly source: Cidr | undefined; // undefined: from all
  readonly table: number; // 0: to none
  readonly priority?: number | undefined; // unset: the kernel picks
  readonly protocol?: number | undefined;
  /** Only for what comes in by this link, by its name; what the namespace itself sends is not that. */
  readonly iif?: string | undefined;
  /** Drop what matches, silently. */
  readonly blackhole?: true | undefined;
}

/** Whether two rules select the same packets and do the same to them. */
export function sameAct(a: Rule, b: Rule): boolean {
  return (
    a.family === b.family &&
    a.source === b.source &&
    a.table === b.table &&
    a.iif === b.iif &&
    a.blackhole === b.blackhole
  );
}

/** Metric of an IPv6 route that was given none, or 0 (IP6_RT_PRIO_USER of linux/ipv6_route.h). */
export const ipv6Metric = 1024;

/** Whether two routes are the same entry for the kernel: destination, table, metric, gateway and link. */
export function sameRoute(a: Route, b: Route): boolean {
  return (
    a.dst === b.dst &&
    (a.table ?? mainTable) === (b.table ?? mainTable) &&
    a.metric === b.metric &&
    a.gateway === b.gateway &&
    a.index === b.index
  );
}
