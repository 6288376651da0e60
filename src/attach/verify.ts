/** Words for CHECK: compares what was recorded with what the kernel holds. Reads the namespaces given. */
import type { Interface, IpConfig, Result, ResultRoute } from '../cni/result';
import { fail } from '../error';
import { type Cidr, isDefault, isNobody, networkOf } from '../net/ip';
import type { Link, LinkDetail } from '../net/link';
import type { IfName } from '../net/names';
import { mainTable, type Route } from '../net/route';
import type { Netns } from './ports';

/** The pod's link, of the kind asked for (`undefined`: any) and with the MAC that the result recorded. CheckFailed names the difference. */
export async function checkLink<K extends LinkDetail['kind']>(
  pod: Netns,
  ifName: IfName,
  kind: K | undefined,
  recorded: Result,
): Promise<Link & { readonly detail: Extract<LinkDetail, { kind: K }> }> {
  const link =
    (await pod.findLink(ifName)) ??
    fail('CheckFailed', `Cannot find interface ${ifName} in the pod: expected kind ${kind ?? 'any'}`);
  const { detail } = link;
  if (kind !== undefined && detail.kind !== kind)
    return fail('CheckFailed', `Interface ${ifName} is of kind ${kindName(detail)}: expected ${kind}`);
  const entry = inPod(recorded, pod, ifName);
  if (entry.mac !== undefined && entry.mac !== link.mac)
    fail('CheckFailed', `Interface ${ifName} has MAC ${link.mac ?? 'none'}: expected ${entry.mac}`);
  return link as Link & { readonly detail: Extract<LinkDetail, { kind: K }> };
}

/** The MTU that the configuration asks for; unset: whatever the kernel chose, which may change with the master's. */
export function checkMtu({ name, mtu }: Link, wanted: number | undefined): void {
  if (wanted !== undefined && mtu !== wanted)
    fail('CheckFailed', `Interface ${name} has MTU ${mtu}: expected ${wanted}`);
}

/** The result's entry of that interface in the pod. CheckFailed when the result does not know it. */
export function inPod(result: Result, pod: Netns, ifName: IfName): Interface {
  const named = result.interfaces.filter(
    ({ name, sandbox }) => name === ifName && sandbox !== undefined && sandbox !== '',
  );
  const entry = named.find(({ sandbox }) => sandbox === pod.path);
  if (entry !== undefined) return entry;
  const [other] = named;
  return fail(
    'CheckFailed',
    other === undefined
      ? `Cannot find interface ${ifName} in the recorded result`
      : `Interface ${ifName} was recorded in ${other.sandbox}: expected ${pod.path}`,
  );
}

/** Every recorded address is on the link. */
export async function checkAddresses(
  pod: Netns,
  link: Link,
  ips: readonly { readonly address: Cidr }[],
): Promise<void> {
  const held = (await pod.addresses({ index: link.index })).map(({ address }) => address);
  const missing = ips.find(({ address }) => !held.includes(address));
  if (missing !== undefined)
    fail('CheckFailed', `Interface ${link.name} lacks address ${missing.address}: it has ${held.join(', ') || 'none'}`);
}

/**
 * Every recorded route is there, in its table; after source-based routing any table will do.
 * Of a default route only the destination counts, since another network may have taken it over.
 */
export async function checkRoutes(pod: Netns, routes: readonly ResultRoute[]): Promise<void> {
  if (routes.length === 0) return;
  const held = await pod.routes({ table: 'all' });
  for (const route of routes) {
    const like = held.filter(({ dst }) => dst === networkOf(route.dst));
    const found = like.some(
      ({ dst, gateway, table = mainTable }) =>
        (isDefault(dst) || route.gw === undefined || gateway === (isNobody(route.gw) ? undefined : route.gw)) &&
        (route.table === undefined || route.table === table),
    );
    if (!found) missingRoute(route, like);
  }
}

/** Every route that was decided over all networks is there, with the metric that keeps it behind others. CheckFailed tells what is there. */
export async function checkDecidedRoutes(pod: Netns, routes: readonly ResultRoute[]): Promise<void> {
  if (routes.length === 0) return;
  const held = await pod.routes({ table: 'all' });
  for (const route of routes) {
    const like = held.filter(({ dst }) => dst === networkOf(route.dst));
    const found = like.some(
      ({ gateway, metric, table = mainTable }) =>
        (route.gw === undefined || gateway === (isNobody(route.gw) ? undefined : route.gw)) &&
        (route.priority === undefined || route.table !== undefined || metric === route.priority) &&
        (route.table === undefined || route.table === table),
    );
    if (!found) missingRoute(route, like);
  }
}

function missingRoute({ dst, gw, priority, table }: ResultRoute, like: readonly Route[]): never {
  const wanted = shownRoute({ gateway: gw, metric: priority, table });
  return fail(
    'CheckFailed',
    `Cannot find route ${dst} ${wanted} in the pod: it has ${like.map(shownRoute).join(', ') || 'none'}`,
  );
}

function shownRoute({ gateway, metric, table }: Pick<Route, 'gateway' | 'metric' | 'table'>): string {
  const more = [
    ...(metric === undefined || metric === 0 ? [] : [`metric ${metric}`]),
    ...(table === undefined || table === mainTable ? [] : [`table ${table}`]),
  ];
  return [`via ${gateway ?? 'the link'}`, ...more].join(' ');
}

/** The result's addresses that lie on that interface of the pod. */
export function ipsOf(result: Result, ifName: IfName): readonly IpConfig[] {
  return result.ips.filter(({ interface: index }) => index === undefined || result.interfaces[index]?.name === ifName);
}

function kindName(detail: LinkDetail): string {
  return detail.kind === 'other' ? detail.name : detail.kind;
}
