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

it.each<[Record<string, unknown>, RegExp]>([
  [{ concurency: 8 }, /no option 'concurency'; its options are queue, concurrency, .*startWorker\(client, /],
  [{ batch: { size: 3, waiting: 5 } }, /batch has no option 'waiting'/],
  [{ batch: null }, /batch takes one object of options, not null/],
  [{ key: 'customer' }, /key is a string; it takes a function: key: /],
  [{ redact: /x/ }, /redact is an object; it takes a function/],
  [{ parse: {} }, /parse is an object without '~standard'; it takes .*Standard Schema/],
  [{ parse: 'json' }, /parse is a string; /],
  [{ stackInHeaders: 'yes' }, /stackInHeaders is a string; it takes true or false/],
  [{ deadLetter: true }, /deadLetter takes the name of another queue, or false; it is a boolean/],
  [{ deadLetter: null }, /deadLetter takes .* it is null/],
  [{ queue: 'ü'.repeat(120) }, /queue has 240 bytes; a worker takes up to 238/],
])('refuses %o, and names what is allowed', (options, text) => {
  expect(() => settingsOf({ queue: 'jobs', ...options })).toThrow(UsageError);
  expect(() => settingsOf({ queue: 'jobs', ...options })).toThrow(text);
});

it.each([undefined, null, 'jobs', []])('refuses %o instead of options', (options) => {
  expect(() => settingsOf(options as never)).toThrow(/startWorker takes one object of options, not .*: startWorker\(/);
});
