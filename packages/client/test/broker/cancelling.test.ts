import { Client, ConsumerCancelled, type Message, UsageError } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another, untilCount, untilConsumers, fill } = scene();

describe('a queue that is deleted under its consumer', () => {
  it('ends it with ConsumerCancelled, naming the queue, after what was received', async () => {
    const queue = await freshQueue(3);
    const consumer = client.basicConsume({ queue });
    await consumer.ready;
    await untilCount(queue, 0);
    const other = await another();
    await other.queueDelete({ queue });
    const messages = consumer[Symbol.asyncIterator]();
    for (const text of numbers(3)) expect((await messages.next()).value?.text()).toBe(text);
    const end = messages.next();
    await expect(end).rejects.toBeInstanceOf(ConsumerCancelled);
    await expect(end).rejects.toMatchObject({ queue, consumerTag: consumer.consumerTag, code: 'CONSUMER_CANCELLED' });
    expect(await messages.next()).toEqual({ done: true, value: undefined });
    expect(await consumer.cancel()).toEqual({ consumerTag: consumer.consumerTag });
  });

  it('lets what is unacked be settled, to no effect', async () => {
    const queue = await freshQueue(1);
    const consumer = client.basicConsume({ queue });
    const message = await client.wait(consumer);
    await client.queueDelete({ queue });
    await expect(client.wait(consumer)).rejects.toBeInstanceOf(ConsumerCancelled);
    expect(message.ack()).toBe(true);
    await client.queueDeclare({ exclusive: true });
  });

  it('calls a callback once', async () => {
    const queue = await freshQueue();
    const told: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      const consumer = client.basicConsume({ queue }, (error) => {
        told.push(error);
        resolve();
      });
      void consumer.ready.then(() => client.queueDelete({ queue }));
    });
    await ended;
    await client.queueDeclare({ exclusive: true });
    expect(told).toMatchObject([{ code: 'CONSUMER_CANCELLED', queue }]);
  });

  it('and made again meanwhile has it subscribe again, where that was asked for', async () => {
    const target = { host: new URL(inject('amqpUrl')).hostname, port: Number(new URL(inject('amqpUrl')).port) };
    await using proxy = await faultProxy({ target });
    const through = await anotherThrough(proxy);
    const queue = await freshQueue(1);
    const consumer = through.basicConsume({ queue, resubscribe: true });
    expect((await through.wait(consumer)).ack()).toBe(true);
    // The cancel is late, so that the queue is there again when it comes.
    proxy.blackHole('serverToClient');
    await client.queueDelete({ queue });
    await client.queueDeclare({ queue, durable: true });
    await proxy.restore();
    await fill(queue, 3);
    for (const text of numbers(3)) {
      const message = await through.wait(consumer);
      expect(message.text()).toBe(text);
      expect(message.ack()).toBe(true);
    }
    await untilConsumers(queue, 1);
    await through.close();
  });

  it('and made again by another client later has it subscribe again, where that was asked for', async () => {
    const other = await another();
    const queue = await freshQueue();
    const consumer = client.basicConsume({ queue, resubscribe: true });
    await consumer.ready;
    await other.queueDelete({ queue });
    // Later than the first attempt to subscribe again, which is refused.
    await client.wait(consumer, { timeout: 1000 });
    await other.queueDeclare({ queue, durable: true });
    await other.basicPublish({ routingKey: queue, body: 'again' });
    const message = await client.wait(consumer);
    expect(message.text()).toBe('again');
    expect(message.ack()).toBe(true);
    await consumer.cancel();
  });
});

async function anotherThrough(proxy: { readonly host: string; readonly port: number }) {
  const through = new Client(`amqp://${proxy.host}:${proxy.port}`);
  await through.connect();
  return through;
}

