import { LimitExceeded, UsageError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { timestamp } from '../src/field-values.ts';
import {
  type BasicProperties,
  encodeProperties,
  writeContentHeader,
  writeProperties,
  writeRawContentHeader,
} from '../src/properties.ts';
import { PropertiesReader } from '../src/properties-reader.ts';
import { properties as anyProperties, withoutPrototypes } from './arbitraries.ts';
import { concat, frameOf, fromHex, toHex } from './hex.ts';
import { headerVectors } from './vectors/header-vectors.ts';

/** A whole content header frame, as hex. */
function headerFrame(bodySize: number, properties: BasicProperties, frameMaxBytes = 131_072): string {
  const writer = new ByteWriter();
  writer.begin();
  writeContentHeader(writer, 1, bodySize, properties, frameMaxBytes);
  return toHex(concat(...writer.take()));
}

describe('writeContentHeader', () => {
  it.each(headerVectors.filter((vector) => vector.input !== null))(
    'writes $name',
    ({ bytes, bodySize, properties, input }) => {
      expect(headerFrame(bodySize, properties)).toBe(toHex(frameOf(2, 1, bytes)));
      if (input) expect(headerFrame(bodySize, input)).toBe(toHex(frameOf(2, 1, bytes)));
    },
  );

  it('writes what PropertiesReader reads', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        const writer = new ByteWriter(128);
        writer.begin();
        writeProperties(writer, properties);
        const reader = new PropertiesReader(concat(...writer.take()));
        const expected = { ...properties };
        if (expected.headers !== undefined)
          Object.assign(expected, { headers: withoutPrototypes(expected.headers as never) });
        expect(reader.error).toBeUndefined();
        expect(reader.toObject()).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('drops the milliseconds of a Date and takes a Timestamp', () => {
    const seven = '0040' + '0000000000000007';
    for (const time of [new Date(7999), 7, 7n, timestamp(7)]) {
      expect(headerFrame(0, { timestamp: time })).toContain(seven);
    }
  });

  it('takes a time after the year 9999 as a Date, a bigint or a Timestamp', () => {
    const late = '0040' + '0000003b00000000';
    for (const time of [new Date(0x3b_0000_0000 * 1000), 0x3b_0000_0000n, timestamp(0x3b_0000_0000)]) {
      expect(headerFrame(0, { timestamp: time })).toContain(late);
    }
    expect(headerFrame(0, { timestamp: 253_402_300_799 })).toContain('0000003afff4417f');
  });

  it.each([
    ['a priority over 255', { priority: 256 }, /priority is 256/],
    ['a fraction for deliveryMode', { deliveryMode: 1.5 }, /deliveryMode is 1.5/],
    ['a long correlationId', { correlationId: 'é'.repeat(128) }, /correlationId has 256 bytes/],
    ['a number for expiration', { expiration: 5 }, /expiration is of type number/],
    ['null', { contentType: null }, /contentType is null/],
    ['milliseconds after the point', { timestamp: 1.5 }, /timestamp is 1.5/],
    [
      'an invalid Date',
      { timestamp: new Date(Number.NaN) },
      /timestamp is an invalid Date; it takes seconds, or a Date/,
    ],
    ['a time before 1970', { timestamp: new Date(-1) }, /timestamp is -1/],
    ['text for a time', { timestamp: 'soon' }, /timestamp is a string; it takes seconds, or a Date/],
    ['null for a time', { timestamp: null }, /timestamp is null; it takes seconds, or a Date/],
    [
      'an object with a getTime of its own',
      { timestamp: { getTime: (): number => 7000 } },
      /timestamp is an instance of Object/,
    ],
    [
      'milliseconds',
      { timestamp: 1_795_910_400_000 },
      /timestamp is 1795910400000; as seconds that is the year 58\d{3}: it takes seconds, or a Date/,
    ],
    [
      'microseconds',
      { timestamp: 1_795_910_400_000_000 },
      /timestamp is 1795910400000000; it takes seconds, or a Date/,
    ],
    ['a bit that is no boolean', { timestamp: true }, /timestamp is a boolean/],
    ['a bad header', { headers: { a: { b: Number.NaN } } }, /headers\.a\.b is not a finite number/],
    ['an array for headers', { headers: [] }, /headers is not a table/],
  ])('refuses %s and leaves nothing behind', (_, properties, message) => {
    const writer = new ByteWriter();
    writer.begin();
    writer.writeUint8(1);
    const write = (): void =>
      writeContentHeader(writer, 1, 0, { contentType: 'x', ...properties } as BasicProperties, 0);
    expect(write).toThrow(UsageError);
    expect(write).toThrow(message);
    expect(writer.pendingBytes).toBe(1);
  });

  it('refuses a body size that is no size', () => {
    for (const size of [-1, 1.5, 2 ** 53, Number.NaN]) expect(() => headerFrame(size, {})).toThrow(/body size is/);
  });

  it('takes a frame of frameMaxBytes and not one byte more', () => {
    const sized = (size: number): BasicProperties => ({ headers: { a: 'x'.repeat(size - 22 - 4 - 2 - 1 - 4) } });
    expect(headerFrame(0, sized(8192), 8192).length / 2).toBe(8192);
    const writer = new ByteWriter();
    writer.begin();
    expect(() => writeContentHeader(writer, 1, 0, sized(8193), 8192)).toThrow(LimitExceeded);
    expect(() => writeContentHeader(writer, 1, 0, sized(8193), 8192)).toThrow(/frame of 8193 bytes.*limit is 8192/);
    expect(writer.pendingBytes).toBe(0);
    expect(headerFrame(0, sized(100_000), 0).length / 2).toBe(100_000);
  });

  it('lets the whole publish be rolled back after a header that does not fit', () => {
    const writer = new ByteWriter();
    writer.begin();
    writer.writeUint32(1); // stands for the method frame
    expect(() => writeContentHeader(writer, 1, 0, { headers: { a: 'x'.repeat(9000) } }, 8192)).toThrow(LimitExceeded);
    expect(writer.pendingBytes).toBe(4);
    writer.rollback();
    expect(writer.pendingBytes).toBe(0);
  });
});

describe('encodeProperties', () => {
  it('returns what writeContentHeader writes after the body size', () => {
    const properties = { contentType: 'text/plain', headers: { a: [1, { b: 'x'.repeat(300) }] }, priority: 0 };
    expect(headerFrame(5, properties)).toBe(
      toHex(frameOf(2, 1, concat(fromHex('003c 0000 0000000000000005'), encodeProperties(properties)))),
    );
  });
});

describe('writeRawContentHeader', () => {
  it('writes the properties of a received message as they came', () => {
    for (const { bytes, bodySize } of headerVectors) {
      const writer = new ByteWriter();
      writer.begin();
      writeRawContentHeader(writer, 1, bodySize, bytes.subarray(12), 0);
      expect(toHex(concat(...writer.take()))).toBe(toHex(frameOf(2, 1, bytes)));
    }
  });

  it('refuses a frame over frameMaxBytes', () => {
    const writer = new ByteWriter();
    expect(() => writeRawContentHeader(writer, 1, 0, new Uint8Array(8192 - 19), 8192)).toThrow(LimitExceeded);
    expect(writer.pendingBytes).toBe(0);
    writeRawContentHeader(writer, 1, 0, fromHex('0000'), 8192);
    expect(writer.pendingBytes).toBe(22);
  });
});
