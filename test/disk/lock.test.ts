/** Who waits for a lock, and for how long. Files in directories of its own, and a process that holds one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitForLock, waitForVanishingLock } from '../../src/disk/lock';
import { temporaryDirectory } from './temp';

/** A lock that another process holds until it is killed. */
async function held(): Promise<{ readonly path: string; readonly directory: string; readonly letGo: () => void }> {
  const directory = temporaryDirectory();
  const path = join(directory, 'lock');
  const holder = Bun.spawn(['flock', '--no-fork', path, 'sh', '-c', 'echo held; exec sleep 60'], { stdout: 'pipe' });
  const letGo = (): void => holder.kill('SIGKILL');
  onTestFinished(letGo);
  await holder.stdout.getReader().read();
  return { path, directory, letGo };
}

describe('a lock that another call holds', () => {
  it.each([
    ['the lock of a store', (path: string) => waitForLock(path, 0o600, 50)],
    ['a lock that goes with its holder', (path: string) => waitForVanishingLock(path, 50)],
  ])('is given up when nothing moves: %s', async (_, wait) => {
    const { path } = await held();
    await expect(wait(path)).rejects.toThrow(`Cannot lock ${path}: held by another call for 0.05 s`);
  });

  it('is waited for as long as its holders do their work', async () => {
    const { path, directory, letGo } = await held();
    let times = 0;
    const working = setInterval(() => writeFileSync(join(directory, String(times++)), ''), 20);
    onTestFinished(() => clearInterval(working));
    const waiting = waitForLock(path, 0o600, 200);
    while (times < 40) await Bun.sleep(5);
    letGo();
    const lock = await waiting;
    lock.release();
    expect(times).toBeGreaterThanOrEqual(40);
  });
});
