/** Locks hold between processes, and go with them. Touches a file in the temporary directory; starts Bun processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flock, tryFlock } from '../../src/kernel/flock';

const module = path.resolve('src/kernel/flock.ts');
let directory: string;
let file: string;
let others: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'braid-flock-'));
  file = path.join(directory, 'lock');
  others = [];
});
afterEach(() => {
  for (const other of others) other.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

/** Another process that takes the lock, says so, keeps it that long (milliseconds), and lets go. */
function holder(milliseconds: number): Promise<ChildProcess> {
  const script = `const { flock } = await import(${JSON.stringify(module)});
    const lock = flock(${JSON.stringify(file)}, 0o600);
    console.log('held');
    await Bun.sleep(${milliseconds});
    lock.release();
    await Bun.sleep(60000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(child);
  return new Promise((resolve) => child.stdout.once('data', () => resolve(child)));
}

it('makes the file with the mode asked for', () => {
  flock(file, 0o640).release();
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

it('says at once that another process holds the lock', async () => {
  await holder(60_000);
  expect(tryFlock(file, 0o600)).toBeUndefined();
});

it('waits until another process lets go', async () => {
  await holder(300);
  const start = performance.now();
  flock(file, 0o600).release();
  expect(performance.now() - start).toBeGreaterThan(100);
});

it('gets the lock of a process that was killed', async () => {
  const other = await holder(60_000);
  const gone = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await gone;
  const lock = tryFlock(file, 0o600);
  expect(lock).toBeDefined();
  lock?.release();
});

it('never waits for itself', () => {
  const lock = flock(file, 0o600);
  expect(tryFlock(file, 0o600)).toBeUndefined();
  expect(() => flock(file, 0o600)).toThrow('holds it already');
  lock.release();
  lock.release();
  flock(file, 0o600).release();
});

it('names the file when it cannot be opened', () => {
  expect(() => flock(path.join(directory, 'none', 'lock'), 0o600)).toThrow(
    /Cannot open the lock file .*none\/lock: ENOENT/,
  );
});
