import { UsageError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ByteReader } from '../src/byte-reader.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { decodeTable, encodeTable } from '../src/field-table.ts';
import { decodeText, encodeText, hasRawOctets, textLength } from '../src/lossless-text.ts';
import { decodeMethod, encodeMethod } from '../src/methods.ts';
import { encodeProperties } from '../src/properties.ts';
import { PropertiesReader } from '../src/properties-reader.ts';
import { isUtf8 } from '../src/utf8.ts';
import { concat, fromHex, toHex } from './hex.ts';

/** Bytes with whole, cut and overlong sequences of UTF-8 in them. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 3 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom('eda080', 'edb280', 'c0af', 'e282', 'f09f92', '80', 'efbfbd').map((hex) => fromHex(hex)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => concat(...parts));

describe('decodeText', () => {
  it('returns UTF-8 as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(decodeText(bytes)).toBe(text);
        expect(toHex(encodeText(text))).toBe(toHex(bytes));
        expect(textLength(text)).toBe(bytes.length);
        expect(hasRawOctets(text)).toBe(false);
      }),
    );
  });

  it.each([
    ['Latin-1', '636166e9', 'caf\udce9'],
    ['an octet between text', 'c3a9 ff f09f9491', 'é\udcff🔑'],
    ['a surrogate in UTF-8', 'eda080', '\udced\udca0\udc80'],
    ['what looks like an escape already', 'edb3a9', '\udced\udcb3\udca9'],
    ['a sequence cut short', '61e282', 'a\udce2\udc82'],
    ['the character U+FFFD itself', 'efbfbd', '\ufffd'],
    ['a byte order mark', 'efbbbfff', '\ufeff\udcff'],
  ])('keeps the octets of %s', (_what, hex, text) => {
    expect(decodeText(fromHex(hex))).toBe(text);
    expect(toHex(encodeText(text))).toBe(hex.replaceAll(' ', ''));
  });

  it('builds a long text from thousands of octets at a time, not one by one', () => {
    const bytes = Uint8Array.from(
      { length: 100_000 },
      (_, index) => [0xff, 0x61, 0xc3, 0xa9, 0xf0, 0x9f][index % 6] ?? 0,
    );
    const joins = vi.spyOn(String, 'fromCharCode');
    const text = decodeText(bytes);
    const count = joins.mock.calls.length;
    joins.mockRestore();
    expect(count).toBeLessThan(100);
    expect(encodeText(text)).toEqual(bytes);
  });

  it('gives for any bytes a string that encodes to the same bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = decodeText(bytes);
        expect(toHex(encodeText(text))).toBe(toHex(bytes));
        expect(textLength(text)).toBe(bytes.length);
        expect(hasRawOctets(text)).toBe(!isUtf8(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('decodes a stretch of a larger array', () => {
    expect(decodeText(fromHex('ff 61e9 ff'), 1, 3)).toBe('a\udce9');
  });
});

describe('encodeText', () => {
  it.each(['\ud800', 'a\udc7f', '\udd00', '\ud83d\udc80\ud83d', '\udce9\ud800'])(
    'refuses the lone surrogate that stands for no octet in %j',
    (text) => {
      expect(textLength(text)).toBe(-1);
      expect(() => encodeText(text)).toThrow(UsageError);
    },
  );
});

describe('what goes through the codec', () => {
  const shortBytes = anyBytes.filter((bytes) => bytes.length <= 255);

  it('keeps the bytes of a short string, given as text or as bytes', () => {
    fc.assert(
      fc.property(shortBytes, (bytes) => {
        const writer = new ByteWriter();
        writer.begin();
        writer.writeShortString(bytes);
        const fromBytes = concat(...writer.take());
        const text = new ByteReader(fromBytes).readShortString();
        writer.begin();
        writer.writeShortString(text);
        expect(toHex(concat(...writer.take()))).toBe(toHex(fromBytes));
      }),
    );
  });

  it('takes 255 raw octets and no more', () => {
    const writer = new ByteWriter();
    writer.writeShortString('\udcff'.repeat(255));
    expect(writer.pendingBytes).toBe(256);
    expect(() => writer.writeShortString('\udcff'.repeat(256), 'routingKey')).toThrow(/routingKey has 256 bytes.*255/);
    expect(() => writer.writeShortString(new Uint8Array(256), 'routingKey')).toThrow(/routingKey has 256 bytes.*255/);
    expect(() => writer.writeShortString([1] as never, 'routingKey')).toThrow(/a string or a Uint8Array/);
    expect(writer.pendingBytes).toBe(256);
  });

  it('keeps two names of a table apart, and their bytes', () => {
    const bytes = fromHex('0000000b 03 6361e9 56 04 6361e966 56');
    const table = decodeTable(bytes);
    expect(Object.keys(table)).toEqual(['ca\udce9', 'ca\udce9f']);
    expect(toHex(encodeTable(table))).toBe(toHex(bytes));
    const twoLatin1 = fromHex('00000006 01 e9 56 01 e8 56');
    expect(Object.keys(decodeTable(twoLatin1))).toEqual(['\udce9', '\udce8']);
    expect(toHex(encodeTable(decodeTable(twoLatin1)))).toBe(toHex(twoLatin1));
  });

  it('keeps the names and texts of a method', () => {
    const deliver = fromHex('003c003c 01 ff 0000000000000001 00 02 c328 03 6b65e9');
    const method = decodeMethod(deliver);
    expect(method).toMatchObject({ consumerTag: '\udcff', exchange: '\udcc3(', routingKey: 'ke\udce9' });
    const start = fromHex('000a000a 00 09 00000000 00000002 50ff 00000001 fe');
    for (const payload of [deliver, start]) {
      const writer = new ByteWriter();
      encodeMethod(writer, 1, decodeMethod(payload));
      expect(toHex(concat(...writer.take())).slice(14, -2)).toBe(toHex(payload));
    }
  });

  it('keeps the typed properties', () => {
    const raw = fromHex('8400 01 ff 02 e961');
    const reader = new PropertiesReader(raw);
    expect(reader.contentType).toBe('\udcff');
    expect(reader.correlationId).toBe('\udce9a');
    expect(toHex(encodeProperties(reader.toObject()))).toBe(toHex(raw));
  });
});
