import { AmqpSyntaxError, LimitExceeded, UnexpectedFrame } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { encodeTable } from '../src/field-table.ts';
import type { BasicProperties } from '../src/properties.ts';
import {
  contentBodySize,
  contentPropertiesOffset,
  isWithoutHeaders,
  PropertiesReader,
} from '../src/properties-reader.ts';
import { concat, frameOf, fromHex, toHex } from './hex.ts';
import { chunkings, decodeChunks } from './recording-sink.ts';
import { headerVectors } from './vectors/header-vectors.ts';

/** The properties that are there. */
function present(reader: PropertiesReader): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(reader.toObject()).filter(([, value]) => value !== undefined));
}

describe('PropertiesReader on vectors', () => {
  it.each(headerVectors)('reads $name, however the frame is cut', ({ bytes, bodySize, properties, error }) => {
    for (const [how, chunks] of chunkings(frameOf(2, 1, bytes))) {
      const [event] = decodeChunks(chunks).events;
      const payload = fromHex(event?.payload ?? '');
      expect(contentBodySize(payload, 0, payload.length), how).toBe(bodySize);
      const reader = new PropertiesReader(payload, contentPropertiesOffset, payload.length);
      expect(present(reader), how).toEqual(properties);
      if (error === undefined) expect(reader.error, how).toBeUndefined();
      else expect(reader.error, how).toMatchObject({ blame: 'peer', message: expect.stringMatching(error) });
    }
  });

  it.each(headerVectors)('reads $name with another frame after it', ({ bytes, properties }) => {
    const stream = concat(frameOf(2, 1, bytes), frameOf(3, 1, Uint8Array.of(1)));
    const results: unknown[] = [];
    for (const { payload } of decodeChunks([stream]).events.slice(0, 1)) {
      results.push(present(new PropertiesReader(fromHex(payload), contentPropertiesOffset)));
    }
    expect(results).toEqual([properties]);
  });

  it.each(headerVectors)('never reads past the end of $name, cut at any place', ({ bytes }) => {
    for (let end = contentPropertiesOffset; end < bytes.length; end++) {
      const reader = new PropertiesReader(bytes, contentPropertiesOffset, end);
      const copy = new PropertiesReader(new Uint8Array(bytes.subarray(contentPropertiesOffset, end)));
      expect(reader.toObject()).toEqual(copy.toObject());
      expect(reader.error?.message).toBe(copy.error?.message);
      expect(toHex(reader.raw)).toBe(toHex(copy.raw));
    }
  });
});

