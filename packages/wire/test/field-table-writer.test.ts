import vm from 'node:vm';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { decodeTable, encodeTable, writeFieldTable } from '../src/field-table.ts';
import {
  array,
  type FieldTableInput,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  longString,
  Tagged,
  table,
  uint8,
  uint16,
  uint32,
} from '../src/field-values.ts';
import { toHex } from './hex.ts';

/** Passes what the types forbid, as a JavaScript program would. */
const unchecked = (value: unknown): FieldTableInput => value as FieldTableInput;

const write = (value: unknown) => () => writeFieldTable(new ByteWriter(), unchecked(value), 'headers');

describe('values that are refused', () => {
  class Point {
    x = 1;
  }

  it.each([
    ['NaN', { a: Number.NaN }, 'headers.a is not a finite number; met NaN'],
    ['infinity', { a: [1, Number.NEGATIVE_INFINITY] }, 'headers.a[1] is not a finite number; met -Infinity'],
    ['a function', { a: () => 1 }, 'headers.a cannot be encoded; met a function'],
    ['a symbol', { a: { b: Symbol('s') } }, 'headers.a.b cannot be encoded; met a symbol'],
    ['an instance', { a: { b: [0, 1, new Point()] } }, 'headers.a.b[2] cannot be encoded; met an instance of Point'],
    ['a boxed number', { a: Object(5) }, 'headers.a cannot be encoded; met an instance of Number'],
    ['another view', { a: new Uint16Array(1) }, 'headers.a cannot be encoded; met an instance of Uint16Array'],
    ['a set', { a: new Set() }, 'headers.a cannot be encoded; met an instance of Set'],
    ['undefined in an array', { a: [undefined] }, 'headers.a[0] cannot be encoded; null can; met undefined'],
    ['a hole in an array', { a: new Array(1) }, 'headers.a[0] cannot be encoded; null can; met undefined'],
    ['a bigint over int64', { a: 2n ** 63n }, 'headers.a is beyond int64; met 9223372036854775808'],
    ['a bigint under int64', { a: -(2n ** 63n) - 1n }, 'headers.a is beyond int64; met -9223372036854775809'],
    [
      'a time before 1970',
      { a: new Date(-1) },
      'headers.a is not a time from 1970 on in whole seconds; met an instance of Date',
    ],
    [
      'an invalid Date',
      { a: new Date(Number.NaN) },
      'headers.a is not a time from 1970 on in whole seconds; met an instance of Date',
    ],
    [
      'a lone surrogate',
      { a: { b: '\ud800' } },
      'headers.a.b has a lone surrogate, which UTF-8 cannot express; met a string',
    ],
    [
      'an array for a table',
      [1],
      'headers is not a table: it takes a plain object, a Map or table(); met an instance of Array',
    ],
    ['null for a table', null, 'headers is not a table: it takes a plain object, a Map or table(); met null'],
    ['a Map with other names', new Map([[1, 2]]), 'headers has a name that is not a string; met 1'],
    ['a tagged field that is none', { a: new Tagged('F', [5]) }, 'headers.a[0] is not { name, value }; met 5'],
  ])('refuses %s with its path', (_, value, message) => {
    expect(write(value)).toThrow(UsageError);
    expect(write(value)).toThrow(message);
  });

  it.each([
    ['int8', int8(128), int8(-129)],
    ['uint8', uint8(256), uint8(-1)],
    ['int16', int16(32_768), int16(-32_769)],
    ['uint16', uint16(65_536), uint16(-1)],
    ['int32', int32(2 ** 31), int32(-(2 ** 31) - 1)],
    ['uint32', uint32(2 ** 32), uint32(-1)],
    ['int64', int64(2 ** 53), int64(2n ** 63n)],
    ['float32', float32(1e39), float32(Number.NaN)],
    ['float64', float64(Number.POSITIVE_INFINITY), float64(Number.NaN)],
    ['boolean', new Tagged('t', 'x'), new Tagged('t', 256)],
    ['bytes', new Tagged('x', 'x'), new Tagged('x', new Uint16Array(1))],
    ['longString', new Tagged('S', 5), longString('\ud800')],
    ['array', new Tagged('A', 'x'), array([undefined])],
    ['table', new Tagged('F', 'x'), new Tagged('F', [1])],
    ['timestamp', new Tagged('T', -1), new Tagged('T', 2n ** 64n)],
    ['decimal', new Tagged('D', 5), new Tagged('D', 0.5)],
  ])('refuses what does not fit %s', (_, first, second) => {
    expect(write({ a: first })).toThrow(UsageError);
    expect(write({ a: second })).toThrow(UsageError);
  });

  it('refuses a name over 255 bytes', () => {
    expect(() => encodeTable({ ['é'.repeat(127)]: 1 })).not.toThrow();
    expect(() => encodeTable({ ['é'.repeat(128)]: 1 })).toThrow(/name of a table field has 256 bytes/);
    expect(() => encodeTable(table([{ name: new Uint8Array(256), value: uint8(1) }]))).toThrow(/is 256/);
  });

  it('never shows text or bytes in a message', () => {
    try {
      encodeTable(unchecked({ token: new Tagged('x', 'secret') }));
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
    expect.assertions(1);
  });
});

describe('values that are taken', () => {
  it('leaves undefined fields out and keeps the order of the others', () => {
    expect(toHex(encodeTable({ b: true, a: undefined, c: false }))).toBe('00000008' + '01627401' + '01637400');
  });

  it('takes only own fields', () => {
    const base = Object.create(null);
    base.inherited = 1;
    const object = Object.assign(Object.create(base), { own: true });
    expect(decodeTable(encodeTable(object))).toEqual(Object.assign(Object.create(null), { own: true }));
  });

  it('takes values of another realm', () => {
    const foreign = vm.runInNewContext('({ a: [1], b: new Uint8Array(1), c: new Date(0), d: {} })');
    const plain = { a: [1], b: new Uint8Array(1), c: new Date(0), d: {} };
    expect(encodeTable(foreign)).toEqual(encodeTable(plain));
  });

  it('takes the tables and arrays of a decoded table', () => {
    const bytes = encodeTable({ a: [{ b: [null, { c: 1 }] }] });
    expect(encodeTable(decodeTable(bytes))).toEqual(bytes);
  });

  it('takes the fields of a Map in its order', () => {
    const map = new Map<string, number | undefined>([
      ['2', 1],
      ['1', 2],
      ['0', undefined],
    ]);
    expect(toHex(encodeTable({ m: map }))).toContain('0132' + '4900000001' + '0131' + '4900000002');
  });

  it('copies bytes at the call', () => {
    const source = Uint8Array.of(1);
    const encoded = encodeTable({ a: source });
    source[0] = 9;
    expect(encoded.at(-1)).toBe(1);
  });
});

describe('limits of what is encoded', () => {
  const nest = (levels: number): FieldTableInput => {
    let inner: FieldTableInput = {};
    for (let level = 1; level < levels; level++) inner = level % 2 === 0 ? { a: inner } : { a: [inner] };
    return inner;
  };

  it('takes 64 levels, tables and arrays, and no more', () => {
    const levels = (depth: number): FieldTableInput => {
      let inner: FieldTableInput = {};
      for (let level = 1; level < depth; level++) inner = { a: inner };
      return inner;
    };
    expect(() => encodeTable(levels(64))).not.toThrow();
    expect(() => encodeTable(levels(65))).toThrow(/nested deeper than maxTableDepth/);
    expect(() => encodeTable(nest(43))).not.toThrow();
    expect(() => encodeTable(nest(44))).toThrow(UsageError);
    expect(() => encodeTable({ a: {} }, { maxTableDepth: 2 })).not.toThrow();
    expect(() => encodeTable({ a: {} }, { maxTableDepth: 1 })).toThrow(UsageError);
  });

  it('refuses what lies deep with a stack that shows who called', () => {
    function nameTheCaller(): void {
      encodeTable({ a: { b: [{ c: { d: { e: [{ f: { g: { h: Number.NaN } } }] } } }] } });
    }
    let stack = '';
    try {
      nameTheCaller();
    } catch (error) {
      if (error instanceof UsageError) stack = error.stack ?? '';
    }
    expect(stack).toMatch(/table\.a\.b\[0\]\.c\.d\.e\[0\]\.f\.g\.h is not a finite number/);
    expect(stack.split('\n').findIndex((line) => line.includes('nameTheCaller'))).toBeLessThan(5);
    expect(stack).toContain('nameTheCaller');
  });

  it('shows a long path cut, and without the control characters of a name that a peer chose', () => {
    const deep = { '\u001b[2Ja\nz': { ['b'.repeat(255)]: { ['c'.repeat(255)]: undefined, x: [undefined] } } };
    expect(write(deep)).toThrow(/^headers\.a z\.b+\.x\[0\] cannot be encoded/);
    const longer = { ['b'.repeat(255)]: { ['c'.repeat(255)]: Number.NaN } };
    expect(write(longer)).toThrow(/^headers\.b+\.c+… is not a finite number/);
  });

  it('refuses a table that contains itself', () => {
    const cyclic: { [name: string]: unknown } = {};
    cyclic.self = [cyclic];
    expect(write(cyclic)).toThrow(/contains itself/);
  });

  it('takes 65 536 fields and no more', () => {
    expect(() => encodeTable({ a: new Array(65_535).fill(null) })).not.toThrow();
    expect(() => encodeTable({ a: new Array(65_536).fill(null) })).toThrow(/maxTableFields/);
    expect(() => encodeTable({ a: 1, b: 2 }, { maxTableFields: 2 })).not.toThrow();
    expect(() => encodeTable({ a: 1, b: 2, c: 3 }, { maxTableFields: 2 })).toThrow(UsageError);
  });
});
