/** Lets go of pages of the program's own code that are not in use just now. Touches the process it runs in. */
import { dlopen, type Pointer } from 'bun:ffi';
import { readFileSync } from 'node:fs';
import { libcName } from './libc';

const dontNeed = 4; // MADV_DONTNEED of linux/mman.h
const signatures = { madvise: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } } as const; // the agent's alone: each one costs a call time
let madvise: ReturnType<typeof load> | undefined;

const load = () => dlopen(libcName(), signatures).symbols.madvise;

/**
 * The start has touched some 30 MB of code, most of it for the last time. What runs again is mapped again from the page cache,
 * where all of it stays.
 */
export function releaseCode(): void {
  madvise ??= load();
  for (const { start, length } of codeOf(readFileSync('/proc/self/maps', 'latin1')))
    madvise(start as Pointer, length, dontNeed); // a failure only costs memory
}

/** Parts of the address space that are code of a file as it is on disk: nobody can have written to them. Pure. */
export function codeOf(maps: string): readonly { readonly start: number; readonly length: number }[] {
  const lines = maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]\d* +\//gm);
  return [...lines].map(([, from = '', to = '']) => {
    const start = Number.parseInt(from, 16);
    return { start, length: Number.parseInt(to, 16) - start };
  });
}
