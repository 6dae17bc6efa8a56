import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Message } from '../src/consuming/message.ts';
import { ScriptedBroker } from './scripted-broker.ts';

async function scene() {
  const broker = new ScriptedBroker();
  return { broker, client: await broker.connected() };
}

/** Something to be settled by hand. */
function promised(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('shutdown', () => {
  it('waits for an async callback that is at work', async () => {
    const { broker, client } = await scene();
    const work = promised();
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, async (_error, message) => {
      await work.promise;
      message?.ack();
    });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    const down = client.shutdown();
    await broker.pump();
    expect(broker.sent()).not.toContain('0 connection.close');
    work.resolve();
    await broker.pump();
    await down;
    const sent = broker.sent();
    expect(sent.indexOf('1 basic.ack')).toBeGreaterThanOrEqual(0);
    expect(sent.indexOf('1 basic.ack')).toBeLessThan(sent.indexOf('0 connection.close'));
  });

  it('waits for the body of each loop, also of several over one consumer, and without acks', async () => {
    for (const noAck of [false, true]) {
      const { broker, client } = await scene();
      const works = [promised(), promised()];
      const done: number[] = [];
      const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck });
      const loops = works.map(async ({ promise }, index) => {
        for await (const message of consumer) {
          await promise;
          if (!noAck) message.ack();
          done.push(index);
        }
      });
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
      await broker.pump();
      const down = client.shutdown();
      works[1]?.resolve();
      await broker.pump();
      expect(down.state).toBe('pending');
      works[0]?.resolve();
      await broker.pump();
      await down;
      await Promise.all(loops);
      expect(done).toEqual([1, 0]);
    }
  });

  it('does not wait for who has been given a message by wait and keeps it', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    const message: Message = await client.wait(consumer);
    const down = client.shutdown();
    await broker.pump();
    await down;
    expect(message.ack()).toBe(false);
  });

  it('waits for publishes, declares and gets', async () => {
    const { broker, client } = await scene();
    for (const type of ['basic.publish', 'queue.declare', 'basic.get'] as const) broker.answers.set(type, () => []);
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    const declare = client.queueDeclare({ queue: 'q' });
    const get = client.basicGet({ queue: 'q' });
    await broker.pump();
    const down = client.shutdown();
    await broker.pump();
    for (const type of ['basic.publish', 'queue.declare', 'basic.get'] as const) {
      expect(down.state).toBe('pending');
      const { channel, method } = broker.last(type);
      broker.say(...broker.usual(channel, method));
      await broker.pump();
    }
    await down;
    await Promise.all([publish, declare, get]);
  });

  it('hands out what a no-ack consumer has received', async () => {
    const { broker, client } = await scene();
    const seen: (string | undefined)[] = [];
    client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true }, async (_error, message) => {
      await client.basicPublish({ routingKey: 'q', body: 'x' });
      seen.push(message?.text());
    });
    await broker.pump();
    broker.answers.set('basic.cancel', (channel, method) => {
      broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
      return broker.usual(channel, method);
    });
    const down = client.shutdown();
    await broker.pump();
    await down;
    expect(seen).toEqual(['1', '2']);
  });

  it('awaited in a callback does not wait for that callback, with acks and without', async () => {
    for (const noAck of [false, true]) {
      const { broker, client } = await scene();
      const other = promised();
      let isDown = false;
      client.basicConsume({ queue: 'q', consumerTag: 'c', noAck }, async (_error, message) => {
        if (message?.deliveryTag === 1) {
          await other.promise;
          if (!noAck) message.ack();
          return;
        }
        await client.shutdown();
        isDown = true;
      });
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
      await broker.pump();
      expect(isDown).toBe(false);
      other.resolve();
      await broker.pump();
      expect(isDown).toBe(true);
    }
  });

  it('awaited after the ack of a callback does not wait for it, and lets it publish in the same breath', async () => {
    const { broker, client } = await scene();
    const work = promised();
    let isDown = false;
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, async (_error, message) => {
      await work.promise;
      message?.ack();
      await client.basicPublish({ routingKey: 'q', body: 'x' });
      await client.shutdown();
      isDown = true;
    });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    const down = client.shutdown();
    work.resolve();
    await broker.pump();
    expect([down.state, isDown]).toEqual(['fulfilled', true]);
  });

  it('awaited in the body of a loop does not wait for that loop, with acks and without', async () => {
    for (const noAck of [false, true]) {
      const { broker, client } = await scene();
      const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck });
      const seen: string[] = [];
      const looping = (async () => {
        for await (const message of consumer) {
          seen.push(message.text());
          if (message.deliveryTag === 2) await client.shutdown();
        }
      })();
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1));
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 2));
      await broker.pump();
      await looping;
      expect(seen).toEqual(['1', '2']);
    }
  });

  it('awaited after an await of a no-ack handler waits for closeTimeout after the last thing went on', async () => {
    for (const isLoop of [false, true]) {
      const { broker, client } = await scene();
      const work = promised();
      const end = promised();
      let down: ReturnType<typeof client.shutdown> | undefined;
      const handle = async (tag: number | undefined): Promise<void> => {
        if (tag === 1) {
          await work.promise;
          down = client.shutdown();
          await down;
          end.resolve();
        } else {
          await end.promise;
        }
      };
      const consumer = client.basicConsume(
        { queue: 'q', consumerTag: 'c', noAck: true },
        isLoop ? undefined : (_error, message) => handle(message?.deliveryTag),
      );
      const looping = isLoop
        ? (async () => {
            for await (const message of consumer) await handle(message.deliveryTag);
          })()
        : undefined;
      broker.answers.set('basic.publish', () => []);
      const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1), broker.delivery(1, 'c', 2));
      await broker.pump();
      work.resolve();
      await broker.advance(20_000);
      expect(down?.state).toBe('pending');
      const { channel, method } = broker.last('basic.publish');
      broker.say(...broker.usual(channel, method));
      await broker.pump();
      await publish;
      await broker.advance(4999);
      expect(down?.state).toBe('pending');
      await broker.advance(1);
      expect(await down).toEqual({ handlersAbandoned: isLoop ? 1 : 2, publishesUnknown: 0, operationsUnknown: 0 });
      await broker.pump();
      await looping;
    }
  });

  it('waits for a handler with an unsettled message and none without acks, until its timeout', async () => {
    const { broker, client } = await scene();
    for (const noAck of [false, true]) {
      client.basicConsume({ queue: 'q', consumerTag: `c${noAck}`, noAck }, () => new Promise(() => {}));
    }
    await broker.pump();
    const channels = broker.received.filter(({ method }) => method.type === 'basic.consume');
    for (const { channel, method } of channels) {
      if (method.type === 'basic.consume') broker.say(broker.delivery(channel, method.consumerTag, 1));
    }
    await broker.pump();
    const down = client.shutdown();
    await broker.advance(29_999);
    expect(down.state).toBe('pending');
    await broker.advance(1);
    expect(await down).toMatchObject({ handlersAbandoned: 2 });
  });

  it('waits for the body of a loop that has only told another to call it', async () => {
    for (const comesFirst of [false, true]) {
      const { broker, client } = await scene();
      const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
      const began = promised();
      const work = promised();
      const loop = async (): Promise<void> => {
        for await (const message of consumer) {
          began.resolve();
          await work.promise;
          expect(message.ack()).toBe(true);
        }
      };
      const down = began.promise.then(() => client.shutdown());
      const looping = comesFirst ? undefined : loop();
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1));
      await broker.pump();
      const late = looping ?? loop();
      await broker.pump();
      expect(broker.sent()).not.toContain('0 connection.close');
      work.resolve();
      await broker.pump();
      await Promise.all([down, late]);
    }
  });

  it('reports that nothing was left where nothing was', async () => {
    const { broker, client } = await scene();
    void client.basicPublish({ routingKey: 'q', body: 'x' });
    const down = client.shutdown();
    await broker.pump();
    expect(await down).toEqual({ handlersAbandoned: 0, publishesUnknown: 0, operationsUnknown: 0 });
  });

  it('reports in its time what it left, whether the broker hangs or the connection breaks', async () => {
    for (const breaks of [false, true]) {
      const { broker, client } = await scene();
      for (const type of ['basic.publish', 'queue.declare', 'connection.close'] as const) {
        broker.answers.set(type, () => []);
      }
      client.basicConsume({ queue: 'q', consumerTag: 'c' }, () => new Promise(() => {}));
      await broker.pump();
      broker.say(broker.delivery(1, 'c', 1));
      for (let count = 0; count < 10; count++) client.basicPublish({ routingKey: 'q', body: 'x' }).catch(() => {});
      client.queueDeclare({ queue: 'q' }).catch(() => {});
      await broker.pump();
      const down = client.shutdown({ timeout: 300 });
      await broker.advance(299);
      expect(down.state).toBe('pending');
      if (breaks) broker.reset();
      await (breaks ? broker.pump() : broker.advance(1));
      expect(down.result).toEqual({ handlersAbandoned: 1, publishesUnknown: 10, operationsUnknown: 1 });
    }
  });

  it('waits no longer than its timeout for the close', async () => {
    const { broker, client } = await scene();
    broker.answers.set('connection.close', () => []);
    const down = client.shutdown({ timeout: 300 });
    await broker.advance(300);
    expect(await down).toEqual({ handlersAbandoned: 0, publishesUnknown: 0, operationsUnknown: 0 });
    await broker.advance(60_000);
    expect(client.state).toBe('idle');
  });

  it('returns at once what was received and not begun', async () => {
    const { broker, client } = await scene();
    const work = promised();
    const begun: (number | undefined)[] = [];
    client.basicConsumeMulti(
      { queues: [{ queue: 'q', consumerTag: 'c' }, 'r'], prefetchCount: 1 },
      async (_error, message) => {
        begun.push(message?.deliveryTag);
        await work.promise;
        message?.ack();
      },
    );
    await broker.pump();
    broker.say(...[1, 2, 3].map((tag) => broker.delivery(1, 'c', tag)));
    await broker.pump();
    broker.sent();
    const down = client.shutdown();
    await broker.pump();
    expect(down.state).toBe('pending');
    expect(broker.sent()).toContain('1 basic.nack');
    work.resolve();
    await broker.pump();
    expect(await down).toMatchObject({ handlersAbandoned: 0 });
    expect(begun).toEqual([1]);
  });

  it('ends after its timeout all the same, and a shorter one ends a longer one', async () => {
    const { broker, client } = await scene();
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, () => new Promise(() => {}));
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    const long = client.shutdown();
    const short = client.shutdown({ timeout: 1000 });
    await broker.advance(999);
    expect(short.state).toBe('pending');
    await broker.advance(1);
    await short;
    await long;
  });

  it('ends when the connection breaks, whatever it waits for', async () => {
    const { broker, client } = await scene();
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, () => new Promise(() => {}));
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    const downs = [client.shutdown(), client.shutdown()];
    await broker.pump();
    broker.reset();
    await broker.pump();
    await Promise.all(downs);
  });

  it('before connect() and after close() has nothing to do', async () => {
    const broker = new ScriptedBroker();
    const client = broker.client();
    await client.shutdown();
    void client.connect();
    await broker.pump();
    const closed = client.close();
    const down = client.shutdown();
    await broker.pump();
    await closed;
    await down;
    await client.shutdown();
  });

  it('is what await using does', async () => {
    const broker = new ScriptedBroker();
    const used = (async () => {
      await using client = broker.client();
      await client.connect();
      return client;
    })();
    await broker.pump();
    const client = await used;
    expect(broker.sent()).toContain('0 connection.close');
    await expect(client.queueDeclare({ queue: 'q' })).rejects.toBeInstanceOf(UsageError);
  });
});

describe('a shutdown while recovering', () => {
  it('closes without connecting where nothing is held', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: true });
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    broker.reset();
    await broker.pump();
    expect(client.state).toBe('recovering');
    const report = client.shutdown();
    await broker.pump();
    expect(await report).toEqual({ handlersAbandoned: 0, operationsUnknown: 0, publishesUnknown: 0 });
    expect(consumer.isEnded).toBe(true);
    expect(client.state).toBe('idle');
  });

  it('waits for what is held, within its timeout', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 1000, maxDelay: 1000 } });
    broker.reset();
    await broker.pump();
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    const report = client.shutdown({ timeout: 5000 });
    await broker.pump();
    expect(report.state).toBe('pending');
    await broker.advance(1000);
    await publish;
    await broker.pump();
    expect(await report).toMatchObject({ publishesUnknown: 0 });
    expect(client.state).toBe('idle');
  });
});
