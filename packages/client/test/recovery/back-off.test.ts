import { describe, expect, it } from 'vitest';
import { backOffDelay } from '../../src/recovery/back-off.ts';

const bounds = { minDelay: 1000, maxDelay: 30_000 };

describe('the delay before an attempt', () => {
  it('doubles its upper end up to maxDelay, and has one lower end', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((attempt) => backOffDelay(attempt, bounds, 1))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect([1, 5, 60].map((attempt) => backOffDelay(attempt, bounds, 0))).toEqual([200, 200, 200]);
  });

  it('uses the whole window, so that a thousand clients do not come back together', () => {
    const delays = Array.from({ length: 1000 }, (_, index) => backOffDelay(1, bounds, index / 1000));
    const tenths = new Array<number>(10).fill(0);
    for (const delay of delays) {
      const tenth = Math.min(9, Math.floor(((delay - 200) / 800) * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count).toBeLessThanOrEqual(150);
  });

  it('may be 0', () => {
    expect(backOffDelay(3, { minDelay: 0, maxDelay: 0 }, 0.5)).toBe(0);
  });
});
