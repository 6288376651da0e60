/** What the lean engine's heap has when a runtime's call begins: every module is memory of each call. Bundles in memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundlingFor } from '../../scripts/lean/build';

const root = join(import.meta.dirname, '../..');
const entry = 'src/lean/main.ts';
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

async function inputs(): Promise<Metafile['inputs']> {
  const options = { absWorkingDir: root, write: false, metafile: true, logLevel: 'silent' } as const;
  const { metafile } = await build({ ...bundlingFor(entry, 'x64'), ...options });
  return metafile?.inputs ?? {};
}

/** Bundling takes seconds on a machine that has much else to do. */
const patient = { timeout: 120_000 };

describe('the one-shot path', patient, () => {
  it('has these modules from the start and no other: run with UPDATE=1 when one more is worth its memory', async () => {
    const text = loadedBy(entry, await inputs())
      .map((file) => `${file}\n`)
      .join('');
    if (process.env.UPDATE !== undefined) writeFileSync(fixture, text);
    expect(text).toBe(readFileSync(fixture, 'utf8'));
  });

  it('has no package but the codecs of netlink and yaml, which costs nothing before it is used', async () => {
    const files = loadedBy(entry, await inputs()).filter((file) => file.startsWith('node_modules/'));
    const packages = files.map((file) => file.split('/')[1]);
    expect([...new Set(packages)]).toEqual(['netlink', 'yaml']);
  });

  it('has nothing of the API server’s client', async () => {
    const client = Object.keys(await inputs()).filter((file) => file === 'src/kube/client.ts');
    expect(client).toEqual([]);
  });

  it('never asks process.arch: the compiler puts in the processor of the machine that builds', async () => {
    const own = Object.keys(await inputs()).filter((file) => /^(src|plugins)\//.test(file));
    const asking = own.filter((file) => /^(?!\s*(\*|\/)).*process\.arch/m.test(readFileSync(join(root, file), 'utf8')));
    expect(asking).toEqual([]);
  });
});
