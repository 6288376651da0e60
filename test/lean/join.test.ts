/** Two executables in one file: which of them begins, with what it is called with. Builds executables below /tmp. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLean, type Processor } from '../../scripts/lean/build';
import { joinExecutables } from '../../scripts/lean/join';

const directory = mkdtempSync('/tmp/braid-join-test-');
const file = join(directory, 'joined');
const full = readFileSync(process.execPath);
let lean: Buffer;

beforeAll(async () => {
  lean = await buildLean(join(import.meta.dirname, '../../src/lean/main.ts'), process.arch as Processor);
  writeFileSync(file, joinExecutables(full, lean), { mode: 0o755 });
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true }));

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const variables = { PATH: process.env.PATH, ...env } as unknown as NodeJS.ProcessEnv;
  const { status, stdout, stderr } = spawnSync(file, args, { env: variables, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the lean engine’s executable', () => {
  it('has the same bytes whenever it is built', async () => {
    const again = await buildLean(join(import.meta.dirname, '../../src/lean/main.ts'), process.arch as Processor);
    expect(again.equals(lean)).toBe(true);
  }, 120_000);
});

describe('a joined executable', () => {
  it('is the lean engine for a runtime’s call', () => {
    const { stdout } = run([], { CNI_COMMAND: 'VERSION' });
    expect(JSON.parse(stdout)).toMatchObject({ supportedVersions: expect.arrayContaining(['1.1.0']) });
  });

  it.each([
    ['without a command of CNI', {}],
    ['when it is told', { CNI_COMMAND: 'ADD', BRAID_RUNTIME: 'full' }],
    ['when a variable only begins like that', { CNI_COMMANDS: 'ADD' }],
    ['for GC, which reads every record', { CNI_COMMAND: 'GC' }],
  ])('is the full runtime %s, with its arguments, environment and libraries', (_, env) => {
    const script =
      'console.log(JSON.stringify([process.argv.slice(1), process.env.X, typeof require("node:tls").connect]))';
    const { status, stdout, stderr } = run(['-e', script, 'a b', 'c'], { ...env, X: 'é' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([['a b', 'c'], 'é', 'function']);
  });

  it('is made of nothing but executables of fixed addresses with a place for the other', () => {
    expect(() => joinExecutables(full, full)).toThrow('can be joined');
    expect(() => joinExecutables(lean, lean.subarray(0, 4096))).toThrow('can be joined');
  });
});
