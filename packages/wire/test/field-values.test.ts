import { UsageError } from '@puka/errors';
import { describe, expect, it, vi } from 'vitest';
import { encodeTable } from '../src/field-table.ts';
import type * as values from '../src/field-values.ts';
import { Decimal, decimal, empty, int8, Tagged, Timestamp, timestamp } from '../src/field-values.ts';

describe('Decimal', () => {
  it.each([
    [0, 0, '0'],
    [0, 2, '0.00'],
    [5, 0, '5'],
    [-105, 2, '-1.05'],
    [5, 3, '0.005'],
    [-2147483648, 0, '-2147483648'],
    [2147483647, 10, '0.2147483647'],
  ])('writes %i with scale %i in digits', (unscaled, scale, text) => {
    expect(String(new Decimal(unscaled, scale))).toBe(text);
  });

  it.each([
    [2147483648, 0],
    [-2147483649, 0],
    [0.5, 0],
    [Number.NaN, 0],
    [1, 256],
    [1, -1],
    [1, 0.5],
  ])('refuses unscaled %d with scale %d', (unscaled, scale) => {
    expect(() => decimal(unscaled, scale)).toThrow(UsageError);
  });
});

describe('Timestamp', () => {
  it('takes seconds from 0 to 2^64 - 1', () => {
    expect(timestamp(0).seconds).toBe(0);
    expect(timestamp(2n ** 64n - 1n).seconds).toBe(18446744073709551615n);
  });

  it.each([[-1], [0.5], [Number.NaN], [2 ** 53], [-1n], [2n ** 64n]])('refuses %s', (seconds) => {
    expect(() => new Timestamp(seconds)).toThrow(UsageError);
  });
});

it.each([['z'], [''], ['SI'], [5], [undefined], [Symbol('S')], [Object.create(null)]])(
  'refuses %o for a tag',
  (tag) => {
    expect(() => new Tagged(tag as 'S', 'x')).toThrow(UsageError);
  },
);

it('keeps tag and value of a wrapper', () => {
  expect(int8(5)).toEqual(new Tagged('b', 5));
  expect(empty()).toEqual(new Tagged('V', null));
  expect(decimal(1, 2)).toBeInstanceOf(Tagged);
});

describe('two copies of the package', () => {
  async function loadSecondCopy(): Promise<typeof values> {
    vi.resetModules();
    return import('../src/field-values.ts');
  }

  it('recognise the values of each other, class by class', async () => {
    const copy = await loadSecondCopy();

    expect(copy.Tagged).not.toBe(Tagged);
    expect(copy.int8(5)).toBeInstanceOf(Tagged);
    expect(copy.int8(5)).not.toBeInstanceOf(Decimal);
    expect(copy.decimal(1, 2)).toBeInstanceOf(Tagged);
    expect(copy.decimal(1, 2)).toBeInstanceOf(Decimal);
    expect(copy.decimal(1, 2)).not.toBeInstanceOf(Timestamp);
    expect(copy.timestamp(7)).toBeInstanceOf(Timestamp);
    expect(timestamp(7)).toBeInstanceOf(copy.Timestamp);
    expect({ tag: 'b', value: 5 }).not.toBeInstanceOf(Tagged);
  });

  it('encode the values of each other', async () => {
    const copy = await loadSecondCopy();

    expect(encodeTable({ a: copy.int8(5), b: copy.decimal(1, 2), c: copy.timestamp(7) })).toEqual(
      encodeTable({ a: int8(5), b: decimal(1, 2), c: timestamp(7) }),
    );
  });

  it('tell a class that a user derives by its identity', () => {
    class Age extends Tagged {}

    expect(new Age('B', 5)).toBeInstanceOf(Age);
    expect(new Age('B', 5)).toBeInstanceOf(Tagged);
    expect(int8(5)).not.toBeInstanceOf(Age);
  });
});
