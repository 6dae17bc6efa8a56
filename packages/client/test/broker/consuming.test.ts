import { AccessRefused, Client, type Message, NotFound } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another, fill, untilCount, untilConsumers } = scene();

describe('a consumer', () => {
  it('delivers its messages in order to a loop, and to a callback', async () => {
    const queue = await freshQueue(200);
    const seen: string[] = [];
    for await (const message of client.basicConsume({ queue, prefetchCount: 10 })) {
      expect(message).toMatchObject({ queue, exchange: '', routingKey: queue, redelivered: false });
      seen.push(message.text());
      message.ack();
      if (seen.length === 200) break;
    }
    expect(seen).toEqual(numbers(200));
    await fill(queue, 200);
    const called: string[] = [];
    const others: unknown[] = [];
    await new Promise<void>((resolve) => {
      const consumer = client.basicConsume({ queue, prefetchCount: 10 }, (error, message, own) => {
        if (error !== undefined || own !== consumer) others.push(error, own);
        called.push(message?.text() ?? '');
        message?.ack();
        if (called.length === 200) client.basicCancel(consumer, () => resolve());
      });
    });
    expect(called).toEqual(numbers(200));
    expect(others).toEqual([]);
  });

  it('delivers the next message before a slow ack, as far as its limit goes', async () => {
    const queue = await freshQueue(10);
    const consumer = client.basicConsume({ queue, prefetchCount: 3 });
    const held: Message[] = [];
    for (let index = 0; index < 3; index++) held.push(await client.wait(consumer));
    expect(held.map((message) => message.text())).toEqual(['0', '1', '2']);
    await client.queueDeclare({ queue, passive: true });
    expect(await client.wait(consumer, { timeout: 0 })).toBeUndefined();
    held[1]?.ack();
    expect((await client.wait(consumer)).text()).toBe('3');
    await consumer.cancel();
  });

  it('is left by a loop: it is cancelled, and what the loop did not get is back', async () => {
    const queue = await freshQueue(20);
    for await (const message of client.basicConsume({ queue })) {
      message.ack();
      break;
    }
    await untilCount(queue, 19);
    await untilConsumers(queue, 0);
    const thrown = new Error('out of the loop');
    const left = (async () => {
      for await (const _ of client.basicConsume({ queue, prefetchCount: 5 })) throw thrown;
    })();
    await expect(left).rejects.toBe(thrown);
    await untilConsumers(queue, 0);
  });

  it('takes deliveries that come with consume-ok in one piece', async () => {
    const target = { host: new URL(inject('amqpUrl')).hostname, port: Number(new URL(inject('amqpUrl')).port) };
    await using proxy = await faultProxy({ target });
    const queue = await freshQueue(50);
    const through = new Client(`amqp://${proxy.host}:${proxy.port}`, { recover: false });
    await through.connect();
    // What the broker sends is held until it has sent all, so that it comes in one read.
    proxy.blackHole('serverToClient');
    const consumer = through.basicConsume({ queue });
    await untilConsumers(queue, 1);
    await untilCount(queue, 0);
    expect(consumer.ready.state).toBe('pending');
    await proxy.restore();
    const seen: string[] = [];
    for await (const message of consumer) {
      seen.push(message.text());
      if (seen.length === 50) break;
    }
    expect(seen).toEqual(numbers(50));
    await through.close();
    await untilCount(queue, 50);
  });

  it('has several loops over it share the messages', async () => {
    const queue = await freshQueue(100);
    const consumer = client.basicConsume({ queue, prefetchCount: 8 });
    const seen: string[] = [];
    const work = async (): Promise<void> => {
      for await (const message of consumer) {
        seen.push(message.text());
        message.ack();
        if (seen.length === 100) await consumer.cancel();
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    expect(seen.sort()).toEqual(numbers(100).sort());
  });

  it('without acks gets all, and the broker keeps none', async () => {
    const queue = await freshQueue(300);
    const seen: string[] = [];
    for await (const message of client.basicConsume({ queue, noAck: true })) {
      seen.push(message.text());
      if (seen.length === 300) break;
    }
    expect(seen).toEqual(numbers(300));
    await untilCount(queue, 0);
  });
});

describe('arguments of consumers and queues', () => {
  it('x-priority: the higher one gets all that it can take, the other what is left', async () => {
    const queue = await freshQueue();
    const low = client.basicConsume({ queue, prefetchCount: 5 });
    const high = client.basicConsume({ queue, prefetchCount: 3, arguments: { 'x-priority': 10 } });
    await Promise.all([low.ready, high.ready]);
    await fill(queue, 5);
    const texts: string[] = [];
    for (let index = 0; index < 3; index++) texts.push((await client.wait(high)).text());
    for (let index = 0; index < 2; index++) texts.push((await client.wait(low)).text());
    expect(texts).toEqual(numbers(5));
    await Promise.all([low.cancel(), high.cancel()]);
  });

  it('x-single-active-consumer: the next one gets messages when the first is gone', async () => {
    const queue = await freshQueue(0, { arguments: { 'x-single-active-consumer': true } });
    const first = client.basicConsume({ queue });
    await first.ready;
    const second = client.basicConsume({ queue });
    await second.ready;
    await fill(queue, 1);
    expect((await client.wait(first)).ack()).toBe(true);
    await first.cancel();
    await fill(queue, 1, 1);
    const message = await client.wait(second);
    expect([message.text(), message.consumerTag]).toEqual(['1', second.consumerTag]);
    await second.cancel();
  });
});

describe('a refused consumer', () => {
  it('of a queue with an exclusive one fails with AccessRefused, alone', async () => {
    const queue = await freshQueue(2);
    const exclusive = client.basicConsume({ queue, exclusive: true, prefetchCount: 1 });
    const held = await client.wait(exclusive);
    const second = client.basicConsume({ queue });
    const good = client.queueDeclare({ exclusive: true });
    await expect(second.ready).rejects.toBeInstanceOf(AccessRefused);
    await expect(client.wait(second)).rejects.toMatchObject({ method: 'basic.consume', replyCode: 403 });
    await good;
    expect(held.ack()).toBe(true);
    expect((await client.wait(exclusive)).ack()).toBe(true);
    await exclusive.cancel();
  });

  it('of nothing fails with NotFound, alone, at ready, at the loop and at the callback', async () => {
    const queue = await freshQueue(1);
    const nowhere = uniqueName('nowhere');
    const told: unknown[] = [];
    const bad = client.basicConsume({ queue: nowhere }, (error) => told.push(error));
    const looped = client.basicConsume({ queue: nowhere });
    const good = client.basicConsume({ queue });
    const outcome = (async () => {
      for await (const _ of looped) throw new Error('a message of nothing');
    })();
    await expect(outcome).rejects.toBeInstanceOf(NotFound);
    await expect(bad.ready).rejects.toMatchObject({ code: 'NOT_FOUND', method: 'basic.consume', scope: 'channel' });
    expect((await client.wait(good)).text()).toBe('0');
    await client.queueDeclare({ exclusive: true });
    expect(told).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await bad.cancel()).toEqual({ consumerTag: bad.consumerTag });
    await good.cancel();
  });
});

describe('a consumer tag', () => {
  it('is taken literally, told by the messages, and made unique by a prefix where it repeats', async () => {
    const queue = await freshQueue(1);
    const consumerTag = uniqueName('étiquette');
    const first = client.basicConsume({ queue, consumerTag });
    const second = client.basicConsume({ queue: await freshQueue(), consumerTag });
    await Promise.all([first.ready, second.ready]);
    expect(first.consumerTag).toBe(consumerTag);
    expect(second.consumerTag.endsWith(`.${consumerTag}`)).toBe(true);
    expect((await client.wait(first)).consumerTag).toBe(consumerTag);
    expect(await first.cancel()).toEqual({ consumerTag });
    const third = client.basicConsume({ queue, consumerTag });
    await third.ready;
    expect(third.consumerTag).toBe(consumerTag);
    await Promise.all([second.cancel(), third.cancel()]);
  });

  it('that is too long is refused at the call', async () => {
    const queue = await freshQueue();
    const consumer = client.basicConsume({ queue, consumerTag: 'x'.repeat(256) });
    await expect(consumer.ready).rejects.toMatchObject({ code: 'USAGE_ERROR' });
  });
});

describe('many consumers', () => {
  it('of 200 queues live on one client', async () => {
    const own = await another();
    const queues = await Promise.all(
      Array.from({ length: 200 }, async () => (await own.queueDeclare({ exclusive: true })).queue),
    );
    const seen = new Map<string, number>();
    let total = 0;
    const all = new Promise<void>((resolve) => {
      for (const queue of queues) {
        own.basicConsume({ queue, prefetchCount: 1 }, (_error, message) => {
          if (message === undefined) return;
          seen.set(queue, (seen.get(queue) ?? 0) + 1);
          message.ack();
          if (++total === 1000) resolve();
        });
      }
    });
    const publishes = queues.flatMap((routingKey) =>
      [1, 2, 3, 4, 5].map(() => own.basicPublish({ routingKey, body: 'x' })),
    );
    await Promise.all([all, ...publishes]);
    expect([...seen.values()].every((count) => count === 5)).toBe(true);
    expect(seen.size).toBe(200);
  });
});
