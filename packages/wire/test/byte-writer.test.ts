import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { concat, toHex } from './hex.ts';

/** What a single write leaves. */
function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(64);
  writer.begin();
  write(writer);
  return writer
    .take()
    .map((chunk) => toHex(chunk))
    .join('');
}

const outOf =
  (write: (writer: ByteWriter) => void): (() => string) =>
  () =>
    written(write);

describe('ByteWriter integers', () => {
  it.each([
    ['uint8', (w: ByteWriter) => w.writeUint8(255), 'ff'],
    ['uint16', (w: ByteWriter) => w.writeUint16(0x1234), '1234'],
    ['uint32', (w: ByteWriter) => w.writeUint32(0xfedcba98), 'fedcba98'],
    ['uint64 as number', (w: ByteWriter) => w.writeUint64(Number.MAX_SAFE_INTEGER), '001fffffffffffff'],
    ['uint64 of 32 bits and more', (w: ByteWriter) => w.writeUint64(0x1_0000_0001), '0000000100000001'],
    ['uint64 as bigint', (w: ByteWriter) => w.writeUint64(0xfedcba9876543210n), 'fedcba9876543210'],
    ['int8', (w: ByteWriter) => w.writeInt8(-1), 'ff'],
    ['int16', (w: ByteWriter) => w.writeInt16(-2), 'fffe'],
    ['int32', (w: ByteWriter) => w.writeInt32(-2147483648), '80000000'],
    ['int64 as number', (w: ByteWriter) => w.writeInt64(-1), 'ffffffffffffffff'],
    ['int64 least safe', (w: ByteWriter) => w.writeInt64(Number.MIN_SAFE_INTEGER), 'ffe0000000000001'],
    ['int64 as bigint', (w: ByteWriter) => w.writeInt64(-9223372036854775808n), '8000000000000000'],
    ['float32', (w: ByteWriter) => w.writeFloat32(-1.5), 'bfc00000'],
    ['float64', (w: ByteWriter) => w.writeFloat64(Math.PI), '400921fb54442d18'],
  ])('writes %s big-endian', (_, write, hex) => {
    expect(written(write)).toBe(hex);
  });

  it.each([
    ['uint8', (w: ByteWriter, v: number) => w.writeUint8(v), [-1, 256, 0.5, Number.NaN]],
    ['uint16', (w: ByteWriter, v: number) => w.writeUint16(v), [-1, 65536, 0.5, Number.NaN]],
    ['uint32', (w: ByteWriter, v: number) => w.writeUint32(v), [-1, 2 ** 32, 0.5, Number.NaN]],
    [
      'uint64',
      (w: ByteWriter, v: number) => w.writeUint64(v),
      [-1, 2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY],
    ],
    ['int8', (w: ByteWriter, v: number) => w.writeInt8(v), [-129, 128, 0.5, Number.NaN]],
    ['int16', (w: ByteWriter, v: number) => w.writeInt16(v), [-32769, 32768, 0.5, Number.NaN]],
    ['int32', (w: ByteWriter, v: number) => w.writeInt32(v), [-2147483649, 2147483648, 0.5, Number.NaN]],
    ['int64', (w: ByteWriter, v: number) => w.writeInt64(v), [2 ** 53, -(2 ** 53), 0.5, Number.NaN]],
  ])('refuses numbers out of the range of %s', (_, write, values) => {
    for (const value of values) expect(outOf((writer) => write(writer, value))).toThrow(UsageError);
  });

  it('refuses a bigint beyond 64 bits', () => {
    expect(outOf((w) => w.writeUint64(1n << 64n))).toThrow(UsageError);
    expect(outOf((w) => w.writeUint64(-1n))).toThrow(UsageError);
    expect(outOf((w) => w.writeInt64(1n << 63n))).toThrow(UsageError);
    expect(outOf((w) => w.writeInt64(-(1n << 63n) - 1n))).toThrow(UsageError);
  });

  it('names the field and the value it refuses', () => {
    expect(outOf((w) => w.writeUint8(300, 'priority'))).toThrow('priority is 300; it takes integers from 0 to 255');
  });

  it.each<[string, (writer: ByteWriter, value: number) => void]>([
    ['uint8', (w, v) => w.writeUint8(v)],
    ['uint16', (w, v) => w.writeUint16(v)],
    ['uint32', (w, v) => w.writeUint32(v)],
    ['int8', (w, v) => w.writeInt8(v)],
    ['int16', (w, v) => w.writeInt16(v)],
    ['int32', (w, v) => w.writeInt32(v)],
  ])('refuses values of other types for %s', (_, write) => {
    for (const value of [5n, Symbol('5'), Object.create(null), null, '5', [5], new Date(5)]) {
      expect(outOf((writer) => write(writer, value))).toThrow(UsageError);
    }
  });

  it('refuses what is no number at all', () => {
    const text: unknown = '5';
    expect(outOf((w) => w.writeUint8(text as number))).toThrow(UsageError);
    expect(outOf((w) => w.writeUint64(text as number))).toThrow(UsageError);
    const nothing: unknown = undefined;
    expect(outOf((w) => w.writeUint32(nothing as number))).toThrow(UsageError);
  });
});

