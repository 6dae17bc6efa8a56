import { AmqpSyntaxError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../src/byte-reader.ts';
import { fromHex, toHex } from './hex.ts';

const reader = (hex: string): ByteReader => new ByteReader(fromHex(hex));

describe('ByteReader', () => {
  it.each([
    ['uint8', 'ff', (r: ByteReader) => r.readUint8(), 255],
    ['int8', 'ff', (r: ByteReader) => r.readInt8(), -1],
    ['uint16', 'fffe', (r: ByteReader) => r.readUint16(), 65534],
    ['int16', 'fffe', (r: ByteReader) => r.readInt16(), -2],
    ['uint32', 'fffffffd', (r: ByteReader) => r.readUint32(), 4294967293],
    ['int32', 'fffffffd', (r: ByteReader) => r.readInt32(), -3],
    ['uint64, safe', '001fffffffffffff', (r: ByteReader) => r.readUint64(), Number.MAX_SAFE_INTEGER],
    ['uint64, large', '0020000000000000', (r: ByteReader) => r.readUint64(), 9007199254740992n],
    ['uint64, largest', 'ffffffffffffffff', (r: ByteReader) => r.readUint64(), 18446744073709551615n],
    ['int64, -1', 'ffffffffffffffff', (r: ByteReader) => r.readInt64(), -1],
    ['int64, safe', 'ffe0000000000001', (r: ByteReader) => r.readInt64(), Number.MIN_SAFE_INTEGER],
    ['int64, just unsafe', 'ffe0000000000000', (r: ByteReader) => r.readInt64(), -9007199254740992n],
    ['int64, odd beyond safe', '0020000000000001', (r: ByteReader) => r.readInt64(), 9007199254740993n],
    ['int64, least', '8000000000000000', (r: ByteReader) => r.readInt64(), -9223372036854775808n],
    ['float32', 'bfc00000', (r: ByteReader) => r.readFloat32(), -1.5],
    ['float64', '400921fb54442d18', (r: ByteReader) => r.readFloat64(), Math.PI],
    ['float64 NaN', '7ff8000000000000', (r: ByteReader) => r.readFloat64(), Number.NaN],
    ['short string', '0461c3a962', (r: ByteReader) => r.readShortString(), 'aéb'],
    ['short string, not UTF-8', '0361ff62', (r: ByteReader) => r.readShortString(), 'a\udcffb'],
  ])('reads %s, and not with an octet less', (_, hex, read, value) => {
    const whole = reader(hex);
    expect(read(whole)).toEqual(value);
    expect(whole.remaining).toBe(0);
    for (let size = 0; size < hex.length / 2; size++) {
      expect(() => read(reader(hex.slice(0, size * 2)))).toThrow(AmqpSyntaxError);
    }
  });

  it('reads long strings and bytes as views', () => {
    const bytes = fromHex('00000002 6162 6364');
    const whole = new ByteReader(bytes);
    const text = whole.readLongString();
    const rest = whole.readBytes(2);
    expect([toHex(text), toHex(rest)]).toEqual(['6162', '6364']);
    expect(text.buffer).toBe(bytes.buffer);
  });

  it('stays within its stretch of a larger array', () => {
    const part = new ByteReader(fromHex('aa0102bb').subarray(1), 0, 2);
    expect(part.readUint16()).toBe(0x0102);
    expect(() => part.readUint8()).toThrow('data ends too early: 1 octets needed, 0 left');
    expect(new ByteReader(fromHex('01'), 0, 5).remaining).toBe(1);
  });

  it('blames the peer', () => {
    try {
      reader('').readUint32();
    } catch (error) {
      expect(error).toMatchObject({ name: 'AmqpSyntaxError', blame: 'peer' });
    }
    expect.assertions(1);
  });

  it('reads floats from the middle of a larger memory', () => {
    const memory = new Uint8Array(32);
    new DataView(memory.buffer).setFloat64(13, 2.5);
    expect(new ByteReader(memory.subarray(9), 4).readFloat64()).toBe(2.5);
  });
});
