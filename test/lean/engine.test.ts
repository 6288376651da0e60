/** The lean engine gives what the full runtime gives, to everything that Braid's calls ask of a runtime. Builds an executable below /tmp. */
import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLean, type Processor } from '../../scripts/lean/build';
import { said } from './said';

type Answers = Readonly<Record<string, unknown>>;

const directory = mkdtempSync('/tmp/braid-lean-test-');
const program = join(directory, 'said');
const root = join(import.meta.dirname, '../..');
const manifests = globSync('conf/{networks,base}/**/*.yaml', { cwd: root })
  .sort()
  .map((file) => readFileSync(join(root, file), 'utf8'));
let full: Answers;
let lean: Answers;

const ask = (): Answers =>
  JSON.parse(execFileSync(program, { encoding: 'utf8', input: JSON.stringify(manifests) })) as Answers;

beforeAll(async () => {
  writeFileSync(program, await buildLean(join(import.meta.dirname, 'program.ts'), process.arch as Processor));
  chmodSync(program, 0o755);
  lean = ask();
  full = JSON.parse(JSON.stringify(await said(manifests))) as Answers;
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true }));

describe('the lean engine', () => {
  it.each([
    'manifests',
    'buffers',
    'attributes',
    'netlink',
    'kept',
    'shapes',
    'language',
    'timers',
    'programs',
    'files',
    'log',
    'host',
  ])('%s: as the full runtime', (name) => {
    expect(lean[name]).toEqual(full[name]);
  });

  it('does not begin a call anew that has acted', () => {
    expect(lean.handedOver).toBe('CniError: Cannot ask: the call has begun to act');
  });

  it('has random numbers of its own in every process', () => {
    expect(ask().random).not.toEqual(lean.random);
    expect(lean.random).toEqual(expect.arrayContaining([expect.any(Number)]));
  }, 60_000);
});
