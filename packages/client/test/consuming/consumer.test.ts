import { ConnectionBroken, ConsumerCancelled, NotFound, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/consuming/message.ts';
import { refusal, ScriptedBroker } from '../scripted-broker.ts';

async function scene(options: Parameters<ScriptedBroker['connected']>[0] = {}) {
  const broker = new ScriptedBroker();
  const client = await broker.connected(options);
  return { broker, client };
}

describe('tags', () => {
  it('are taken literally, and made unique by a prefix where they repeat', async () => {
    const { broker, client } = await scene();
    const first = client.basicConsume({ queue: 'a', consumerTag: 'mine' });
    const second = client.basicConsume({ queue: 'b', consumerTag: 'mine' });
    await broker.pump();
    expect(first.consumerTag).toBe('mine');
    expect(second.consumerTag).toMatch(/^.+\.mine$/);
    const tags = broker.received.flatMap(({ method }) => (method.type === 'basic.consume' ? [method.consumerTag] : []));
    expect(tags).toEqual([first.consumerTag, second.consumerTag]);
  });

  it('are free again after a cancel', async () => {
    const { broker, client } = await scene();
    client.basicConsume({ queue: 'a', consumerTag: 'mine' }).cancel();
    await broker.pump();
    expect(client.basicConsume({ queue: 'b', consumerTag: 'mine' }).consumerTag).toBe('mine');
  });

  it('are free again after a call that was refused on the spot', async () => {
    const { broker, client } = await scene();
    client.basicConsume({ queue: '', consumerTag: 'mine' });
    client.basicConsume({ queue: 'q', consumerTag: 'mine', prefetchCount: -1 });
    client.basicConsume({ queue: 'q', consumerTag: 'mine', signal: AbortSignal.abort() });
    client.basicConsumeMulti({ queues: [], prefetchCount: 1 });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'mine' });
    await broker.pump();
    expect(consumer.consumerTag).toBe('mine');
  });

  it('are free again after a call before connect()', async () => {
    const broker = new ScriptedBroker();
    const client = broker.client();
    await expect(client.basicConsume({ queue: 'q', consumerTag: 'mine' }).ready).rejects.toBeInstanceOf(UsageError);
    void client.connect();
    await broker.pump();
    expect(client.basicConsume({ queue: 'q', consumerTag: 'mine' }).consumerTag).toBe('mine');
  });
});

describe('messages', () => {
  it('go to the callback that is set when they are handed out, also from one message to the next', async () => {
    const { broker, client } = await scene();
    const seen: string[] = [];
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' }, (_error, message) => {
      seen.push(`first ${message?.text()}`);
      client.setCallback(consumer, (_error, next) => seen.push(`second ${next?.text()}`));
    });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
    await broker.pump();
    expect(seen).toEqual(['first 1', 'second 2']);
  });

  it('that wait go to a callback that comes late', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
    await broker.pump();
    const seen: (string | undefined)[] = [];
    client.setCallback(consumer, (_error, message) => seen.push(message?.text()));
    expect(seen).toEqual([]);
    await broker.pump();
    expect(seen).toEqual(['1', '2']);
  });

  it('once handed out are not kept by the consumer', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await broker.pump();
    const messages = consumer[Symbol.asyncIterator]();
    // One always waits, so that the list is never empty.
    broker.say(broker.delivery(1, 'c', 1));
    for (let tag = 2; tag < 5000; tag++) {
      broker.say(broker.delivery(1, 'c', tag));
      if (tag % 100 === 0) await broker.pump();
    }
    await broker.pump();
    for (let tag = 1; tag < 4900; tag++) await messages.next();
    expect(keptMessages(consumer)).toBeLessThan(1000);
  });

  it('put back by a cancel go back at once however many they are', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const many = 60_000;
    const deliveries = Array.from({ length: many }, (_, index) => broker.delivery(1, 'c', index + 1));
    broker.say(...deliveries);
    await broker.pump();
    void consumer.cancel();
    await broker.pump();
    const back = broker.received.filter(({ method }) => method.type === 'basic.nack');
    expect(back.length).toBe(many);
  });
});

