import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, type StopReason, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
  peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
});

afterEach(async () => {
  await broker.stop();
});

async function declare(queue: string, type: string): Promise<void> {
  await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: { 'x-queue-type': type } });
}

describe.each(['classic', 'quorum'])('a %s queue', (type) => {
  it('that is down cancels its consumers, and has its messages again afterwards', async () => {
    await declare('jobs', type);
    for (const body of ['1', '2', '3']) broker.publish({ routingKey: 'jobs', body, deliveryMode: 2 });
    await peer.call(1, { type: 'basic.qos', prefetchCount: 2 });
    peer.send(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'c' });
    await peer.deliveries(2);
    broker.faults.stopQueue('jobs');
    expect((await peer.next('basic.cancel')).method).toMatchObject({ consumerTag: 'c' });
    expect([broker.queue('jobs'), broker.publish({ routingKey: 'jobs' })]).toEqual([undefined, 0]);
    // An ack of before comes to nothing.
    peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
    broker.faults.startQueue('jobs');
    const bodies = broker.queue('jobs')?.messages.map((message) => message.text());
    expect(bodies?.toSorted()).toEqual(['1', '2', '3']);
    expect(broker.queue('jobs')).toMatchObject({ unacked: 0, consumers: [] });
    peer.send(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'c' });
    const again = await peer.deliveries(2);
    expect(again.some(({ method }) => 'redelivered' in method && method.redelivered)).toBe(true);
    expect(broker.queue('jobs')?.unacked).toBe(2);
  });
});

it('a stream that is down keeps everything', async () => {
  await declare('log', 'stream');
  broker.publish({ routingKey: 'log' });
  broker.faults.stopQueue('log');
  broker.faults.clear();
  expect(broker.queue('log')?.ready).toBe(1);
});

const words: readonly (readonly [StopReason, string])[] = [
  ['node', "home node 'rabbit@localhost' of durable queue 'jobs' in vhost '/' is down or inaccessible"],
  ['supervisor', "queue 'jobs' in vhost '/' process is stopped by supervisor"],
  ['crash', "queue 'jobs' in vhost '/' has crashed and failed to restart"],
  ['timeout', "failed to perform operation on queue 'jobs' in vhost '/' due to timeout"],
];

it.each(words)('refuses what is asked of a queue that is down with the words for it: %s', async (reason, text) => {
  await declare('jobs', 'classic');
  broker.faults.stopQueue('jobs', { reason });
  for (const method of [
    { type: 'queue.declare', queue: 'jobs', durable: true },
    { type: 'queue.declare', queue: 'jobs', passive: true },
    { type: 'queue.bind', queue: 'jobs', exchange: 'amq.topic' },
    { type: 'queue.purge', queue: 'jobs' },
    { type: 'basic.get', queue: 'jobs' },
    { type: 'basic.consume', queue: 'jobs' },
  ] as const) {
    expect((await peer.call(1, method)).method).toMatchObject({ replyCode: 404, replyText: `NOT_FOUND - ${text}` });
    await peer.channel(1);
  }
  expect(broker.mistakes).toEqual([]);
});

it.each([
  ['crash', 'queue.delete-ok'],
  ['node', 'channel.close'],
] as const)('lets a queue be deleted that has crashed, and none whose node is down: %s', async (reason, answer) => {
  await declare('jobs', 'classic');
  broker.faults.stopQueue('jobs', { reason });
  expect((await peer.call(1, { type: 'queue.delete', queue: 'jobs' })).method.type).toBe(answer);
});

it('a queue that is not durable is gone with its node', async () => {
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  broker.faults.stopQueue('jobs');
  broker.faults.startQueue('jobs');
  expect(broker.queue('jobs')).toBeUndefined();
});

it('an exclusive queue that has crashed goes with its connection', async () => {
  await peer.call(1, { type: 'queue.declare', queue: 'own', exclusive: true });
  broker.faults.stopQueue('own', { reason: 'crash' });
  broker.faults.dropConnections();
  broker.faults.startQueue('own');
  expect(broker.queue('own')).toBeUndefined();
});

it('nothing expires in a queue that is down before it is there again', async () => {
  await peer.call(1, { type: 'queue.declare', queue: 'late' });
  await peer.call(1, {
    ...{ type: 'queue.declare', queue: 'jobs', durable: true },
    arguments: { 'x-message-ttl': 1000, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'late' },
  });
  broker.publish({ routingKey: 'jobs', deliveryMode: 2 });
  broker.faults.stopQueue('jobs');
  await broker.advance(5000);
  expect(broker.queue('late')?.ready).toBe(0);
  broker.faults.startQueue('jobs');
  expect([broker.queue('late')?.ready, broker.queue('jobs')?.ready]).toEqual([1, 0]);
});
