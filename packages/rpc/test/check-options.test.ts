import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { bytesOf, checkFlag, checkOptions, kindOf } from '../src/check-options.ts';

const form = { call: 'stop', example: 'stop({ timeout: 5 })', options: { timeout: true, grace: true } } as const;

it.each([{}, { timeout: 5 }, { timeout: undefined, other: undefined }, Object.create(null)])('takes %o', (options) => {
  expect(() => checkOptions(form, options)).not.toThrow();
});

it.each([undefined, null, 5, 'timeout', [5]])('refuses %o, and shows the call', (options) => {
  expect(() => checkOptions(form, options)).toThrow(UsageError);
  expect(() => checkOptions(form, options)).toThrow(
    /^stop takes one object of options, not .*: stop\(\{ timeout: 5 \}\)$/,
  );
});

it('refuses an unknown option, even one with the name of an inherited property', () => {
  const text = /^stop has no option 'timeOut'; its options are timeout, grace. A call looks like this: stop\(/;
  expect(() => checkOptions(form, { timeOut: 5 })).toThrow(text);
  expect(() => checkOptions(form, { toString: 5 })).toThrow(UsageError);
  expect(() => checkOptions(form, { ['x'.repeat(1000)]: 5 })).toThrow(/^.{1,200}$/);
});

it('refuses a flag that is neither true nor false', () => {
  for (const value of [true, false, undefined]) expect(() => checkFlag('cancels', value)).not.toThrow();
  expect(() => checkFlag('cancels', 'no')).toThrow('cancels is a string; it takes true or false');
});

it('names the kind of a value, never the value', () => {
  expect([null, undefined, [], {}, 'secret', 5].map(kindOf)).toEqual([
    ...['null', 'undefined', 'an array', 'an object', 'a string', 'a number'],
  ]);
});

it.each([
  ['', 0],
  ['jobs', 4],
  ['ü', 2],
  ['€', 3],
  ['\u{1f600}', 4],
])('counts the bytes of %o', (name, bytes) => {
  expect(bytesOf(name)).toBe(bytes);
  expect(new TextEncoder().encode(name)).toHaveLength(bytes);
});
