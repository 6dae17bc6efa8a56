import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import type { Place } from '../src/field-place.ts';
import * as scalars from '../src/field-scalar-writer.ts';
import { toHex } from './hex.ts';

const place: Place = { parent: undefined, key: 'headers' };

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(64);
  writer.begin();
  write(writer);
  return writer
    .take()
    .map((chunk) => toHex(chunk))
    .join('');
}

describe('writeNumber takes the smallest tag that fits', () => {
  it.each([
    [0, '49 00000000'],
    [-1, '49 ffffffff'],
    [2 ** 31 - 1, '49 7fffffff'],
    [2 ** 31, '6c 0000000080000000'],
    [Number.MIN_SAFE_INTEGER, '6c ffe0000000000001'],
    [2 ** 53, '64 4340000000000000'],
    [0.5, '64 3fe0000000000000'],
    [-0, '64 8000000000000000'],
  ])('%d', (value, hex) => {
    expect(written((writer) => scalars.writeNumber(writer, value, place, 'n'))).toBe(hex.replace(' ', ''));
  });

  it.each([Number.NaN, Infinity, -Infinity])('and refuses %d', (value) => {
    const write = (): string => written((writer) => scalars.writeNumber(writer, value, place, 'n'));
    expect(write).toThrow(new UsageError(`headers.n is not a finite number; met ${value}`));
  });
});

describe('writeText', () => {
  it('writes the length in octets and the text as UTF-8', () => {
    // length, h, é, €, 😀
    const hex = '0000000a 68 c3a9 e282ac f09f9880'.replaceAll(' ', '');
    expect(written((writer) => scalars.writeText(writer, 'hé€😀', place, 'n'))).toBe(hex);
  });

  it('refuses a lone surrogate without showing the text', () => {
    const write = (): string => written((writer) => scalars.writeText(writer, 'secret\ud800', place, 'n'));
    expect(write).toThrow(new UsageError('headers.n has a lone surrogate, which UTF-8 cannot express; met a string'));
  });
});

describe('writeInt64', () => {
  it.each([
    [-(2n ** 63n), '8000000000000000'],
    [2n ** 63n - 1n, '7fffffffffffffff'],
    [-2, 'fffffffffffffffe'],
  ])('writes %s', (value, hex) => {
    expect(written((writer) => scalars.writeInt64(writer, value, place, 'n'))).toBe(hex);
  });

  it.each([2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53, 0.5, '1', null])('refuses %s', (value) => {
    expect(() => written((writer) => scalars.writeInt64(writer, value, place, 'n'))).toThrow(UsageError);
  });
});

describe('secondsOf', () => {
  const otherRealm: unknown = runInNewContext('new Date(1500)');
  it.each([
    [new Date(1999), 1],
    [otherRealm, 1],
    [0, 0],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('takes %s', (value, seconds) => {
    expect(scalars.secondsOf(value, place, 'n')).toBe(seconds);
  });

  it.each([new Date(Number.NaN), new Date(-1), -1, 0.5, -1n, 2n ** 64n, '5', undefined])('refuses %s', (value) => {
    expect(() => scalars.secondsOf(value, place, 'n')).toThrow(UsageError);
  });
});

it('integer keeps to its range, both ends included', () => {
  for (const value of [-3, 0, 7]) expect(scalars.integer(value, -3, 7, place, 'n')).toBe(value);
  for (const value of [-4, 8, 0.5, Number.NaN, 5n, '5']) {
    expect(() => scalars.integer(value, -3, 7, place, 'n')).toThrow('headers.n is not an integer from -3 to 7');
  }
});

it('finite looks at the number as it will be written', () => {
  expect(scalars.finite(1e300, place, 'n', Number)).toBe(1e300);
  expect(() => scalars.finite(1e300, place, 'n', Math.fround)).toThrow('headers.n is not a finite number');
});
