/** Queues, exchanges and bindings against the real broker: every option, every refusal, and what a refusal leaves alone. */
import {
  AccessRefused,
  Client,
  NoRoute,
  NotFound,
  type Operation,
  PreconditionFailed,
  ResourceLocked,
  UsageError,
} from '@puka/client';
import { isAtLeast, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const client = new Client(url);
const other = new Client(url);
const queues: string[] = [];
const exchanges: string[] = [];

function freshQueue(): string {
  const queue = uniqueName('declares-queue');
  queues.push(queue);
  return queue;
}

function freshExchange(): string {
  const exchange = uniqueName('declares-exchange');
  exchanges.push(exchange);
  return exchange;
}

/** What the operation rejects with. */
async function refusalOf(operation: Operation<unknown>): Promise<unknown> {
  try {
    await operation;
  } catch (error) {
    return error;
  }
  throw new Error(`${operation.method} was not refused`);
}

beforeAll(async () => {
  await Promise.all([client.connect(), other.connect()]);
});

afterAll(async () => {
  await Promise.all(queues.map((queue) => client.queueDelete({ queue })));
  // One by one: RabbitMQ 3.10 may answer deletes that run side by side with 541, the bindings between them in dispute.
  for (const exchange of exchanges) await client.exchangeDelete({ exchange });
  await Promise.all([client.close(), other.close()]);
});

describe('declaring a queue again', () => {
  it.each([
    ['durable', { durable: true }, { durable: false }],
    ['auto_delete', { durable: true, autoDelete: false }, { durable: true, autoDelete: true }],
    ['x-max-length', { durable: true, arguments: { 'x-max-length': 5 } }, { durable: true }],
    [
      'x-message-ttl',
      { durable: true, arguments: { 'x-message-ttl': 1000 } },
      { durable: true, arguments: { 'x-message-ttl': 2000 } },
    ],
  ])('with another %s is refused, naming it, and everything else goes on', async (name, first, second) => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, ...first });
    const bystanders = Array.from({ length: 20 }, () => client.queueDeclare({ exclusive: true }));
    const publish = client.basicPublish({ routingKey: queue, body: 'x', mandatory: true });
    const refused = client.queueDeclare({ queue, ...second });
    const more = Array.from({ length: 20 }, () => client.queueDeclare({ exclusive: true }));
    const error = await refusalOf(refused);
    expect(error).toBeInstanceOf(PreconditionFailed);
    expect(error).toMatchObject({ replyCode: 406, method: 'queue.declare', outcome: 'refused' });
    expect(String(error)).toContain(`'${name}'`);
    expect(String(error)).toContain(queue);
    await Promise.all([publish, ...bystanders, ...more]);
    expect((await client.queueDeclare({ queue, ...first })).messageCount).toBe(1);
  });

  it('with the same settings returns what it holds', async () => {
    const queue = freshQueue();
    const options = { queue, durable: true, arguments: { 'x-max-length': 5 } };
    await client.queueDeclare(options);
    await client.basicPublish({ routingKey: queue, body: 'x' });
    const consumer = other.basicConsume({ queue });
    await consumer.ready;
    await client.basicPublish({ routingKey: queue, body: 'y' });
    expect(await client.queueDeclare(options)).toEqual({ queue, messageCount: 0, consumerCount: 1 });
    await consumer.cancel();
  });

  it('of another connection, exclusive there, is refused with ResourceLocked in every operation', async () => {
    const { queue } = await client.queueDeclare({ queue: uniqueName('locked'), exclusive: true });
    const calls = [
      other.queueDeclare({ queue, exclusive: true }),
      other.queueDeclare({ queue, passive: true }),
      other.queuePurge({ queue }),
      other.queueDelete({ queue }),
      other.queueBind({ queue, exchange: 'amq.direct' }),
      other.basicGet({ queue }),
    ];
    const errors = await Promise.all(calls.map(refusalOf));
    for (const [index, error] of errors.entries()) {
      expect(error).toBeInstanceOf(ResourceLocked);
      expect(error).toMatchObject({ replyCode: 405, method: calls[index]?.method });
    }
    await expect(other.basicConsume({ queue }).ready).rejects.toBeInstanceOf(ResourceLocked);
    expect((await client.queueDeclare({ queue, passive: true })).queue).toBe(queue);
  });
});

