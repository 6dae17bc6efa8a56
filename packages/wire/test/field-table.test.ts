import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/byte-reader.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { decodeTable, encodeTable, readFieldTable, readTaggedTable, writeFieldTable } from '../src/field-table.ts';
import { PropertiesReader } from '../src/properties-reader.ts';
import { plainTables, taggedTables, withoutPrototypes } from './arbitraries.ts';
import { concat, frameOf, fromHex, toHex } from './hex.ts';
import { chunkings, decodeChunks } from './recording-sink.ts';
import { tableVectors } from './vectors/table-vectors.ts';

/** A content header frame whose only property is the table. */
const inHeaderFrame = (table: Uint8Array): Uint8Array =>
  frameOf(2, 1, concat(fromHex('003c 0000 0000000000000000 2000'), table));

describe('field tables on vectors', () => {
  it.each(tableVectors)('decodes $name', ({ bytes, value }) => {
    const table = decodeTable(bytes);
    expect(table).toEqual(value);
    expect(Object.getPrototypeOf(table)).toBeNull();
  });

  it.each(tableVectors.filter((vector) => vector.input !== undefined))('encodes $name', ({ bytes, input }) => {
    expect(toHex(encodeTable(input ?? {}))).toBe(toHex(bytes));
  });

  it.each(tableVectors.filter((vector) => vector.isLossless))(
    'gives the octets of $name again, tagged',
    ({ bytes }) => {
      expect(toHex(encodeTable(decodeTable(bytes, { tagged: true })))).toBe(toHex(bytes));
    },
  );

  it.each(tableVectors)('decodes $name from a frame, however that is cut', ({ bytes, value }) => {
    const frame = inHeaderFrame(bytes);
    for (const [how, chunks] of chunkings(frame)) {
      const [event] = decodeChunks(chunks).events;
      const payload = fromHex(event?.payload ?? '');
      expect(new PropertiesReader(payload, 12).headers, how).toEqual(value);
    }
  });

  it.each(tableVectors)('decodes $name with the next one after it', ({ bytes, value }) => {
    for (const next of tableVectors) {
      const reader = new ByteReader(concat(bytes, next.bytes));
      expect(readFieldTable(reader)).toEqual(value);
      expect(readTaggedTable(reader).tag).toBe('F');
      expect(reader.remaining).toBe(0);
    }
  });
});

describe('field tables at random', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(plainTables, (table) => {
        expect(decodeTable(encodeTable(table))).toEqual(withoutPrototypes(table));
      }),
      { numRuns: 500 },
    );
  });

  it('come back from their tagged form octet for octet', () => {
    fc.assert(
      fc.property(taggedTables, (table) => {
        const bytes = encodeTable(table);
        const decoded = decodeTable(bytes, { tagged: true });
        expect(decoded).toEqual(table);
        expect(encodeTable(decoded)).toEqual(bytes);
        decodeTable(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('are written the same into chunks of any size', () => {
    fc.assert(
      fc.property(
        plainTables,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 0, max: 70 }),
        (table, chunk, before) => {
          const writer = new ByteWriter(chunk);
          writer.writeBytes(new Uint8Array(before));
          writer.begin();
          writeFieldTable(writer, table);
          const all = concat(...writer.take());
          expect(toHex(all.subarray(before))).toBe(toHex(encodeTable(table)));
        },
      ),
    );
  });
});
