/** Figures from many runs: median, percentile, ratios with their spread, and whether the machine was too busy to tell. Pure. */

/** Time of one call. */
export interface Sample {
  readonly wall: number; // ms, from before the process starts to after it ended
  readonly cpu: number; // ms, user and system of the process and the children it waited for
}

/** The value below which `share` (0 to 1) of the values lie. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** How many times `slow` takes the time of `fast`: of the medians, and the quartiles of runs that stood next to each other. */
export interface Ratio {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** Runs of equal position were made one after the other, so what disturbed the machine disturbed both. */
export function ratio(slow: readonly number[], fast: readonly number[]): Ratio {
  const each = slow.slice(0, fast.length).map((value, at) => value / (fast[at] as number));
  return { middle: median(slow) / median(fast), low: percentile(each, 0.25), high: percentile(each, 0.75) };
}

/** Whether the runs of one and the same thing differ so much that ratios say little: the ninth decile above 1.5 times the median. */
export function isNoisy(values: readonly number[]): boolean {
  return percentile(values, 0.9) > 1.5 * median(values);
}
