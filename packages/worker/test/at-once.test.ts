import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { atOnce } from '../src/at-once.ts';

it('returns an answer', () => {
  expect(atOnce('a', 'key')).toBe('a');
  expect(atOnce(undefined, 'key')).toBeUndefined();
});

it('refuses a promise, and ignores its rejection', async () => {
  const rejected: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejected.push(reason);
  process.on('unhandledRejection', onRejection);
  try {
    expect(() => atOnce(Promise.reject(new Error('no')), 'key')).toThrow(UsageError);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rejected).toEqual([]);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
});
