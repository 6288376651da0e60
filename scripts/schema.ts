/**
 * Writes the JSON Schemas in docs/schema from the tables of keys. Runs under Bun (scripts/bun scripts/schema.ts); with --check
 * it writes nothing, and its exit status is 1 when a file is out of date.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { schemas } from '../src/bin/schemas';

const folder = path.resolve(import.meta.dirname, '../docs/schema');

/** The files as they should be, by name. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map([...schemas].map(([file, schema]) => [file, `${JSON.stringify(schema, undefined, 2)}\n`]));
}

if (import.meta.main) {
  const wanted = schemaFiles();
  const check = process.argv.includes('--check');
  mkdirSync(folder, { recursive: true });
  for (const file of new Set([...wanted.keys(), ...globSync('*.json', { cwd: folder })])) {
    const place = path.join(folder, file);
    const text = wanted.get(file);
    if ((existsSync(place) ? readFileSync(place, 'utf8') : undefined) === text) continue;
    if (check) {
      console.error(`docs/schema/${file} is out of date: scripts/bun scripts/schema.ts`);
      process.exitCode = 1;
    } else if (text === undefined) rmSync(place);
    else writeFileSync(place, text);
  }
}
