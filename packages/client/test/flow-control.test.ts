import { LimitExceeded } from '@puka/errors';
import { type BasicProperties, ByteWriter, encodeMethod, writeBody, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { Client } from '../src/client.ts';
import type { ClientOptions } from '../src/client-options.ts';
import type { Consumer } from '../src/consuming/consumer.ts';
import { type Said, ScriptedBroker } from './scripted-broker.ts';
import { joined } from './session/harness.ts';

const kibibyte = 1024;

/** The bytes of a delivery, or the first of them. */
function delivery(
  channel: number,
  consumerTag: string,
  deliveryTag: number,
  bodyBytes: number,
  { properties = {}, sentBytes = bodyBytes }: { properties?: BasicProperties; sentBytes?: number } = {},
): Uint8Array {
  const writer = new ByteWriter();
  const route = { redelivered: false, exchange: '', routingKey: 'q' };
  encodeMethod(writer, channel, { type: 'basic.deliver', consumerTag, deliveryTag, ...route });
  writeContentHeader(writer, channel, bodyBytes, properties, 131_072);
  writeBody(writer, channel, new Uint8Array(sentBytes), 131_072);
  return joined(writer.take());
}

/** The bytes of the rest of a body. */
function body(channel: number, bytes: number): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, channel, new Uint8Array(bytes), 131_072);
  return joined(writer.take());
}

interface Scene {
  readonly broker: ScriptedBroker;
  readonly client: Client;
}

async function scene(options: ClientOptions): Promise<Scene> {
  const broker = new ScriptedBroker();
  const client = await broker.connected(options);
  broker.doings.length = 0;
  return { broker, client };
}

/** A consumer, and the channel it is on. */
async function consuming(
  { broker, client }: Scene,
  consumerTag: string,
  noAck = false,
): Promise<{ readonly consumer: Consumer; readonly channel: number }> {
  const consumer = client.basicConsume({ queue: 'q', consumerTag, noAck });
  await broker.pump();
  await consumer.ready;
  return { consumer, channel: broker.last('basic.consume').channel };
}

/** Nothing is answered to these any more: their callers wait. */
function silence(broker: ScriptedBroker, ...types: readonly Said[1]['type'][]): void {
  for (const type of types) broker.answers.set(type, () => []);
}

/** What became of the next message: the error's code, `done` for the end, or the length of the body. */
async function next(consumer: Consumer): Promise<string | number> {
  try {
    const { value } = await consumer[Symbol.asyncIterator]().next();
    return value === undefined ? 'done' : value.bodySize;
  } catch (error) {
    return error instanceof LimitExceeded ? error.message : String(error);
  }
}

/** The refusals that the client has sent, after its last cancel: tags that go back to their queue. */
function putBack(broker: ScriptedBroker): number[] {
  return broker.received.flatMap(({ method }) =>
    method.type === 'basic.nack' && method.requeue ? [Number(method.deliveryTag)] : [],
  );
}

