/** What lint finds, and in what. Pure. */
import type { Path, Place, SourceMap } from '../../disk/source-map';
import type { CniError, Reason } from '../../error';
import type { Json } from '../../json';
import type { PlanSources } from '../plan';

/** One thing that is wrong, or odd, and where. */
export interface LintFinding extends Place {
  readonly level: 'error' | 'warning';
  readonly reason: Reason | 'Shared' | 'Odd';
  readonly file: string;
  /** Of the configuration or annotation, e.g. `ipam.subnet`. */
  readonly field: string | undefined;
  readonly message: string;
  readonly hint: string;
}

/** A file to be looked at. */
export interface LintFile {
  readonly path: string;
  readonly text: string;
}

/** What lint knows beside the files: the node's configuration, and networks that stand elsewhere. */
export interface LintSources extends PlanSources {
  /** Every network is among the files and sources: one that is missing is an error, not a warning. */
  readonly complete: boolean;
}

/** The same, with what the files define as `namespace/name`. */
export interface UnitSources extends LintSources {
  readonly defined: readonly string[];
}

/** One object of a file. */
export interface Unit {
  readonly file: string;
  readonly map: SourceMap;
  readonly document: number;
  readonly at: Path;
  readonly object: Json;
}

/** Where something of a unit stands. */
export type Spot = Place & { readonly field: string | undefined };

/** The spot that a message speaks of. */
export type Where = (message: string, error?: CniError) => Spot;

/** Hints that no reason of the catalogue has. */
export const hints = {
  odd: 'odd, but usable; "strict" refuses it',
  unknown: 'Braid does not read it: fix its name, or take it out',
  foreign: 'right if a program of that name is in the CNI directory of each node',
} as const;

export function toError(unit: Unit, spot: Spot, { reason, problem, hint }: CniError): LintFinding {
  return { level: 'error', reason, file: unit.file, ...spot, message: problem, hint };
}

export function toOdd(unit: Unit, spot: Spot, message: string, hint: string = hints.odd): LintFinding {
  return { level: 'warning', reason: 'Odd', file: unit.file, ...spot, message, hint };
}

export function toShared(unit: Unit, spot: Spot, message: string, hint: string): LintFinding {
  return { level: 'warning', reason: 'Shared', file: unit.file, ...spot, message, hint };
}
