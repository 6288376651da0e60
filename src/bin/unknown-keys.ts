/** Keys of a configuration that its table does not have: whoever wrote them meant something. Pure. */
import { isRecord, type Json, shown } from '../json';
import { findNearMiss } from '../near';
import type { Schema } from '../schema';
import { schemas } from './schemas';

/** A key, where it stands, and what to say of it. */
export interface UnknownKey {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The unknown keys of a value that the schema of that file describes. Upper and lower case do not matter, as for the parsers. */
export function findUnknownKeys(value: unknown, file: string): readonly UnknownKey[] {
  return inside(value, { $ref: file }, schemas.get(file) ?? {}, []);
}

function inside(value: unknown, schema: Schema, root: Schema, at: UnknownKey['path']): readonly UnknownKey[] {
  const { $ref: ref, items, allOf = [] } = schema;
  const referred = ref === undefined ? [] : follow(value, ref, root, at);
  const rest = [...allOf, ...branch(value, schema)].flatMap((each) => inside(value, each, root, at));
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((each, index) => inside(each, items, root, [...at, index]));
  return isRecord(value) ? [...referred, ...rest, ...keysOf(value, schema, root, at)] : [];
}

/** `file.json`, or `#/$defs/name` of the same file. */
function follow(value: unknown, ref: string, root: Schema, at: UnknownKey['path']): readonly UnknownKey[] {
  if (ref.startsWith('#')) return inside(value, root.$defs?.[ref.split('/').at(-1) ?? ''] ?? {}, root, at);
  const other = schemas.get(ref) ?? {};
  return inside(value, other, other, at);
}

/** What `if` leads to. */
function branch(value: unknown, { if: condition, then, else: otherwise }: Schema): readonly Schema[] {
  if (condition === undefined) return [];
  const taken = fits(value, condition) ? then : otherwise;
  return taken === undefined ? [] : [taken];
}

/** The conditions that the schemas have: a key is there, `type` is one of those. */
function fits(value: unknown, { required = [], properties = {} }: Schema): boolean {
  if (!isRecord(value)) return false;
  const present = required.every((key) => value[key] !== undefined && value[key] !== '');
  return present && Object.entries(properties).every(([key, one]) => isOne(value[key], one));
}

function isOne(value: unknown, schema: Schema): boolean {
  if (schema.not !== undefined) return !isOne(value, schema.not);
  if (schema.enum !== undefined) return schema.enum.includes(value);
  return schema.const === undefined || schema.const === value;
}

function keysOf(value: Json, schema: Schema, root: Schema, at: UnknownKey['path']): readonly UnknownKey[] {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema;
  const names = Object.keys(properties);
  const notes = Object.keys(patternProperties).map((pattern) => new RegExp(pattern));
  return Object.entries(value).flatMap(([key, each]): readonly UnknownKey[] => {
    const name = names.find((one) => one.toLowerCase() === key.toLowerCase());
    const path = [...at, key];
    if (name !== undefined) return inside(each, properties[name] ?? {}, root, path);
    if (additionalProperties !== false || notes.some((note) => note.test(key))) return [];
    const meant = findNearMiss(key, names);
    const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
    return [{ path, message: `unknown key ${shown(key)} is ignored${hint}` }];
  });
}