describe('PropertiesReader', () => {
  const all = headerVectors.find((vector) => vector.name === 'all fourteen')?.bytes ?? new Uint8Array(0);

  it('returns every property alone, in any order', () => {
    const whole: BasicProperties = new PropertiesReader(all, contentPropertiesOffset).toObject();
    const names = Object.keys(whole).reverse() as (keyof BasicProperties)[];
    expect(names).toHaveLength(14);
    for (const name of names) {
      expect(new PropertiesReader(all, contentPropertiesOffset)[name]).toEqual(whole[name]);
    }
  });

  it('decodes the headers once', () => {
    const reader = new PropertiesReader(all, contentPropertiesOffset);
    expect(reader.headers).toBe(reader.headers);
  });

  it('returns the octets of each property', () => {
    const reader = new PropertiesReader(all, contentPropertiesOffset);
    const hexOf = (name: keyof BasicProperties): string | undefined => {
      const bytes = reader.bytesOf(name);
      return bytes === undefined ? undefined : toHex(bytes);
    };
    expect(hexOf('contentType')).toBe('31');
    expect(hexOf('headers')).toBe('016856');
    expect(hexOf('priority')).toBe('ff');
    expect(hexOf('timestamp')).toBe('0000000000000007');
    expect(hexOf('clusterId')).toBe('c3a9');
    expect(new PropertiesReader(fromHex('0000')).bytesOf('appId')).toBeUndefined();
  });

  it('returns octets that are no text', () => {
    const reader = new PropertiesReader(fromHex('0400 03 61ff62'));
    expect(reader.correlationId).toBe('a\udcffb');
    expect(toHex(reader.bytesOf('correlationId') ?? new Uint8Array(0))).toBe('61ff62');
  });

  it('returns the headers with their tags', () => {
    const table = fromHex('00000004 01 61 42 05');
    const reader = new PropertiesReader(concat(fromHex('2000'), table));
    expect(reader.taggedHeaders && encodeTable(reader.taggedHeaders)).toEqual(table);
    expect(new PropertiesReader(fromHex('0000')).taggedHeaders).toBeUndefined();
    expect(new PropertiesReader(fromHex('2000 00000001 00')).taggedHeaders).toBeUndefined();
  });

  it.each([
    ['good', '2400 00000000 01 61', undefined],
    ['absent', '0400 01 61', undefined],
    ['absent, with another property cut short', '8400 01 61 05 61', undefined],
    ['good, with another property cut short', '2400 00000000 05 61', undefined],
    ['malformed', '2400 00000003 01 61 7a 01 61', /unknown type tag 0x7a/],
    ['cut short', '2000 00000009 01', /longer than the content header/],
    ['unknown, because the flags are cut short', '20', /less than the 2 octets/],
  ])('reports of headers that are %s why they cannot be read', (_what, hex, message) => {
    const { headersError } = new PropertiesReader(fromHex(hex));
    if (message === undefined) expect(headersError).toBeUndefined();
    else expect(headersError).toMatchObject({ blame: 'peer', message: expect.stringMatching(message) });
  });

  it('holds the headers to the limits it is given', () => {
    const bytes = concat(fromHex('2000'), encodeTable({ a: {} }));
    expect(new PropertiesReader(bytes, 0, bytes.length, { maxTableDepth: 1 }).error).toBeInstanceOf(LimitExceeded);
    expect(new PropertiesReader(bytes, 0, bytes.length, { maxTableDepth: 2 }).error).toBeUndefined();
  });
});

describe('contentBodySize', () => {
  it('reads from the middle of a chunk', () => {
    expect(contentBodySize(fromHex('ffff 003c 0000 0000000100000002 0000'), 2)).toBe(0x1_0000_0002);
  });

  it.each([
    ['a payload that is too short', '003c 0000 00000000000000', AmqpSyntaxError],
    ['another class', '003d 0000 0000000000000000 0000', UnexpectedFrame],
    ['a weight', '003c 0001 0000000000000000 0000', AmqpSyntaxError],
    ['a body of 2^53 bytes', '003c 0000 0020000000000000 0000', LimitExceeded],
    ['a body of 2^64 - 1 bytes', '003c 0000 ffffffffffffffff 0000', LimitExceeded],
  ])('refuses %s', (_, hex, errorClass) => {
    const bytes = fromHex(hex);
    expect(() => contentBodySize(bytes, 0, bytes.length)).toThrow(errorClass);
  });
});

it('a body too large to be counted ends the connection, as the error shows', () => {
  const bytes = fromHex('003c 0000 ffffffffffffffff 0000');
  const traits = { blame: 'peer', scope: 'connection', outcome: 'unknown' };
  expect(() => contentBodySize(bytes, 0)).toThrow(expect.objectContaining(traits));
});

describe('isWithoutHeaders', () => {
  it.each([
    ['1000 02', true, 'a delivery mode'],
    ['2000 00000000', false, 'a table'],
    ['3000 00000000 02', false, 'a table and a delivery mode'],
    ['', false, 'no flags'],
    ['10', false, 'half of the flags'],
  ])('of %s is %s: %s', (hex, expected) => {
    const bytes = fromHex(`ff ${hex} ff`);
    expect(isWithoutHeaders(bytes, 1, bytes.length - 1)).toBe(expected);
  });
});
