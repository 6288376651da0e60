/** The guard: what a secondary network's delegates put into the main table stands behind the networks before it. Pure. */
import { familyOf, isDefault } from '../net/ip';
import { type Route, sameRoute, secondaryMetric } from '../net/route';
import { isFirst, metricOf, ownerOf, putBehind, type Routed, type Step, type Table } from './route-table';
import { findTaker } from './routes-default';

const byKernel = 2; // RTPROT_KERNEL
const byAdvertisement = 9; // RTPROT_RA

/**
 * Every default route of a secondary network gets a metric behind the default network's. Of other destinations that two
 * networks have, the one attached first keeps its place. A default route of the default network that a later delegate took
 * away is back. Where `default-route` has moved the default, that is settled.
 */
export function planGuard(table: Table): Step {
  const { routed, main, first, policy } = table;
  if (!policy.guard) return { remove: [], add: [] };
  const settled = findTaker(table) !== undefined;
  const lost = first.filter((route) => isDefault(route.dst) && isFirst(route, routed) && !main.some(isSame(route)));
  const made = main.filter(({ protocol }) => protocol !== byKernel);
  const behind = routed.flatMap((one, at) =>
    made
      .filter((route) => !one.attachment.isDefault && ownerOf(route, routed) === one)
      .filter((route) =>
        isDefault(route.dst) ? !settled && isEarly(route) : hasRival(route, routed.slice(0, at), table),
      ),
  );
  return {
    remove: behind,
    add: [
      ...(settled ? [] : lost),
      ...putBehind(behind, main).filter(({ protocol }) => protocol !== byAdvertisement), // the router's next word brings it, behind
    ],
    ...told(behind, settled ? [] : lost, routed),
  };
}

/** Whether a default route would stand beside or before the default network's. */
function isEarly(route: Route): boolean {
  return metricOf(route) < secondaryMetric[familyOf(route.dst)];
}

/** Whether a network attached before leads to the same destination with the same metric, or the default network with a greater one. */
function hasRival(route: Route, before: readonly Routed[], { main }: Table): boolean {
  const rivals = main.filter((other) => other.dst === route.dst && ownerOf(other, before) !== undefined);
  return rivals.some(
    (other) => metricOf(other) === metricOf(route) || (isFirst(other, before) && metricOf(route) < metricOf(other)),
  );
}

function told(
  behind: readonly Route[],
  lost: readonly Route[],
  routed: readonly Routed[],
): Pick<Step, 'warnings' | 'notes'> {
  const name = (route: Route): string => ownerOf(route, routed)?.attachment.network ?? '';
  return {
    warnings: behind
      .filter(({ dst }) => !isDefault(dst))
      .map((route) => `route ${route.dst} of network ${name(route)} stands behind that of a network before it`),
    notes: [
      ...behind
        .filter(({ dst }) => isDefault(dst))
        .map((route) => `default route ${route.dst} of network ${name(route)} stands behind the default network's`),
      ...lost.map(
        (route) => `default route ${route.dst} of network ${name(route)} is back: a later delegate had taken it away`,
      ),
    ],
  };
}

function isSame(route: Route): (other: Route) => boolean {
  return (other) => sameRoute(route, other);
}
