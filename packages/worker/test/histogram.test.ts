import { expect, it } from 'vitest';
import { Durations } from '../src/histogram.ts';

it('counts in steps of powers of two, the upper end within', () => {
  const durations = new Durations();
  for (const ms of [0, 1, 1.5, 2, 2.1, 4, 5, 1024, 1025]) durations.add(ms);
  expect(durations.snapshot()).toEqual({
    count: 9,
    sumMs: 2064.6,
    maxMs: 1025,
    buckets: [
      { upToMs: 1, count: 2 },
      { upToMs: 2, count: 2 },
      { upToMs: 4, count: 2 },
      { upToMs: 8, count: 1 },
      { upToMs: 1024, count: 1 },
      { upToMs: 2048, count: 1 },
    ],
  });
});

it('has a last step without an end', () => {
  const durations = new Durations();
  durations.add(2 ** 22);
  durations.add(2 ** 22 + 1);
  durations.add(2 ** 40);
  expect(durations.snapshot().buckets).toEqual([
    { upToMs: 2 ** 22, count: 1 },
    { upToMs: Number.POSITIVE_INFINITY, count: 2 },
  ]);
});
