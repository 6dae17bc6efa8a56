/** What is published comes out as it went in: properties, headers of every type, bodies; and what cannot is an error at the call. */
import {
  array,
  bytes,
  Client,
  type ClientOptions,
  decimal,
  type FieldTableInput,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  LimitExceeded,
  longString,
  type Message,
  type PublishOptions,
  Timestamp,
  table,
  timestamp,
  UsageError,
  uint8,
  uint16,
  uint32,
} from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const client = new Client(url);
let queue: string;

beforeAll(async () => {
  await client.connect();
  ({ queue } = await client.queueDeclare({ exclusive: true }));
});

afterAll(async () => {
  await client.close();
});

/** Publishes and takes it back. */
async function roundTrip(options: Omit<PublishOptions, 'routingKey'>): Promise<Message> {
  await client.basicPublish({ ...options, routingKey: queue });
  const message = await client.basicGet({ queue, noAck: true });
  if (message === null) throw new Error('nothing came back');
  return message;
}

describe('properties', () => {
  const all = {
    contentType: 'text/plain',
    contentEncoding: 'identity',
    deliveryMode: 2,
    priority: 7,
    correlationId: 'c-1',
    replyTo: 'answers',
    expiration: '60000',
    messageId: 'm-1',
    timestamp: new Date('2026-11-24T04:30:05Z'),
    type: 'greeting',
    userId: 'guest',
    appId: 'tests',
    clusterId: 'none',
  };

  it('all fourteen come back, by their getters and as a whole', async () => {
    const message = await roundTrip({ ...all, headers: { a: 'b' }, body: 'x' });
    for (const [name, value] of Object.entries(all)) expect([name, Reflect.get(message, name)]).toEqual([name, value]);
    expect({ ...message.properties.headers }).toEqual({ a: 'b' });
    expect({ ...message.properties, headers: undefined }).toEqual({ ...all, headers: undefined });
  });

  it('each alone comes back alone', async () => {
    for (const [name, value] of Object.entries(all)) {
      const message = await roundTrip({ [name]: value });
      expect(message.properties).toEqual({ deliveryMode: 2, [name]: value });
    }
  });

  it('none at all are none', async () => {
    expect((await roundTrip({ body: 'x' })).properties).toEqual({ deliveryMode: 2 });
  });

  it('zero and empty text are there, and undefined is not', async () => {
    const message = await roundTrip({ priority: 0, correlationId: '', messageId: '', type: undefined, body: '' });
    expect(message.properties).toEqual({ deliveryMode: 2, priority: 0, correlationId: '', messageId: '' });
    expect(message.body).toEqual(new Uint8Array(0));
  });

  it('texts hold 255 bytes of any characters', async () => {
    const message = await roundTrip({ messageId: '€'.repeat(85), appId: 'x'.repeat(255), type: '\u0000"\n' });
    expect(message.properties).toMatchObject({ messageId: '€'.repeat(85), appId: 'x'.repeat(255), type: '\u0000"\n' });
  });

  it('a timestamp is whole seconds: from a Date, from a number, from a bigint, beyond what a Date holds', async () => {
    const at = new Date('2001-02-03T04:05:06Z');
    expect((await roundTrip({ timestamp: new Date('2001-02-03T04:05:06.789Z') })).timestamp).toEqual(at);
    expect((await roundTrip({ timestamp: at.getTime() / 1000 })).timestamp).toEqual(at);
    expect((await roundTrip({ timestamp: 0 })).timestamp).toEqual(new Date(0));
    expect((await roundTrip({ timestamp: BigInt(at.getTime() / 1000) })).timestamp).toEqual(at);
    const far = (await roundTrip({ timestamp: 2n ** 63n })).timestamp;
    expect(far).toBeInstanceOf(Timestamp);
    expect(far).toMatchObject({ seconds: 2n ** 63n });
  });
});

