/** Routing tables and rules of a namespace of the fake kernel, by the kernel's rules for entering and leaving. Touches only its own lists. */
import { refused } from '../kernel/errno';
import { addressOf, contains, type Family, familyOf, isDefault, lengthOf, networkOf } from '../net/ip';
import { ipv6Metric, mainTable, type Route, type RouteFilter, type Rule, sameAct } from '../net/route';

const byKernel = 2; // RTPROT_KERNEL
const byBoot = 3; // RTPROT_BOOT
const linkScope = 253; // RT_SCOPE_LINK

/** What the tables must know of the links. */
export interface Links {
  isUp(index: number): boolean | undefined; // undefined: no such link
  hasAddress(address: string): boolean;
}

/** The routes of one namespace, in the order a dump shows them. */
export class FakeRoutes {
  #routes: Route[] = [];

  list(filter: RouteFilter = {}): readonly Route[] {
    const table = filter.table ?? mainTable;
    return this.#routes.filter(
      (route) =>
        (filter.family === undefined || familyOf(route.dst) === filter.family) &&
        (filter.index === undefined || route.index === filter.index) &&
        (table === 'all' || route.table === table),
    );
  }

  /** NEWROUTE. `create` has NLM_F_EXCL, `append` neither EXCL nor REPLACE, `replace` has REPLACE. */
  add(wanted: Route, mode: 'create' | 'append' | 'replace', links: Links): void {
    const action = `add route ${wanted.dst}`;
    if (networkOf(wanted.dst) !== wanted.dst) throw refused(action, 'EINVAL', 'Invalid prefix for given prefix length');
    const route = this.#complete(wanted, links, action);
    if (wanted.source !== undefined && !links.hasAddress(wanted.source))
      throw refused(action, 'EINVAL', familyOf(route.dst) === 4 ? 'Invalid prefsrc address' : 'Invalid source address');
    const equal = this.#routes.filter((other) => sameSlot(other, route));
    if (mode === 'create' && equal.length > 0) throw refused(action, 'EEXIST');
    if (mode === 'append' && equal.some((other) => other.gateway === route.gateway && other.index === route.index))
      throw refused(action, 'EEXIST');
    const first = equal[0];
    if (mode === 'replace' && first !== undefined) {
      this.#routes[this.#routes.indexOf(first)] = route;
      return;
    }
    this.#insert(route);
  }

  /** The connected route of an address. */
  connect(route: Route): void {
    if (!this.#routes.some((other) => sameSlot(other, route) && other.index === route.index))
      this.#insert({ protocol: byKernel, table: mainTable, ...route });
  }

  /** DELROUTE: the first that matches every field given. False when there is none. */
  delete(wanted: Route): boolean {
    const at = this.#routes.findIndex((route) => matches(route, wanted));
    if (at < 0) return false;
    this.#routes.splice(at, 1);
    return true;
  }

  /** Drops the routes for which that is true. */
  drop(gone: (route: Route) => boolean): void {
    this.#routes = this.#routes.filter((route) => !gone(route));
  }

  #complete(wanted: Route, links: Links, action: string): Route {
    const { gateway } = wanted;
    const family = familyOf(wanted.dst);
    const via =
      gateway === undefined || wanted.onlink === true ? undefined : this.#towards(gateway, wanted.index, links);
    const index = wanted.index ?? via?.index;
    if (wanted.index !== undefined && links.isUp(wanted.index) === undefined) throw refused(action, 'ENODEV');
    if (wanted.index !== undefined && links.isUp(wanted.index) === false)
      throw refused(action, 'ENETDOWN', 'Nexthop device is not up');
    if (gateway !== undefined && links.hasAddress(gateway))
      throw refused(action, 'EINVAL', 'Nexthop has invalid gateway');
    if (gateway !== undefined && wanted.onlink !== true && via === undefined)
      throw family === 4
        ? refused(action, 'ENETUNREACH', 'Nexthop has invalid gateway')
        : refused(action, 'EHOSTUNREACH');
    if (index === undefined) throw refused(action, 'ENODEV');
    const scope = family === 6 ? 0 : (wanted.scope ?? (gateway === undefined ? linkScope : 0));
    return {
      dst: wanted.dst,
      gateway,
      index,
      source: wanted.source,
      table: wanted.table ?? mainTable,
      metric: wanted.metric || (family === 6 ? ipv6Metric : undefined),
      scope,
      protocol: wanted.protocol ?? byBoot,
      onlink: wanted.onlink === true ? true : undefined,
      mtu: wanted.mtu,
      advmss: wanted.advmss,
    };
  }

  /** The gatewayless route that leads to a gateway. */
  #towards(gateway: string, index: number | undefined, links: Links): Route | undefined {
    return this.#routes.find(
      (route) =>
        route.gateway === undefined &&
        !isDefault(route.dst) &&
        (index === undefined || route.index === index) &&
        links.isUp(route.index ?? 0) === true &&
        contains(route.dst, gateway as never),
    );
  }

  /** By table, then destination, then metric; an equal IPv4 route goes in front of its like, an equal IPv6 one behind. */
  #insert(route: Route): void {
    const rank = (r: Route): number => r.metric ?? 0;
    const like = (r: Route): boolean => r.table === route.table && r.dst === route.dst;
    const infront = (r: Route): boolean =>
      like(r) && (familyOf(r.dst) === 4 ? rank(r) >= rank(route) : rank(r) > rank(route));
    const at = this.#routes.findIndex(infront);
    if (at >= 0) {
      this.#routes.splice(at, 0, route);
      return;
    }
    const last = this.#routes.findLastIndex(like);
    this.#routes.splice(last < 0 ? this.#routes.length : last + 1, 0, route);
  }
}

