/** Waits for file locks without holding up the event loop. Touches lock files. */

import { fail } from '../error';
import { type Lock, tryFlock } from '../kernel/flock';

export type { Lock };

import { mkdirSync, statSync } from '../kernel/fs';
import { dirname } from '../path';
import { sleep } from '../sleep';
import { deletePlain } from './atomic';
import { io, ioUnlessMissing, isMissing } from './io';

const shortestPause = 1; // ms
const longestPause = 500; // ms
/** A pause is that part of what was waited so far: 200 calls that ask again and again would leave no processor to the holder. */
const pausePart = 1 / 4;

/** Sleeps between two looks at what others hold, who has waited for `waited` ms; those who wait for the same, apart from each other. */
export async function pauseAfter(waited: number, longest = longestPause): Promise<void> {
  const pause = Math.min(Math.max(waited * pausePart, shortestPause), longest);
  await sleep(pause * (0.5 + Math.random()));
}

/**
 * Takes the lock at that path, made with `mode` when missing; the file stays.
 * Tried again after pauses, not waited for in the kernel: the agent does other work meanwhile. While holders change
 * the directory of the file (as they do: they make and delete files in it), it is a queue that moves, and waited for on.
 * @throws CniError IoFailed when somebody else holds it, and nothing moves, for longer than `limit` milliseconds.
 */
export async function waitForLock(path: string, mode: number, limit: number): Promise<Lock> {
  return retried(path, limit, () => tryFlock(path, mode), dirname(path));
}

/**
 * As waitForLock, mode 0600, missing directories made; the file is deleted on release, so none pile up: a new holder, a new file.
 * Whoever got the lock of a file that was deleted meanwhile has nothing, and tries again.
 */
export async function waitForVanishingLock(path: string, limit: number): Promise<Lock> {
  return retried(path, limit, () => tryVanishingLock(path), path);
}

/** `moving`: a path whose time of change tells that the lock went from hand to hand. */
async function retried(path: string, limit: number, attempt: () => Lock | undefined, moving: string): Promise<Lock> {
  const start = performance.now();
  let seen: { readonly at: number; readonly changed: number | undefined } | undefined;
  for (;;) {
    const lock = attempt();
    if (lock !== undefined) return lock;
    const now = performance.now();
    seen ??= { at: now, changed: changedAt(moving) };
    if (now - seen.at > limit) {
      const changed = changedAt(moving);
      if (changed === seen.changed) fail('IoFailed', `Cannot lock ${path}: held by another call for ${limit / 1000} s`);
      seen = { at: now, changed };
    }
    await pauseAfter(now - start);
  }
}

/** As waitForVanishingLock, without waiting: `undefined` when somebody holds the lock. */
export function tryVanishingLock(path: string): Lock | undefined {
  for (;;) {
    const lock = inDirectory(path, () => tryFlock(path, 0o600));
    if (lock === undefined) return undefined;
    if (isAt(lock, path)) return { file: lock.file, release: () => deleteAndRelease(lock, path) };
    lock.release();
  }
}

function deleteAndRelease(lock: Lock, path: string): void {
  try {
    deletePlain(path); // while it is ours
  } finally {
    lock.release();
  }
}

function changedAt(path: string): number | undefined {
  return ioUnlessMissing('read', path, () => statSync(path))?.mtimeMs;
}

function isAt(lock: Lock, path: string): boolean {
  const there = ioUnlessMissing('read', path, () => statSync(path));
  return there !== undefined && lock.file === `${there.dev}:${there.ino}`;
}

function inDirectory<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isMissing(error)) throw error;
    io('make', dirname(path), () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
    return work();
  }
}