describe('options of a queue', () => {
  it('an empty name gets a name of the broker, another one each time', async () => {
    const names = await Promise.all(
      Array.from({ length: 5 }, () => client.queueDeclare({ queue: '', exclusive: true })),
    );
    expect(new Set(names.map(({ queue }) => queue)).size).toBe(5);
    for (const { queue } of names) expect(queue).toMatch(/^amq\.gen-/);
  });

  it('passive finds what is there whatever its flags, and is refused with NotFound where nothing is', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true, arguments: { 'x-max-length': 1 } });
    expect(await client.queueDeclare({ queue, passive: true })).toEqual({ queue, messageCount: 0, consumerCount: 0 });
    const nowhere = uniqueName('nowhere');
    const [error, standing] = await Promise.all([
      refusalOf(client.queueDeclare({ queue: nowhere, passive: true })),
      client.queueDeclare({ queue, passive: true }),
    ]);
    expect(error).toBeInstanceOf(NotFound);
    expect(String(error)).toContain(nowhere);
    expect(standing.queue).toBe(queue);
  });

  it('autoDelete takes it away with its last consumer', async () => {
    const { queue } = await client.queueDeclare({ queue: uniqueName('auto'), autoDelete: true });
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    await consumer.cancel();
    await expect(client.queueDeclare({ queue, passive: true })).rejects.toBeInstanceOf(NotFound);
  });

  it('exclusive takes it away with its connection', async () => {
    const brief = new Client(url);
    await brief.connect();
    const { queue } = await brief.queueDeclare({ queue: uniqueName('exclusive'), exclusive: true });
    await brief.close();
    await expect(client.queueDeclare({ queue, passive: true })).rejects.toBeInstanceOf(NotFound);
  });

  it('arguments are in force: the oldest of too many messages goes', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true, arguments: { 'x-max-length': 2 } });
    await Promise.all(['a', 'b', 'c'].map((body) => client.basicPublish({ routingKey: queue, body })));
    expect((await client.basicGet({ queue, noAck: true }))?.text()).toBe('b');
  });

  it('ifUnused refuses to delete one with a consumer, ifEmpty one with a message', async () => {
    const queue = freshQueue();
    await client.queueDeclare({ queue, durable: true });
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    await expect(client.queueDelete({ queue, ifUnused: true })).rejects.toBeInstanceOf(PreconditionFailed);
    await consumer.cancel();
    await client.basicPublish({ routingKey: queue, body: 'x' });
    await expect(client.queueDelete({ queue, ifEmpty: true })).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await client.queuePurge({ queue })).toEqual({ messageCount: 1 });
    expect(await client.queueDelete({ queue, ifUnused: true, ifEmpty: true })).toEqual({ messageCount: 0 });
  });

  it('deleting what is not there is no error', async () => {
    expect(await client.queueDelete({ queue: uniqueName('nowhere') })).toEqual({ messageCount: 0 });
  });

  it('taking away a binding that is not there is no error', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.queueUnbind({ queue, exchange: 'amq.direct', routingKey: 'never bound' });
    await client.exchangeUnbind({ destination: 'amq.fanout', source: 'amq.direct', routingKey: queue });
    await client.queueBind({ queue, exchange: 'amq.direct', routingKey: 'k' });
    await client.queueUnbind({ queue, exchange: 'amq.direct', routingKey: 'k', arguments: { other: 1 } });
    // That was another binding: this one still holds.
    await client.basicPublish({ exchange: 'amq.direct', routingKey: 'k', mandatory: true });
  });

  it('purging, binding and getting from what is not there is refused with NotFound', async () => {
    const queue = uniqueName('nowhere');
    const standing = await client.queueDeclare({ exclusive: true });
    const calls = [
      client.queuePurge({ queue }),
      client.queueBind({ queue, exchange: 'amq.direct' }),
      client.queueBind({ queue: standing.queue, exchange: queue }),
      client.basicGet({ queue }),
      client.exchangeBind({ destination: queue, source: 'amq.direct' }),
      client.exchangeBind({ destination: 'amq.direct', source: queue }),
    ];
    for (const [index, error] of (await Promise.all(calls.map(refusalOf))).entries()) {
      expect(error).toBeInstanceOf(NotFound);
      expect(error).toMatchObject({ method: calls[index]?.method });
      expect(String(error)).toContain(queue);
    }
  });

  it('a name of the broker’s own is refused with AccessRefused', async () => {
    await expect(client.queueDeclare({ queue: 'amq.mine', durable: true })).rejects.toBeInstanceOf(AccessRefused);
    await expect(client.exchangeDeclare({ exchange: 'amq.mine' })).rejects.toBeInstanceOf(AccessRefused);
  });
});

