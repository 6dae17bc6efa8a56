import { inspect } from 'node:util';
import { AmqpSyntaxError, UsageError } from '@puka/errors';
import {
  type BasicProperties,
  ByteWriter,
  decodeText,
  encodeMethod,
  encodeText,
  float64,
  int8,
  longString,
  type MethodInput,
  writeContentHeader,
} from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { Message, type Settlement } from '../../src/consuming/message.ts';
import type { ReceivedContent } from '../../src/session/index.ts';
import { joined } from '../session/harness.ts';

const frameHead = 7;
const frameEnd = 1;

interface Given {
  readonly body?: Uint8Array | string;
  readonly properties?: BasicProperties | Uint8Array;
  readonly settlement?: Settlement;
  readonly kind?: 'deliver' | 'get-ok';
  readonly routingKey?: string;
}

/** A message as it would have come, its body in the middle of other bytes. */
function message({
  body = '',
  properties = {},
  settlement,
  kind = 'deliver',
  routingKey = 'key',
}: Given = {}): Message {
  const route = { deliveryTag: 7, redelivered: true, exchange: 'ex', routingKey };
  const method: MethodInput =
    kind === 'deliver'
      ? { type: 'basic.deliver', consumerTag: 'tag', ...route }
      : { type: 'basic.get-ok', messageCount: 42, ...route };
  const methodBytes = written((writer) => encodeMethod(writer, 1, method));
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const propertiesBytes =
    properties instanceof Uint8Array
      ? properties
      : written((writer) => writeContentHeader(writer, 1, bytes.length, properties, 131_072)).subarray(12);
  const around = new Uint8Array(bytes.length + 100);
  around.set(bytes, 50);
  const content: ReceivedContent = {
    kind,
    deliveryTag: 7,
    methodBytes,
    methodStart: 0,
    methodEnd: methodBytes.length,
    propertiesBytes,
    propertiesStart: 0,
    propertiesEnd: propertiesBytes.length,
    bodyBytes: around,
    bodyStart: 50,
    bodyEnd: 50 + bytes.length,
    bodyMemory: undefined,
    overLimit: undefined,
  };
  const consumerTag = kind === 'deliver' ? 'tag' : undefined;
  return new Message(content, { kind, queue: 'q', consumerTag, settlement, tables: undefined });
}

/** The payload of the frame that was written. */
function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  const frame = joined(writer.take());
  return frame.subarray(frameHead, frame.length - frameEnd);
}

/** Writes down what is settled through it. */
function recorder(answer = true): Settlement & { readonly calls: string[] } {
  const calls: string[] = [];
  const note = (text: string): boolean => {
    calls.push(text);
    return answer;
  };
  return {
    calls,
    ack: (tag) => note(`ack ${tag}`),
    reject: (tag, requeue) => note(`reject ${tag} ${requeue}`),
    nack: (tag, requeue) => note(`nack ${tag} ${requeue}`),
  };
}

