import { Client, type Message, NotFound } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another, count, untilCount } = scene();

async function got(queue: string): Promise<Message> {
  const message = await client.basicGet({ queue });
  if (message === null) throw new Error(`'${queue}' is empty`);
  return message;
}

describe('gets', () => {
  it('without ack leave the messages unacked, to be acked in any order', async () => {
    const queue = await freshQueue(20);
    const messages = await Promise.all(Array.from({ length: 20 }, () => got(queue)));
    expect(messages.map((message) => message.text()).sort()).toEqual(numbers(20).sort());
    expect(messages[0]?.messageCount).toBe(19);
    expect(await count(queue)).toBe(0);
    const odd = messages.filter((_, index) => index % 2 === 1).reverse();
    for (const message of odd) expect(message.ack()).toBe(true);
    for (const message of messages.filter((_, index) => index % 2 === 0)) expect(message.reject()).toBe(true);
    await untilCount(queue, 10);
    const again = await Promise.all(Array.from({ length: 10 }, () => client.basicGet({ queue, noAck: true })));
    expect(new Set(again.map((message) => message?.text()))).toEqual(
      new Set(messages.filter((_, index) => index % 2 === 0).map((message) => message.text())),
    );
    expect(again.every((message) => message?.redelivered)).toBe(true);
  });

  it('of an empty queue return null', async () => {
    const queue = await freshQueue();
    expect(await client.basicGet({ queue })).toBeNull();
    expect(await client.basicGet({ queue, noAck: true })).toBeNull();
  });

  it('200 of them over many queues stay unsettled side by side', async () => {
    const queues = await Promise.all(Array.from({ length: 50 }, () => freshQueue(4)));
    const messages = await Promise.all(queues.flatMap((queue) => [1, 2, 3, 4].map(() => got(queue))));
    expect(messages.length).toBe(200);
    expect(messages.every((message) => queues.includes(message.queue) && message.routingKey === message.queue)).toBe(
      true,
    );
    for (const message of messages) expect(message.ack()).toBe(true);
    const other = await another();
    await client.queueDeclare({ exclusive: true });
    for (const queue of queues) expect(await other.basicGet({ queue })).toBeNull();
  });

  it('200 of them share the few channels that a server allows', async () => {
    const few = await another({ channelMax: 10 });
    const queues = await Promise.all(Array.from({ length: 50 }, () => freshQueue(4)));
    const messages = await Promise.all(queues.flatMap((queue) => [1, 2, 3, 4].map(() => few.basicGet({ queue }))));
    expect(messages.filter((message) => message !== null).length).toBe(200);
    const publish = few.basicPublish({ routingKey: queues[0] ?? '', body: 'more' });
    const consumer = few.basicConsume({ queue: queues[0] ?? '' });
    await Promise.all([publish, consumer.ready, few.queueDeclare({ exclusive: true })]);
    expect((await few.wait(consumer)).text()).toBe('more');
    for (const message of messages) expect(message?.ack()).toBe(true);
  });

  it('of a missing queue all fail with NotFound, and affect no other code', async () => {
    const queue = await freshQueue(10);
    const held = await got(queue);
    const nowhere = uniqueName('nowhere');
    const bad = Array.from({ length: 100 }, () => client.basicGet({ queue: nowhere }));
    const good = Array.from({ length: 5 }, () => got(queue));
    for (const outcome of await Promise.allSettled(bad)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND', method: 'basic.get' } });
    }
    for (const message of await Promise.all(good)) expect(message.ack()).toBe(true);
    expect(held.ack()).toBe(true);
    await untilCount(queue, 4);
    await expect(client.basicGet({ queue: nowhere })).rejects.toBeInstanceOf(NotFound);
  });

  it('of a missing queue fail alone where channels are shared', async () => {
    const few = await another({ channelMax: 4 });
    const queues = await Promise.all([freshQueue(1), freshQueue(1), freshQueue(1)]);
    const held = await Promise.all(queues.map((queue) => few.basicGet({ queue })));
    const bad = Array.from({ length: 5 }, () => few.basicGet({ queue: uniqueName('nowhere') }));
    for (const outcome of await Promise.allSettled(bad)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND', method: 'basic.get' } });
    }
    for (const message of held) expect(message?.ack()).toBe(true);
  });

  it('given up put their message back', async () => {
    const queue = await freshQueue(1);
    const abort = new AbortController();
    const given = client.basicGet({ queue, signal: abort.signal });
    const reason = new Error('enough');
    // The get is on its way when the next turn begins, and its answer is not.
    setImmediate(() => abort.abort(reason));
    await expect(given).rejects.toBe(reason);
    const message = await waitFor(() => client.basicGet({ queue }));
    expect(message.text()).toBe('0');
    expect(message.redelivered).toBe(true);
  });

  it('given up before they are sent take nothing', async () => {
    const queue = await freshQueue(1);
    await expect(client.basicGet({ queue, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    await expect(client.basicGet({ queue, timeout: -1 })).rejects.toMatchObject({ code: 'USAGE_ERROR' });
    const message = await got(queue);
    expect(message.redelivered).toBe(false);
  });

  it('of a connection that closed are another client’s again', async () => {
    const queue = await freshQueue(3);
    const other = new Client(inject('amqpUrl'));
    await other.connect();
    const messages = await Promise.all([1, 2, 3].map(() => other.basicGet({ queue })));
    messages[0]?.ack();
    await other.close();
    await untilCount(queue, 2);
    expect(messages[1]?.ack()).toBe(false);
  });
});