describe('ByteWriter strings', () => {
  it('writes a short string with its length in bytes', () => {
    expect(written((w) => w.writeShortString('abc'))).toBe('03616263');
    expect(written((w) => w.writeShortString('é€🐈'))).toBe('09c3a9e282acf09f9088');
    expect(written((w) => w.writeShortString(''))).toBe('00');
  });

  it.each([
    ['255 bytes of ASCII', 'x'.repeat(255), 'x'.repeat(256)],
    ['255 bytes of two-byte characters and one more', `${'é'.repeat(127)}x`, 'é'.repeat(128)],
    ['255 bytes of three-byte characters', '€'.repeat(85), '€'.repeat(86)],
    ['252 bytes of four-byte characters', '🐈'.repeat(63), '🐈'.repeat(64)],
  ])('takes a short string of %s and no more', (_, longest, tooLong) => {
    expect(written((w) => w.writeShortString(longest)).length / 2).toBe(1 + new TextEncoder().encode(longest).length);
    expect(outOf((w) => w.writeShortString(tooLong, 'routingKey'))).toThrow(/routingKey has 25[68] bytes.*255/);
  });

  it.each([['\ud800'], ['a\udc00'], ['\ud800x'], [`${'x'.repeat(300)}\udbff`]])(
    'refuses the lone surrogate in %j',
    (text) => {
      expect(outOf((w) => w.writeShortString(text))).toThrow(/lone surrogate/);
      expect(outOf((w) => w.writeLongString(text))).toThrow(/lone surrogate/);
    },
  );

  it('writes nothing of a string it refuses', () => {
    const writer = new ByteWriter();
    expect(() => writer.writeShortString(`aé${'x'.repeat(253)}`)).toThrow(UsageError);
    expect(() => writer.writeLongString('\ud800')).toThrow(UsageError);
    expect(writer.pendingBytes).toBe(0);
  });

  it('refuses what is no string without showing it', () => {
    const secret: unknown = { password: 'hidden' };
    expect(outOf((w) => w.writeShortString(secret as string, 'userId'))).toThrow(
      'userId is of type object; it must be a string',
    );
    expect(outOf((w) => w.writeLongString(secret as string, 'response'))).toThrow(/response is of type object/);
    const nothing: unknown = null;
    expect(outOf((w) => w.writeShortString(nothing as string))).toThrow(/value is null/);
  });

  it.each([0, 1, 63, 64, 65, 1000])('writes a long string of %i characters, text and bytes', (size) => {
    const text = 'aé€🐈'
      .repeat(Math.ceil(size / 4))
      .slice(0, size - (size % 5 === 4 ? 1 : 0))
      .replace(/[\ud800-\udbff]$/, '');
    const bytes = new TextEncoder().encode(text);
    const length = bytes.length.toString(16).padStart(8, '0');
    expect(written((w) => w.writeLongString(text))).toBe(length + toHex(bytes));
    expect(written((w) => w.writeLongString(bytes))).toBe(length + toHex(bytes));
  });

  it('copies bytes, short and long', () => {
    for (const size of [0, 5, 95, 96, 500]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => index);
      expect(written((w) => w.writeBytes(bytes))).toBe(toHex(bytes));
    }
  });
});