/** How many message objects the consumer holds, by whatever name. */
function keptMessages(consumer: object): number {
  return Object.values(consumer).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.filter((item) => item !== undefined).length : 0),
    0,
  );
}

describe('the end', () => {
  it('is reported once to an iterator, after what came before', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), [1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    const messages = consumer[Symbol.asyncIterator]();
    expect(await messages.next()).toMatchObject({ done: false, value: { deliveryTag: 1 } });
    await expect(messages.next()).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q', consumerTag: 'c' });
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it('is reported once to a callback, and to who waits beside it', async () => {
    const { broker, client } = await scene();
    const errors: unknown[] = [];
    const seen: Message[] = [];
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' }, (error, message) => {
      if (message === undefined) errors.push(error);
      else seen.push(message);
    });
    await broker.pump();
    const waits = Promise.allSettled([client.wait(consumer), client.wait(consumer)]);
    broker.say(broker.delivery(1, 'c', 1), [1, { type: 'basic.cancel', consumerTag: 'c', noWait: true }]);
    await broker.pump();
    expect(seen.length).toBe(1);
    expect(errors).toMatchObject([{ code: 'CONSUMER_CANCELLED' }]);
    expect(errors[0]).toBeInstanceOf(ConsumerCancelled);
    expect(await waits).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected' }]);
  });

  it('by a broken line is ConnectionBroken, and what waited is the broker’s again', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
    await broker.pump();
    const message = await client.wait(consumer);
    broker.reset();
    await broker.pump();
    expect(message.ack()).toBe(false);
    expect(() => message.ack()).toThrow(UsageError);
    await expect(client.wait(consumer)).rejects.toBeInstanceOf(ConnectionBroken);
  });

  it('by a refusal is the refusal, at ready and at the iterator', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', (channel) => [refusal(channel, 404, "NOT_FOUND - no queue 'q'")]);
    const consumer = client.basicConsume({ queue: 'q' });
    const ready = expect(consumer.ready).rejects.toBeInstanceOf(NotFound);
    await broker.pump();
    await ready;
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(NotFound);
    expect(broker.warnings).toEqual([]);
  });
});

describe('leaving the loop', () => {
  it('cancels, and puts back what no code took', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2), broker.delivery(1, 'c', 3));
    await broker.pump();
    broker.sent();
    const left = (async () => {
      for await (const message of consumer) {
        message.ack();
        break;
      }
    })();
    await broker.pump();
    await left;
    expect(broker.sent().sort()).toEqual(['1 basic.ack', '1 basic.cancel', '1 basic.nack', '1 basic.nack']);
  });

  it('of a no-ack consumer does not keep what comes meanwhile', async () => {
    const { broker, client } = await scene({ maxInboundBytes: 10 });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2, 'more than ten bytes'));
    await broker.pump();
    const left = (async () => {
      for await (const _ of consumer) break;
    })();
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 3, 'and again more than ten bytes'));
    await broker.pump();
    await left;
    expect(await whatever(client.queueDeclare({ queue: 'x' }), broker)).toMatchObject({ queue: 'x' });
  });
});

async function whatever<T>(promise: PromiseLike<T>, broker: ScriptedBroker): Promise<T | 'no answer'> {
  await broker.pump();
  return Promise.race([promise, Promise.resolve().then(() => Promise.resolve('no answer' as const))]);
}

