/** What source-based routing changes in a pod, given its rules and routes as they are. Pure. */
import type { IpConfig } from '../../src/cni/result';
import {
  addressOf,
  type Cidr,
  contains,
  everything,
  familyOf,
  hostCidr,
  type Ip,
  isDefault,
  lengthOf,
  networkOf,
  widthOf,
} from '../../src/net/ip';
import { mainTable, type Route, type Rule } from '../../src/net/route';
import type { SbrConfig } from './config';

const firstTable = 100; // the reference plugin's
const linkScope = 253; // RT_SCOPE_LINK

/** The pod's rules, and its routes of all tables. */
export interface Held {
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

/** Changes, in the order in which they are made: a rule comes after the routes it leads to. */
export interface Plan {
  readonly routes: readonly Route[]; // of the new tables
  readonly rules: readonly Rule[];
  readonly hints: readonly Route[]; // come into the main table
  readonly leaving: readonly Route[]; // leave the main table, those with a gateway first
}

/**
 * Every address gets a rule and a table of its own, with a default route and the link's routes that serve it (of its
 * own family only: the reference plugin copies both). With `table` it gets the rule alone: that table is the user's.
 */
export function plan(c: SbrConfig, ips: readonly IpConfig[], index: number, held: Held): Plan {
  const tables = freeTables(held);
  const sources = ips.map((ip) => ({ ...ip, table: c.table ?? tables.next().value }));
  const rules = sources.map((ip) => ({ family: familyOf(ip.address), source: sourceOf(ip), table: ip.table }));
  if (c.table !== undefined) return { routes: [], rules, hints: [], leaving: [] };
  const own = held.routes.filter((route) => route.index === index && (route.table ?? mainTable) === mainTable);
  const moved = sources.map((source) => ({ source, served: own.filter((route) => serves(route, source)) }));
  return {
    routes: moved.flatMap(({ source, served }) => [
      ...defaultRoute(source, index, c),
      ...served.filter((route) => !isReplaced(route, c)).map((route) => ({ ...route, table: source.table })),
    ]),
    rules,
    hints: c.addSourceHints ? hints(ips, index, own) : [],
    leaving: c.addSourceHints
      ? own.filter((route) => leads(route) && moved.some(({ served }) => served.includes(route)))
      : [...own.filter(leads), ...own.filter((route) => !leads(route))],
  };
}

/** What the rule of an address looks for: that address alone. */
export function sourceOf({ address }: IpConfig): Cidr {
  return hostCidr(addressOf(address));
}

/** Where packets from that address go when they leave its subnet: the configured gateway of its family, else its own. */
export function gatewayOf({ address, gateway }: IpConfig, { gateways }: SbrConfig): Ip | undefined {
  return gateways.find((each) => familyOf(each) === familyOf(address)) ?? gateway;
}

/** Table numbers that no rule and no route uses, from 100 on. */
function* freeTables({ rules, routes }: Held): Generator<number, never> {
  const used = new Set([...rules, ...routes].map(({ table }) => table));
  for (let table = firstTable; ; table++) if (!used.has(table)) yield table;
}

function defaultRoute(source: IpConfig & { readonly table: number }, index: number, c: SbrConfig): readonly Route[] {
  const gateway = gatewayOf(source, c);
  if (gateway === undefined) return [];
  return [{ dst: everything(familyOf(source.address)), gateway, index, table: source.table }];
}

/** A route with a source or gateway serves the addresses of that subnet, any other one all of its family. */
function serves(route: Route, { address }: IpConfig): boolean {
  const { dst, source, gateway } = route;
  if (familyOf(dst) !== familyOf(address)) return false;
  const near = [source, gateway].filter((each) => each !== undefined);
  return near.length === 0 || near.some((each) => contains(address, each));
}

/** A default route whose place a configured gateway takes. */
function isReplaced({ dst }: Route, { gateways }: SbrConfig): boolean {
  return isDefault(dst) && gateways.some((gateway) => familyOf(gateway) === familyOf(dst));
}

/** Whether the route leads beyond the link's own subnets, where it would compete with the default network's. */
function leads({ dst, gateway }: Route): boolean {
  return gateway !== undefined || isDefault(dst);
}

/** Routes to the subnets that the main table lacks. IPv6 picks the source by itself, and refuses one still tentative. */
function hints(ips: readonly IpConfig[], index: number, own: readonly Route[]): readonly Route[] {
  const subnets = new Map(ips.map(({ address }) => [networkOf(address), addressOf(address)]));
  return [...subnets]
    .filter(([dst]) => lengthOf(dst) < widthOf(dst) && !own.some((route) => route.dst === dst && !leads(route)))
    .map(([dst, address]) =>
      familyOf(dst) === 4 ? { dst, index, source: address, scope: linkScope } : { dst, index },
    );
}
