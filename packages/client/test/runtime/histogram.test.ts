import { expect, it } from 'vitest';
import { Histogram } from '../../src/runtime/histogram.ts';

it('counts each duration in all buckets that are not below it', () => {
  const histogram = new Histogram();
  for (const ms of [0, 0.5, 0.6, 7, 10_000, 10_001]) histogram.add(ms);
  const { count, sumMs, buckets } = histogram.snapshot();
  expect([count, sumMs]).toEqual([6, 20_009.1]);
  expect(buckets.map(({ upToMs, count: upTo }) => `${upToMs}: ${upTo}`)).toEqual([
    ...['0.5: 2', '1: 3', '2: 3', '5: 3', '10: 4', '20: 4', '50: 4', '100: 4', '200: 4', '500: 4'],
    ...['1000: 4', '2000: 4', '5000: 4', '10000: 5', 'Infinity: 6'],
  ]);
});

it('returns a snapshot that does not change', () => {
  const histogram = new Histogram();
  const before = histogram.snapshot();
  histogram.add(1);
  expect(before.count).toBe(0);
  expect(before.buckets.at(-1)?.count).toBe(0);
});
