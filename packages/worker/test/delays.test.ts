import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { checkDelays, delayBehind, exponential, roundedUp, scheduleOf } from '../src/delays.ts';

describe('exponential', () => {
  it('grows by its factor up to the most', () => {
    expect(exponential()).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
    expect(exponential({ first: 10, most: 270, factor: 3 })).toEqual([10, 30, 90, 270]);
    expect(exponential({ first: 500, most: 500 })).toEqual([500]);
  });

  it.each([{ first: 0 }, { first: 2, most: 1 }, { factor: 1 }, { most: 2_592_000_001 }, { first: 1, factor: 1.001 }])(
    'refuses %o',
    (options) => {
      expect(() => exponential(options)).toThrow(UsageError);
    },
  );
});

describe('the delay after an attempt', () => {
  it('is that of the list, and of its last place for all that follow', () => {
    expect([1, 2, 3, 9].map((attempt) => delayBehind([5, 10, 20], attempt, undefined))).toEqual([5, 10, 20, 20]);
    expect(delayBehind(7, 4, undefined)).toBe(7);
  });

  it('is a whole number of milliseconds, 1 at least', () => {
    expect(delayBehind(0, 1, undefined)).toBe(1);
    expect(delayBehind([0.5, 2.5], 2, undefined)).toBe(3);
    expect(scheduleOf([0, 2.5])).toEqual([1, 3]);
  });

  it('is what a function says, rounded up', () => {
    const error = new Error('no');
    expect(delayBehind((attempt, given) => (given === error ? attempt * 1100 : 0), 2, error)).toBe(3000);
    expect(scheduleOf(() => 5)).toEqual([]);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 2_592_000_001])('is not %d', (delay) => {
    expect(() => checkDelays(delay)).toThrow(UsageError);
    expect(() => checkDelays([1, delay])).toThrow(UsageError);
    expect(() => delayBehind(() => delay, 1, undefined)).toThrow(UsageError);
  });

  it('is not an empty list', () => {
    expect(() => checkDelays([])).toThrow(UsageError);
  });
});

describe('rounding up', () => {
  it.each([
    [1, 1],
    [7, 8],
    [999, 1000],
    [1000, 1000],
    [1001, 1500],
    [7300, 8000],
    [55_000, 60_000],
    [60_000, 60_000],
    [61_000, 90_000],
    [3_599_999, 3_600_000],
    [3_600_001, 5_400_000],
    [86_400_001, 129_600_000],
    [2_592_000_000, 2_592_000_000],
  ])('of %d ms returns %d', (delay, rounded) => {
    expect(roundedUp(delay)).toBe(rounded);
  });

  it('never gives less, never more than half of it more, and few different ones', () => {
    const seen = new Set<number>();
    for (let delay = 1; delay <= 2_592_000_000; delay = Math.ceil(delay * 1.01)) {
      const rounded = roundedUp(delay);
      expect(rounded).toBeGreaterThanOrEqual(delay);
      expect(rounded).toBeLessThanOrEqual(Math.ceil(delay * 1.5));
      seen.add(rounded);
    }
    expect(seen.size).toBeLessThan(100);
  });
});

it('refuses a promise as a delay, and ignores its rejection', () => {
  const later = (async () => {
    throw new Error('no');
  }) as unknown as () => number;
  expect(() => delayBehind(later, 1, undefined)).toThrow(/returned a promise; it has to return its answer at once/);
});

it.each([null, 5, { fist: 5 }, { first: '5' }, { factor: '3' }])('refuses exponential(%o)', (options) => {
  expect(() => exponential(options as never)).toThrow(UsageError);
});
