import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/byte-reader.ts';
import { decodeTable, encodeTable, readFieldTable } from '../src/field-table.ts';
import { PropertiesReader } from '../src/properties-reader.ts';
import { ShortStringCache } from '../src/short-string-cache.ts';
import { concat, frameOf, fromHex } from './hex.ts';
import { chunkings, decodeChunks } from './recording-sink.ts';
import { badTableVectors, manyVoids, nestedBytes } from './vectors/bad-table-vectors.ts';

const modes = [{ tagged: false }, { tagged: true }] as const;

/** Both modes, which differ in their type. */
function decode(bytes: Uint8Array, tagged: boolean): unknown {
  return tagged ? decodeTable(bytes, { tagged: true }) : decodeTable(bytes);
}

describe('malformed tables', () => {
  it.each(badTableVectors)('refuses $name, plain and tagged', ({ bytes, error, message }) => {
    for (const { tagged } of modes) {
      let met: unknown;
      try {
        decode(bytes, tagged);
      } catch (thrown) {
        met = thrown;
      }
      expect(met).toMatchObject({ name: error, blame: 'peer', message: expect.stringMatching(message) });
    }
  });

  it.each(badTableVectors.filter(({ bytes }) => bytes.length < 100))(
    'reports $name from a frame, however that is cut',
    ({ bytes }) => {
      const frame = frameOf(2, 1, concat(fromHex('003c 0000 0000000000000000 2000'), bytes));
      for (const [how, chunks] of chunkings(frame)) {
        const [event] = decodeChunks(chunks).events;
        const reader = new PropertiesReader(fromHex(event?.payload ?? ''), 12);
        expect(reader.error, how).toBeDefined();
      }
    },
  );
});

describe('limits of what is decoded', () => {
  it.each(['F', 'A'] as const)('takes 64 levels of %s and no more', (tag) => {
    for (const { tagged } of modes) {
      expect(() => decode(nestedBytes(64, tag), tagged)).not.toThrow();
      expect(() => decode(nestedBytes(65, tag), tagged)).toThrow(/maxTableDepth/);
    }
    expect(() => decodeTable(nestedBytes(3, tag), { maxTableDepth: 3 })).not.toThrow();
    expect(() => decodeTable(nestedBytes(4, tag), { maxTableDepth: 3 })).toThrow(/maxTableDepth/);
  });

  it('counts the level, not the tables side by side', () => {
    const bytes = encodeTable({ a: {}, b: [{}, {}, {}], c: {} });
    expect(() => decodeTable(bytes, { maxTableDepth: 3 })).not.toThrow();
    expect(() => decodeTable(bytes, { maxTableDepth: 2 })).toThrow(/maxTableDepth/);
  });

  it('does not overflow the stack for a depth bomb of a megabyte', () => {
    expect(() => decodeTable(nestedBytes(2000, 'F'))).toThrow(/maxTableDepth/);
    expect(() => decodeTable(nestedBytes(2000, 'A'), { tagged: true })).toThrow(/maxTableDepth/);
  });

  it('never takes more than 512 levels, whatever its limit', () => {
    for (const maxTableDepth of [1e9, Number.POSITIVE_INFINITY]) {
      expect(() => decodeTable(nestedBytes(512, 'F'), { maxTableDepth, maxTableFields: 1e9 })).not.toThrow();
      expect(() => decodeTable(nestedBytes(100_000, 'A'), { maxTableDepth })).toThrow(/maxTableDepth/);
    }
  });

  it('lets nothing through by a limit that is no number', () => {
    expect(() => decodeTable(nestedBytes(1, 'F'), { maxTableDepth: Number.NaN })).toThrow(/maxTableDepth/);
    expect(() => decodeTable(manyVoids(1), { maxTableFields: Number.NaN })).toThrow(/maxTableFields/);
  });

  it('takes 65 536 fields and no more', () => {
    expect(() => decodeTable(manyVoids(65_535))).not.toThrow();
    expect(() => decodeTable(manyVoids(65_536))).toThrow(/maxTableFields/);
  });

  it('takes sixteen times the reads for sixteen times the fields, not more', () => {
    class CountingReader extends ByteReader {
      reads = 0;
      override skip(size: number): number {
        this.reads++;
        return super.skip(size);
      }
    }
    const readsFor = (count: number): number => {
      const fields = Array.from({ length: count }, (_, index) => [`field-${index}`, { a: [index] }] as const);
      const reader = new CountingReader(encodeTable(new Map(fields)));
      readFieldTable(reader);
      return reader.reads - 1; // the length of the outermost table
    };
    expect(readsFor(16_000)).toBe(16 * readsFor(1_000));
  });
});

describe('names', () => {
  it('come from the cache as without it, whatever they are', () => {
    const names = new ShortStringCache(4);
    for (const name of ['__proto__', 'a', 'b', 'a', '', 'é', 'x'.repeat(255), 'a']) {
      const bytes = encodeTable(new Map([[name, true]]));
      expect(decodeTable(bytes, { names })).toEqual(decodeTable(bytes));
    }
  });
});

describe('ownership', () => {
  it('returns bytes that share no memory with the input, also of a Node buffer', () => {
    for (const bytes of [
      encodeTable({ a: Uint8Array.of(1, 2) }),
      Buffer.from(encodeTable({ a: Uint8Array.of(1, 2) })),
    ]) {
      const { a } = decodeTable(bytes);
      bytes.fill(0);
      expect(a).toEqual(Uint8Array.of(1, 2));
      expect(a instanceof Uint8Array && a.buffer).not.toBe(bytes.buffer);
    }
  });
});
