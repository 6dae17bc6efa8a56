import { AmqpSyntaxError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { decodeMethod } from '../src/methods.ts';
import { concat, toHex } from './hex.ts';
import { tableMethods } from './method-arbitraries.ts';
import { encode, frameHeaderBytes, payloadOf, thrownBy } from './method-frames.ts';
import { methodVectors } from './vectors/method-vectors.ts';

describe('the vectors', () => {
  it('show every method of the protocol', () => {
    const shown = new Set(methodVectors.map(({ method }) => method.type));

    expect(tableMethods.filter(({ type }) => !shown.has(type)).map(({ type }) => type)).toEqual([]);
    expect(methodVectors.length).toBeGreaterThanOrEqual(60);
  });

  it.each(methodVectors)('$name: is encoded', ({ frame, channel, input }) => {
    expect(toHex(encode(channel, input))).toBe(toHex(frame));
  });

  it.each(methodVectors)('$name: is encoded from what was decoded', ({ frame, channel, method }) => {
    expect(toHex(encode(channel, method))).toBe(toHex(frame));
  });

  it.each(methodVectors)('$name: is decoded', ({ frame, method }) => {
    expect(decodeMethod(payloadOf(frame))).toEqual(method);
  });

  it.each(methodVectors)('$name: is decoded between other bytes', ({ frame, method }) => {
    expect(decodeMethod(concat(frame, frame), frameHeaderBytes, frame.length - 1)).toEqual(method);
  });

  it.each(methodVectors)('$name: cut at every octet is a syntax error of the peer', ({ frame }) => {
    const payload = payloadOf(frame);
    for (let size = 0; size < payload.length; size++) {
      const error = thrownBy(() => decodeMethod(payload, 0, size));
      expect(error).toBeInstanceOf(AmqpSyntaxError);
      expect(error).toMatchObject({ blame: 'peer' });
    }
  });

  it.each(methodVectors)('$name: with an octet after it is a syntax error of the peer', ({ frame, method }) => {
    const error = thrownBy(() => decodeMethod(concat(payloadOf(frame), Uint8Array.of(0))));

    expect(error).toBeInstanceOf(AmqpSyntaxError);
    expect(error).toMatchObject({ blame: 'peer', method: method.type });
    expect(String(error)).toContain(`${method.type} has 1 octets after its last field`);
  });
});
