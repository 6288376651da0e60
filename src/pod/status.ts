/** The annotation k8s.v1.cni.cncf.io/network-status, which tells what networks a pod got (NPWG specification 1.3, section 5). Pure. */
import type { Interface, Result, ResultRoute } from '../cni/result';
import type { Json } from '../json';
import { addressOf, type Ip, isDefault } from '../net/ip';

/** Where the status stands on a pod. */
export const statusAnnotation = 'k8s.v1.cni.cncf.io/network-status';

/** A network of a pod with what its ADD gave. */
export interface Attached {
  /** `namespace/name` of its definition, or the CNI name. */
  readonly network: string;
  readonly ifName: string;
  readonly isDefault: boolean;
  readonly result: Result;
  /** Its routes as the kernel has them; undefined: as the result says. */
  readonly routes?: readonly ResultRoute[] | undefined;
  /** Content of the device's information file, when it has a device. */
  readonly deviceInfo?: Json | undefined;
}

/**
 * The annotation's text, character by character as Multus writes it (multus-behaviour.md 4.12), which is what programs out
 * there read: addresses without prefix length, `default` only when true, `gateway`. Unlike Multus, a result without
 * interfaces (CNI 0.1, 0.2) has its element, too, and a default route without gateway gives none instead of `<nil>`.
 */
export function toStatus(attached: readonly Attached[]): string {
  const elements = attached.flatMap(toElements).map((element) => JSON.stringify(element, null, 4));
  return `[${elements.join(',')}]`;
}

function toElements(one: Attached): readonly Json[] {
  const { interfaces, ips } = one.result;
  const [only] = interfaces;
  const addresses = ips.map(({ address }) => addressOf(address));
  if (only === undefined) return [element(one, { name: one.ifName }, addresses, one.isDefault)];
  if (interfaces.length === 1) return [element(one, inPod(only) ? only : undefined, addresses, one.isDefault)];
  const places = interfaces.flatMap((link, index) => (inPod(link) ? [index] : []));
  const defaultPlace = one.isDefault ? placeOfDefault(one.result, places) : undefined;
  return places.map((place) => {
    const last = place === places.at(-1);
    const own = ips.filter((each) => (each.interface === undefined ? last : each.interface === place));
    return element(
      one,
      interfaces[place],
      own.map(({ address }) => addressOf(address)),
      place === defaultPlace,
    );
  });
}

/** The interface of the first address that has a gateway; without one, the first in the pod. */
function placeOfDefault({ ips }: Result, places: readonly number[]): number | undefined {
  const first = ips.find((each) => each.gateway !== undefined && each.interface !== undefined);
  return first === undefined ? places[0] : first.interface;
}

/** Fields in Multus' order, without those that are empty; `dns` is always there. */
function element(
  one: Attached,
  link: Partial<Interface> | undefined,
  ips: readonly Ip[],
  isDefaultNetwork: boolean,
): Json {
  const { dns, routes: told } = one.result;
  const { routes = told } = one;
  const gateways = routes.flatMap(({ dst, gw }) => (isDefault(dst) && gw !== undefined ? [gw] : []));
  return {
    name: one.network,
    ...(link?.name && { interface: link.name }),
    ...(ips.length > 0 && { ips }),
    ...(link?.mac && { mac: link.mac }),
    ...(link?.mtu && { mtu: link.mtu }),
    ...(isDefaultNetwork && { default: true }),
    dns: { nameservers: dns.nameservers, domain: dns.domain, search: dns.search, options: dns.options },
    ...(one.deviceInfo !== undefined && { 'device-info': one.deviceInfo }),
    ...(gateways.length > 0 && { gateway: gateways }),
  };
}

function inPod(link: Interface): boolean {
  return link.sandbox !== undefined && link.sandbox !== '';
}