describe('headers', () => {
  it('of every field type come back with their values', async () => {
    const inner = { deep: { deeper: [1, 'two', null, { three: 3n }] } };
    const { headers } = await roundTrip({
      headers: {
        t: true,
        b: int8(-128),
        B: uint8(255),
        s: int16(-32_768),
        u: uint16(65_535),
        I: int32(-2_147_483_648),
        i: uint32(4_294_967_295),
        l: int64(9_223_372_036_854_775_807n),
        f: float32(1.5),
        d: float64(0.1),
        D: decimal(-12_345, 2),
        S: longString('text'),
        x: bytes(Uint8Array.of(0, 255, 1)),
        T: timestamp(1_000_000_000),
        A: array([1, 'a', false]),
        F: table({ a: 1 }),
        V: null,
        integer: 5,
        large: 5_000_000_000,
        unsafe: 2n ** 60n,
        fraction: 0.5,
        text: 'täxt ✓',
        empty: '',
        octets: Uint8Array.of(1, 2),
        date: new Date('2020-01-01T00:00:00Z'),
        left: undefined,
        map: new Map([['k', 'v']]),
        inner,
      },
    });
    expect(headers.left).toBeUndefined();
    expect('left' in headers).toBe(false);
    expect(headers).toMatchObject({
      t: true,
      b: -128,
      B: 255,
      s: -32_768,
      u: 65_535,
      I: -2_147_483_648,
      i: 4_294_967_295,
      l: 9_223_372_036_854_775_807n,
      f: 1.5,
      d: 0.1,
      D: decimal(-12_345, 2),
      S: 'text',
      x: Uint8Array.of(0, 255, 1),
      T: new Date(1_000_000_000_000),
      A: [1, 'a', false],
      F: { a: 1 },
      V: null,
      integer: 5,
      large: 5_000_000_000,
      unsafe: 2n ** 60n,
      fraction: 0.5,
      text: 'täxt ✓',
      empty: '',
      octets: Uint8Array.of(1, 2),
      date: new Date('2020-01-01T00:00:00Z'),
      map: { k: 'v' },
      inner: { deep: { deeper: [1, 'two', null, { three: 3 }] } },
    });
  });

  it('numbers take the tag that loses nothing', async () => {
    const numbers = [0, -0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53 - 1), 1.1, 5e-324, 1e308];
    const { headers } = await roundTrip({ headers: { numbers } });
    expect(headers.numbers).toEqual(numbers);
  });

  it('keys such as __proto__ and constructor are data, and the table has no prototype', async () => {
    const given = Object.fromEntries([
      ['__proto__', 'own'],
      ['constructor', 1],
      ['toString', 'text'],
      ['', 'empty key'],
      ['ключ', true],
    ]);
    const { headers } = await roundTrip({ headers: given });
    expect(Object.getPrototypeOf(headers)).toBeNull();
    expect(Object.entries(headers).sort()).toEqual(Object.entries(given).sort());
  });

  it('text that is not UTF-8 comes as bytes', async () => {
    const { headers } = await roundTrip({ headers: { odd: longString(Uint8Array.of(0xff, 0xfe)) } });
    expect(headers.odd).toEqual(Uint8Array.of(0xff, 0xfe));
  });

  it('as large as a frame come back', async () => {
    const text = 'x'.repeat(130_000);
    const { headers } = await roundTrip({ headers: { text } });
    expect(headers.text).toBe(text);
  });
});

