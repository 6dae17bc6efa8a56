/** Reading a stream from an offset: one on RabbitMQ and on the embedded broker. */
import { uniqueName } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import { type FieldObjectInput, int64, timestamp } from '@puka/wire';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Heard, headersOf, RawPeer } from '../raw-peer.ts';

const port = Number(new URL(inject('amqpUrl')).port);
let peer: RawPeer;
let queue: string;

beforeEach(async () => {
  peer = await RawPeer.open(nodeConnector, port);
  queue = uniqueName('stream');
  for (const id of [1, 2]) await peer.channel(id);
  const args = { 'x-queue-type': 'stream' };
  await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: args });
  await peer.call(1, { type: 'basic.qos', prefetchCount: 10 });
  await peer.call(2, { type: 'confirm.select' });
});

afterEach(async () => {
  peer.drop();
  const other = await RawPeer.open(nodeConnector, port);
  await other.channel(1);
  await other.call(1, { type: 'queue.delete', queue });
  other.drop();
});

/** One after the other, each with its confirm: RabbitMQ may keep together what comes together. */
async function publish(...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    peer.publish(2, { exchange: '', routingKey: queue }, body);
    await peer.nextOn(2);
  }
}

async function consume(consumerTag: string, offset?: FieldObjectInput[string]): Promise<void> {
  const args = offset === undefined ? {} : { 'x-stream-offset': offset };
  await peer.call(1, { type: 'basic.consume', queue, consumerTag, arguments: args });
}

function shown({ body, properties, method }: Heard): string {
  const isRedelivered = method.type === 'basic.deliver' && method.redelivered === true;
  return `${body} ${headersOf(properties)['x-stream-offset']}${isRedelivered ? '!' : ''}`;
}

async function deliveries(count: number): Promise<string[]> {
  return (await peer.deliveries(count)).map(shown);
}

/** What the channel or the connection is closed with. */
async function refusal(): Promise<string> {
  for (;;) {
    const { method } = await peer.nextOn(1);
    if (method.type !== 'channel.close' && method.type !== 'connection.close') continue;
    return `${method.type.split('.')[0]} ${method.replyCode} ${method.classId},${method.methodId} ${method.replyText.replaceAll(queue, 'q')}`;
  }
}

describe('a stream is read', () => {
  it.each([
    ['the first message', 'first', ['a 0', 'b 1', 'c 2', 'd 3']],
    ['the last message', 'last', ['c 2', 'd 3']],
    ['what comes next', 'next', ['d 3']],
    ['what comes next where nothing is said', undefined, ['d 3']],
    ['a number', int64(1), ['b 1', 'c 2', 'd 3']],
    ['a number beyond its end', int64(3), ['d 3']],
    ['a time long ago', timestamp(0), ['a 0', 'b 1', 'c 2', 'd 3']],
    ['an age', '1h', ['a 0', 'b 1', 'c 2', 'd 3']],
    ['a time to come', timestamp(4_000_000_000), ['d 3']],
  ])('from %s on', async (_name, offset, expected) => {
    await publish('a', 'b', 'c');
    await consume('c', offset);
    await publish('d');
    expect(await deliveries(expected.length)).toEqual(expected);
  });

  it('again and again, because reading takes nothing out of it', async () => {
    await publish('a');
    await consume('one', 'first');
    await consume('two', 'first');
    expect(await deliveries(2)).toEqual(['a 0', 'a 0']);
  });

  it('as far as the prefetch count goes, and on with each ack', async () => {
    await publish('a', 'b', 'c');
    await peer.call(1, { type: 'basic.qos', prefetchCount: 1 });
    await consume('c', 'first');
    const first = await deliveries(1);
    peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
    expect([...first, ...(await deliveries(1))]).toEqual(['a 0', 'b 1']);
  });
});

describe('a stream refuses', () => {
  const consumed = { type: 'basic.consume', consumerTag: 'c' } as const;
  it('a consumer without a prefetch count', async () => {
    await peer.call(1, { type: 'basic.qos', prefetchCount: 0 });
    peer.send(1, { ...consumed, queue });
    expect(await refusal()).toBe(
      "channel 406 60,20 PRECONDITION_FAILED - consumer prefetch count is not set for 'queue 'q' in vhost '/''",
    );
  });

  it('a consumer without acks', async () => {
    peer.send(1, { ...consumed, queue, noAck: true });
    expect(await refusal()).toBe(
      "connection 540 60,20 NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queues queue 'q' in vhost '/'",
    );
  });

  it('a limit over the channel', async () => {
    await peer.call(1, { type: 'basic.qos', prefetchCount: 5, global: true });
    peer.send(1, { ...consumed, queue });
    expect(await refusal()).toBe(
      "connection 540 60,20 NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos",
    );
  });

  it('an offset that is none', async () => {
    peer.send(1, { ...consumed, queue, arguments: { 'x-stream-offset': 'somewhere' } });
    expect(await refusal()).toBe('connection 541 0,0 INTERNAL_ERROR');
  });

  it('a get', async () => {
    peer.send(1, { type: 'basic.get', queue });
    expect(await refusal()).toBe(
      "connection 540 60,70 NOT_IMPLEMENTED - basic.get not supported by stream queues queue 'q' in vhost '/'",
    );
  });

  it('a purge', async () => {
    peer.send(1, { type: 'queue.purge', queue });
    expect(await refusal()).toBe(
      "connection 540 50,30 NOT_IMPLEMENTED - queue.purge not supported by stream queues queue 'q' in vhost '/'",
    );
  });

  it.each([
    ['nack', { type: 'basic.nack', requeue: true }],
    ['reject', { type: 'basic.reject', requeue: false }],
  ] as const)('a %s', async (_name, method) => {
    await publish('a');
    await consume('c', 'first');
    await peer.deliveries(1);
    peer.send(1, { ...method, deliveryTag: 1 });
    expect(await refusal()).toMatch(
      /^connection 540 60,\d+ NOT_IMPLEMENTED - basic.nack and basic.reject not supported by stream queues queue 'q' in vhost '\/'$/,
    );
  });
});
