import { expect, it } from 'vitest';
import { isMilliseconds, maxLikelySeconds, millisecondsRule } from '../src/seconds.ts';

it('takes a number after the year 9999 for milliseconds', () => {
  expect(new Date(maxLikelySeconds * 1000).toISOString()).toBe('9999-12-31T23:59:59.000Z');
  expect(isMilliseconds(maxLikelySeconds)).toBe(false);
  expect(isMilliseconds(maxLikelySeconds + 1)).toBe(true);
  expect(isMilliseconds(BigInt(maxLikelySeconds) + 1n)).toBe(false);
  expect(isMilliseconds('9')).toBe(false);
});

it('reports which year the number would be, where a year can be told', () => {
  expect(millisecondsRule(1_795_910_400_000)).toMatch(
    /^as seconds that is the year 58\d{3}: it takes seconds, or a Date$/,
  );
  expect(millisecondsRule(8_640_000_000_001)).toBe('it takes seconds, or a Date');
});
