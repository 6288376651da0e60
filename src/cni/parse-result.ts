/** A delegate's answer of any CNI version, as the one Result that Braid holds. Pure. */
import { fail, placed } from '../error';
import { type Fields, int, list, optionalString, parseObject, record, shown } from '../json';
import { cidr, type Ip, ip } from '../net/ip';
import type { Mac } from '../net/mac';
import { parseDns } from './dns';
import type { Interface, IpConfig, Result, ResultRoute } from './result';
import { isAtLeast, parseVersion } from './version';

/**
 * Parses a result (JSON text, or an object already read) of any version that Braid speaks; without a `cniVersion` of
 * its own it has `configVersion` (delegates.md 1.5). ResultInvalid names `delegate`, who printed it, and the field.
 */
export function parseResult(input: unknown, configVersion: string, delegate: string): Result {
  const what = `the result of ${delegate}`;
  try {
    return fromObject(typeof input === 'string' ? fromText(input, what) : (input ?? {}), configVersion, what);
  } catch (error) {
    const { message } = placed(error, {});
    return fail('ResultInvalid', message.includes(what) ? message : `Cannot use ${what}: ${message}`, { cause: error });
  }
}

/** As libcni: `null` is an empty result, nothing at all is a mistake. */
function fromText(text: string, what: string): unknown {
  if (text.trim() === '') fail('ResultInvalid', `Cannot read ${what}: it printed nothing`);
  return text.trim() === 'null' ? {} : parseObject(text, what);
}

function fromObject(input: unknown, configVersion: string, what: string): Result {
  const result = record(input, what);
  const version = parseVersion(result.cniVersion === '' ? configVersion : (result.cniVersion ?? configVersion));
  const dns = defined(parseDns(result.dns));
  if (!isAtLeast(version, '0.3.0')) return { interfaces: [], ...parseFamilies(result), dns };
  const interfaces = list(result.interfaces, 'interfaces').map(parseInterface);
  return {
    interfaces,
    ips: list(result.ips, 'ips').map((each, index) => parseIp(each, `ips[${index}]`, interfaces.length)),
    routes: list(result.routes, 'routes').map((each, index) => parseRoute(each, `routes[${index}]`)),
    dns,
  };
}

/** 0.1 and 0.2: `ip4` and `ip6`, each with its routes. */
function parseFamilies(result: Fields): Pick<Result, 'ips' | 'routes'> {
  const families = (['ip4', 'ip6'] as const).flatMap((field) => {
    if (result[field] === undefined) return [];
    const family = record(result[field], field);
    const routes = list(family.routes, `${field}.routes`);
    return {
      ip: { address: cidr(family.ip, `${field}.ip`), ...optionalIp(family.gateway, `${field}.gateway`, 'gateway') },
      routes: routes.map((each, index) => parseRoute(each, `${field}.routes[${index}]`)),
    };
  });
  return { ips: families.map((family) => family.ip), routes: families.flatMap((family) => family.routes) };
}

function parseInterface(input: unknown, index: number): Interface {
  const field = `interfaces[${index}]`;
  const view = record(input, field);
  const mac = optionalString(view.mac, `${field}.mac`) || undefined;
  return defined({
    name: optionalString(view.name, `${field}.name`) ?? '',
    mac: mac === undefined ? undefined : hardwareAddress(mac, `${field}.mac`),
    mtu: positive(view.mtu, `${field}.mtu`),
    sandbox: optionalString(view.sandbox, `${field}.sandbox`) || undefined,
    socketPath: optionalString(view.socketPath, `${field}.socketPath`) || undefined,
    pciID: optionalString(view.pciID, `${field}.pciID`) || undefined,
  });
}

/** 6 bytes, or what InfiniBand links have (8 or 20): those are only carried through. */
function hardwareAddress(text: string, field: string): Mac {
  const plain = text.toLowerCase().replaceAll('-', ':');
  if (/^[\da-f]{2}(:[\da-f]{2})*$/.test(plain) && [17, 23, 59].includes(plain.length)) return plain as Mac;
  return fail('ResultInvalid', `Cannot use ${shown(text)} as ${field}: need a hardware address`);
}

function parseIp(input: unknown, field: string, interfaces: number): IpConfig {
  const view = record(input, field);
  const index = optional(view.interface, `${field}.interface`);
  return defined({
    address: cidr(view.address, `${field}.address`),
    ...optionalIp(view.gateway, `${field}.gateway`, 'gateway'),
    interface: index !== undefined && index < interfaces ? index : undefined, // one that points nowhere says nothing
  });
}

/** A route object, which configurations have in the same form. */
export function parseRoute(input: unknown, field: string): ResultRoute {
  const view = record(input, field);
  return defined({
    dst: cidr(view.dst, `${field}.dst`),
    ...optionalIp(view.gw, `${field}.gw`, 'gw'),
    mtu: positive(view.mtu, `${field}.mtu`),
    advmss: positive(view.advmss, `${field}.advmss`),
    priority: positive(view.priority, `${field}.priority`),
    table: optional(view.table, `${field}.table`),
    scope: optional(view.scope, `${field}.scope`),
  });
}

function optionalIp<K extends string>(value: unknown, field: string, key: K): { readonly [P in K]?: Ip } {
  const absent = value === undefined || value === null || value === '';
  return (absent ? {} : { [key]: ip(value, field) }) as { readonly [P in K]?: Ip };
}

function optional(value: unknown, field: string): number | undefined {
  return value === undefined || value === null ? undefined : int(value, field, 0, 0xffffffff);
}

function positive(value: unknown, field: string): number | undefined {
  return optional(value, field) || undefined; // 0 means unset
}

/** Without the fields that are undefined, so that equal results are equal as JSON, too. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
