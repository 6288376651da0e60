/** From what a file says of a failed call to the failure. Pure. */
import type { Failure } from '../attach/history';
import { reasons } from '../error';
import { isRecord } from '../json';

const verbs: readonly unknown[] = ['ADD', 'CHECK', 'DEL'] satisfies readonly Failure['verb'][];

/** `undefined` when it is none. A reason of a newer Braid is Internal here. */
export function parseFailure(value: unknown): Failure | undefined {
  if (!isRecord(value)) return undefined;
  const { at, verb, reason, problem } = value;
  if (typeof at !== 'string' || typeof problem !== 'string' || !verbs.includes(verb)) return undefined;
  const known = reasons().find((one) => one.reason === reason)?.reason ?? 'Internal';
  return { at, verb: verb as Failure['verb'], reason: known, problem };
}
