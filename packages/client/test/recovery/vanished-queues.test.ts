import { expect, it } from 'vitest';
import { VanishedQueues } from '../../src/recovery/vanished-queues.ts';

const options = { minDelay: 100, maxDelay: 350, retryFor: 1000 };
const atOnce = { delayMs: 0, isNews: false };

it('makes a queue again at once five times, then after pauses that grow to maxDelay', () => {
  const vanished = new VanishedQueues(options);
  expect(Array.from({ length: 5 }, () => vanished.note('q', 0))).toEqual(Array(5).fill(atOnce));
  expect(Array.from({ length: 4 }, () => vanished.note('q', 10))).toEqual([
    { delayMs: 100, isNews: true },
    { delayMs: 200, isNews: false },
    { delayMs: 350, isNews: false },
    { delayMs: 350, isNews: false },
  ]);
});

it('abandons a queue when it has paused for retryFor, and reports that once', () => {
  const vanished = new VanishedQueues(options);
  for (let count = 0; count < 6; count++) vanished.note('q', 500);
  expect(vanished.note('q', 1499).delayMs).toBe(200);
  expect(vanished.note('q', 1500)).toEqual({ delayMs: undefined, isNews: true });
  expect(vanished.note('q', 1600)).toEqual({ delayMs: undefined, isNews: false });
});

it('counts each queue by itself', () => {
  const vanished = new VanishedQueues(options);
  for (let count = 0; count < 6; count++) vanished.note('q', 0);
  expect(vanished.note('other', 0)).toEqual(atOnce);
});

it('pauses for a millisecond at least', () => {
  const vanished = new VanishedQueues({ ...options, minDelay: 0 });
  for (let count = 0; count < 5; count++) vanished.note('q', 0);
  expect(vanished.note('q', 0).delayMs).toBe(1);
});

it('abandons a queue without a pause, and reports that once, where retryFor is 0', () => {
  const vanished = new VanishedQueues({ ...options, retryFor: 0 });
  for (let count = 0; count < 5; count++) vanished.note('q', 0);
  expect(vanished.note('q', 0)).toEqual({ delayMs: undefined, isNews: true });
  expect(vanished.note('q', 0)).toEqual({ delayMs: undefined, isNews: false });
});
