/** Messages over `maxMessageBytes`, and properties that are no UTF-8, through RabbitMQ. It takes no such names or keys (501). */
import { Client, decodeText, encodeText, type Message } from '@puka/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const small = new Client(url, { maxMessageBytes: 100_000 });
const large = new Client(url);

beforeAll(async () => {
  await Promise.all([small.connect(), large.connect()]);
});

afterAll(async () => {
  await Promise.all([small.close(), large.close()]);
});

async function queueWith(...bodies: readonly string[]): Promise<string> {
  const { queue } = await large.queueDeclare({ queue: '', exclusive: false, autoDelete: false, durable: true });
  for (const body of bodies) await large.basicPublish({ routingKey: queue, body });
  return queue;
}

const long = 'x'.repeat(1_000_000);

describe('a message over maxMessageBytes', () => {
  it('ends its consumer, goes back, and the connection goes on', async () => {
    const queue = await queueWith('one', long, 'two');
    const got: string[] = [];
    const consumer = small.basicConsume({ queue, prefetchCount: 10 });
    await expect(
      (async () => {
        for await (const message of consumer) {
          got.push(message.text());
          message.ack();
        }
      })(),
    ).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(got.length).toBeLessThanOrEqual(1);
    const bodies: string[] = [];
    for await (const message of large.basicConsume({ queue })) {
      bodies.push(message.text());
      message.ack();
      if (bodies.length === 3 - got.length) break;
    }
    expect([...got, ...bodies].sort()).toEqual(['one', 'two', long].sort());
    expect(await small.queueDelete({ queue })).toEqual({ messageCount: 0 });
  });

  it('fails its get, goes back, and the next get is served', async () => {
    const queue = await queueWith(long);
    await expect(small.basicGet({ queue })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', method: 'basic.get' });
    let message: Message | null = null;
    while (message === null) message = await large.basicGet({ queue });
    expect(message.text()).toBe(long);
    message.ack();
    await large.queueDelete({ queue });
    expect((await small.queueDeclare({ exclusive: true })).messageCount).toBe(0);
  });
});

describe('a property that is no UTF-8', () => {
  it('comes as it was sent, and is the same when it is published again', async () => {
    const octets = Uint8Array.of(0x6b, 0xff, 0xe9);
    const queue = await queueWith();
    await large.basicPublish({ routingKey: queue, correlationId: decodeText(octets), body: 'x' });
    const first = await large.basicGet({ queue, noAck: true });
    expect(encodeText(first?.correlationId ?? '')).toEqual(octets);
    await large.basicPublish({ routingKey: queue, ...first?.properties, body: 'again' });
    const second = await large.basicGet({ queue, noAck: true });
    expect(encodeText(second?.correlationId ?? '')).toEqual(octets);
    await large.queueDelete({ queue });
  });
});
