import {
  decimal,
  encodeProperties,
  type FieldTableInput,
  float32,
  int8,
  int16,
  timestamp,
  uint8,
  uint16,
  uint32,
} from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { comparableProperties } from '../../src/publishing/comparable-properties.ts';

const around = { contentType: 'a/b', contentEncoding: 'none', priority: 7, messageId: 'm' };
const encoded = (headers?: FieldTableInput): Uint8Array => encodeProperties({ ...around, headers });

describe('comparableProperties', () => {
  it('sorts the headers by the bytes of their names, over values of every type', () => {
    const values: FieldTableInput = {
      zz: 'text',
      é: [1, 'x', { q: 1 }],
      z: { b: 1, a: 2 },
      y: new Uint8Array(300),
      x: 1,
      w: 2n ** 40n,
      v: 1.5,
      u: true,
      t: null,
      s: timestamp(5n),
      r: float32(1.5),
      q: int8(1),
      p: uint8(1),
      o: int16(1),
      n: uint16(1),
      m: uint32(1),
      l: decimal(125, 2),
    };
    const sorted = Object.fromEntries(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
    expect(comparableProperties(encoded(values))).toEqual(encoded(sorted));
    expect(comparableProperties(encoded(values))).not.toEqual(encoded(values));
  });

  it('leaves a BCC header out, and no other', () => {
    expect(comparableProperties(encoded({ BCC: ['q'], bcc: 1, CC: ['r'] }))).toEqual(encoded({ CC: ['r'], bcc: 1 }));
    expect(comparableProperties(encoded({ BCC: ['q'] }))).toEqual(encoded({}));
  });

  it.each<[string, Uint8Array]>([
    ['there are none', encoded()],
    ['they are in order', encoded({ a: 1, b: 2 })],
    ['there is an unknown tag among them', Uint8Array.of(0x20, 0, 0, 0, 0, 6, 1, 0x62, 0x3f, 1, 0x61, 0x56)],
    ['the last is cut off', Uint8Array.of(0x20, 0, 0, 0, 0, 6, 1, 0x62, 0x56, 1, 0x61, 0x49)],
    ['the table is cut off', Uint8Array.of(0x20, 0, 0, 0, 0, 99, 1, 0x62, 0x56, 1, 0x61, 0x56)],
    ['its length is cut off', Uint8Array.of(0x20, 0, 0, 0)],
    ['nothing is there', new Uint8Array(0)],
  ])('returns the same bytes where %s', (_name, properties) => {
    expect(comparableProperties(properties)).toBe(properties);
  });
});
