/** What a namespace was asked for, one claim for each thing, and whether the kernel holds it. Pure. */
import { type Cidr, familyOf, type Ip } from './ip';
import type { BridgePort, BridgeVlan, Ipv4Settings, Link, LinkChange, LinkSpec } from './link';
import type { Mac } from './mac';
import { type Address, ipv6Metric, mainTable, type Route, type Rule, sameAct, sameRoute } from './route';

/** One thing that a link, or a namespace, was asked for; `gone`: not to be there. */
export type Claim =
  | { readonly about: 'link'; readonly index: number; readonly key: string; readonly value: unknown }
  | { readonly about: 'port'; readonly index: number; readonly key: keyof BridgePort; readonly value: boolean }
  | { readonly about: 'vlan'; readonly index: number; readonly id: number; readonly vlan: BridgeVlan | undefined }
  | { readonly about: 'neighbour'; readonly index: number; readonly address: Ip; readonly mac: Mac }
  | { readonly about: 'address'; readonly index: number; readonly address: Cidr; readonly gone: boolean }
  | { readonly about: 'route'; readonly index: number | undefined; readonly route: Route; readonly gone: boolean }
  | { readonly about: 'rule'; readonly index: undefined; readonly rule: Rule; readonly gone: boolean };

/** What the kernel holds, as far as there are claims about it. */
export interface Held {
  readonly links: ReadonlyMap<number, Link>;
  readonly ports: ReadonlyMap<number, BridgePort | undefined>;
  readonly vlans: ReadonlyMap<number, readonly BridgeVlan[]>;
  readonly neighbours: ReadonlyMap<number, readonly (readonly [Ip, Mac])[]>;
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

/** What is not as asked for: what was tried, and what there is. */
export interface Broken {
  readonly tried: string;
  readonly held: string;
}

/** Claims that are equal here: the later one counts. */
export function keyOf(claim: Claim): string {
  switch (claim.about) {
    case 'link':
    case 'port':
      return `${claim.about} ${claim.index} ${claim.key}`;
    case 'vlan':
      return `vlan ${claim.index} ${claim.id}`;
    case 'address':
    case 'neighbour':
      return `${claim.about} ${claim.index} ${claim.address}`;
    case 'route': {
      const { dst, table = mainTable, metric, gateway, index } = claim.route;
      return `route ${dst} ${table} ${metric} ${gateway} ${index}`;
    }
    case 'rule': {
      const { family, source, table, iif, priority } = claim.rule;
      return `rule ${family} ${source} ${table} ${iif} ${priority}`;
    }
  }
}

/** The claims of a change; whom a link is promiscuous for besides, nobody knows. */
export function claimsOf(index: number, change: LinkChange): readonly Claim[] {
  const claims: Claim[] = [];
  const add = (values: object): void => {
    for (const [key, value] of Object.entries(values)) {
      const isOther = key === 'ipv4' || key === 'name' || (key === 'promisc' && value === false);
      if (value !== undefined && !isOther) claims.push({ about: 'link', index, key, value });
    }
  };
  add(change);
  if (change.ipv4 !== undefined) add(change.ipv4);
  return claims;
}

/** Whether a deletion that says no more than this takes back the claim. */
export function isTakenBack(claim: Claim, gone: Claim): boolean {
  if (claim.about === 'route' && gone.about === 'route') {
    const [held, deleted] = [asHeld(claim.route), asHeld(gone.route)];
    return isRoute(gone.route, held) || sameRoute(deleted, held); // it may be told as the kernel lists it
  }
  return claim.about === 'rule' && gone.about === 'rule' && isRule(gone.rule, claim.rule);
}

/** How the kernel does not hold the claim; `undefined` when it does. */
export function brokenBy(claim: Claim, held: Held): Broken | undefined {
  const { about, index } = claim;
  const name = (): string => (index === undefined ? undefined : held.links.get(index)?.name) ?? `link ${index}`;
  switch (about) {
    case 'link': {
      const { key, value } = claim;
      return differ(() => `set ${key} of ${name()} to ${value}`, value, valueIn(held.links.get(index), key));
    }
    case 'port':
      return differ(
        () => `set ${claim.key} of ${name()} to ${claim.value}`,
        claim.value,
        held.ports.get(index)?.[claim.key],
      );
    case 'vlan': {
      const found = held.vlans.get(index)?.find(({ id }) => id === claim.id);
      return differ(() => `make ${name()} a member of VLAN ${claim.id}`, shown(claim.vlan), shown(found));
    }
    case 'neighbour': {
      const [, found] = held.neighbours.get(index)?.find(([address]) => address === claim.address) ?? [];
      return differ(() => `tell ${name()} of neighbour ${claim.address}`, claim.mac, found);
    }
    case 'address': {
      const found = held.addresses.some((one) => one.index === index && one.address === claim.address);
      return misplaced(() => `${claim.address} ${claim.gone ? 'from' : 'to'} ${name()}`, claim, found);
    }
    case 'route': {
      const found = held.routes.some((one) => (claim.gone ? sameRoute(claim.route, one) : isRoute(claim.route, one)));
      return misplaced(() => `route ${routeText(claim.route)}`, claim, found);
    }
    case 'rule': {
      const { source, iif } = claim.rule;
      const found = held.rules.some((one) => one.iif === iif && isRule(claim.rule, one)); // a pod has two for each link
      return misplaced(() => `the rule from ${source ?? iif ?? 'all'}`, claim, found);
    }
  }
}

/** How a new link is not what was asked for; what is left to the kernel counts for nothing. */
export function brokenSpec(spec: LinkSpec, link: Link): Broken | undefined {
  const asked: Readonly<Record<string, unknown>> = { ...spec, broadcastQueueLength: queueOf(spec) };
  const compared = (keys: readonly string[], held: object): Broken | undefined => {
    for (const key of keys) {
      const found = (held as Readonly<Record<string, unknown>>)[key];
      if (!isMet(asked[key], found))
        return differ(() => `make ${spec.name} with ${key} ${asked[key]}`, asked[key], found);
    }
    return undefined;
  };
  return compared(Object.keys(link.detail), link.detail) ?? compared(['mtu', 'mac', 'group'], link);
}

/** An address that somebody else on the network has. */
export function isHeldElsewhere(claim: Claim, { addresses }: Held): boolean {
  if (claim.about !== 'address' || claim.gone) return false;
  return addresses.some((one) => one.index === claim.index && one.address === claim.address && one.dadFailed);
}

/** What was left to the kernel counts for nothing, nor does what it has no place for: scope 0 and metric 0 of IPv6. */
function isRoute(asked: Route, held: Route): boolean {
  if (asked.dst !== held.dst) return false;
  const isIpv4 = familyOf(asked.dst) === 4;
  const wanted: Readonly<Record<string, unknown>> = {
    ...asked,
    table: asked.table ?? mainTable,
    metric: isIpv4 ? asked.metric : asked.metric || undefined,
    scope: isIpv4 ? asked.scope : undefined,
    mtu: asked.mtu || undefined,
    advmss: asked.advmss || undefined,
  };
  const found: Readonly<Record<string, unknown>> = { table: mainTable, ...held, metric: held.metric ?? 0 };
  return Object.keys(wanted).every((key) => isMet(wanted[key], found[key]));
}

/** The route with the metric that the kernel gives it. */
function asHeld(route: Route): Route {
  return familyOf(route.dst) === 6 ? { ...route, metric: route.metric || ipv6Metric } : route;
}

function isRule(asked: Rule, held: Rule): boolean {
  return sameAct(asked, held) && isMet(asked.priority, held.priority) && isMet(asked.protocol, held.protocol);
}

/** Whether that is there, or was left to the kernel. */
function isMet(wanted: unknown, found: unknown): boolean {
  return wanted === undefined || wanted === found;
}

function valueIn(link: Link | undefined, key: string): unknown {
  if (link === undefined) return undefined;
  switch (key) {
    case 'promisc':
      return link.promisc > 0;
    case 'master':
      return link.master ?? 0;
    case 'alias':
      return link.alias ?? '';
    default:
      return key in link ? link[key as keyof Link] : link.ipv4?.[key as keyof Ipv4Settings];
  }
}

function queueOf(spec: LinkSpec): number | undefined {
  return (spec.kind === 'macvlan' && spec.broadcastQueueLength) || undefined;
}

function differ(tried: () => string, wanted: unknown, found: unknown): Broken | undefined {
  return wanted === found ? undefined : { tried: tried(), held: `${found ?? 'none'}` };
}

/** What is not there, or still is. */
function misplaced(what: () => string, { gone }: { readonly gone: boolean }, found: boolean): Broken | undefined {
  if (found !== gone) return undefined;
  return gone ? { tried: `delete ${what()}`, held: 'it still' } : { tried: `add ${what()}`, held: 'none' };
}

function shown(vlan: BridgeVlan | undefined): string {
  if (vlan === undefined) return 'none';
  return [vlan.id, ...(vlan.pvid ? ['native'] : []), ...(vlan.untagged ? ['untagged'] : [])].join(' ');
}

function routeText({ dst, gateway }: Route): string {
  return gateway === undefined ? dst : `${dst} via ${gateway}`;
}