describe('cancelling', () => {
  it('from both sides at once settles, and ends the consumer', async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const queue = await freshQueue(5);
      const consumer = client.basicConsume({ queue, prefetchCount: 2 });
      await consumer.ready;
      const deleted = client.queueDelete({ queue });
      const cancelled = client.basicCancel(consumer);
      const [, result] = await Promise.all([deleted, cancelled]);
      expect(result).toEqual({ consumerTag: consumer.consumerTag });
      expect(await client.wait(consumer, { raiseErrors: false })).toBeInstanceOf(Error);
    }
  });

  it('from both sides, each before it hears of the other, is a cancel by the caller and nothing worse', async () => {
    const target = { host: new URL(inject('amqpUrl')).hostname, port: Number(new URL(inject('amqpUrl')).port) };
    await using proxy = await faultProxy({ target });
    const through = await anotherThrough(proxy);
    const queue = await freshQueue(5);
    const consumer = through.basicConsume({ queue, prefetchCount: 2 });
    const held = await through.wait(consumer);
    // From here on the client receives nothing: the broker's cancel is on its way when it sends its own.
    proxy.blackHole('serverToClient');
    await client.queueDelete({ queue });
    const cancelled = through.basicCancel(consumer);
    const rest = consumer[Symbol.asyncIterator]().next();
    await proxy.restore();
    expect(await cancelled).toEqual({ consumerTag: consumer.consumerTag });
    expect(await rest).toEqual({ done: true, value: undefined });
    expect(held.ack()).toBe(true);
    const { queue: own } = await through.queueDeclare({ exclusive: true });
    await through.basicPublish({ routingKey: own, body: 'goes on' });
    expect((await through.wait(through.basicConsume({ queue: own }))).text()).toBe('goes on');
    await through.close();
  });

  it('before the consumer is open ends it once it does', async () => {
    const queue = await freshQueue(5);
    const consumer = client.basicConsume({ queue });
    const cancelled = consumer.cancel();
    await consumer.ready;
    expect(await cancelled).toEqual({ consumerTag: consumer.consumerTag });
    await untilConsumers(queue, 0);
    await untilCount(queue, 5);
  });

  it('takes no consumer of another client', async () => {
    const consumer = client.basicConsume({ queue: await freshQueue() });
    const other = await another();
    await expect(other.basicCancel(consumer)).rejects.toBeInstanceOf(UsageError);
    await expect(other.basicQos(consumer, { prefetchCount: 1 })).rejects.toThrow('another client');
    expect(() => other.setCallback(consumer, () => {})).toThrow(UsageError);
    expect(() => other.setCallback(client.queueDeclare({ exclusive: true }), () => {})).toThrow(UsageError);
    await untilConsumers(consumer.queue, 1);
    await consumer.cancel();
  });

  it('again and again is the same', async () => {
    const queue = await freshQueue();
    const consumer = client.basicConsume({ queue });
    const outcomes = await Promise.all([consumer.cancel(), client.basicCancel(consumer), consumer.cancel()]);
    expect(new Set(outcomes.map(({ consumerTag }) => consumerTag))).toEqual(new Set([consumer.consumerTag]));
    expect(await consumer.cancel()).toEqual({ consumerTag: consumer.consumerTag });
  });

  it('while messages are in flight loses none: what was not handed out is back in the queue', async () => {
    const queue = await freshQueue(2000);
    const other = await another();
    const handed: Message[] = [];
    let cancelled = (): void => {};
    const ended = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const consumer = other.basicConsume({ queue }, (_error, message) => {
      if (message === undefined) return;
      handed.push(message);
      if (handed.length === 100) other.basicCancel(consumer, cancelled);
    });
    await Promise.all([ended, fill(queue, 1000, 2000)]);
    expect(handed.length).toBe(100);
    await untilCount(queue, 2900);
    for (const message of handed.slice(0, 60)) expect(message.ack()).toBe(true);
    for (const message of handed.slice(60)) expect(message.nack()).toBe(true);
    await untilCount(queue, 2940);
    await untilConsumers(queue, 0);
  });

  it('puts messages back in their place', async () => {
    const queue = await freshQueue(50);
    const consumer = client.basicConsume({ queue });
    const held = [await client.wait(consumer), await client.wait(consumer)];
    await consumer.cancel();
    await untilCount(queue, 48);
    for (const message of held) message.reject();
    await untilCount(queue, 50);
    const seen: string[] = [];
    for await (const message of client.basicConsume({ queue, noAck: true })) {
      seen.push(message.text());
      if (seen.length === 50) break;
    }
    expect(seen).toEqual(numbers(50));
  });

  it('after a raised limit, while messages wait, ends the loop and puts them back', async () => {
    for (let round = 0; round < 3; round++) {
      const queue = await freshQueue(8);
      const consumer = client.basicConsume({ queue, prefetchCount: 10 });
      await consumer.ready;
      const messages = consumer[Symbol.asyncIterator]();
      const first = await messages.next();
      void client.basicQos(consumer, { prefetchCount: 100 });
      await client.basicCancel(consumer);
      expect(await messages.next()).toEqual({ done: true, value: undefined });
      first.value?.ack();
      await untilCount(queue, 7);
    }
  });

  it('a no-ack consumer hands out all that has arrived, and with what is left in the queue that is all', async () => {
    const queue = await freshQueue(2000);
    const consumer = client.basicConsume({ queue, noAck: true });
    const first = await client.wait(consumer);
    const cancelled = consumer.cancel();
    const seen = [first.text()];
    for await (const message of consumer) seen.push(message.text());
    await cancelled;
    expect(seen).toEqual(numbers(seen.length));
    await untilCount(queue, 2000 - seen.length);
  });

  it('inside its own callback takes effect at once', async () => {
    const queue = await freshQueue(50);
    const seen: string[] = [];
    const ended = new Promise<void>((resolve) => {
      const consumer = client.basicConsume({ queue }, (_error, message) => {
        seen.push(message?.text() ?? 'the end');
        message?.ack();
        void consumer.cancel().then(() => resolve());
      });
    });
    await ended;
    await untilCount(queue, 49);
    expect(seen).toEqual(['0']);
  });

  it('one of many consumers of a queue leaves the others be', async () => {
    const queue = await freshQueue();
    const seen: string[] = [];
    let all = (): void => {};
    const done = new Promise<void>((resolve) => {
      all = resolve;
    });
    const make = () =>
      client.basicConsume({ queue, prefetchCount: 1, consumerTag: uniqueName('worker') }, (_error, message) => {
        if (message === undefined) return;
        seen.push(message.text());
        message.ack();
        if (seen.length === 100) all();
      });
    const workers = [make(), make(), make()];
    await Promise.all(workers.map(({ ready }) => ready));
    await Promise.all([fill(queue, 100), workers[1]?.cancel()]);
    await done;
    expect(new Set(seen)).toEqual(new Set(numbers(100)));
    await Promise.all(workers.map((worker) => worker.cancel()));
  });
});
