/** Cluster and service ranges stay on the default network, whatever else would lead there. Pure. */
import { addressOf, type Cidr, contains, familyOf, isDefault, lengthOf, networkOf } from '../net/ip';
import type { Route } from '../net/route';
import { isFirst, metricOf, ownerOf, putBehind, type Routed, type Step, type Table } from './route-table';

/**
 * Each of `clusterCIDRs` that a secondary network's route would take gets one of its own by the default network. What that
 * network's own routes lead to is a cluster range, too: those are there already, and more specific ones elsewhere are told.
 */
export function planCluster(table: Table): Step {
  const { policy, family, routed, main } = table;
  const ranges = policy.clusterCIDRs.map(networkOf).filter((range) => familyOf(range) === family);
  const taken = ranges.flatMap((range) => takenBy(range, table));
  const found = main.filter((route) => route.gateway !== undefined && !isDefault(route.dst) && isFirst(route, routed));
  const bites = [...new Set([...ranges, ...found.map(({ dst }) => dst)])].flatMap((range) => bitten(range, table));
  const home = findHome(table);
  if (home === undefined) return { remove: [], add: [], warnings: [...taken.map(lost), ...bites] };
  const equal = taken.flatMap(({ range, best }) => (best.dst === range ? [best] : []));
  return {
    remove: equal,
    add: [...taken.map(({ range }) => ({ ...home, dst: range })), ...putBehind(equal, main)],
    warnings: [...taken.filter(({ best }) => !isDefault(best.dst)).map(kept), ...bites],
  };
}

/** A cluster range, and the route of a secondary network that would take all of it. */
interface Taken {
  readonly range: Cidr;
  readonly best: Route;
  readonly thief: Routed;
}

function takenBy(range: Cidr, table: Table): readonly Taken[] {
  const best = findBest(range, table);
  const thief = best === undefined ? undefined : ownerOf(best, table.routed);
  return best === undefined || thief === undefined || thief.attachment.isDefault ? [] : [{ range, best, thief }];
}

function kept({ range, best, thief }: Taken): string {
  return `route ${best.dst} of network ${thief.attachment.network} covers the cluster range ${range}, which stays on the default network`;
}

function lost({ range, thief }: Taken): string {
  return `cluster range ${range} goes to network ${thief.attachment.network}: the default network has no gateway of that family`;
}

/** How the default network reaches what lies beyond its subnet. */
function findHome({ first, main, routed, family }: Table): Omit<Route, 'dst'> | undefined {
  const old = [...main, ...first].find((route) => isDefault(route.dst) && isFirst(route, routed));
  if (old !== undefined) {
    const { gateway, index, onlink, source, mtu, advmss } = old;
    return { gateway, index, onlink, source, mtu, advmss };
  }
  const network = routed.find(({ attachment }) => attachment.isDefault);
  const gateway = network?.result.ips.find(({ address }) => familyOf(address) === family)?.gateway;
  return network === undefined || network.index === 0 || gateway === undefined
    ? undefined
    : { gateway, index: network.index };
}

/**
 * The route that a range takes: of those that cover it the most specific, then the one with the least metric. IPv4 takes the
 * first of equal ones; in IPv6 they share the traffic, so that a secondary network's counts.
 */
function findBest(range: Cidr, { main, routed, family }: Table): Route | undefined {
  const covering = main.filter(({ dst }) => lengthOf(dst) <= lengthOf(range) && contains(dst, addressOf(range)));
  const share = (route: Route): number => (family === 6 && isFirst(route, routed) ? 1 : 0);
  const rank = (a: Route, b: Route): number =>
    lengthOf(b.dst) - lengthOf(a.dst) || metricOf(a) - metricOf(b) || share(a) - share(b);
  return covering.toSorted(rank)[0];
}

/** Routes of secondary networks that take a part of the range: somebody wanted that, or nobody saw it. */
function bitten(range: Cidr, table: Table): readonly string[] {
  const parts = table.main.filter(({ dst }) => lengthOf(dst) > lengthOf(range) && contains(range, addressOf(dst)));
  return parts.flatMap((route) => {
    const owner = ownerOf(route, table.routed);
    return owner === undefined || owner.attachment.isDefault
      ? []
      : [`route ${route.dst} of network ${owner.attachment.network} takes a part of the cluster range ${range}`];
  });
}
