/** What a runtime's call loads before it does anything: every module is time, in each call of each pod. Bundles in memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const fixture = join(root, 'test/fixtures/one-shot-modules.txt');

/** The module and what it imports without being asked, to the end. */
function loadedBy(entry: string, inputs: Metafile['inputs']): readonly string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind, external } of inputs[file]?.imports ?? [])
      if (external !== true && kind !== 'dynamic-import' && !isLazy(file, kind)) visit(path);
  };
  visit(entry);
  return [...seen].sort();
}

/** A require inside a function, as the log has it: run when first needed. Packages' own requires run at once. */
const isLazy = (file: string, kind: string): boolean => kind === 'require-call' && !file.startsWith('node_modules/');

async function inputsOf(entry: string): Promise<Metafile['inputs']> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    external: ['bun:*'],
    logLevel: 'silent',
  });
  return metafile.inputs;
}

/** Bundling takes seconds on a machine that has much else to do. */
const patient = { timeout: 120_000 };

describe('the one-shot path', patient, () => {
  it('loads these modules and no other: run with UPDATE=1 when one more is worth its time', async () => {
    const inputs = await inputsOf('src/bin/main.ts');
    const loaded = [...loadedBy('src/bin/main.ts', inputs), ...loadedBy('src/bin/plugin.ts', inputs)].sort();
    const text = loaded.map((file) => `${file}\n`).join('');
    if (process.env.UPDATE !== undefined) writeFileSync(fixture, text);
    expect(text).toBe(readFileSync(fixture, 'utf8'));
  });

  it('loads no package but the codecs of netlink', async () => {
    const inputs = await inputsOf('src/bin/main.ts');
    const packages = loadedBy('src/bin/plugin.ts', inputs).filter((file) => file.startsWith('node_modules/'));
    expect(packages).toEqual(['node_modules/netlink/dist/structs.js']);
  });

  it('loads no module of the runtime but its FFI: node:fs alone takes 0.8 ms', async () => {
    const inputs = await inputsOf('src/bin/main.ts');
    const own = loadedBy('src/bin/plugin.ts', inputs).filter((file) => !file.startsWith('node_modules/'));
    const asked = own
      .flatMap((file) => inputs[file]?.imports ?? [])
      .filter(({ external, kind }) => external && kind === 'import-statement');
    expect([...new Set(asked.map(({ path }) => path))]).toEqual(['bun:ffi']);
  });

  it('never asks process.arch: the compiler puts in the processor of the machine that builds', async () => {
    const own = Object.keys(await inputsOf('src/bin/main.ts')).filter((file) => /^(src|plugins)\//.test(file));
    const asking = own.filter((file) => /^(?!\s*(\*|\/)).*process\.arch/m.test(readFileSync(join(root, file), 'utf8')));
    expect(asking).toEqual([]);
  });

  it('answers VERSION without the engines', async () => {
    const inputs = await inputsOf('src/bin/main.ts');
    const folders = loadedBy('src/bin/versions.ts', inputs).map((file) => file.split('/')[1]);
    expect(folders).not.toContain('attach');
  });
});