describe('thrown at the call, with a UsageError', () => {
  it('an empty queue name, everywhere but in queueDeclare', async () => {
    const calls = [
      client.queueDelete({ queue: '' }),
      client.queuePurge({ queue: '' }),
      client.queueBind({ queue: '', exchange: 'amq.direct' }),
      client.queueUnbind({ queue: '', exchange: 'amq.direct' }),
      client.basicGet({ queue: '' }),
      client.basicConsume({ queue: '' }).ready,
      client.basicConsumeMulti({ queues: ['x', ''] }).ready,
    ];
    for (const [index, error] of (await Promise.all(calls.map(refusalOf))).entries()) {
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ method: calls[index]?.method, outcome: 'not-sent' });
    }
  });

  it('a name of over 255 bytes, at once and after many others', async () => {
    const long = 'ü'.repeat(128);
    const calls = (): Operation<unknown>[] => [
      client.queueDeclare({ queue: long }),
      client.queueDelete({ queue: long }),
      client.queuePurge({ queue: long }),
      client.queueBind({ queue: 'x', exchange: long }),
      client.queueUnbind({ queue: 'x', exchange: 'x', routingKey: long }),
      client.exchangeDeclare({ exchange: long }),
      client.exchangeDelete({ exchange: long }),
      client.exchangeBind({ destination: long, source: 'x' }),
      client.exchangeUnbind({ destination: 'x', source: long }),
      client.basicGet({ queue: long }),
    ];
    const alone = await Promise.all(calls().map(refusalOf));
    const many = Array.from({ length: 200 }, () => client.queueDeclare({ exclusive: true }));
    const behind = await Promise.all(calls().map(refusalOf));
    for (const error of [...alone, ...behind]) {
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain('255');
    }
    await Promise.all(many);
  });

  it('arguments that no table can hold', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2n ** 64n]) {
      const error = await refusalOf(client.queueDeclare({ exclusive: true, arguments: { 'x-nonsense': value } }));
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain('x-nonsense');
    }
    expect((await client.queueDeclare({ exclusive: true })).messageCount).toBe(0);
  });
});