describe('maxMessageBytes', () => {
  it('exceeded ends the consumer, and the message goes back after its cancel; the connection goes on', async () => {
    const given = await scene({ maxMessageBytes: 10_000 });
    const { broker, client } = given;
    const { consumer, channel } = await consuming(given, 'c');
    const other = await consuming(given, 'other');
    broker.say(delivery(channel, 'c', 1, 5), delivery(channel, 'c', 2, 200_000), delivery(channel, 'c', 3, 5));
    await broker.pump();
    expect(broker.sent().filter((each) => /cancel|nack/.test(each))).toEqual([
      `${channel} basic.cancel`,
      `${channel} basic.nack`,
      `${channel} basic.nack`,
      `${channel} basic.nack`,
    ]);
    expect(putBack(broker).sort()).toEqual([1, 2, 3]);
    expect(await next(consumer)).toMatch(/200000 bytes .*maxMessageBytes is 10000.* queue 'q', and it goes back/);
    expect(await next(consumer)).toBe('done');
    broker.say(delivery(other.channel, 'other', 1, 7));
    await broker.pump();
    expect(await next(other.consumer)).toBe(7);
    const declared = client.queueDeclare({ queue: 'q' });
    await broker.pump();
    expect((await declared).queue).toBe('q');
  });

  it('exceeded without acks: what came before is handed out, and the error reports what is lost', async () => {
    const given = await scene({ maxMessageBytes: 10_000 });
    const { consumer, channel } = await consuming(given, 'c', true);
    given.broker.say(delivery(channel, 'c', 1, 5), delivery(channel, 'c', 2, 10_001));
    await given.broker.pump();
    expect(await next(consumer)).toBe(5);
    expect(await next(consumer)).toMatch(/it is lost, because it came with noAck/);
    expect(putBack(given.broker)).toEqual([]);
  });

  it('exceeded fails the get, and the message goes back', async () => {
    const { broker, client } = await scene({ maxMessageBytes: 10 });
    broker.answers.set('basic.get', (channel) => {
      broker.say(broker.gotten(channel, 1, 'twelve bytes'));
      return [];
    });
    const get = client.basicGet({ queue: 'q' });
    await broker.pump();
    await expect(get).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', method: 'basic.get', outcome: 'refused' });
    expect(putBack(broker)).toEqual([1]);
    broker.answers.delete('basic.get');
    const empty = client.basicGet({ queue: 'q' });
    await broker.pump();
    expect(await empty).toBeNull();
  });
});

describe('maxInboundBytes', () => {
  const maxInboundBytes = 64 * kibibyte;

  it.each<[string, number, BasicProperties]>([
    ['bodies', 1000, {}],
    ['headers of messages without a body', 0, { headers: { padding: 'x'.repeat(1000) } }],
    ['the messages themselves, where nothing is in them', 0, {}],
  ])('counts %s: what no code takes is left in the socket', async (_what, bodyBytes, properties) => {
    const given = await scene({ maxInboundBytes });
    const { broker } = given;
    const { consumer, channel } = await consuming(given, 'c', true);
    let said = 0;
    while (!broker.doings.includes('pause') && said < 1000) {
      broker.say(delivery(channel, 'c', ++said, bodyBytes, { properties }));
      await broker.pump();
    }
    expect(said).toBeLessThan(400);
    expect(broker.doings).not.toContain('resume');
    for (let taken = 0; taken < said; taken++) expect(await next(consumer)).toBe(bodyBytes);
    expect(broker.doings).toContain('resume');
  });

  it('lets the socket be read while an answer is awaited, and at four times ends the fullest consumer', async () => {
    const given = await scene({ maxInboundBytes, maxMessageBytes: maxInboundBytes });
    const { broker, client } = given;
    const small = await consuming(given, 'small');
    const large = await consuming(given, 'large');
    silence(broker, 'queue.declare');
    client.queueDeclare({ queue: 'x' }, () => {});
    await broker.pump();
    broker.say(delivery(small.channel, 'small', 1, 10 * kibibyte));
    let tag = 0;
    while (!large.consumer.isEnded && tag < 1000) {
      broker.say(delivery(large.channel, 'large', ++tag, kibibyte));
      await broker.pump();
    }
    expect(tag * kibibyte).toBeGreaterThan(2.5 * maxInboundBytes);
    expect(tag * kibibyte).toBeLessThan(4 * maxInboundBytes);
    expect(await next(large.consumer)).toMatch(
      /more than 262144 bytes .*maxInboundBytes is 65536.* go back to the queue/,
    );
    expect(putBack(broker)).toHaveLength(tag);
    expect(await next(small.consumer)).toBe(10 * kibibyte);
  });

  it('counts for a consumer whose cancel is not answered, and drops what no ack brings back', async () => {
    const given = await scene({ maxInboundBytes, maxMessageBytes: maxInboundBytes });
    const { broker } = given;
    const { consumer, channel } = await consuming(given, 'c', true);
    silence(broker, 'basic.cancel');
    consumer.cancel().then(
      () => {},
      () => {},
    );
    let tag = 0;
    while (!consumer.isEnded && tag < 1000) {
      broker.say(delivery(channel, 'c', ++tag, kibibyte));
      await broker.pump();
    }
    expect(tag * kibibyte).toBeLessThan(4 * maxInboundBytes);
    expect(consumer.unreadBytes).toBe(0);
  });

  it('counts messages that have not come whole: the longest is given up, its consumer ends, the others go on', async () => {
    const given = await scene({ maxInboundBytes: 96 * kibibyte, maxMessageBytes: 100 * kibibyte });
    const { broker } = given;
    const consumers = [];
    for (const tag of ['a', 'b', 'c', 'd']) consumers.push(await consuming(given, tag));
    // A broker finishes the message before it sends anything else on the channel.
    silence(broker, 'basic.cancel');
    for (const [index, { channel }] of consumers.entries()) {
      broker.say(delivery(channel, 'abcd'.charAt(index), 1, 100 * kibibyte, { sentBytes: (96 + index) * kibibyte }));
      await broker.pump();
    }
    expect(consumers.map(({ consumer }) => consumer.isEnded)).toEqual([false, false, false, true]);
    for (const [index, { channel }] of consumers.entries()) broker.say(body(channel, (4 - index) * kibibyte));
    await broker.pump();
    expect(putBack(broker)).toEqual([1]);
    const [a, b, c, d] = consumers;
    for (const each of [a, b, c]) if (each !== undefined) expect(await next(each.consumer)).toBe(100 * kibibyte);
    if (d !== undefined) expect(await next(d.consumer)).toMatch(/maxInboundBytes/);
  });

  it('never keeps a message of maxMessageBytes from coming, however small the limit is', async () => {
    const given = await scene({ maxInboundBytes: 1000, maxMessageBytes: 1_000_000 });
    const { broker } = given;
    const { consumer, channel } = await consuming(given, 'c');
    broker.say(delivery(channel, 'c', 1, 10), delivery(channel, 'c', 2, 1_000_000));
    await broker.pump();
    expect(await next(consumer)).toBe(10);
    const second = next(consumer);
    await broker.pump();
    expect(await second).toBe(1_000_000);
  });
});

