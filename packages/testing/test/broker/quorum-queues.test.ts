/** What a quorum queue does otherwise than a classic one: one on RabbitMQ and on the embedded broker. */
import { uniqueName, waitFor } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import type { FieldObjectInput } from '@puka/wire';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Heard, headersOf, RawPeer } from '../raw-peer.ts';

const port = Number(new URL(inject('amqpUrl')).port);
let peer: RawPeer;
let queue: string;

beforeEach(async () => {
  peer = await RawPeer.open(nodeConnector, port);
  queue = uniqueName('quorum');
  for (const id of [1, 2, 9]) await peer.channel(id);
});

afterEach(async () => {
  peer.drop();
  const other = await RawPeer.open(nodeConnector, port);
  await other.channel(1);
  await other.call(1, { type: 'queue.delete', queue });
  other.drop();
});

async function declare(args: FieldObjectInput = {}): Promise<void> {
  const types = { 'x-queue-type': 'quorum', ...args };
  await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: types });
}

/** Publishes with confirms, one after the other. @returns `ack` or `nack` for each. */
async function publish(...bodies: readonly string[]): Promise<string[]> {
  await peer.call(2, { type: 'confirm.select' });
  const outcomes: string[] = [];
  for (const body of bodies) {
    peer.publish(2, { exchange: '', routingKey: queue }, body);
    outcomes.push((await peer.nextOn(2)).method.type.slice('basic.'.length));
  }
  return outcomes;
}

async function consume(consumerTag: string, args: FieldObjectInput = {}): Promise<void> {
  await peer.call(1, { type: 'basic.consume', queue, consumerTag, arguments: args });
}

async function get(): Promise<Heard> {
  return peer.call(1, { type: 'basic.get', queue });
}

/** Resolves when so many messages wait: RabbitMQ has closed a channel before its queues have heard of it. */
async function waiting(count: number): Promise<void> {
  await waitFor(async () => {
    const { method } = await peer.call(9, { type: 'queue.declare', queue, passive: true });
    return method.type === 'queue.declare-ok' && method.messageCount === count;
  });
}

/** `tag:body`, how often it came back, and `!` where it is marked as redelivered. */
function shown({ method, body, properties }: Heard): string {
  const count = headersOf(properties)['x-delivery-count'];
  if (method.type === 'basic.get-ok') return `get:${body} ${count}${method.redelivered ? '!' : ''}`;
  if (method.type !== 'basic.deliver') return method.type;
  return `${method.consumerTag}:${body} ${count}${method.redelivered ? '!' : ''}`;
}

function tagOf({ method }: Heard): number {
  return 'deliveryTag' in method ? Number(method.deliveryTag) : 0;
}

/** The next delivery, which is the only one expected. */
async function delivery(): Promise<Heard> {
  const [heard] = await peer.deliveries(1);
  if (heard === undefined) throw new Error('nothing came');
  return heard;
}

