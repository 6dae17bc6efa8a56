import { createContext, runInContext } from 'node:vm';
import { Client } from '@puka/client';
import { UsageError } from '@puka/errors';
import { startBroker } from '@puka/testing';
import { type StreamOffset, streamOffset, streamQueue } from '@puka/topology';
import { describe, expect, it } from 'vitest';

describe('the offset of a stream', () => {
  it('takes a Date of another realm', () => {
    const date = runInContext('new Date(5000)', createContext()) as Date;
    expect(streamOffset(date)).toEqual({ 'x-stream-offset': date });
  });

  it.each([
    ['first', ['0', '1', '2', '3']],
    [0, ['0', '1', '2', '3']],
    [2n, ['2', '3']],
    ['last', ['3']],
    [new Date(0), ['0', '1', '2', '3']],
    ['1h', ['0', '1', '2', '3']],
  ] as const)('%s is where a consumer begins', async (from, expected) => {
    await using broker = await startBroker({ listen: false });
    await using client = new Client('amqp://', { transport: broker.transport() });
    await client.connect();
    await client.queueDeclare({ queue: 'audit', ...streamQueue() });
    for (const body of ['0', '1', '2', '3']) await client.basicPublish({ routingKey: 'audit', body });
    const consumer = client.basicConsume({ queue: 'audit', prefetchCount: 10, arguments: streamOffset(from) });
    const seen: string[] = [];
    for await (const message of consumer) {
      seen.push(message.text());
      message.ack();
      if (message.text() === '3') break;
    }
    expect(seen).toEqual(expected);
  });

  it('next is what comes from now on', async () => {
    await using broker = await startBroker({ listen: false });
    await using client = new Client('amqp://', { transport: broker.transport() });
    await client.connect();
    await client.queueDeclare({ queue: 'audit', ...streamQueue() });
    await client.basicPublish({ routingKey: 'audit', body: 'before' });
    const consumer = client.basicConsume({ queue: 'audit', prefetchCount: 10, arguments: streamOffset('next') });
    await consumer.ready;
    await client.basicPublish({ routingKey: 'audit', body: 'after' });
    expect((await client.wait(consumer)).text()).toBe('after');
  });

  it.each([-1, 1.5, Number.NaN, 2n ** 63n, -1n, new Date(Number.NaN), new Date(-1), 'begin', '2 h', '0h', '', null])(
    '%s is refused at the call',
    (from) => {
      expect(() => streamOffset(from as StreamOffset)).toThrow(UsageError);
      expect(() => streamOffset(from as StreamOffset)).toThrow('offset of a stream is');
    },
  );
});
