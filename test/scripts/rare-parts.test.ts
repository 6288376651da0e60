/** A program bundled apart from what it loads later: built by esbuild from files in a temporary directory, and run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { expect, it } from 'vitest';
import { splitRare } from '../../scripts/rare-parts';
import { temporaryDirectory } from '../disk/temp';

const files = {
  'program.ts': `
    import { Known, seen } from './shared';
    import { note } from './both';
    export async function run(): Promise<readonly unknown[]> {
      seen.add('program');
      const { part } = await import('./part');
      const { note: later } = await import('./both');
      return [part() instanceof Known, [...seen], note === later, typeof part];
    }`,
  'shared.ts': `
    export class Known {}
    export const seen = new Set<string>();
    export const unused = 'what no part asks for';`,
  'both.ts': `export const note = (): string => 'imported at once and later';`,
  'part.ts': `
    import { Known, seen } from './shared';
    import { helper } from './helper';
    export const part = (): Known => { seen.add(helper()); return new Known(); };`,
  'helper.ts': `export const helper = (): string => 'only the part has this';`,
};

const common: BuildOptions = { bundle: true, format: 'cjs', platform: 'node', logLevel: 'silent' };
/** Both bundles, written beside the files. */
async function bundled(): Promise<{ readonly root: string; readonly program: string; readonly rare: string }> {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const place = join(root, 'rare.cjs');
  const split = await splitRare({ root, entry: 'program.ts', name: 'run', place: JSON.stringify(place) }, common);
  const toFile = async (options: BuildOptions, name: string): Promise<string> => {
    await build({ ...common, ...options, external: [place], outfile: join(root, name) });
    return readFileSync(join(root, name), 'utf8');
  };
  return { root, program: await toFile(split.program, 'program.cjs'), rare: await toFile(split.rare, 'rare.cjs') };
}

it('runs as one program: classes and caches are the same on both sides, and so is a module imported both ways', async () => {
  const { root } = await bundled();
  const { run } = createRequire(root)(join(root, 'program.cjs')) as { run(): Promise<unknown> };
  expect(await run()).toEqual([true, ['program', 'only the part has this'], true, 'function']);
});

it('keeps the part out of the program, and the program out of the part', async () => {
  const { program, rare } = await bundled();
  expect(program).not.toContain('only the part has this');
  expect(rare).toContain('only the part has this');
  expect(rare).not.toContain('class Known');
  expect(rare).not.toContain('imported at once');
});

it('wraps no module of the program, and keeps nothing that nobody asks for', async () => {
  const { program } = await bundled();
  expect(program).not.toContain('__esm(');
  expect(program).not.toContain('what no part asks for');
});
