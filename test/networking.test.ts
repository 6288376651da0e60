/** docs/networking.md shows tables as they are: each line is one of a golden file. Reads files only. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

it('docs/networking.md shows lines of real tables', () => {
  const page = readFileSync(join(root, 'docs/networking.md'), 'utf8').split('\n');
  const shown = page.filter((line) => line.startsWith('    ')).map((line) => line.slice(4));
  const real = globSync('test/fixtures/routes/*.txt', { cwd: root }).flatMap((file) =>
    readFileSync(join(root, file), 'utf8').split('\n'),
  );
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((line) => !real.includes(line))).toEqual([]);
});
