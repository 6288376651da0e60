/** The figures of the benchmark: medians, ratios of neighbours, and runs that say nothing. */
import { describe, expect, it } from 'vitest';
import { isNoisy, median, percentile, ratio } from './stats';

describe('the figures', () => {
  it('are the middle and the tail of the values, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(percentile([4, 1, 3, 2], 0.99)).toBe(4);
    expect(median([])).toBeNaN();
  });

  it('compare runs that stood next to each other, so a busy moment counts for both', () => {
    expect(ratio([20, 20, 200, 20], [10, 10, 100, 10])).toEqual({ middle: 2, low: 2, high: 2 });
  });

  it('say when the machine was too busy', () => {
    expect(isNoisy([10, 10, 11, 10, 10, 10, 10, 10, 10, 10])).toBe(false);
    expect(isNoisy([10, 10, 10, 10, 10, 10, 10, 10, 30, 30])).toBe(true);
  });
});