/** The policy rules of one namespace. */
export class FakeRules {
  #rules: Rule[];

  constructor(ipv6: boolean) {
    this.#rules = [...firstRules(4), ...(ipv6 ? firstRules(6) : [])];
  }

  list(): readonly Rule[] {
    return [...this.#rules].sort((a, b) => a.family - b.family || (a.priority ?? 0) - (b.priority ?? 0));
  }

  add(rule: Rule): void {
    const priority = rule.priority ?? this.#below(rule.family);
    const full = { ...rule, priority, protocol: rule.protocol ?? byBoot };
    if (this.#rules.some((other) => sameRule(other, full))) throw refused(`add rule ${shownRule(rule)}`, 'EEXIST');
    this.#rules.push(full);
  }

  /** False when there is none. */
  delete(rule: Rule): boolean {
    const at = this.#rules.findIndex(
      (other) =>
        sameRule(other, { ...rule, priority: rule.priority ?? other.priority }) &&
        (rule.protocol ?? other.protocol) === other.protocol,
    );
    if (at < 0) return false;
    this.#rules.splice(at, 1);
    return true;
  }

  /** The kernel's choice: one below the second rule of the family (fib_default_rule_pref). */
  #below(family: Family): number {
    const second = this.list().filter((rule) => rule.family === family)[1];
    return second?.priority === undefined ? 0 : Math.max(0, second.priority - 1);
  }
}

function firstRules(family: Family): Rule[] {
  const rule = (table: number, priority: number): Rule => ({
    family,
    source: undefined,
    table,
    priority,
    protocol: byKernel,
  });
  return family === 4 ? [rule(255, 0), rule(254, 32766), rule(253, 32767)] : [rule(255, 0), rule(254, 32766)];
}

function sameRule(a: Rule, b: Rule): boolean {
  return sameAct(a, b) && a.priority === b.priority;
}

function shownRule(rule: Rule): string {
  return `from ${rule.source ?? 'all'} lookup ${rule.table}`;
}

function sameSlot(a: Route, b: Route): boolean {
  return a.dst === b.dst && a.table === b.table && (a.metric ?? 0) === (b.metric ?? 0);
}

function matches(route: Route, wanted: Route): boolean {
  const given = <K extends keyof Route>(key: K): boolean => wanted[key] === undefined || wanted[key] === route[key];
  const host =
    lengthOf(wanted.dst) >= 0 &&
    addressOf(route.dst) === addressOf(wanted.dst) &&
    lengthOf(route.dst) === lengthOf(wanted.dst);
  const metric = familyOf(wanted.dst) === 4 ? (wanted.metric ?? route.metric) === route.metric : given('metric');
  return (
    host &&
    metric &&
    route.table === (wanted.table ?? mainTable) &&
    (['gateway', 'index', 'source', 'scope', 'protocol'] as const).every(given)
  );
}
