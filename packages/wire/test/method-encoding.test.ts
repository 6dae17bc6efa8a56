import { LimitExceeded, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import * as methods from '../src/methods.ts';
import { encodeBasicPublish, encodeMethod, type MethodInput } from '../src/methods.ts';
import { concat, toHex } from './hex.ts';
import { encode, payloadOf, thrownBy } from './method-frames.ts';

describe('bits', () => {
  it('stand from the lowest up, in the order of the fields', () => {
    const bits = ['passive', 'durable', 'exclusive', 'autoDelete', 'noWait'] as const;
    for (const [index, name] of bits.entries()) {
      expect(encode(1, { type: 'queue.declare', [name]: true })[14]).toBe(1 << index);
    }
  });

  it('before and after another field stand in octets of their own', () => {
    // redelivered is between the tag and two strings: one octet for it alone.
    expect(
      toHex(
        payloadOf(
          encode(1, {
            type: 'basic.deliver',
            consumerTag: '',
            deliveryTag: 1,
            redelivered: true,
            exchange: '',
            routingKey: '',
          }),
        ),
      ),
    ).toBe('003c003c000000000000000001010000');
  });
});

describe('a method’s own encoder', () => {
  it('refuses fields of the wrong type as encodeMethod does', () => {
    const fields: unknown = { exchange: 'logs', mandatory: 'yes' };
    const untyped: unknown = encodeBasicPublish;
    if (typeof untyped !== 'function') throw new Error('not exported');
    const writer = new ByteWriter();
    const error = thrownBy(() => untyped(writer, 1, fields));

    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('mandatory of basic.publish is yes');
    expect(writer.pendingBytes).toBe(0);
  });

  it('writes a method whose fields all have defaults without any', () => {
    const writer = new ByteWriter();
    encodeBasicPublish(writer, 1);

    expect(toHex(concat(...writer.take()))).toBe('01000100000009003c00280000000000ce');
  });

  it('begins a unit: rolling it back forgets the method', () => {
    const writer = new ByteWriter();
    encodeMethod(writer, 1, { type: 'basic.qos-ok' });
    encodeBasicPublish(writer, 1, { exchange: 'logs' });
    writer.rollback();

    expect(toHex(concat(...writer.take()))).toBe('01000100000004003c000bce');
  });
});

describe('encodeMethod', () => {
  it('refuses a method of an unknown type', () => {
    const untyped: unknown = Reflect.get(methods, 'encodeMethod');
    if (typeof untyped !== 'function') throw new Error('not exported');
    const error = thrownBy(() => untyped(new ByteWriter(), 1, { type: 'access.request' }));

    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('access.request');
  });

  it('forgets a method that failed, and what stood before it stays', () => {
    const writer = new ByteWriter(32);
    const before: MethodInput = { type: 'basic.ack', deliveryTag: 5 };
    encodeMethod(writer, 1, before);
    const bad: MethodInput = {
      type: 'queue.declare',
      queue: 'x'.repeat(200),
      arguments: { a: 'y'.repeat(300), b: Number.NaN },
    };

    expect(() => encodeMethod(writer, 1, bad)).toThrow(UsageError);
    encodeMethod(writer, 2, before);
    expect(toHex(concat(...writer.take()))).toBe(toHex(concat(encode(1, before), encode(2, before))));
  });

  it('refuses a frame over the limit and takes one that just fits', () => {
    const writer = new ByteWriter();
    const method: MethodInput = { type: 'connection.update-secret', newSecret: new Uint8Array(100), reason: '' };
    const frameBytes = encode(0, method).length;

    encodeMethod(writer, 0, method, frameBytes);
    const error = thrownBy(() => encodeMethod(writer, 0, method, frameBytes - 1));
    expect(error).toBeInstanceOf(LimitExceeded);
    expect(error).toMatchObject({ method: 'connection.update-secret', blame: 'caller', outcome: 'not-sent' });
    expect(String(error)).toContain(`${frameBytes - 1}`);
    expect(concat(...writer.take())).toHaveLength(frameBytes);
  });

  it('copies bytes and tables: what the caller changes later is not sent', () => {
    const writer = new ByteWriter();
    const response = Uint8Array.of(1, 2, 3);
    encodeMethod(writer, 0, { type: 'connection.secure-ok', response });
    response.fill(9);

    expect(toHex(concat(...writer.take()))).toBe('0100000000000b000a001500000003010203ce');
  });

  it('shows no secret in an error', () => {
    const error = thrownBy(() =>
      encode(0, { type: 'connection.start-ok', response: '\0user\0pass\ud800', mechanism: 'PLAIN' }),
    );

    expect(error).toBeInstanceOf(UsageError);
    expect(JSON.stringify(error) + String(error)).not.toContain('pass');
  });
});