describe('what comes back to a quorum queue', () => {
  it('goes to a consumer without acks up to its prefetch count, and then to others', async () => {
    await declare();
    await publish('a', 'b', 'c', 'd');
    await consume('late', { 'x-priority': -1 });
    await peer.deliveries(4);
    await peer.call(1, { type: 'basic.qos', prefetchCount: 2 });
    await peer.call(1, { type: 'basic.consume', queue, consumerTag: 'early', noAck: true });
    peer.send(1, { type: 'basic.recover', requeue: true });
    const again = await peer.deliveries(4);
    expect(again.map(shown)).toEqual(['early:a 1!', 'early:b 1!', 'late:c 1!', 'late:d 1!']);
  });

  it('is counted, from the first return on for a consumer, from the start for a get', async () => {
    await declare();
    await publish('a');
    const got = await get();
    peer.send(1, { type: 'basic.reject', deliveryTag: tagOf(got), requeue: true });
    await consume('c');
    const again = await delivery();
    peer.send(1, { type: 'basic.nack', deliveryTag: tagOf(again), requeue: true });
    expect([got, again, await delivery()].map(shown)).toEqual(['get:a 0', 'c:a 1!', 'c:a 2!']);
  });

  it('goes to the end where there is no delivery limit', async () => {
    await declare();
    await publish('a', 'b');
    peer.send(1, { type: 'basic.reject', deliveryTag: tagOf(await get()), requeue: true });
    expect([await get(), await get()].map(shown)).toEqual(['get:b 0', 'get:a 1!']);
  });

  it('goes to the front where there is one, after what came back before', async () => {
    await declare({ 'x-delivery-limit': 5 });
    await publish('a', 'b', 'c');
    const [first, second] = [await get(), await get()];
    peer.send(1, { type: 'basic.reject', deliveryTag: tagOf(second), requeue: true });
    peer.send(1, { type: 'basic.reject', deliveryTag: tagOf(first), requeue: true });
    expect([await get(), await get(), await get()].map(shown)).toEqual(['get:b 1!', 'get:a 1!', 'get:c 0']);
  });

  it('is dead beyond the delivery limit, and reports that', async () => {
    const dead = uniqueName('dead');
    await peer.call(1, { type: 'queue.declare', queue: dead, exclusive: true });
    const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    await declare({ 'x-delivery-limit': 1, ...args });
    await publish('a');
    await peer.call(1, { type: 'basic.consume', queue: dead, consumerTag: 'dead', noAck: true });
    await consume('c');
    for (const _time of ['first', 'second']) {
      peer.send(1, { type: 'basic.nack', deliveryTag: tagOf(await delivery()), requeue: true });
    }
    const { properties } = await delivery();
    expect(properties?.headers).toMatchObject({
      'x-first-death-reason': 'delivery_limit',
      'x-death': [{ count: 1, reason: 'delivery_limit', queue, exchange: '', 'routing-keys': [queue] }],
    });
    expect(headersOf(properties)['x-delivery-count']).toBeUndefined();
  });

  it('comes back with its channel, before what waits', async () => {
    await declare();
    await publish('a', 'b', 'c');
    await peer.call(1, { type: 'basic.qos', prefetchCount: 2 });
    await consume('c');
    await peer.deliveries(2);
    peer.send(1, { type: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    await peer.next('channel.close-ok');
    await peer.channel(1);
    await waiting(3);
    expect([await get(), await get(), await get()].map(shown)).toEqual(['get:a 1!', 'get:b 1!', 'get:c 0']);
  });
});

describe('what a transaction has settled and not committed', () => {
  it.each(['classic', 'quorum'])('comes back to a %s queue with its channel', async (type) => {
    await declare({ 'x-queue-type': type });
    await publish('a');
    await peer.call(1, { type: 'tx.select' });
    peer.send(1, { type: 'basic.ack', deliveryTag: tagOf(await get()) });
    peer.send(1, { type: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    await peer.next('channel.close-ok');
    await peer.channel(1);
    await waiting(1);
    const { method, body } = await get();
    expect([method, body]).toMatchObject([{ type: 'basic.get-ok', redelivered: true }, 'a']);
  });
});

describe('a quorum queue', () => {
  it('delivers to the next consumer in turn, to one of a higher priority first', async () => {
    await declare();
    await peer.call(1, { type: 'basic.qos', prefetchCount: 2 });
    await consume('low');
    await consume('high', { 'x-priority': 5 });
    await publish('a', 'b', 'c');
    expect((await peer.deliveries(3)).map(shown)).toEqual(['high:a undefined', 'high:b undefined', 'low:c undefined']);
  });

  it('has one active consumer where it is asked to, and passes on to the next', async () => {
    await declare({ 'x-single-active-consumer': true });
    await consume('one');
    await consume('two');
    await publish('a');
    const first = await delivery();
    peer.send(1, { type: 'basic.ack', deliveryTag: tagOf(first) });
    peer.send(1, { type: 'basic.cancel', consumerTag: 'one' });
    await peer.next('basic.cancel-ok');
    await publish('b');
    expect([first, await delivery()].map(shown)).toEqual(['one:a undefined', 'two:b undefined']);
  });

  it('drops the oldest over its length', async () => {
    await declare({ 'x-max-length': 2 });
    await publish('a', 'b', 'c');
    expect([await get(), await get(), await get()].map(shown)).toEqual(['get:b 0', 'get:c 0', 'basic.get-empty']);
  });

  it('refuses with reject-publish once it is over its length, down to four fifths of it', async () => {
    await declare({ 'x-max-length': 5, 'x-overflow': 'reject-publish' });
    const filled = await publish('1', '2', '3', '4', '5', '6', '7');
    peer.send(1, { type: 'basic.ack', deliveryTag: tagOf(await get()) });
    const [still] = await publish('8');
    peer.send(1, { type: 'basic.ack', deliveryTag: tagOf(await get()) });
    await get();
    const [free] = await publish('9');
    expect([...filled, still, free]).toEqual(['ack', 'ack', 'ack', 'ack', 'ack', 'ack', 'nack', 'nack', 'ack']);
  });

  it('notifies the consumers when it is deleted, in the order of their tags', async () => {
    await declare();
    for (const tag of ['b', 'c', 'a']) await consume(tag);
    await peer.call(9, { type: 'queue.delete', queue });
    const tags: string[] = [];
    while (tags.length < 3) {
      const { method } = await peer.next('basic.cancel');
      if (method.type === 'basic.cancel') tags.push(method.consumerTag);
    }
    expect(tags).toEqual(['a', 'b', 'c']);
  });
});