describe('limits of what comes in', () => {
  /** Publishes through the one, takes it back by the other, by a get and by a consumer. */
  async function received(options: Omit<PublishOptions, 'routingKey'>, limits: ClientOptions): Promise<Message[]> {
    const [wide, narrow] = [new Client(url, { maxTableDepth: 512 }), new Client(url, limits)];
    await Promise.all([wide.connect(), narrow.connect()]);
    const { queue: own } = await narrow.queueDeclare({ queue: uniqueName('limits'), autoDelete: true });
    await Promise.all([1, 2].map(() => wide.basicPublish({ ...options, routingKey: own })));
    const messages = [await narrow.basicGet({ queue: own }), await narrow.wait(narrow.basicConsume({ queue: own }))];
    await Promise.all([wide.close(), narrow.close()]);
    return messages.filter((message) => message !== null);
  }

  it('headers larger than the frames that were agreed come whole, because the broker does not split them', async () => {
    const text = 'x'.repeat(100_000);
    const messages = await received({ headers: { text }, body: text }, { frameMax: 8192 });
    expect(messages).toHaveLength(2);
    for (const message of messages) expect([message.headers.text, message.text()]).toEqual([text, text]);
  });

  it('tables deeper than maxTableDepth cost the message its headers, and nothing else', async () => {
    let deep: FieldTableInput = {};
    for (let depth = 0; depth < 60; depth++) deep = { deep };
    const options = { headers: { deep }, messageId: 'm', body: 'whole' };
    for (const message of await received(options, { maxTableDepth: 62 }))
      expect(message.headers).toHaveProperty('deep');
    for (const message of await received(options, { maxTableDepth: 61 })) {
      expect(() => message.headers).toThrow(LimitExceeded);
      expect([message.messageId, message.text(), message.isSettled]).toEqual(['m', 'whole', false]);
    }
  });

  it('maxTableDepth holds for what goes out, in headers and in arguments', async () => {
    const nested = (depth: number): FieldTableInput => (depth === 1 ? {} : { deep: nested(depth - 1) });
    const own = new Client(url, { maxTableDepth: 2 });
    await own.connect();
    const { queue: mine } = await own.queueDeclare({ exclusive: true, arguments: nested(2) });
    await own.basicPublish({ routingKey: mine, headers: nested(2) });
    await own.basicConsume({ queue: mine, arguments: nested(2) }).ready;
    const wrong = [
      own.queueDeclare({ exclusive: true, arguments: nested(3) }),
      own.basicPublish({ routingKey: mine, headers: nested(3) }),
      own.basicConsume({ queue: mine, arguments: nested(3) }).ready,
    ];
    for (const each of wrong) await expect(each).rejects.toThrow('maxTableDepth');
    await own.close();
    const deeper = new Client(url, { maxTableDepth: 100 });
    await deeper.connect();
    const { queue: its } = await deeper.queueDeclare({ exclusive: true });
    await deeper.basicPublish({ routingKey: its, headers: nested(100) });
    expect((await deeper.basicGet({ queue: its, noAck: true }))?.headers).toHaveProperty('deep');
    await expect(deeper.basicPublish({ routingKey: its, headers: nested(101) })).rejects.toThrow('maxTableDepth');
    await deeper.close();
    for (const maxTableDepth of [0, 513, 1.5]) expect(() => new Client(url, { maxTableDepth })).toThrow(UsageError);
  });

  it('a message one byte over maxMessageBytes ends its consumer alone, and is still the queue’s', async () => {
    const own = new Client(url, { maxMessageBytes: 1000 });
    await own.connect();
    const { queue: mine } = await client.queueDeclare({ queue: uniqueName('large'), durable: true });
    await client.basicPublish({ routingKey: mine, body: 'x'.repeat(1000) });
    await client.basicPublish({ routingKey: mine, body: 'x'.repeat(1001) });
    const consumer = own.basicConsume({ queue: mine });
    const first = await own.wait(consumer);
    expect(first.bodySize).toBe(1000);
    const error = await own.wait(consumer, { raiseErrors: false });
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', scope: 'operation' });
    // Its channel is still there for what it holds.
    expect(first.ack()).toBe(true);
    await waitFor(async () => (await own.queueDeclare({ queue: mine, passive: true })).messageCount === 1);
    expect(await own.queueDelete({ queue: mine })).toEqual({ messageCount: 1 });
    await own.close();
  });
});

describe('bodies', () => {
  it('text goes out as UTF-8', async () => {
    const message = await roundTrip({ body: 'žluťoučký 🐎\u0000' });
    expect(message.text()).toBe('žluťoučký 🐎\u0000');
    expect(message.contentType).toBeUndefined();
  });

  it.each([
    ['an object', { a: [1, { b: null }], c: 'ü' }],
    ['null', null],
    ['a number', 0],
    ['false', false],
    ['empty text', ''],
    ['a date, as its text', new Date(0)],
  ])('json: %s', async (_name, json) => {
    const message = await roundTrip({ json });
    expect(message.json()).toEqual(JSON.parse(JSON.stringify(json)));
    expect(message.contentType).toBe('application/json');
  });

  it('json under another content type, and undefined as no body', async () => {
    expect((await roundTrip({ json: 1, contentType: 'application/x+json' })).contentType).toBe('application/x+json');
    expect((await roundTrip({ json: undefined, body: 'b' })).properties).toEqual({ deliveryMode: 2 });
  });

  it('bytes that lie in the middle of others', async () => {
    const around = Uint8Array.from({ length: 100_000 }, (_, index) => index);
    expect((await roundTrip({ body: around.subarray(7, 20) })).body).toEqual(around.slice(7, 20));
    expect((await roundTrip({ body: around.subarray(3, 99_000) })).body).toEqual(around.slice(3, 99_000));
    expect((await roundTrip({ body: Buffer.from('buffer') })).text()).toBe('buffer');
  });
});

