/** How many foreign programs run at once on this node: each holds one of a fixed number of locks. Touches lock files. */
import { ioUnlessMissing } from '../disk/io';
import { type Lock, pauseAfter, tryVanishingLock } from '../disk/lock';
import { readdirSync } from '../kernel/fs';

/** More would only wait for each other: a node that starts 200 pods has some 200 calls, each with a program of its own. */
export const atOnce = (): number => Math.max(8, 4 * navigator.hardwareConcurrency);

const patience = 30_000; // ms; then the program runs all the same: a program may wait for one that it started
const longestPause = 100; // ms between looks: a slot is free again sooner than a lock that all wait for

/** A slot of that directory's, held until it is released or the process ends; `undefined` when none came free in time. */
export async function takeSlot(directory: string): Promise<Lock | undefined> {
  const start = performance.now();
  const names = Array.from({ length: atOnce() }, (_, at) => `.foreign-${at}.lock`); // no container id begins so
  do {
    const there = ioUnlessMissing('read', directory, () => readdirSync(directory)) ?? [];
    const isThere = (name: string): boolean => there.includes(name);
    // One that a killed call left is taken first, and goes with its new holder.
    for (const name of [...names.filter(isThere), ...names.filter((each) => !isThere(each))]) {
      const lock = tryVanishingLock(`${directory}/${name}`);
      if (lock !== undefined) return lock;
    }
    await pauseAfter(performance.now() - start, longestPause);
  } while (performance.now() - start < patience);
  return undefined;
}
