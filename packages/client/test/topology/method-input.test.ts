import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { encodeTable, type FieldTableInput, table } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { checkInteger, copyOf, isAtLeast } from '../../src/topology/method-input.ts';

describe('checkInteger', () => {
  it('takes nothing, and integers in the range with its ends', () => {
    for (const value of [undefined, 1, 5, 10]) expect(() => checkInteger('n', value, 1, 10)).not.toThrow();
  });

  it('refuses all else, naming option, value and range', () => {
    for (const value of [0, 11, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkInteger('limit', value, 1, 10)).toThrow(UsageError);
      expect(() => checkInteger('limit', value, 1, 10)).toThrow(`limit is ${value}; it takes integers from 1 to 10`);
    }
  });
});

describe('copyOf', () => {
  it.each([
    ['an object', { a: 1 }],
    ['a Map', new Map([['a', 1]])],
    ['an object of another realm', runInNewContext('({ a: 1 })') as FieldTableInput],
    ['a Map of another realm', runInNewContext("new Map([['a', 1]])") as FieldTableInput],
  ])('passes %s with the same fields', (_, given) => {
    const copy = copyOf(given);
    expect(copy).not.toBe(given);
    expect(encodeTable(copy ?? {})).toEqual(encodeTable({ a: 1 }));
  });

  it('leaves the rest to the encoder', () => {
    for (const given of [undefined, null, 'table', [1], new Date(), new Uint8Array(1), table([])]) {
      expect(copyOf(given as FieldTableInput)).toBe(given);
    }
  });
});

describe('isAtLeast', () => {
  it.each([
    ['4.3.0', true],
    ['4.3', true],
    ['4.3.0-rc.1', true],
    ['4.10.0', true],
    ['5.0.0', true],
    ['10.0.1', true],
    ['4.2.9', false],
    ['3.13.7', false],
    ['3.10.8', false],
    ['', false],
    ['four', false],
    [undefined, false],
    [4.3, false],
    [new Uint8Array(3), false],
  ])('%s is %s for 4.3', (version, expected) => {
    expect(isAtLeast(version, 4, 3)).toBe(expected);
  });
});