describe('thrown at the call', () => {
  const wrong: readonly (readonly [name: string, options: Readonly<Record<string, unknown>>, text: string])[] = [
    ['NaN in a header', { headers: { odd: Number.NaN } }, 'odd'],
    ['infinity in a header', { headers: { odd: [1, Number.NEGATIVE_INFINITY] } }, 'odd'],
    ['a float32 that is none', { headers: { odd: { inner: 2n ** 63n } } }, 'inner'],
    ['a function in a header', { headers: { odd: () => 1 } }, 'odd'],
    ['a key of over 255 bytes', { headers: { ['k'.repeat(256)]: 1 } }, '255'],
    ['a messageId of over 255 bytes', { messageId: 'é'.repeat(128) }, 'messageId'],
    ['a routing key of over 255 bytes', { routingKey: 'é'.repeat(128) }, 'routingKey'],
    ['an exchange of over 255 bytes', { exchange: 'x'.repeat(256) }, 'exchange'],
    ['a routing key with half a character', { routingKey: '\ud800' }, 'routingKey'],
    ['a body with half a character', { body: '\ud800' }, 'surrogate'],
    ['a routing key that is no text', { routingKey: 5 }, 'routingKey'],
    ['no routing key', { routingKey: undefined }, 'routingKey'],
    ['an exchange that is no text', { exchange: 5 }, 'exchange'],
    ['a body that is neither text nor bytes', { body: { a: 1 } }, 'body'],
    ['a body of null', { body: null }, 'body'],
    ['body and json', { body: 'x', json: 1 }, 'json'],
    ['json without a JSON form', { json: () => 1 }, 'json'],
    ['json with a bigint', { json: { n: 1n } }, 'json'],
    ['immediate', { immediate: true }, 'immediate'],
    ['an expiration that is a number', { expiration: 5000 }, 'expiration'],
    ['an expiration with a fraction', { expiration: '1.5' }, 'expiration'],
    ['a negative expiration', { expiration: '-1' }, 'expiration'],
    ['an empty expiration', { expiration: '' }, 'expiration'],
    ['a priority over 255', { priority: 256 }, 'priority'],
    ['a priority that is no integer', { priority: 1.5 }, 'priority'],
    ['a delivery mode that is none', { deliveryMode: -1 }, 'deliveryMode'],
    ['a date that is none', { timestamp: new Date(Number.NaN) }, 'timestamp'],
    ['a timestamp with a fraction', { timestamp: 1.5 }, 'timestamp'],
    ['a negative timestamp', { timestamp: -1 }, 'timestamp'],
    ['a type that is no text', { type: 5 }, 'type'],
    ['headers that are no table', { headers: 'x' }, 'headers'],
    ['a timeout that is none', { timeout: -1 }, 'timeout'],
  ];

  it.each(wrong)('%s', async (_name, options, text) => {
    // What TypeScript would refuse too; JavaScript programs meet it here.
    const given: PublishOptions = Object.assign({ routingKey: queue }, options);
    const error: unknown = await client.basicPublish(given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(text);
    expect(error).toMatchObject({ outcome: 'not-sent' });
    expect(await client.basicGet({ queue })).toBeNull();
  });

  it('properties that do not fit a frame', async () => {
    const error: unknown = await client
      .basicPublish({ routingKey: queue, headers: { text: 'x'.repeat(131_072) } })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LimitExceeded);
    expect((await roundTrip({ body: 'next' })).text()).toBe('next');
  });

  it('headers nested too deeply, or in themselves', async () => {
    const circle: { self?: FieldTableInput } = {};
    circle.self = circle;
    let deep: FieldTableInput = {};
    for (let depth = 0; depth < 70; depth++) deep = { deep };
    for (const headers of [circle, deep]) {
      await expect(client.basicPublish({ routingKey: queue, headers })).rejects.toMatchObject({
        outcome: 'not-sent',
        blame: 'caller',
      });
    }
    expect((await roundTrip({ body: 'next' })).text()).toBe('next');
  });
});
