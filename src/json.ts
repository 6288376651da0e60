/** From unknown JSON to typed values; every refusal names the field and what would be right. Pure. */
import { fail, type Reason } from './error';
import { jsonMistake } from './json-mistake';

export { jsonMistake };

/** A JSON object whose fields are read by name, exact match first, then case-insensitively as Go's decoder does. */
export type Fields = Readonly<Record<string, unknown>>;

/** A plain JSON object, kept as it came. */
export type Json = Readonly<Record<string, unknown>>;

/** Reads an object's fields. Objects are small and most fields absent: a map of their names would cost more than it saves. */
class Caseless implements ProxyHandler<Record<string, unknown>> {
  #lengths: number | undefined; // of all names, a bit for each modulo 32: a name of another length is no field
  #names: string | undefined; // all of them, in small letters: nor is what is not in it

  get(target: Record<string, unknown>, key: string | symbol): unknown {
    if (typeof key !== 'string') return undefined;
    if (Object.hasOwn(target, key)) return target[key] ?? undefined;
    this.#lengths ??= lengthsOf(target);
    if (((this.#lengths >> key.length) & 1) === 0) return undefined;
    const wanted = key.toLowerCase();
    this.#names ??= Object.keys(target).join(' ').toLowerCase();
    if (!this.#names.includes(wanted)) return undefined;
    let found: string | undefined; // the last one of equal names counts
    for (const name of Object.keys(target)) if (name.toLowerCase() === wanted) found = name;
    return found === undefined ? undefined : (target[found] ?? undefined);
  }
}

/** Bit n: there is a name of n letters, modulo 32. What equals a field's name but for large letters has as many. */
function lengthsOf(target: object): number {
  let lengths = 0;
  for (const name in target) lengths |= 1 << name.length;
  return lengths;
}

/** Whether the value is a JSON object (not null, not an array). */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A view of a JSON object. Absent and null fields both read as `undefined`. */
export function record(value: unknown, field = 'configuration', reason: Reason = 'ConfigInvalid'): Fields {
  const known = views.get(value as Json);
  if (known !== undefined) return known;
  if (!isRecord(value)) return fail(reason, `Cannot use ${shown(value)} as ${field}: need a JSON object`);
  const view: Fields = new Proxy(value as Record<string, unknown>, new Caseless());
  views.set(value, view);
  return view;
}

/** The views that were made: an object is looked at many times, and does not change. */
const views = new WeakMap<Json, Fields>();

/** Parses text as JSON; the error tells line, column and the likely mistake. */
export function parseJson(text: string, what: string, reason: Reason = 'DecodeFailed'): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fail(reason, `Cannot read ${what}: ${jsonMistake(text, cause)}`, { cause });
  }
  return isDeeper(value, 100) ? fail(reason, `Cannot read ${what}: need at most 100 levels of nesting`) : value;
}

/** Parses text as one JSON object; errors as parseJson. */
export function parseObject(text: string, what: string, reason: Reason = 'DecodeFailed'): Json {
  const value = parseJson(text, what, reason);
  if (isRecord(value)) return value;
  const wrapped = typeof value === 'string' && value.trimStart().startsWith('{') ? '; remove the quotes around it' : '';
  return fail(reason, `Cannot read ${what}: need a JSON object, got ${shown(value)}${wrapped}`);
}

/** Deeper values end the stack of whoever prints them later. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const each of Object.values(value)) if (isDeeper(each, levels - 1)) return true;
  return false;
}

/** A string; `undefined` when absent. */
export function optionalString(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : fail(reason, `Cannot use ${shown(value)} as ${field}: need a string`);
}

/** A string; the default when absent. */
export function string(value: unknown, field: string, otherwise = '', reason: Reason = 'ConfigInvalid'): string {
  return optionalString(value, field, reason) ?? otherwise;
}

/** true or false; the default when absent. */
export function boolean(value: unknown, field: string, otherwise = false, reason: Reason = 'ConfigInvalid'): boolean {
  if (value === undefined || value === null) return otherwise;
  return typeof value === 'boolean'
    ? value
    : fail(reason, `Cannot use ${shown(value)} as ${field}: need true or false`);
}

/** An integer from `min` to `max`. */
export function int(value: unknown, field: string, min: number, max: number, reason: Reason = 'ConfigInvalid'): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  return fail(reason, `Cannot use ${shown(value)} as ${field}: need an integer from ${min} to ${max}`);
}

/** An integer from `min` to `max`; `undefined` when absent. */
export function optionalInt(
  value: unknown,
  field: string,
  min: number,
  max: number,
  reason: Reason = 'ConfigInvalid',
): number | undefined {
  return value === undefined || value === null ? undefined : int(value, field, min, max, reason);
}

/** A list; empty when absent. */
export function list(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : fail(reason, `Cannot use ${shown(value)} as ${field}: need a list`);
}

/** A list of strings; empty when absent. */
export function strings(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): readonly string[] {
  return list(value, field, reason).map((item, index) =>
    typeof item === 'string' ? item : fail(reason, `Cannot use ${shown(item)} as ${field}[${index}]: need a string`),
  );
}

/** One of the given words; the default when absent. */
export function oneOf<const W extends string>(value: unknown, field: string, words: readonly W[], otherwise: W): W {
  if (value === undefined || value === null || value === '') return otherwise;
  const found = words.find((word) => word === value);
  return found ?? fail('ConfigInvalid', `Cannot use ${shown(value)} as ${field}: need one of ${words.join(', ')}`);
}

/** A text or a number as it is, anything else as JSON: for words about values that nobody has checked yet. */
export function plainly(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : shown(value);
}

/** Any value as short text for a message: strings quoted, long things cut at 60 characters. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
