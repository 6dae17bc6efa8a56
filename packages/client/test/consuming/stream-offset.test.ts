import {
  type BasicProperties,
  ByteWriter,
  contentPropertiesOffset,
  int32,
  int64,
  writeContentHeader,
} from '@puka/wire';
import { expect, it } from 'vitest';
import { streamOffsetOf } from '../../src/consuming/stream-offset.ts';
import { joined } from '../session/harness.ts';

/** Octets of a frame before and after its payload. */
const frameHead = 7;
const frameEnd = 1;

function offsetIn(properties: BasicProperties): number | undefined {
  const writer = new ByteWriter();
  writeContentHeader(writer, 1, 0, properties, 131_072);
  const bytes = joined(writer.take());
  return streamOffsetOf(bytes, frameHead + contentPropertiesOffset, bytes.length - frameEnd);
}

const kinds = {
  boolean: true,
  text: 'täxt',
  list: [1, 'two', [3]],
  nested: { 'x-stream-offset': int64(1) },
  bytes: new Uint8Array(300),
  time: new Date(0),
  nothing: null,
  double: 0.5,
  long: int64(3),
  'x-stream-offsey': int64(4),
};

it('the offset is found after headers and properties of every kind', () => {
  expect(offsetIn({ headers: { 'x-stream-offset': int64(7) } })).toBe(7);
  const headers = { ...kinds, 'x-stream-offset': int64(2 ** 40 + 7) };
  expect(offsetIn({ contentType: 'text/plain', contentEncoding: 'gzip', headers, appId: 'a' })).toBe(2 ** 40 + 7);
});

it('an offset of another type, a negative one and one that no stream reaches are none', () => {
  for (const value of [7, int32(7), '7', int64(-1), int64(2n ** 60n)]) {
    expect(offsetIn({ headers: { 'x-stream-offset': value } })).toBeUndefined();
  }
});

it('there is none without headers, or without the header', () => {
  expect(offsetIn({})).toBeUndefined();
  expect(offsetIn({ contentType: 'text/plain' })).toBeUndefined();
  expect(offsetIn({ headers: {} })).toBeUndefined();
  expect(offsetIn({ headers: kinds })).toBeUndefined();
});

it('it is found after headers that are nested deeper than any limit', () => {
  // A table whose only field, 'a', is a table whose only field is a table, and so on.
  let deep = new Uint8Array(4);
  for (let depth = 0; depth < 600; depth++) {
    const outer = new Uint8Array(4 + 3 + deep.length);
    new DataView(outer.buffer).setUint32(0, outer.length - 4);
    outer.set([1, 0x61, 0x46], 4);
    outer.set(deep, 7);
    deep = outer;
  }
  const name = new TextEncoder().encode('x-stream-offset');
  const field = [name.length, ...name, 0x6c, 0, 0, 0, 0, 0, 0, 0, 9];
  const size = deep.length - 4 + field.length;
  const bytes = new Uint8Array([0x20, 0, size >> 24, size >> 16, size >> 8, size, ...deep.subarray(4), ...field]);
  expect(streamOffsetOf(bytes, 0, bytes.length)).toBe(9);
});

it('what is malformed is read to its end and no further', () => {
  const bytes = new Uint8Array([0x20, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x78, 0x2d]);
  for (let end = 0; end <= bytes.length; end++) expect(streamOffsetOf(bytes, 0, end)).toBeUndefined();
  const whole = new Uint8Array(64).fill(0xff);
  expect(streamOffsetOf(whole, 0, whole.length)).toBeUndefined();
});
