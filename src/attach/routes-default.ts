/** `default-route`: moves the default route of a family to the network that asks for it. Pure. */
import type { Result } from '../cni/result';
import { fail } from '../error';
import { type Cidr, contains, everything, type Family, familyOf, type Ip, isDefault, networkOf } from '../net/ip';
import type { Route } from '../net/route';
import { metricOf, ownerOf, type Routed, type Step, type Table, usualMetric } from './route-table';

/** The default of the family goes to the taker, and every other one of the pod's networks goes. */
export function planDefault(table: Table): Step {
  const { routed, family, main } = table;
  const taker = findTaker(table);
  if (taker === undefined) return { remove: [], add: [] };
  const defaults = main.filter(({ dst }) => isDefault(dst));
  const ours = defaults.filter((route) => ownerOf(route, routed) !== undefined);
  const gateways = taker.attachment.defaultRoute?.filter((gateway) => familyOf(gateway) === family) ?? [];
  if (gateways.length === 0) return { remove: ours.filter((route) => ownerOf(route, routed) !== taker), add: [] };
  const strangers = defaults.filter((route) => !ours.includes(route));
  const first = firstMetric(family, strangers, gateways.length);
  return { remove: ours, add: gateways.map((gateway, at) => defaultVia(gateway, first + at, taker, main)) };
}

/** The network to which the default route of the family goes; `undefined`: it stays. */
export function findTaker({ routed, family, main }: Table): Routed | undefined {
  return routed.find((one) => takesDefault(one, family, main));
}

/** By naming a gateway of the family, or by an empty list and having a default route of its own. */
function takesDefault(one: Routed, family: Family, main: readonly Route[]): boolean {
  const { defaultRoute } = one.attachment;
  if (defaultRoute === undefined) return false;
  if (defaultRoute.length > 0) return defaultRoute.some((gateway) => familyOf(gateway) === family);
  return main.some((route) => isDefault(route.dst) && ownerOf(route, [one]) !== undefined);
}

/** The kernel's usual metric, or in front of the defaults of somebody else's links: equal ones share traffic in IPv6. */
function firstMetric(family: Family, strangers: readonly Route[], count: number): number {
  if (family === 4) return usualMetric[4]; // an equal one goes in front
  return Math.max(1, Math.min(usualMetric[6], ...strangers.map((route) => metricOf(route) - count)));
}

function metricFor(family: Family, metric: number): number | undefined {
  return metric === usualMetric[family] ? undefined : metric;
}

/** Several gateways stand behind each other in the order of the annotation. */
function defaultVia(gateway: Ip, metric: number, { attachment, result, index }: Routed, main: readonly Route[]): Route {
  const family = familyOf(gateway);
  const where = { network: attachment.network, ifName: attachment.ifName };
  if (index === 0)
    fail('RouteImpossible', `Cannot use default-route ${gateway}: the pod has no interface ${attachment.ifName}`, {
      where,
    });
  const reachable = result.ips.some(({ address }) => contains(address, gateway));
  const linkLocal = family === 6 && contains('fe80::/10' as Cidr, gateway);
  if (!reachable && !linkLocal)
    fail(
      'RouteImpossible',
      `Cannot use default-route ${gateway}: it lies in no subnet of ${attachment.ifName} (${subnets(result)})`,
      { where },
    );
  const connected =
    linkLocal ||
    main.some(
      (route) =>
        route.index === index && route.gateway === undefined && !isDefault(route.dst) && contains(route.dst, gateway),
    );
  return {
    dst: everything(family),
    gateway,
    index,
    metric: metricFor(family, metric),
    onlink: connected ? undefined : true,
  };
}

function subnets(result: Result): string {
  return result.ips.map(({ address }) => networkOf(address)).join(', ') || 'it has no addresses';
}