describe('exchanges', () => {
  it.each(['direct', 'fanout', 'topic', 'headers'])('a %s exchange is made, found again, and deleted', async (type) => {
    const exchange = freshExchange();
    await client.exchangeDeclare({ exchange, type, durable: true });
    await client.exchangeDeclare({ exchange, type, durable: true });
    await client.exchangeDeclare({ exchange, passive: true });
    await client.exchangeDelete({ exchange });
    const error = await refusalOf(client.exchangeDeclare({ exchange, passive: true }));
    expect(error).toBeInstanceOf(NotFound);
    expect(String(error)).toContain(exchange);
  });

  it.each([
    ['type', { type: 'fanout', durable: true }, { type: 'direct', durable: true }],
    ['durable', { durable: true }, { durable: false }],
    ['auto_delete', { autoDelete: true }, {}],
    ['internal', { internal: true }, {}],
    ['alternate-exchange', { arguments: { 'alternate-exchange': 'amq.fanout' } }, {}],
  ])('declared again with another %s is refused, naming it', async (name, first, second) => {
    const exchange = freshExchange();
    await client.exchangeDeclare({ exchange, ...first });
    const [error] = await Promise.all([
      refusalOf(client.exchangeDeclare({ exchange, ...second })),
      client.exchangeDeclare({ exchange, ...first }),
      client.queueDeclare({ exclusive: true }),
    ]);
    expect(error).toBeInstanceOf(PreconditionFailed);
    expect(String(error)).toContain(`'${name}'`);
  });

  it('autoDelete takes it away with its last binding', async () => {
    const exchange = freshExchange();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.exchangeDeclare({ exchange, autoDelete: true });
    await client.queueBind({ queue, exchange });
    await client.queueUnbind({ queue, exchange });
    await expect(client.exchangeDeclare({ exchange, passive: true })).rejects.toBeInstanceOf(NotFound);
  });

  it('ifUnused refuses to delete one with a binding', async () => {
    const exchange = freshExchange();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.exchangeDeclare({ exchange });
    await client.queueBind({ queue, exchange });
    await expect(client.exchangeDelete({ exchange, ifUnused: true })).rejects.toBeInstanceOf(PreconditionFailed);
    await client.queueUnbind({ queue, exchange });
    await client.exchangeDelete({ exchange, ifUnused: true });
    await client.exchangeDelete({ exchange });
  });

  it('internal takes messages from other exchanges alone, over exchangeBind until exchangeUnbind', async () => {
    const source = freshExchange();
    const destination = freshExchange();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.exchangeDeclare({ exchange: source, type: 'topic' });
    await client.exchangeDeclare({ exchange: destination, type: 'fanout', internal: true });
    await client.queueBind({ queue, exchange: destination });
    const binding = { destination, source, routingKey: 'a.#' };
    await client.exchangeBind(binding);
    await client.basicPublish({ exchange: source, routingKey: 'a.b', body: 'through', mandatory: true });
    expect((await client.basicGet({ queue, noAck: true }))?.text()).toBe('through');
    await expect(client.basicPublish({ exchange: destination, routingKey: 'a.b' })).rejects.toBeInstanceOf(
      AccessRefused,
    );
    await client.exchangeUnbind(binding);
    await expect(client.basicPublish({ exchange: source, routingKey: 'a.b', mandatory: true })).rejects.toBeInstanceOf(
      NoRoute,
    );
  });

  it('bind by arguments: a headers exchange takes what matches', async () => {
    const exchange = freshExchange();
    const source = freshExchange();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.exchangeDeclare({ exchange, type: 'headers' });
    await client.exchangeDeclare({ exchange: source, type: 'headers' });
    const table = { 'x-match': 'all', colour: 'red', size: 3 };
    await client.queueBind({ queue, exchange, arguments: table });
    await client.exchangeBind({ destination: exchange, source, arguments: { 'x-match': 'any', colour: 'red' } });
    const publish = (to: string, headers: Record<string, string | number>): Operation<void> =>
      client.basicPublish({ exchange: to, routingKey: '', headers, mandatory: true });
    await publish(exchange, { colour: 'red', size: 3 });
    await publish(source, { colour: 'red', size: 3 });
    await expect(publish(exchange, { colour: 'red', size: 4 })).rejects.toBeInstanceOf(NoRoute);
    await expect(publish(source, { colour: 'blue', size: 3 })).rejects.toBeInstanceOf(NoRoute);
    await client.queueUnbind({ queue, exchange, arguments: table });
    await expect(publish(exchange, { colour: 'red', size: 3 })).rejects.toBeInstanceOf(NoRoute);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(2);
  });

  it('the default exchange can be neither bound to, declared nor deleted', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const calls = [
      client.queueBind({ queue, exchange: '' }),
      client.exchangeDeclare({ exchange: '' }),
      client.exchangeDelete({ exchange: '' }),
      client.exchangeBind({ destination: '', source: 'amq.fanout' }),
    ];
    for (const error of await Promise.all(calls.map(refusalOf))) expect(error).toBeInstanceOf(AccessRefused);
  });

  it('a type the broker does not know, which RabbitMQ before 4.0 answers by the end of the connection, is reported to its declare alone', async () => {
    const brief = new Client(url, { recover: false });
    await brief.connect();
    const { queue } = await brief.queueDeclare({ exclusive: true });
    const consumer = brief.basicConsume({ queue });
    await consumer.ready;
    const next = consumer[Symbol.asyncIterator]().next();
    const odd = brief.exchangeDeclare({ exchange: uniqueName('odd'), type: 'x-no-such-type' });
    const declares = Array.from({ length: 40 }, () => brief.queueDeclare({ exclusive: true }));
    if (isAtLeast(inject('brokerVersion'), '4.0')) {
      await expect(odd).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', replyCode: 406, scope: 'channel' });
      await Promise.all(declares);
      await brief.basicPublish({ routingKey: queue, body: 'still here' });
      expect((await next).value?.text()).toBe('still here');
      await brief.close();
      return;
    }
    const [error, ...outcomes] = await Promise.allSettled([odd, next, ...declares]);
    expect(error).toMatchObject({
      reason: { code: 'COMMAND_INVALID', replyCode: 503, method: 'exchange.declare', scope: 'connection' },
    });
    const broken = outcomes.filter(({ status }) => status === 'rejected');
    expect(broken.length).toBeGreaterThan(0);
    for (const each of broken) {
      expect(each).toMatchObject({ reason: { code: 'CONNECTION_BROKEN', cause: { code: 'COMMAND_INVALID' } } });
    }
  });
});

describe('publishing to nothing', () => {
  it('rejects with NotFound and keeps everything else', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const exchange = uniqueName('nowhere');
    const publishes = Array.from({ length: 50 }, (_, index) =>
      client.basicPublish({ exchange: index === 25 ? exchange : '', routingKey: queue, body: `${index}` }),
    );
    const outcomes = await Promise.allSettled(publishes);
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([25]);
    expect(outcomes[25]).toMatchObject({
      reason: { code: 'NOT_FOUND', replyCode: 404, method: 'basic.publish', outcome: 'refused' },
    });
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBeGreaterThanOrEqual(49);
  });
});
