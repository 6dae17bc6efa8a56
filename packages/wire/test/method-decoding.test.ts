import { AmqpSyntaxError, CommandInvalid, LimitExceeded, PukaError } from '@puka/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMethod, MethodId, methodIdAt } from '../src/methods.ts';
import { concat, fromHex } from './hex.ts';
import { tableMethods } from './method-arbitraries.ts';
import { encode, frameHeaderBytes, thrownBy } from './method-frames.ts';

describe('decodeMethod', () => {
  it('answers a method that is not defined with CommandInvalid', () => {
    for (const [hex, name] of [
      ['003c0029', '60,41'],
      ['001e000a', '30,10'],
      ['00000000', '0,0'],
      ['ffffffff', '65535,65535'],
      ['0028 0029', '40,41'],
    ] as const) {
      const error = thrownBy(() => decodeMethod(fromHex(hex)));
      expect(error).toBeInstanceOf(CommandInvalid);
      expect(error).toMatchObject({ blame: 'peer', replyCode: 503, message: `method ${name} is unknown` });
    }
  });

  it('never throws anything but errors of ours, whatever the bytes', () => {
    const ids = tableMethods.map(({ id }) => id);
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.uint8Array({ maxLength: 80 }), (id, rest) => {
        const bytes = concat(Uint8Array.of(id >>> 24, id >>> 16, id >>> 8, id), rest);
        try {
          decodeMethod(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PukaError);
          expect(error).toMatchObject({ blame: 'peer' });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('reports which field was cut', () => {
    const frame = encode(1, { type: 'queue.bind', queue: 'q', exchange: 'logs', routingKey: 'a.b' });
    const error = thrownBy(() => decodeMethod(frame, frameHeaderBytes, frameHeaderBytes + 4 + 2 + 2 + 3));

    expect(error).toMatchObject({ method: 'queue.bind' });
    expect(String(error)).toContain('exchange of queue.bind: ');
  });

  it('reports which table was malformed', () => {
    const error = thrownBy(() => decodeMethod(fromHex('000a000a 00 09 00000003 01 61 3f 00000000 00000000')));

    expect(error).toBeInstanceOf(AmqpSyntaxError);
    expect(String(error)).toContain('serverProperties of connection.start: ');
  });

  it('keeps the class of a limit that was exceeded', () => {
    let table = '00000000';
    for (let depth = 0; depth < 70; depth++) {
      const inner = `0161 46 ${table}`.replaceAll(' ', '');
      table = (inner.length / 2).toString(16).padStart(8, '0') + inner;
    }
    const error = thrownBy(() => decodeMethod(fromHex(`0032000a 0000 00 00 ${table}`)));

    expect(error).toBeInstanceOf(LimitExceeded);
    expect(error).toMatchObject({ blame: 'peer', method: 'queue.declare' });
    expect(String(error)).toContain('arguments of queue.declare: ');
  });

  it('returns bytes as a view of the input and text as a copy', () => {
    const payload = fromHex('000a0014 00000003 ff00fe');
    const method = decodeMethod(payload);
    if (method.type !== 'connection.secure') throw new Error(method.type);

    expect(method.challenge.buffer).toBe(payload.buffer);
    expect(method.challenge).toEqual(fromHex('ff00fe'));
  });

  it('reads names that are no UTF-8', () => {
    expect(decodeMethod(fromHex('0032000b 02 c328 00000001 00000000'))).toMatchObject({ queue: '\udcc3(' });
  });

  it('leaves bits alone that are not defined', () => {
    expect(decodeMethod(fromHex('003c0028 0000 00 00 fd'))).toEqual({
      type: 'basic.publish',
      exchange: '',
      routingKey: '',
      mandatory: true,
      immediate: false,
    });
  });

  it('skips the content of reserved fields', () => {
    expect(decodeMethod(fromHex('0014000b 00000003 616263'))).toEqual({ type: 'channel.open-ok' });
    expect(decodeMethod(fromHex('003c0048 03 616263'))).toEqual({ type: 'basic.get-empty' });
    expect(decodeMethod(fromHex('000a0028 01 2f 03 616263 01'))).toEqual({ type: 'connection.open', virtualHost: '/' });
  });
});

describe('methodIdAt', () => {
  it('reports which method a payload holds without reading it', () => {
    expect(methodIdAt(fromHex('00 003c003c ff'), 1, 6)).toBe(MethodId.basicDeliver);
    expect(methodIdAt(fromHex('ffffffff'))).toBe(0xffffffff);
  });

  it('refuses fewer than four octets', () => {
    expect(() => methodIdAt(fromHex('003c003c'), 0, 3)).toThrow(AmqpSyntaxError);
  });
});
