/** Words for CHECK: compares what was recorded with what the kernel holds. Reads the namespaces given. */
import type { Interface, IpConfig, Result, ResultRoute } from '../cni/result';
import { fail } from '../error';
import { type Cidr, isDefault, networkOf } from '../net/ip';
import type { Link, LinkDetail } from '../net/link';
import type { IfName } from '../net/names';
import { mainTable } from '../net/route';
import type { Netns } from './ports';

/** The pod's link, of the kind asked for and with the MAC that the result recorded. CheckFailed names the difference. */
export async function checkLink<K extends LinkDetail['kind']>(
  pod: Netns,
  ifName: IfName,
  kind: K,
  recorded: Result,
): Promise<Link & { readonly detail: Extract<LinkDetail, { kind: K }> }> {
  const link =
    (await pod.findLink(ifName)) ??
    fail('CheckFailed', `Cannot find interface ${ifName} in the pod: expected kind ${kind}`);
  const { detail } = link;
  if (detail.kind !== kind)
    return fail('CheckFailed', `Interface ${ifName} is of kind ${kindName(detail)}: expected ${kind}`);
  const entry = inPod(recorded, pod, ifName);
  if (entry.mac !== undefined && entry.mac !== link.mac)
    fail('CheckFailed', `Interface ${ifName} has MAC ${link.mac ?? 'none'}: expected ${entry.mac}`);
  return link as Link & { readonly detail: Extract<LinkDetail, { kind: K }> };
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
  const missing = routes.find(
    (route) =>
      !held.some(
        ({ dst, gateway, table = mainTable }) =>
          dst === networkOf(route.dst) &&
          (isDefault(dst) || route.gw === undefined || gateway === route.gw) &&
          (route.table === undefined || route.table === table),
      ),
  );
  if (missing !== undefined)
    fail('CheckFailed', `Cannot find route ${missing.dst} via ${missing.gw ?? 'the link'} in the pod`);
}

/** The result's addresses that lie on that interface of the pod. */
export function ipsOf(result: Result, ifName: IfName): readonly IpConfig[] {
  return result.ips.filter(({ interface: index }) => index === undefined || result.interfaces[index]?.name === ifName);
}

function kindName(detail: LinkDetail): string {
  return detail.kind === 'other' ? detail.name : detail.kind;
}
