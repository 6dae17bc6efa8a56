import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { settingsOf } from '../src/settings.ts';

it('has the defaults of the options', () => {
  expect(settingsOf({ queue: 'jobs' })).toMatchObject({
    ...{ concurrency: 1, prefetch: 1, attempts: 5, deadLetter: 'jobs.dead', queueType: 'quorum' },
    delay: [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000],
  });
});

it('lets the prefetch follow what can run', () => {
  expect(settingsOf({ queue: 'jobs', concurrency: 8 }).prefetch).toBe(8);
  expect(settingsOf({ queue: 'jobs', concurrency: 8, batch: { size: 10 } }).prefetch).toBe(80);
  expect(settingsOf({ queue: 'jobs', concurrency: 8, key: () => '' }).prefetch).toBe(32);
  expect(settingsOf({ queue: 'jobs', concurrency: 60_000, key: () => '' }).prefetch).toBe(65_535);
});

it.each([
  { queue: '' },
  { concurrency: 0 },
  { concurrency: 1.5 },
  { attempts: 0 },
  { delay: -1 },
  { deadLetter: 'jobs' },
  { deadLetter: '' },
  { concurrency: 8, prefetch: 7 },
  { prefetch: 65_536 },
  { handlerTimeout: 0 },
  { handlerTimeout: 2 ** 31 },
  { batch: { size: 0 } },
  { batch: { size: 2, wait: -1 } },
  { batch: { size: 2 }, prefetch: 1 },
  { batch: { size: 2 }, key: () => '' },
  { queueType: 'stream' as 'quorum' },
])('refuses %o', (options) => {
  expect(() => settingsOf({ queue: 'jobs', ...options })).toThrow(UsageError);
});
