/** Where a configuration may say something, and with which words, by its schema; and where one does. Pure. */
import { isRecord, type Json } from '../../src/json';
import type { Schema } from '../../src/schema';

/** Places of a schema by their path: `dns.domain` is a key, `mode = l3` one of its words; of a flag the one that is no default. */
export function placesOf(schema: Schema, at = ''): readonly string[] {
  const { anyOf = [], enum: words = [], type, default: usual = false, properties = {}, items } = schema;
  const known = type === 'boolean' ? [usual !== true] : words;
  return [
    ...anyOf.flatMap((one) => placesOf(one, at)),
    ...known.map((word) => `${at} = ${word}`),
    ...Object.entries(properties).flatMap(([key, inner]) => [below(at, key), ...placesOf(inner, below(at, key))]),
    ...(items === undefined ? [] : placesOf(items, at)),
  ];
}

/** The same of a configuration: the places that it has something at. */
export function usedBy(value: unknown, at = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => usedBy(one, at));
  if (!isRecord(value)) return [`${at} = ${value}`];
  return Object.entries(value as Json).flatMap(([key, inner]) => [below(at, key), ...usedBy(inner, below(at, key))]);
}

const below = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`);