describe('a limit of inbound bytes', () => {
  it('is not used up by what an ended consumer still has', async () => {
    const { broker, client } = await scene({ maxInboundBytes: 20 });
    client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1, 'much more than twenty bytes'));
    await broker.pump();
    broker.reset();
    await broker.pump();
    void client.connect();
    await broker.pump();
    const seen: (string | undefined)[] = [];
    client.basicConsume({ queue: 'q', consumerTag: 'd', noAck: true }, (_error, message) => seen.push(message?.text()));
    await broker.pump();
    broker.say(broker.delivery(1, 'd', 1, 'few'), broker.delivery(1, 'd', 2, 'few'));
    await broker.pump();
    broker.say(broker.delivery(1, 'd', 3, 'last'));
    await broker.pump();
    expect(seen).toEqual(['few', 'few', 'last']);
  });

  it('does not keep a cancel from its end', async () => {
    for (const noAck of [true, false]) {
      const { broker, client } = await scene({ maxInboundBytes: 10 });
      const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck });
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1, 'more than ten bytes'));
      await broker.pump();
      expect(await whatever(consumer.cancel(), broker)).toEqual({ consumerTag: 'c' });
    }
  });

  it('does not make a silent peer of one that is not listened to', async () => {
    const { broker, client } = await scene({ maxInboundBytes: 10, heartbeat: 2 });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1, 'more than ten bytes'));
    await broker.pump();
    for (let second = 0; second < 20; second++) await broker.advance(1000);
    expect((await client.wait(consumer)).text()).toBe('more than ten bytes');
    await broker.pump();
    expect(await whatever(client.queueDeclare({ queue: 'x' }), broker)).toMatchObject({ queue: 'x' });
  });
});

describe('a callback that fails', () => {
  it('is reported with its message, what it threw as the cause, and what to do where the message is unsettled', async () => {
    const { broker, client } = await scene();
    const told: Error[] = [];
    client.on('unobserved', (error) => told.push(error as Error)); // It is a UsageError, as is checked below.
    const thrown = new Error('mine');
    client.basicConsume({ queue: 'jobs', consumerTag: 'c' }, (error, message) => {
      if (error !== undefined) throw thrown;
      if (message?.deliveryTag === 2) message.ack();
      if (message?.deliveryTag === 3) return Promise.reject(thrown);
      throw thrown;
    });
    await broker.pump();
    broker.say(...[1, 2, 3].map((tag) => broker.delivery(1, 'c', tag)));
    await broker.pump();
    broker.reset();
    await broker.pump();
    expect(told.map(({ cause }) => cause)).toEqual([thrown, thrown, thrown, thrown]);
    for (const error of told) expect(error).toBeInstanceOf(UsageError);
    const advice = '; the message is still unsettled: catch the error, and call ack() or reject()';
    const at = (tag: number): string =>
      `the callback of consumer 'c' failed at message ${tag} of queue 'jobs', routing key 'q'`;
    expect(told.map(({ message }) => message)).toEqual([
      `${at(1)}${advice}`,
      at(2),
      `${at(3)}${advice}`,
      "the callback of consumer 'c' failed when it was called at the end of the consumer",
    ]);
  });
});

describe('await using', () => {
  it('cancels the consumer at the end of the block', async () => {
    const { broker, client } = await scene();
    const used = (async () => {
      await using consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
      await consumer.ready;
      return consumer;
    })();
    await broker.pump();
    expect((await used).isEnded).toBe(true);
    expect(broker.last('basic.cancel').method.consumerTag).toBe('c');
  });
});

describe('close() where messages wait', () => {
  it('hands out none of them, called in a callback, in a loop and after a wait, with acks and without', async () => {
    for (const noAck of [false, true]) {
      for (const style of ['callback', 'loop', 'wait'] as const) {
        const { broker, client } = await scene();
        const seen: (number | undefined)[] = [];
        const errors: unknown[] = [];
        const take = (message: Message | undefined): unknown => {
          seen.push(message?.deliveryTag);
          return client.close();
        };
        const consumer = client.basicConsume(
          { queue: 'q', consumerTag: 'c', noAck },
          style === 'callback'
            ? (error, message) => (message === undefined ? errors.push(error) : take(message))
            : undefined,
        );
        await broker.pump();
        const using = (async () => {
          if (style === 'loop') for await (const message of consumer) void take(message);
          if (style === 'wait') {
            void take(await client.wait(consumer));
            seen.push(
              (await client.wait(consumer, { raiseErrors: false }).catch(() => undefined)) instanceof Error
                ? undefined
                : 2,
            );
          }
        })();
        broker.say(...[1, 2, 3].map((tag) => broker.delivery(1, 'c', tag)));
        await broker.pump();
        await broker.pump();
        await using;
        const expected = style === 'wait' ? [1, undefined] : [1];
        expect({ noAck, style, seen, errors }).toEqual({ noAck, style, seen: expected, errors: [] });
      }
    }
  });
});