describe('maxBufferedBytes', () => {
  it('counts headers and properties of publishes without an outcome', async () => {
    const { broker, client } = await scene({ maxBufferedBytes: 10_000 });
    silence(broker, 'basic.publish');
    const outcomes: unknown[] = [];
    for (let count = 0; count < 9; count++) {
      client.basicPublish({ routingKey: 'q', headers: { padding: 'x'.repeat(1000) }, body: '' }, (error) =>
        outcomes.push(error),
      );
      await broker.pump();
    }
    expect(client.needsDrain).toBe(false);
    client.basicPublish({ routingKey: 'q', headers: { padding: 'x'.repeat(1000) }, body: '' }, () => {});
    await broker.pump();
    expect(client.needsDrain).toBe(true);
    expect(outcomes).toEqual([]);
  });
});

describe('maxOpenPublishes', () => {
  it('makes needsDrain true above it, and settles drained() when half of it is open', async () => {
    const { broker, client } = await scene({ maxOpenPublishes: 3 });
    broker.answers.set('basic.publish', () => []);
    const publishes = [1, 2, 3].map(() => client.basicPublish({ routingKey: 'q', body: 'x' }));
    expect(client.needsDrain).toBe(false);
    publishes.push(client.basicPublish({ routingKey: 'q', body: 'x' }));
    expect(client.needsDrain).toBe(true);
    const drained = client.drained();
    await broker.pump();
    expect(drained.state).toBe('pending');
    const { channel } = broker.last('basic.publish');
    broker.say([channel, { type: 'basic.ack', deliveryTag: 2, multiple: true }]);
    await broker.pump();
    expect([drained.state, client.needsDrain]).toEqual(['pending', false]);
    expect(client.drained().state).toBe('fulfilled');
    broker.say([channel, { type: 'basic.ack', deliveryTag: 3, multiple: false }]);
    await broker.pump();
    expect(drained.state).toBe('fulfilled');
    broker.say([channel, { type: 'basic.ack', deliveryTag: 4, multiple: true }]);
    await broker.pump();
    await Promise.all(publishes);
  });
});
