/** Decides a pod's routes once, after all its attachments, from what the kernel holds and what was asked. Pure. */
import type { ResultRoute } from '../cni/result';
import { type Family, familyOf, isDefault, networkOf } from '../net/ip';
import { mainTable, type Route } from '../net/route';
import {
  type Changes,
  metricOf,
  type Routed,
  type RoutePolicy,
  type Step,
  type Table,
  usualMetric,
} from './route-table';
import { planCluster } from './routes-cluster';
import { planDefault } from './routes-default';
import { planGuard } from './routes-guard';
import { planHints } from './routes-hints';

export type { Routed, RoutePolicy } from './route-table';

/** The pod's routes as the kernel has them: before the secondary networks came, and now. */
export interface Held {
  /** The main table when only the default network was attached. */
  readonly first: readonly Route[];
  /** Now, of all tables. */
  readonly now: readonly Route[];
}

/** The changes, what is odd about them, and what the tables are then. */
export interface RouteChanges extends Changes {
  readonly warnings: readonly string[];
  /** What was done for safety, for those who wonder. */
  readonly notes: readonly string[];
  /** Every table's routes after the changes. */
  readonly after: readonly Route[];
}

/**
 * The changes that make the pod's main table what was asked for, in four steps:
 * - after source-based routing each connected route is back, with its source hint;
 * - `default-route`: the default goes where it says, per family, and every other one of the pod's networks goes;
 * - the guard: a secondary network's routes stand behind those of the networks before it;
 * - cluster ranges stay on the default network, whatever covers them elsewhere.
 * Routes over links that no network made are never touched. RouteImpossible when a gateway lies in no subnet of its interface.
 */
export function planRoutes(routed: readonly Routed[], held: Held, policy: RoutePolicy): RouteChanges {
  const others = held.now.filter((route) => !isMain(route));
  const families = ([4, 6] as const).map((family) => {
    const table = {
      family,
      routed,
      policy,
      first: held.first.filter((route) => isMain(route) && isOf(family)(route)),
      main: held.now.filter((route) => isMain(route) && isOf(family)(route)),
    };
    let sum: Sum = { table, remove: [], add: [], warnings: [], notes: [] };
    for (const step of [planHints, planDefault, planGuard, planCluster]) sum = taken(sum, step);
    return sum;
  });
  return {
    remove: families.flatMap(({ remove }) => remove),
    add: families.flatMap(({ add }) => add),
    warnings: families.flatMap(({ warnings }) => warnings),
    notes: families.flatMap(({ notes }) => notes),
    after: [...families.flatMap(({ table }) => table.main), ...others],
  };
}

/** The result's routes as they are in the kernel: those that are gone are left out, those that came are there. */
export function routesAfter(one: Routed, { after, add }: RouteChanges): readonly ResultRoute[] {
  if (one.indexes.length === 0) return one.result.routes; // a device of user space: the kernel knows nothing of it
  const own = after.filter(({ index }) => index !== undefined && one.indexes.includes(index));
  const kept = one.result.routes.flatMap((route) => asHeld(route, own));
  const came = add.filter((route) => own.includes(route) && (route.gateway !== undefined || isDefault(route.dst)));
  const untold = came.filter(
    (route) => !kept.some(({ dst, gw }) => networkOf(dst) === route.dst && gw === route.gateway),
  );
  return [...kept, ...untold.map(({ dst, gateway, metric }) => ({ dst, gw: gateway, priority: metric }))];
}

/** A route of a result, with the metric and the table in which the kernel has it; nothing when it has none. */
function asHeld(route: ResultRoute, own: readonly Route[]): readonly ResultRoute[] {
  if (route.table !== undefined) return [route];
  const dst = networkOf(route.dst);
  const found = own.filter((held) => held.dst === dst && (route.gw === undefined || held.gateway === route.gw));
  const [best] = [...found.filter(isMain), ...found];
  if (best === undefined) return [];
  const priority = metricOf(best) === usualMetric[familyOf(dst)] ? undefined : best.metric;
  return [{ ...route, gw: route.gw ?? best.gateway, priority, table: isMain(best) ? undefined : best.table }];
}

interface Sum extends Changes {
  readonly table: Table;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** The next step's changes, on the table as the steps before left it. What an earlier step added and a later one removes was never there. */
function taken(sum: Sum, step: (table: Table) => Step): Sum {
  const { remove, add, warnings = [], notes = [] } = step(sum.table);
  const undone = sum.add.filter((route) => remove.includes(route));
  const left = sum.table.main.filter((route) => !remove.includes(route));
  return {
    table: { ...sum.table, main: [...add, ...left] }, // in front of their like, as the kernel puts them
    remove: [...sum.remove, ...remove.filter((route) => !undone.includes(route))],
    add: [...sum.add.filter((route) => !undone.includes(route)), ...add],
    warnings: [...sum.warnings, ...warnings],
    notes: [...sum.notes, ...notes],
  };
}

function isMain({ table = mainTable }: Route): boolean {
  return table === mainTable;
}

function isOf(family: Family): (route: Route) => boolean {
  return ({ dst }) => familyOf(dst) === family;
}
