import { describe, expect, it } from 'vitest';
import { WarningLimit } from '../../src/runtime/warning-limit.ts';

/** How many of so many asked at each of the times are allowed. */
function allowedAt(times: readonly number[], each = 1): number[] {
  const limit = new WarningLimit();
  return times.map(
    (at) => Array.from({ length: each }, () => limit.allows(at)).filter((isAllowed) => isAllowed).length,
  );
}

describe('warnings', () => {
  it('are ten a minute at most', () => {
    expect(allowedAt([0], 15)).toEqual([10]);
    expect(allowedAt([0, 30_000, 59_999], 15)).toEqual([10, 0, 0]);
  });

  it('are allowed again as the old ones are a minute past', () => {
    expect(allowedAt([0, 60_000], 15)).toEqual([10, 10]);
    expect(allowedAt([5, 60_004, 60_005], 15)).toEqual([10, 0, 10]);
  });

  it('are ten in any sixty seconds, wherever one begins to count', () => {
    expect(allowedAt([0, 59_000, 60_000, 61_000, 119_000], 9)).toEqual([9, 1, 9, 0, 1]);
  });

  it('never stop where they come seldom', () => {
    const times = Array.from({ length: 1000 }, (_, index) => index * 6000);
    expect(allowedAt(times).every((count) => count === 1)).toBe(true);
  });
});
