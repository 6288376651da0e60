/** From the text of files to the objects in them, and what is wrong with a text before anything is looked at. Pure. */
import { mapSource } from '../../disk/source-map';
import { isRecord } from '../../json';
import { jsonMistake, mistakeOffset } from '../../json-mistake';
import { extname } from '../../path';
import type { LintFile, LintFinding, Unit } from './finding';

/** One file, read. */
export interface ReadFile {
  readonly units: readonly Unit[];
  readonly broken: readonly LintFinding[];
}

/** What runtimes, libcni and the networksDir read as JSON alone. */
const jsonOnly: readonly string[] = ['.json', '.conf', '.conflist'];

export function readFile({ path, text }: LintFile): ReadFile {
  const offset = jsonOnly.includes(extname(path)) ? mistakeOffset(text) : undefined;
  if (offset !== undefined) return { units: [], broken: [toJsonMistake(path, text, offset)] };
  const map = mapSource(text);
  const units = map.documents.flatMap((value, document) => unitsOf(value, { file: path, map, document, at: [] }));
  const { mistake } = map;
  if (mistake === undefined) return { units, broken: [] };
  const hint = 'the file must be YAML or JSON';
  const what = { level: 'error', reason: 'DecodeFailed', file: path, field: undefined } as const;
  return { units, broken: [{ ...what, ...mistake.place, message: mistake.problem, hint }] };
}

/** The objects of a document, lists taken apart. */
function unitsOf(value: unknown, place: Omit<Unit, 'object'>): readonly Unit[] {
  if (!isRecord(value)) return [];
  const { items } = value;
  if (typeof value.kind !== 'string' || !value.kind.endsWith('List') || !Array.isArray(items))
    return [{ ...place, object: value }];
  return items.flatMap((item, index) => unitsOf(item, { ...place, at: [...place.at, 'items', index] }));
}

function toJsonMistake(file: string, text: string, offset: number): LintFinding {
  const before = text.slice(0, offset);
  return {
    level: 'error',
    reason: 'DecodeFailed',
    file,
    line: before.split('\n').length,
    column: offset - before.lastIndexOf('\n'),
    field: undefined,
    message: jsonMistake(text),
    hint: 'a file of this name is read as JSON alone, without comments',
  };
}
