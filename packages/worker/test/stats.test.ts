import { expect, it } from 'vitest';
import { Counts } from '../src/stats.ts';

it('returns snapshots that change no more', () => {
  const counts = new Counts();
  counts.done++;
  counts.durations.add(3);
  const before = counts.snapshot(2);
  counts.done++;
  counts.durations.add(3);
  expect(before).toMatchObject({ done: 1, waiting: 2, durations: { count: 1, buckets: [{ upToMs: 4, count: 1 }] } });
  expect(counts.snapshot(0)).toMatchObject({ done: 2, waiting: 0, durations: { count: 2 } });
});
