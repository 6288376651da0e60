/** A result as JSON of any CNI version. Pure. */
import { fail } from '../error';
import type { Json } from '../json';
import { familyOf } from '../net/ip';
import type { Dns, Result } from './result';
import { type CniVersion, isAtLeast, parseVersion } from './version';

export { parseResult } from './parse-result';

/**
 * The result as a JSON object of that version, keys in the order in which the reference prints them (delegates.md 1.5).
 * VersionIncompatible for an unknown version; ResultInvalid when a 0.1 or 0.2 result would have no address.
 */
export function toVersion(result: Result, version: string): Json {
  const known = parseVersion(version);
  if (isAtLeast(known, '1.0.0')) return to1(result, known);
  return isAtLeast(known, '0.3.0') ? to03(result, known) : to02(result, known);
}

/** The result as text for stdout. */
export function toResultText(result: Result, version: string): string {
  return JSON.stringify(toVersion(result, version), null, 4);
}

/** 1.x: keys by alphabet, what is empty left out. */
function to1(result: Result, cniVersion: CniVersion): Json {
  const dns = some(result.dns, ['domain', 'nameservers', 'options', 'search']);
  return {
    cniVersion,
    ...(Object.keys(dns).length === 0 ? {} : { dns }),
    ...lists({
      interfaces: result.interfaces.map((each) => ({
        ...some(each, ['mac', 'mtu']),
        name: each.name,
        ...some(each, ['pciID', 'sandbox', 'socketPath']),
      })),
      ips: result.ips.map((each) => some(each, ['address', 'gateway', 'interface'])),
      routes: result.routes.map((each) => some(each, ['advmss', 'dst', 'gw', 'mtu', 'priority', 'scope', 'table'])),
    }),
  };
}

/** 0.3 and 0.4: every address tells its family, `dns` is always there. */
function to03(result: Result, cniVersion: CniVersion): Json {
  return {
    cniVersion,
    ...lists({
      interfaces: result.interfaces.map((each) => ({ name: each.name, ...some(each, ['mac', 'sandbox']) })),
      ips: result.ips.map((each) => ({
        version: String(familyOf(each.address)),
        ...some(each, ['interface', 'address', 'gateway']),
      })),
      routes: result.routes.map((each) => some(each, ['dst', 'gw', 'mtu', 'advmss', 'priority', 'table', 'scope'])),
    }),
    dns: toDns(result.dns),
  };
}

/** 0.1 and 0.2: the first address of each family, with that family's routes; interfaces are lost. */
function to02(result: Result, cniVersion: CniVersion): Json {
  const ofFamily = (family: 4 | 6): Json | undefined => {
    const found = result.ips.find((each) => familyOf(each.address) === family);
    if (found === undefined) return undefined;
    const routes = result.routes.filter((route) => familyOf(route.dst) === family);
    const parts = { ip: found.address, ...some(found, ['gateway']) };
    return { ...parts, ...lists({ routes: routes.map((each) => some(each, ['dst', 'gw'])) }) };
  };
  const [ip4, ip6] = [ofFamily(4), ofFamily(6)];
  if (ip4 === undefined && ip6 === undefined) {
    fail('ResultInvalid', `Cannot print the result in version ${cniVersion}: cannot convert: no valid IP addresses`);
  }
  return { cniVersion, ...(ip4 && { ip4 }), ...(ip6 && { ip6 }), dns: toDns(result.dns) };
}

function toDns(dns: Dns): Json {
  return some(dns, ['nameservers', 'domain', 'search', 'options']);
}

/** Numbers that mean something when they are 0: Go has pointers there. */
const zeroCounts: readonly string[] = ['interface', 'table', 'scope'];

/** The named fields in that order, without those that are empty. */
function some<T extends object>(from: T, names: readonly (keyof T & string)[]): Json {
  const entries = names.map((name) => [name, from[name] as unknown] as const);
  return Object.fromEntries(
    entries.filter(([name, value]) => {
      if (Array.isArray(value)) return value.length > 0;
      return value !== undefined && value !== '' && (value !== 0 || zeroCounts.includes(name));
    }),
  );
}

/** The lists that hold something. */
function lists(all: Readonly<Record<string, readonly unknown[]>>): Json {
  return Object.fromEntries(Object.entries(all).filter(([, items]) => items.length > 0));
}
