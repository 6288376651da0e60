/** Waiting. Holds up nobody but the caller. */

/** Returns after that many milliseconds. (node:timers/promises takes 0.4 ms to load.) */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
