/** A pod's main table on its way to what was asked for, for the steps that decide it. Pure. */
import type { Result } from '../cni/result';
import { type Cidr, type Family, familyOf } from '../net/ip';
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
  /** Keep a secondary network's routes behind those of the networks before it, and its default behind every other. */
  readonly guard: boolean;
  /** Cluster and service ranges, which stay on the default network. */
  readonly clusterCIDRs: readonly Cidr[];
}

/** Changes of the pod's main table: removals first, then additions, both in order. */
export interface Changes {
  readonly remove: readonly Route[];
  readonly add: readonly Route[];
}

/** One family's main table on its way, and who is who. */
export interface Table {
  readonly family: Family;
  readonly routed: readonly Routed[];
  readonly policy: RoutePolicy;
  readonly first: readonly Route[];
  readonly main: readonly Route[];
}

/** What one step changes and says. */
export interface Step extends Changes {
  readonly warnings?: readonly string[];
  readonly notes?: readonly string[];
}

/** The kernel's metric of a route without one. */
export const usualMetric = { 4: 0, 6: 1024 } as const;

/** The attachment whose link the route leaves by; `undefined`: somebody else's link. */
export function ownerOf({ index }: Route, routed: readonly Routed[]): Routed | undefined {
  return index === undefined ? undefined : routed.find(({ indexes }) => indexes.includes(index));
}

/** Whether the route leaves by the default network. */
export function isFirst(route: Route, routed: readonly Routed[]): boolean {
  return ownerOf(route, routed)?.attachment.isDefault === true;
}

/** The metric that counts. */
export function metricOf({ dst, metric }: Route): number {
  return metric ?? usualMetric[familyOf(dst)];
}

/** The same routes behind every usual one, each with a metric of its own: equal ones share traffic in IPv6, and in IPv4 the last one wins. */
export function putBehind(routes: readonly Route[], main: readonly Route[]): readonly Route[] {
  const put: Route[] = [];
  for (const route of routes) {
    const rivals = [...main.filter((other) => !routes.includes(other)), ...put].filter(({ dst }) => dst === route.dst);
    let metric: number = secondaryMetric[familyOf(route.dst)];
    while (rivals.some((other) => metricOf(other) === metric)) metric++;
    put.push({ ...route, metric });
  }
  return put;
}