describe('ByteWriter chunks', () => {
  it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, '64'])('do not have the size %s', (size) => {
    expect(() => new ByteWriter(size as number)).toThrow(UsageError);
  });

  it('takes nothing from an empty writer', () => {
    expect(new ByteWriter().take()).toEqual([]);
  });

  it('goes on in the same chunk after what was taken', () => {
    const writer = new ByteWriter(16);
    writer.writeUint8(1);
    const [first] = writer.take();
    writer.begin();
    writer.writeUint8(2);
    const [second] = writer.take();
    expect(second?.buffer).toBe(first?.buffer);
    expect([first?.[0], second?.[0]]).toEqual([1, 2]);
  });

  it('starts again at the beginning of the chunk where what was taken may be overwritten, unless something is pending', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    writer.writeUint32(1);
    const [first] = writer.take();
    writer.reuse();
    writer.begin();
    writer.writeUint16(2);
    writer.reuse();
    expect(writer.pendingBytes).toBe(2);
    writer.begin();
    writer.writeUint16(3);
    writer.rollback();
    expect(writer.writtenBytes).toBe(6);
    const [second] = writer.take();
    expect(second?.byteOffset).toBe(first?.byteOffset);
    expect(second?.buffer).toBe(first?.buffer);
    expect(toHex(second ?? new Uint8Array())).toBe('0002');
    const lent = new Uint8Array([9]);
    writer.append(lent);
    writer.reuse();
    writer.writeUint8(4);
    expect(toHex(concat(...writer.take()))).toBe('0904');
  });

  it('returns one chunk for units that fit one', () => {
    const writer = new ByteWriter(16);
    for (let unit = 0; unit < 4; unit++) {
      writer.begin();
      writer.writeUint32(unit);
    }
    expect(writer.take().map((chunk) => chunk.length)).toEqual([16]);
  });

  it('moves an unfinished unit to the next chunk as a whole', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    writer.writeUint64(1);
    writer.begin();
    writer.writeUint32(2);
    writer.writeUint64(3);
    expect(writer.take().map((chunk) => toHex(chunk))).toEqual(['0000000000000001', '000000020000000000000003']);
  });

  it('leaves views of earlier units as they are when a later unit moves or is rolled back', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    writer.writeUint64(7);
    const view = writer.bytes.subarray(writer.unitStart, writer.position);
    for (let round = 0; round < 5; round++) {
      writer.begin();
      writer.writeUint64(0xffff_ffff);
      writer.rollback();
      writer.begin();
      writer.writeUint64(0xffff_ffff);
    }
    expect(toHex(view)).toBe('0000000000000007');
  });

  it('gives a unit longer than a chunk a chunk of its own', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    for (let index = 0; index < 100; index++) writer.writeUint32(index);
    const chunks = writer.take();
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.length).toBe(400);
  });

  it('does not copy a long unit once for each write', () => {
    const writer = new ByteWriter(64);
    writer.begin();
    let chunks = 0;
    let last = writer.bytes;
    for (let index = 0; index < 100_000; index++) {
      writer.writeUint8(1);
      if (writer.bytes !== last) chunks++;
      last = writer.bytes;
    }
    expect(chunks).toBeLessThan(20);
  });

  it('queues appended bytes by reference, in order, and counts them', () => {
    const writer = new ByteWriter(16);
    const body = Uint8Array.of(9, 9, 9);
    writer.begin();
    writer.writeUint8(1);
    writer.append(body);
    writer.append(new Uint8Array(0));
    writer.writeUint8(2);
    expect(writer.pendingBytes).toBe(5);
    const chunks = writer.take();
    expect(chunks[1]).toBe(body);
    expect(toHex(concat(...chunks))).toBe('0109090902');
    expect([writer.pendingBytes, writer.takenBytes, writer.writtenBytes]).toEqual([0, 5, 5]);
  });

  it('rolls back a unit with appended bytes and chunks of its own', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    writer.writeUint32(1);
    writer.begin();
    writer.writeUint8(2);
    writer.append(new Uint8Array(100));
    for (let index = 0; index < 20; index++) writer.writeUint32(3);
    writer.pin();
    for (let index = 0; index < 20; index++) writer.writeUint32(4);
    writer.rollback();
    expect(writer.pendingBytes).toBe(4);
    writer.begin();
    writer.writeUint8(5);
    expect(toHex(concat(...writer.take()))).toBe('0000000105');
  });

  it('rolls back to any earlier place', () => {
    const writer = new ByteWriter(8);
    const places: number[] = [];
    let hex = '';
    const prefixes: string[] = [];
    for (let index = 0; index < 40; index++) {
      writer.begin();
      places.push(writer.writtenBytes);
      prefixes.push(hex);
      if (index % 3 === 0) writer.append(Uint8Array.of(index, index));
      else writer.writeUint16(index * 257);
      hex += index.toString(16).padStart(2, '0').repeat(2);
    }
    for (let index = 39; index >= 0; index -= 7) {
      writer.rollbackTo(places[index] ?? 0);
      expect(writer.writtenBytes).toBe(places[index]);
    }
    expect(toHex(concat(...writer.take()))).toBe(prefixes[4]);
  });

  it('does not take back what was taken', () => {
    const writer = new ByteWriter(16);
    writer.begin();
    writer.writeUint8(1);
    writer.take();
    writer.writeUint8(2);
    writer.rollback();
    expect([writer.pendingBytes, writer.takenBytes]).toEqual([0, 1]);
  });
});
