import { runInNewContext, runInThisContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { decodeText, encodeProperties, longString, PropertiesReader, Tagged, table } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { PublishOptions } from '../../src/publishing/options.ts';
import { publishInput } from '../../src/publishing/publish-input.ts';

/** The properties as a receiver reads them. */
function readBack(options: Omit<PublishOptions, 'routingKey'>): object {
  const { properties } = publishInput({ routingKey: 'k', ...options });
  if (!(properties instanceof Uint8Array)) throw new Error('properties were not encoded');
  const reader = new PropertiesReader(properties, 0, properties.length);
  expect(reader.error).toBeUndefined();
  return reader.toObject();
}

describe('the route', () => {
  it('is the default exchange, not mandatory, by default', () => {
    expect(publishInput({ routingKey: 'k' })).toMatchObject({ exchange: '', routingKey: 'k', mandatory: false });
    expect(publishInput({ exchange: 'x', routingKey: '', mandatory: true })).toMatchObject({
      exchange: 'x',
      routingKey: '',
      mandatory: true,
    });
  });

  it('takes 255 bytes of UTF-8 and no more', () => {
    expect(publishInput({ routingKey: 'é'.repeat(127) }).routingKey).toHaveLength(127);
    for (const routingKey of ['x'.repeat(256), 'é'.repeat(128), '€'.repeat(86)]) {
      expect(() => publishInput({ routingKey })).toThrow(UsageError);
      expect(() => publishInput({ routingKey: '', exchange: routingKey })).toThrow(UsageError);
    }
  });

  it('is UTF-8: RabbitMQ would close the connection for raw octets', () => {
    const raw = decodeText(Uint8Array.of(0x61, 0xff));
    expect(() => publishInput({ routingKey: raw })).toThrow(
      'routingKey of basic.publish has octets that are not UTF-8',
    );
    expect(() => publishInput({ routingKey: '', exchange: raw })).toThrow(UsageError);
    expect(publishInput({ routingKey: 'ключ 🐇' }).routingKey).toBe('ключ 🐇');
  });
});

describe('properties', () => {
  it('carry octets that are no UTF-8, as a message brought them', () => {
    const raw = decodeText(Uint8Array.of(0x61, 0xff));
    expect(readBack({ correlationId: raw, type: raw })).toMatchObject({ correlationId: raw, type: raw });
    const { properties } = publishInput({ routingKey: 'k', messageId: raw });
    expect(properties).toEqual(encodeProperties({ deliveryMode: 2, messageId: raw }));
  });

  it('of a publish in the middle of another, of a long one and of one that failed leave the next one whole', () => {
    const inner: object[] = [];
    const headers = {
      get a() {
        inner.push(readBack({ correlationId: 'inner', headers: { b: 1 } }));
        return 1;
      },
    };
    expect(readBack({ correlationId: 'outer', headers })).toMatchObject({ correlationId: 'outer', headers: { a: 1 } });
    expect(inner).toContainEqual({ deliveryMode: 2, correlationId: 'inner', headers: { b: 1 } });
    const long = { text: 'x'.repeat(10_000) };
    expect(readBack({ headers: long })).toMatchObject({ headers: long });
    expect(() => readBack({ correlationId: 'c', type: 'x'.repeat(256) })).toThrow(UsageError);
    expect(readBack({ type: 'short' })).toEqual({ deliveryMode: 2, type: 'short' });
  });

  it('that RabbitMQ would refuse are refused at the call', () => {
    for (const deliveryMode of [0, 3, 255]) expect(() => readBack({ deliveryMode })).toThrow(/deliveryMode .* takes 1/);
    for (const name of ['CC', 'BCC']) {
      for (const keys of ['text', [1], [['nested']], null, { a: 'b' }]) {
        expect(() => readBack({ headers: { [name]: keys } })).toThrow(`header ${name} of basic.publish`);
        expect(() => readBack({ headers: new Map([[name, keys]]) })).toThrow(UsageError);
      }
      expect(readBack({ headers: { [name]: ['a', 'b'] } })).toMatchObject({ headers: { [name]: ['a', 'b'] } });
    }
    expect(readBack({ headers: { cc: 'text' } })).toMatchObject({ headers: { cc: 'text' } });
  });

  it('leave the user id to the broker: a user with the tag impersonator may set any', () => {
    expect(readBack({ userId: 'somebody else' })).toMatchObject({ userId: 'somebody else' });
  });

  it('say that the message is persistent, by default', () => {
    expect(readBack({})).toEqual({ deliveryMode: 2 });
    expect(readBack({ deliveryMode: undefined, type: undefined })).toEqual({ deliveryMode: 2 });
    expect(readBack({ priority: 0 })).toEqual({ deliveryMode: 2, priority: 0 });
    expect(readBack({ deliveryMode: undefined, json: 1 })).toMatchObject({ deliveryMode: 2 });
    expect(readBack({ deliveryMode: 1, priority: 0 })).toEqual({ deliveryMode: 1, priority: 0 });
  });

  it('are the same bytes by every way: the delivery mode alone, and more', () => {
    for (const deliveryMode of [1, 2]) expect(readBack({ deliveryMode })).toEqual({ deliveryMode });
    expect(readBack({ deliveryMode: 2, priority: 0 })).toEqual({ deliveryMode: 2, priority: 0 });
  });

  it.each([
    ['contentType', 'a'],
    ['contentEncoding', 'b'],
    ['headers', Object.assign(Object.create(null), { h: 1 })],
    ['priority', 0],
    ['correlationId', ''],
    ['replyTo', 'c'],
    ['expiration', '0'],
    ['messageId', ''],
    ['timestamp', new Date(0)],
    ['type', 'd'],
    ['userId', 'e'],
    ['appId', 'f'],
    ['clusterId', 'g'],
  ])('%s alone is not overlooked', (name, value) => {
    expect(readBack({ [name]: value })).toEqual({ deliveryMode: 2, [name]: value });
  });

  it('are a copy: what the caller does to them afterwards is not sent', () => {
    const headers = { list: [1] };
    const input = publishInput({ routingKey: 'k', headers });
    const before = input.properties instanceof Uint8Array ? input.properties.slice() : undefined;
    headers.list.push(2);
    expect(input.properties).toEqual(before);
    expect(publishInput({ routingKey: 'k', headers: { other: 1 } }).properties).not.toEqual(before);
    expect(input.properties).toEqual(before);
  });

  it('say that json is JSON, by default', () => {
    expect(readBack({ json: 1 })).toMatchObject({ contentType: 'application/json' });
    expect(readBack({ json: 1, contentType: 'x' })).toMatchObject({ contentType: 'x' });
    expect(readBack({ json: null })).toMatchObject({ contentType: 'application/json' });
  });

  it('take an expiration of digits alone, up to the ten years of RabbitMQ', () => {
    for (const expiration of ['0', '60000', '315360000000', '000000000315360000000'])
      expect(readBack({ expiration })).toMatchObject({ expiration });
    for (const expiration of ['', ' 1', '1 ', '-1', '+1', '1.5', '1e3', '0x1', '١', '315360000001', '9'.repeat(400)]) {
      expect(() => publishInput({ routingKey: 'k', expiration })).toThrow(UsageError);
    }
  });

  it('of a wrong type are refused by name', () => {
    const wrong: readonly (readonly [string, object])[] = [
      ['headers', { headers: null }],
      ['headers', { headers: 5 }],
      ['headers', { headers: table(null as never) }],
      ['priority', { priority: 5n }],
      ['priority', { priority: Symbol('5') }],
      ['priority', { priority: null }],
      ['deliveryMode', { deliveryMode: 1n }],
      ['expiration', { expiration: 5 }],
      ['expiration', { expiration: Symbol('5') }],
    ];
    for (const [name, options] of wrong) {
      const publish = (): unknown => readBack(options as Partial<PublishOptions>); // As a caller in JavaScript may write it.
      expect(publish).toThrow(UsageError);
      expect(publish).toThrow(name);
    }
  });

  it('have an array for CC and BCC in a table of any form', () => {
    const ofOtherRealm = (value: unknown): unknown => Object.assign(runInNewContext('new Map()'), {}).set('CC', value);
    const forms: readonly ((value: unknown) => unknown)[] = [
      ofOtherRealm,
      (value) => table({ CC: value } as never),
      (value) => table(new Map([['CC', value]]) as never),
      (value) => new Tagged('F', [{ name: 'CC', value }]),
    ];
    for (const form of forms) {
      const headers = (value: unknown): PublishOptions['headers'] => form(value) as PublishOptions['headers']; // A table in each form.
      for (const value of [longString('text'), new Tagged('F', {}), new Tagged('V', null)]) {
        expect(() => readBack({ headers: headers(value) })).toThrow('header CC of basic.publish');
      }
      // A message passed on as it came: what is no text in the array the broker ignores.
      const right = new Tagged('A', [new Tagged('S', 'a'), new Tagged('I', 1)]);
      expect(readBack({ headers: headers(right) })).toMatchObject({ headers: { CC: ['a', 1] } });
    }
  });
});

describe('the body', () => {
  it('of bytes is lent as it is', () => {
    const body = Uint8Array.of(1, 2);
    expect(publishInput({ routingKey: 'k', body }).body).toBe(body);
  });

  it.each(['Uint8Array', 'ArrayBuffer'])('of bytes of another realm is taken: %s', (kind) => {
    const made = `const buffer = Uint8Array.of(1, 2).buffer; ${kind === 'ArrayBuffer' ? 'buffer' : 'new Uint8Array(buffer)'}`;
    const body: unknown = runInNewContext(made);
    expect(body).not.toBeInstanceOf(Uint8Array);
    const options = Object.assign({ routingKey: 'k' }, { body });
    expect(publishInput(options as PublishOptions).body).toEqual(Uint8Array.of(1, 2)); // What a caller in another realm has.
  });

  it('of headers of another realm is taken: Map, Date and bytes', () => {
    const headers: unknown = runInNewContext("new Map([['at', new Date(0)], ['bytes', Uint8Array.of(1)]])");
    const properties = { headers } as Omit<PublishOptions, 'routingKey'>; // As above.
    expect(readBack(properties)).toMatchObject({ headers: { at: new Date(0), bytes: Uint8Array.of(1) } });
  });

  it('whose memory is gone at the call is refused; one that is empty is not', () => {
    const [view, buffer, node] = [new Uint8Array(8), new ArrayBuffer(8), Buffer.from(new ArrayBuffer(8))];
    structuredClone([view.buffer, buffer, node.buffer], { transfer: [view.buffer, buffer, node.buffer] });
    const shrunk: unknown = runInThisContext(
      'const shrinking = new ArrayBuffer(8, { maxByteLength: 8 }); const part = new Uint8Array(shrinking, 4, 4); shrinking.resize(4); part',
    );
    for (const body of [view, buffer, node, shrunk]) {
      const options = Object.assign({ routingKey: 'k' }, { body });
      expect(() => publishInput(options as PublishOptions)).toThrow(UsageError); // As a caller in JavaScript may write it.
      expect(() => publishInput(options as PublishOptions)).toThrow('body of basic.publish');
    }
    for (const body of [new Uint8Array(0), Buffer.alloc(0), new Uint8Array(new ArrayBuffer(8), 8)]) {
      expect(publishInput({ routingKey: 'k', body }).body).toBe(body);
    }
  });

  it('that is a promise is refused, and reports that', () => {
    const promises = [Promise.resolve('x'), Object.assign(Promise.resolve('x'), { toJSON: () => 'x' })];
    for (const promise of promises) {
      for (const name of ['body', 'json']) {
        const options = Object.assign({ routingKey: 'k' }, { [name]: promise });
        expect(() => publishInput(options)).toThrow(
          new UsageError(`${name} of basic.publish is a promise; await it first`),
        );
      }
    }
    expect(publishInput({ routingKey: 'k', json: JSON.parse('{"then":"later"}') }).body).toHaveLength(16);
  });

  it('of json is no Map and no Set, of which JSON makes an empty object', () => {
    const wrong = [
      new Map([['a', 1]]),
      new Set([1]),
      runInNewContext('new Map([[1, 2]])'),
      runInNewContext('new Set()'),
    ];
    for (const json of wrong) expect(() => publishInput({ routingKey: 'k', json })).toThrow('is a Map or a Set');
    const own = Object.assign(new Map(), { toJSON: () => [1] });
    for (const json of [{}, new Date(0), own]) expect(() => publishInput({ routingKey: 'k', json })).not.toThrow();
  });

  it('of text is its UTF-8, of nothing no byte', () => {
    expect(publishInput({ routingKey: 'k', body: 'é' }).body).toEqual(Uint8Array.of(0xc3, 0xa9));
    expect(publishInput({ routingKey: 'k', body: '' }).body).toHaveLength(0);
    expect(publishInput({ routingKey: 'k' }).body).toHaveLength(0);
  });

  it('of json is its text', () => {
    const { body } = publishInput({ routingKey: 'k', json: { a: [null] } });
    expect(new TextDecoder().decode(body)).toBe('{"a":[null]}');
  });

  it('that JSON cannot express is refused with the reason as cause', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const json of [1n, circle, { toJSON: () => JSON.parse('{') }]) {
      let thrown: unknown;
      try {
        publishInput({ routingKey: 'k', json });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(UsageError);
      expect(thrown).toMatchObject({ cause: expect.any(Error) });
    }
    for (const json of [undefined, () => 1, Symbol('s'), { toJSON: () => undefined }]) {
      expect(() => publishInput({ routingKey: 'k', json })).toThrow(UsageError);
    }
    expect(() => publishInput({ routingKey: 'k', json: undefined })).toThrow('null has one');
    expect(publishInput({ routingKey: 'k', json: undefined, body: 'b' }).body).toHaveLength(1);
  });

  it('is never in an error', () => {
    const secret = 'very secret';
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { body: { secret } },
      { json: { secret, n: 1n } },
      { body: secret, json: secret },
    ];
    for (const options of wrong) {
      const given: PublishOptions = Object.assign({ routingKey: 'k' }, options);
      expect(() => publishInput(given)).toThrow(UsageError);
      expect(() => publishInput(given)).not.toThrow(new RegExp(secret));
    }
  });
});
