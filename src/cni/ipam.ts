/** What the configurations of IPAM delegates have in common: requested addresses, routes, room in the result. Pure. */
import { fail } from '../error';
import { type Fields, list, record, strings } from '../json';
import { type Cidr, familyOf, type Ip, ip } from '../net/ip';
import { type CniArgs, findArg } from './args';
import { parseRoute } from './parse-result';
import type { ResultRoute } from './result';
import { isAtLeast, parseVersion } from './version';

/** The `ipam` section. */
export function parseIpam(c: Fields): Fields {
  if (c.ipam === undefined) fail('ConfigInvalid', "Cannot give an address: IPAM config missing 'ipam' key");
  return record(c.ipam, 'ipam');
}

/** Addresses asked for, as the caller wrote them: some with prefix length, some without. Each delegate says which win. */
export interface RequestedIps {
  readonly env: readonly string[]; // IP of CNI_ARGS, commas between
  readonly args: readonly string[]; // args.cni.ips
  readonly runtime: readonly string[]; // runtimeConfig.ips
}

/** Reads all three; what is absent is empty. ConfigInvalid when a field has the wrong type. */
export function parseRequestedIps(c: Fields, args: CniArgs): RequestedIps {
  const cni = record(record(c.args ?? {}, 'args').cni ?? {}, 'args.cni');
  return {
    env: argList(args, 'IP'),
    args: strings(cni.ips, 'args.cni.ips'),
    runtime: strings(record(c.runtimeConfig ?? {}, 'runtimeConfig').ips, 'runtimeConfig.ips'),
  };
}

/** The value of a CNI_ARGS key as a list, commas between, white space trimmed. */
export function argList(args: CniArgs, key: string): readonly string[] {
  return (
    findArg(args, key)
      ?.split(',')
      .map((item) => item.trim()) ?? []
  );
}

/** `ipam.routes`. */
export function parseIpamRoutes(ipam: Fields): readonly ResultRoute[] {
  return list(ipam.routes, 'ipam.routes').map((route, index) => parseRoute(route, `ipam.routes[${index}]`));
}

/** An address; `undefined` when absent or empty. */
export function optionalIp(value: unknown, field: string): Ip | undefined {
  return value === undefined || value === '' ? undefined : ip(value, field);
}

/** Results below 0.3.0 have room for one IPv4 and one IPv6 address; ConfigInvalid when there would be more. */
export function requireRoom(cniVersion: unknown, addresses: readonly Cidr[]): void {
  const version = parseVersion(cniVersion);
  const families = addresses.map(familyOf);
  if (isAtLeast(version, '0.3.0') || new Set(families).size === families.length) return;
  fail(
    'ConfigInvalid',
    `Cannot use ${addresses.join(' and ')} together: CNI version ${version} does not support more than 1 address per family`,
  );
}
