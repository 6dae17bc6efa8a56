import { AmqpSyntaxError, UsageError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import * as methods from '../src/methods.ts';
import { decodeMethod, encodeMethod, type Method } from '../src/methods.ts';
import { withoutPrototypes } from './arbitraries.ts';
import { concat, toHex } from './hex.ts';
import { defaultsOf, methodsOf, type TableField, tableMethods, withoutDefaults } from './method-arbitraries.ts';
import { encode, frameHeaderBytes, payloadOf, thrownBy } from './method-frames.ts';

const each = tableMethods.map((method) => [method.type, method] as const);

describe.each(each)('%s', (_type, tableMethod) => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(methodsOf(tableMethod), fc.integer({ min: 0, max: 65_535 }), (method, channel) => {
        const frame = encode(channel, method);
        const decoded = decodeMethod(payloadOf(frame));

        expect(decoded).toEqual(withoutPrototypesIn(method));
        expect(toHex(encode(channel, decoded))).toBe(toHex(frame));
      }),
      { numRuns: 60 },
    );
  });

  it('is one whole frame on the channel given', () => {
    fc.assert(
      fc.property(methodsOf(tableMethod), fc.integer({ min: 0, max: 65_535 }), (method, channel) => {
        const frame = encode(channel, method);
        const view = new DataView(frame.buffer, frame.byteOffset, frame.length);

        expect([view.getUint8(0), view.getUint16(1), view.getUint32(3)]).toEqual([1, channel, frame.length - 8]);
        expect(view.getUint32(7)).toBe(tableMethod.id);
        expect(frame.at(-1)).toBe(0xce);
      }),
      { numRuns: 20 },
    );
  });

  it('is the same whatever the size of the writer’s chunks', () => {
    fc.assert(
      fc.property(methodsOf(tableMethod), fc.integer({ min: 1, max: 64 }), (method, chunkBytes) => {
        expect(toHex(encode(1, method, chunkBytes))).toBe(toHex(encode(1, method)));
      }),
      { numRuns: 20 },
    );
  });

  it('may be given without what has its default', () => {
    expect(toHex(encode(1, withoutDefaults(tableMethod)))).toBe(toHex(encode(1, defaultsOf(tableMethod))));
    expect(decodeMethod(payloadOf(encode(1, withoutDefaults(tableMethod))))).toEqual(defaultsOf(tableMethod));
  });

  it('has an encoder and a decoder of its own that do the same', () => {
    const codec: Record<string, unknown> = { ...methods };
    const encodeOne = codec[`encode${tableMethod.typeName}`];
    const decodeOne = codec[`decode${tableMethod.typeName}`];
    if (typeof encodeOne !== 'function' || typeof decodeOne !== 'function') throw new Error('not exported');
    const method = defaultsOf(tableMethod);
    const writer = new ByteWriter();
    if (tableMethod.fields.length > 0) encodeOne(writer, 7, method);
    else encodeOne(writer, 7);
    const frame = concat(...writer.take());

    expect(toHex(frame)).toBe(toHex(encode(7, method)));
    expect(decodeOne(frame, frameHeaderBytes, frame.length - 1)).toEqual(decodeMethod(payloadOf(frame)));
  });

  it('that is cut short has no decoder of its own that reads past the end', () => {
    const codec: Record<string, unknown> = { ...methods };
    const decodeOne = codec[`decode${tableMethod.typeName}`];
    if (typeof decodeOne !== 'function') throw new Error('not exported');
    const frame = encode(1, defaultsOf(tableMethod));

    for (let end = frameHeaderBytes; end < frame.length - 1; end++) {
      expect(thrownBy(() => decodeOne(frame, frameHeaderBytes, end))).toBeInstanceOf(AmqpSyntaxError);
    }
  });

  it('refuses each field out of its range, names it, and writes nothing', () => {
    const writer = new ByteWriter();
    encodeMethod(writer, 1, { type: 'basic.qos-ok' });
    for (const field of tableMethod.fields) {
      for (const value of wrongValues(field)) {
        const method = { ...defaultsOf(tableMethod), [field.property]: value };
        const error = thrownBy(() => encodeMethod(writer, 1, method));
        expect(error, `${field.property} ${String(value)}`).toBeInstanceOf(UsageError);
        expect(error).toMatchObject({ method: tableMethod.type, blame: 'caller', outcome: 'not-sent' });
        expect(String(error)).toContain(field.property);
      }
    }

    expect(toHex(concat(...writer.take()))).toBe('01000100000004003c000bce');
  });

  it('refuses a channel number out of 0 to 65535', () => {
    for (const channel of [-1, 65_536, 1.5, Number.NaN]) {
      const error = thrownBy(() => encode(channel, defaultsOf(tableMethod)));
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ method: tableMethod.type });
      expect(String(error)).toContain('channel');
    }
  });
});

function withoutPrototypesIn(method: Method): Method {
  const { ...copy } = method;
  for (const [name, value] of Object.entries(copy)) {
    if (typeof value === 'object' && !(value instanceof Uint8Array)) {
      Object.assign(copy, { [name]: withoutPrototypes(value) });
    }
  }
  return copy;
}

function wrongValues({ wireType, default: standard }: TableField): readonly unknown[] {
  const missing = standard === undefined ? [undefined] : [];
  switch (wireType) {
    case 'bit':
      return [...missing, 1, 0, 'true', {}];
    case 'uint8':
      return [...missing, -1, 256, 1.5, Number.NaN, '1'];
    case 'uint16':
      return [...missing, -1, 65_536, 1.5, Number.NaN, '1'];
    case 'uint32':
      return [...missing, -1, 4_294_967_296, 1.5, Number.NaN, '1'];
    case 'uint64':
      return [...missing, -1, -1n, 2 ** 53, 2n ** 64n, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1'];
    case 'shortString':
      return [...missing, 'x'.repeat(256), '€'.repeat(86), 5, {}, '\ud800'];
    case 'longString':
      return [...missing, 5, [1, 2], '\ud800'];
    case 'table':
      return [5, 'text', { a: Number.NaN }, { a: () => 1 }, [1]];
  }
}
