import { type Message, UsageError } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const { client, queue: freshQueue, another, untilCount, count } = scene();

async function got(queue: string, noAck = false): Promise<Message> {
  const message = await client.basicGet({ queue, noAck });
  if (message === null) throw new Error(`'${queue}' is empty`);
  return message;
}

/** The connection lives, and so does everything else on it. */
async function lives(): Promise<void> {
  expect((await client.queueDeclare({ exclusive: true })).messageCount).toBe(0);
}

describe('rejecting', () => {
  it('puts a message back, redelivered, by default', async () => {
    const queue = await freshQueue(1);
    expect((await got(queue)).reject()).toBe(true);
    await untilCount(queue, 1);
    const again = await got(queue);
    expect(again.redelivered).toBe(true);
    expect(client.basicReject(again, { requeue: true })).toBe(true);
    await untilCount(queue, 1);
    expect(client.basicReject(await got(queue), { requeue: false })).toBe(true);
    await client.queueDeclare({ queue, passive: true });
    expect(await client.basicGet({ queue })).toBeNull();
  });

  it('by nack does the same', async () => {
    const queue = await freshQueue(1);
    expect(client.basicNack(await got(queue))).toBe(true);
    await untilCount(queue, 1);
    expect((await got(queue)).nack({ requeue: false })).toBe(true);
    expect(await client.basicGet({ queue })).toBeNull();
  });

  it('without requeue dead-letters, and x-death tells the story', async () => {
    const dead = await freshQueue();
    const queue = await freshQueue(2, {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead },
    });
    for (const settle of ['reject', 'nack'] as const) {
      (await got(queue))[settle]({ requeue: false });
      await untilCount(dead, 1);
      const message = await got(dead, true);
      const [death] = message.headers['x-death'] as readonly unknown[];
      expect(death).toMatchObject({ queue, reason: 'rejected', count: 1, exchange: '', 'routing-keys': [queue] });
      expect(death).toMatchObject({ time: expect.any(Date) });
      expect(message.headers).toMatchObject({ 'x-first-death-queue': queue, 'x-first-death-reason': 'rejected' });
    }
  });
});

describe('what is settled already', () => {
  it('is a usage error to settle again, in every way, and never reaches the broker', async () => {
    const queue = await freshQueue(3);
    for (const first of ['ack', 'reject', 'nack'] as const) {
      const message = await got(queue);
      expect(message.isSettled).toBe(false);
      message[first]();
      expect(message.isSettled).toBe(true);
      for (const second of ['ack', 'reject', 'nack'] as const) expect(() => message[second]()).toThrow(UsageError);
      expect(() => client.basicAck(message)).toThrow(UsageError);
    }
    await lives();
  });

  it('is so for every message that came without ack', async () => {
    const queue = await freshQueue(2);
    const gotten = await got(queue, true);
    const consumer = client.basicConsume({ queue, noAck: true });
    const consumed = await client.wait(consumer);
    for (const message of [gotten, consumed]) {
      expect(message.isSettled).toBe(true);
      expect(() => message.ack()).toThrow(UsageError);
      expect(() => message.reject()).toThrow(UsageError);
      expect(() => client.basicNack(message)).toThrow(UsageError);
    }
    await consumer.cancel();
    await lives();
  });

  it('and what is no message is a usage error too', () => {
    for (const wrong of [undefined, null, 1, { ack: () => true }]) {
      expect(() => client.basicAck(Object(wrong))).toThrow(UsageError);
      expect(() => client.basicReject(Object(wrong))).toThrow(UsageError);
      expect(() => client.basicNack(Object(wrong))).toThrow(UsageError);
    }
  });
});

describe('what comes late', () => {
  it('can be settled after its consumer was cancelled', async () => {
    const queue = await freshQueue(3);
    const consumer = client.basicConsume({ queue });
    const messages = [await client.wait(consumer), await client.wait(consumer), await client.wait(consumer)];
    await consumer.cancel();
    expect(messages[0]?.ack()).toBe(true);
    expect(messages[1]?.reject({ requeue: false })).toBe(true);
    expect(messages[2]?.nack()).toBe(true);
    await untilCount(queue, 1);
    expect(() => messages[0]?.ack()).toThrow(UsageError);
    await lives();
  });

  it('is false after the close, and the broker delivers it again', async () => {
    const queue = await freshQueue(2);
    const other = await another();
    const consumer = other.basicConsume({ queue });
    const messages = [await other.wait(consumer), await other.wait(consumer)];
    await other.close();
    expect(messages[0]?.ack()).toBe(false);
    expect(() => messages[0]?.ack()).toThrow(UsageError);
    await other.connect();
    expect(messages[1]?.nack()).toBe(false);
    await untilCount(queue, 2);
    expect((await other.basicGet({ queue }))?.redelivered).toBe(true);
  });

  it('is false where the queue’s channel was closed by the broker, and affects no other code', async () => {
    const few = await another({ channelMax: 4 });
    const [mine, locked] = await Promise.all([freshQueue(1), freshQueue()]);
    const owner = client.basicConsume({ queue: locked, exclusive: true });
    await owner.ready;
    const consumer = few.basicConsume({ queue: mine });
    const message = await few.wait(consumer);
    // With so few channels the two share one, and the broker closes it for the second.
    await expect(few.basicConsume({ queue: locked }).ready).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    expect(message.ack()).toBe(false);
    const again = await few.wait(consumer);
    expect(again.redelivered).toBe(true);
    expect(again.ack()).toBe(true);
    await owner.cancel();
  });

  it('goes out before a call of the same turn that the broker refuses', async () => {
    const queue = await freshQueue(20);
    for (let index = 0; index < 20; index++) {
      const message = await got(queue);
      expect(message.ack()).toBe(true);
      await expect(client.queueDeclare({ queue: uniqueName('nowhere'), passive: true })).rejects.toThrow('NOT_FOUND');
    }
    expect(await count(queue)).toBe(0);
    expect(await client.basicGet({ queue })).toBeNull();
    const other = await another();
    expect(await other.basicGet({ queue })).toBeNull();
  });
});

describe('acks of one turn', () => {
  it('in any order settle exactly what was acked', async () => {
    const queue = await freshQueue(100);
    const other = await another();
    const consumer = other.basicConsume({ queue });
    const messages: Message[] = [];
    for (let index = 0; index < 100; index++) messages.push(await other.wait(consumer));
    const acked = messages.filter((_, index) => index % 3 !== 0);
    for (const message of [...acked].reverse()) message.ack();
    await other.close();
    await untilCount(queue, 34);
    const left: string[] = [];
    for (let next = await client.basicGet({ queue, noAck: true }); next !== null; ) {
      left.push(next.text());
      next = await client.basicGet({ queue, noAck: true });
    }
    expect(left).toEqual(messages.filter((_, index) => index % 3 === 0).map((message) => message.text()));
  });
});