describe('a message', () => {
  it('reports its route, of a consumer and of a get', () => {
    expect(message()).toMatchObject({
      exchange: 'ex',
      routingKey: 'key',
      redelivered: true,
      deliveryTag: 7,
      consumerTag: 'tag',
      queue: 'q',
      messageCount: undefined,
    });
    expect(message({ kind: 'get-ok' })).toMatchObject({
      exchange: 'ex',
      routingKey: 'key',
      redelivered: true,
      consumerTag: undefined,
      messageCount: 42,
    });
  });

  it('returns its body as bytes, text and JSON', () => {
    const json = message({ body: '{"a":[1,"é"]}' });
    expect(json.json()).toEqual({ a: [1, 'é'] });
    expect(json.text()).toBe('{"a":[1,"é"]}');
    expect(Buffer.from(json.body).toString()).toBe('{"a":[1,"é"]}');
    expect(message({ body: Uint8Array.of(0x61, 0xff, 0x62) }).text()).toBe('a\u{fffd}b');
    expect(() => message({ body: 'no JSON' }).json()).toThrow(SyntaxError);
    expect(message().body).toEqual(new Uint8Array(0));
    expect(message().text()).toBe('');
  });

  it('keeps little else alive with a short body, copies no long one, and returns the same bytes again', () => {
    const short = message({ body: 'x' });
    expect(short.body.buffer.byteLength).toBe(1);
    expect(short.body).toBe(short.body);
    const long = message({ body: new Uint8Array(10_000).fill(3) });
    expect(long.body.buffer.byteLength).toBe(10_100);
    expect(long.body.length).toBe(10_000);
    expect(long.bodySize).toBe(10_000);
    expect(long.body).toBe(long.body);
  });

  it('has every property that was set, and undefined for the others', () => {
    const properties = {
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
      headers: { a: 1 },
      deliveryMode: 2,
      priority: 0,
      correlationId: '',
      replyTo: 'r',
      expiration: '100',
      messageId: 'm',
      timestamp: new Date(1_700_000_000_000),
      type: 't',
      userId: 'u',
      appId: 'a',
      clusterId: 'c',
    } as const;
    const full = message({ properties });
    expect(full).toMatchObject(properties);
    expect(full.properties).toEqual({ ...properties, headers: expect.objectContaining({ a: 1 }) });
    const empty = message();
    for (const name of Object.keys(properties)) {
      if (name !== 'headers') expect(Reflect.get(empty, name)).toBeUndefined();
    }
    expect(Object.keys(empty.headers)).toEqual([]);
    expect(empty.properties).toEqual({});
  });

  it('has headers without a prototype, and the empty object that messages share cannot be changed', () => {
    expect(Object.getPrototypeOf(message().headers)).toBeNull();
    expect(Object.getPrototypeOf(message({ properties: { headers: { a: 1 } } }).headers)).toBeNull();
    expect(() => Object.assign(message().headers, { x: 1 })).toThrow(TypeError);
  });

  it('has its headers with their types, which published again are the same octets', () => {
    const headers = new Map([
      ['small', int8(5)],
      ['round', float64(2)],
      ['1', longString(Uint8Array.of(0xff))],
    ]);
    const first = message({ properties: { headers } });
    const second = message({ properties: { headers: first.taggedHeaders } });
    expect(second.taggedHeaders).toEqual(first.taggedHeaders);
    expect(first.taggedHeaders?.value).toMatchObject([
      { name: 'small', value: { tag: 'b', value: 5 } },
      { name: 'round', value: { tag: 'd', value: 2 } },
      { name: '1', value: { tag: 'S' } },
    ]);
    expect(message().taggedHeaders).toBeUndefined();
    const bad = Uint8Array.of(0x28, 0x00, 0, 0, 0, 3, 0x09, 0x61, 0x62, 0x05);
    expect(() => message({ properties: bad }).taggedHeaders).toThrow(AmqpSyntaxError);
  });

  it('with malformed headers throws when they are asked for, and not before', () => {
    // flags: headers | priority; table of 3 bytes whose key is longer than it; priority 5
    const bad = Uint8Array.of(0x28, 0x00, 0, 0, 0, 3, 0x09, 0x61, 0x62, 0x05);
    const bent = message({ properties: bad, body: 'x', settlement: recorder() });
    expect(bent.text()).toBe('x');
    expect(() => bent.headers).toThrow(AmqpSyntaxError);
    expect(() => bent.properties).toThrow(AmqpSyntaxError);
    expect(bent.priority).toBe(5);
    expect(bent.ack()).toBe(true);
  });

  it.each([
    ['a header table that is cut', Uint8Array.of(0x28, 0x00, 0, 0, 0, 3, 0x09, 0x61, 0x62, 0x05)],
    ['a header table longer than the frame', Uint8Array.of(0x20, 0x00, 0xff, 0xff, 0xff, 0xff)],
    ['no flags', new Uint8Array(0)],
    ['a property that is cut', Uint8Array.of(0x80, 0x00, 9, 0x61)],
  ])('with %s shows that it is malformed when it is inspected, and throws nothing', (_what, bad) => {
    const bent = message({ properties: bad, body: 'x' });
    expect(JSON.parse(JSON.stringify(bent))).toMatchObject({ queue: 'q', malformed: expect.any(String) });
    expect(inspect(bent)).toMatch(/malformed: /);
    expect(inspect(message({ body: 'x' }))).not.toMatch(/malformed/);
  });

  it('keeps octets that are no UTF-8: different keys are different, and the same again when they are published', () => {
    const bytes = Uint8Array.of(0x61, 0xff, 0xe9, 0x62);
    const given = message({ properties: { correlationId: decodeText(bytes) }, routingKey: decodeText(bytes) });
    expect(encodeText(given.routingKey)).toEqual(bytes);
    expect(encodeText(given.correlationId ?? '')).toEqual(bytes);
    expect(given.routingKey).not.toBe(
      message({ routingKey: decodeText(Uint8Array.of(0x61, 0xfe, 0xe9, 0x62)) }).routingKey,
    );
    expect(message({ routingKey: given.routingKey, properties: given.properties })).toMatchObject({
      routingKey: given.routingKey,
      correlationId: given.correlationId,
    });
  });
});

describe('settling', () => {
  it('goes through its channel, once, with what was said', () => {
    const settlement = recorder();
    expect(message({ settlement }).ack()).toBe(true);
    message({ settlement }).reject();
    message({ settlement }).reject({ requeue: false });
    message({ settlement }).nack();
    message({ settlement }).nack({ requeue: false });
    expect(settlement.calls).toEqual(['ack 7', 'reject 7 true', 'reject 7 false', 'nack 7 true', 'nack 7 false']);
  });

  it('is false where the channel is gone, and settled all the same', () => {
    const gone = message({ settlement: recorder(false) });
    expect(gone.isSettled).toBe(false);
    expect(gone.ack()).toBe(false);
    expect(gone.isSettled).toBe(true);
    expect(() => gone.ack()).toThrow(UsageError);
  });

  it('twice, or of a message without ack, is a usage error that names the message', () => {
    const settlement = recorder();
    const once = message({ settlement });
    once.ack();
    expect(() => once.nack()).toThrow(/message 7 of queue 'q' is settled already/);
    expect(() => message().ack()).toThrow(/message 7 of queue 'q' came with noAck/);
    expect(message().isSettled).toBe(true);
    expect(settlement.calls).toEqual(['ack 7']);
  });
});

describe('rejecting', () => {
  it.each(['reject', 'nack'] as const)('%s takes one object, and settles nothing for anything else', (how) => {
    const settlement = recorder();
    const held = message({ settlement });
    for (const wrong of [false, true, null, 'no', { requeu: false }, { requeue: 0 }]) {
      expect(() => Reflect.apply(held[how], held, [wrong])).toThrow(UsageError);
    }
    expect(() => Reflect.apply(held[how], held, [false])).toThrow(`message.${how}({ requeue: false })`);
    expect(settlement.calls).toEqual([]);
    expect(held.isSettled).toBe(false);
    held[how]({ requeue: false });
    expect(held.isSettled).toBe(true);
  });
});
