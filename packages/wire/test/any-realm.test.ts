import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isArrayBuffer, isBytes, isDate, isMap, isPlainObject, toBytes } from '../src/any-realm.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { writeBody } from '../src/content.ts';
import { decodeTable, encodeTable } from '../src/field-table.ts';
import { bytes, table } from '../src/field-values.ts';
import { encodeProperties } from '../src/properties.ts';
import { concat, toHex } from './hex.ts';

/** Evaluates an expression in a realm of its own. */
function foreign<Value>(expression: string): Value {
  return vm.runInNewContext(expression) as Value;
}

describe('what is recognised of any realm', () => {
  it.each([
    ['Uint8Array', isBytes, 'new Uint8Array(1)'],
    ['Date', isDate, 'new Date(7000)'],
    ['invalid Date', isDate, 'new Date(NaN)'],
    ['Map', isMap, 'new Map()'],
    ['ArrayBuffer', isArrayBuffer, 'new ArrayBuffer(1)'],
    ['SharedArrayBuffer', isArrayBuffer, 'new SharedArrayBuffer(1)'],
  ])('%s', (_name, is, expression) => {
    expect(is(vm.runInThisContext(expression))).toBe(true);
    expect(is(foreign(expression))).toBe(true);
    expect(is(foreign(`Reflect.construct(class extends (${expression}).constructor {}, [])`))).toBe(true);
  });

  it('takes a Buffer for bytes', () => {
    expect(isBytes(Buffer.alloc(1))).toBe(true);
  });

  it.each([
    ['another view', 'new Uint16Array(1)'],
    ['a DataView', 'new DataView(new ArrayBuffer(1))'],
    ['an array', '[1]'],
    ['text', '"a"'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['a Set', 'new Set()'],
    ['what only calls itself a Date', '({ [Symbol.toStringTag]: "Date", getTime: () => 1 })'],
    ['what only calls itself a Map', '({ [Symbol.toStringTag]: "Map", size: 0 })'],
    ['what only calls itself a buffer', '({ [Symbol.toStringTag]: "ArrayBuffer", byteLength: 0 })'],
    ['what only calls itself bytes', '({ [Symbol.toStringTag]: "Uint8Array", length: 0 })'],
  ])('nothing of it: %s', (_name, expression) => {
    const value: unknown = foreign(expression);
    expect([isBytes, isDate, isMap, isArrayBuffer].map((is) => is(value))).toEqual([false, false, false, false]);
  });

  it('takes no object for bytes that has the prototype alone', () => {
    expect(isBytes(Object.create(Uint8Array.prototype))).toBe(false);
    expect(isDate(Object.create(Date.prototype))).toBe(false);
    expect(isMap(Object.create(Map.prototype))).toBe(false);
  });
});

describe('isPlainObject', () => {
  it.each(['{}', '{ a: 1 }', 'Object.create(null)'])('takes %s of any realm', (expression) => {
    expect(isPlainObject(vm.runInThisContext(`(${expression})`))).toBe(true);
    expect(isPlainObject(foreign(`(${expression})`))).toBe(true);
  });

  it.each(['[]', 'new Map()', 'new Date(0)', 'new (class A {})()', 'new Uint8Array(1)', '() => {}', 'null', '"a"'])(
    'takes no %s',
    (expression) => {
      expect(isPlainObject(vm.runInThisContext(expression))).toBe(false);
      expect(isPlainObject(foreign(expression))).toBe(false);
    },
  );
});

describe('toBytes', () => {
  it('returns bytes of this realm themselves', () => {
    const local = Uint8Array.of(1);
    expect(toBytes(local)).toBe(local);
  });

  it('returns of bytes and buffers of another realm a view of the same memory', () => {
    const other = foreign<Uint8Array>('new Uint8Array([1, 2, 3]).subarray(1)');
    const view = toBytes(other);
    expect(view).toBeInstanceOf(Uint8Array);
    expect(view).toEqual(Uint8Array.of(2, 3));
    other[0] = 9;
    expect(view?.[0]).toBe(9);
    expect(toBytes(foreign('new Uint8Array([7]).buffer'))).toEqual(Uint8Array.of(7));
    expect(toBytes(Uint8Array.of(7).buffer)).toEqual(Uint8Array.of(7));
  });

  it('returns nothing of what is no bytes', () => {
    for (const value of ['a', [1], new Uint16Array(1), null, undefined]) expect(toBytes(value)).toBeUndefined();
  });
});

describe('the codec takes values of another realm', () => {
  it('in tables', () => {
    const local = { a: Uint8Array.of(1), b: [1, 'x'], c: new Date(7000), d: { e: null }, f: { g: 1n } };
    const other = foreign<typeof local>(
      '({ a: new Uint8Array([1]), b: [1, "x"], c: new Date(7000), d: { e: null }, f: new Map([["g", 1n]]) })',
    );
    expect(toHex(encodeTable(other))).toBe(toHex(encodeTable(local)));
    expect(toHex(encodeTable(foreign('new Map([["a", 1]])')))).toBe(toHex(encodeTable({ a: 1 })));
    expect(decodeTable(encodeTable({ a: bytes(foreign('new Uint8Array([5])')) }))).toEqual(
      Object.assign(Object.create(null), { a: Uint8Array.of(5) }),
    );
    expect(toHex(encodeTable(table(foreign('new Map([["a", 1]])'))))).toBe(toHex(encodeTable({ a: 1 })));
  });

  it('in properties', () => {
    const properties = foreign<{ timestamp: Date }>('({ timestamp: new Date(7000), headers: new Map([["a", 1]]) })');
    expect(toHex(encodeProperties(properties))).toBe(
      toHex(encodeProperties({ timestamp: new Date(7000), headers: { a: 1 } })),
    );
  });

  it('as a body, and hands out arrays of this realm', () => {
    for (const size of [3, 20_000]) {
      const writer = new ByteWriter();
      writer.begin();
      writeBody(writer, 1, foreign(`new Uint8Array(${size}).fill(7)`), 131_072);
      const pieces = writer.take();
      expect(pieces.every((piece) => piece instanceof Uint8Array)).toBe(true);
      expect(concat(...pieces).length).toBe(size + 8);
    }
  });
});
