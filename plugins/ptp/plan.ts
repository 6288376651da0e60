/** Addresses and routes of a ptp network, at the pod's end and at the node's. Pure. */
import { resolvedRoutes } from '../../src/attach/configure';
import type { IpConfig, Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { addressOf, type Cidr, familyOf, hostCidr, type Ip, lengthOf, networkOf } from '../../src/net/ip';
import type { Route } from '../../src/net/route';

const linkScope = 253;
const hostScope = 254;

/** A lease whose every address has its gateway. */
export type RoutedLease = Omit<Result, 'ips'> & { readonly ips: readonly (IpConfig & { readonly gateway: Ip })[] };

/** AddressMissing when an address has no gateway: the node's end would have no address. */
export function withGateways(lease: Result): RoutedLease {
  const ips = lease.ips.map(({ gateway, ...ip }) => ({
    ...ip,
    gateway:
      gateway ??
      fail('AddressMissing', `Cannot route for ${ip.address}: its ipam gives no gateway, which the node is to be`),
  }));
  return { ...lease, ips };
}

/** The pod reaches its gateway over the link, and everybody else of its subnet by the gateway: there is no wire to them. */
export function podPlan(
  lease: RoutedLease,
  index: number,
): { readonly gone: readonly Route[]; readonly routes: readonly Route[] } {
  const steps = lease.ips.map(({ address, gateway }) => {
    const source = addressOf(address);
    const dst = networkOf(address);
    const reach = { dst: hostCidr(gateway), index, source, scope: familyOf(address) === 4 ? linkScope : undefined };
    return { alone: isAlone(address), connected: { dst, index }, routes: [reach, { dst, index, source, gateway }] };
  });
  return {
    gone: steps.filter(({ alone }) => !alone).map(({ connected }) => connected),
    routes: [
      ...steps.flatMap(({ alone, routes: [reach, subnet] }) => (alone ? [reach] : [reach, subnet]) as readonly Route[]),
      ...resolvedRoutes(lease, index),
    ],
  };
}

/** The node has each gateway's address on its end, and a route to each of the pod's. */
export function hostPlan(
  { ips }: RoutedLease,
  index: number,
): { readonly addresses: readonly Cidr[]; readonly routes: readonly Route[] } {
  return {
    addresses: [...new Set(ips.map(({ gateway }) => hostCidr(gateway)))],
    routes: ips.map(({ address }) => ({
      dst: hostCidr(addressOf(address)),
      index,
      scope: familyOf(address) === 4 ? hostScope : undefined,
    })),
  };
}

/** A subnet of one address: nobody else is in it. */
function isAlone(address: Cidr): boolean {
  return lengthOf(address) === (familyOf(address) === 4 ? 32 : 128);
}
