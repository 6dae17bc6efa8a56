/**
 * What channels give back when they or their connection end: who is first where a mistake on one of two ends the connection,
 * which a quorum queue shows, and what follows from it.
 */
import type { MethodInput } from '@puka/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startBroker({ listen: false });
});

afterEach(() => broker.stop());

/** Dead letters go to the queue of that name. */
const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

/** What is in a queue of which channels 1 and 2 hold one message each when channel 2 sends the methods. */
async function leftAfter(...methods: readonly MethodInput[]): Promise<unknown> {
  const peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  const types = { 'x-queue-type': 'quorum' };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', durable: true, arguments: types });
  for (const body of ['of 1', 'of 2']) peer.publish(1, { exchange: '', routingKey: 'jobs' }, body);
  for (const id of [1, 2]) await peer.call(id, { type: 'basic.get', queue: 'jobs' });
  peer.send(2, ...methods);
  await peer.next('connection.close');
  return broker.queue('jobs')?.messages.map((message) => message.text());
}

it('lets the channel that has refused something end before the others', async () => {
  expect(await leftAfter({ type: 'basic.qos', prefetchSize: 5 })).toEqual(['of 2', 'of 1']);
});

it('delivers nothing to a channel that is about to end too', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  const types = { 'x-queue-type': 'quorum' };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', durable: true, arguments: types });
  peer.publish(1, { exchange: '', routingKey: 'jobs' }, 'held');
  await peer.call(1, { type: 'basic.get', queue: 'jobs' });
  await peer.call(2, { type: 'basic.consume', queue: 'jobs', noAck: true });
  peer.drop();
  await broker.idle();
  expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 0, consumers: [] });
});

it('ends all channels in their order where a frame is out of place', async () => {
  const publish: MethodInput = { type: 'basic.publish', exchange: '', routingKey: 'jobs' };
  expect(await leftAfter(publish, { type: 'basic.qos', prefetchCount: 1 })).toEqual(['of 1', 'of 2']);
});

it('sends dead letters on that come of the close-ok of a channel', async () => {
  const peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  await peer.call(2, { type: 'queue.declare', queue: 'dead' });
  const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': 0, ...toDead };
  await peer.call(2, { type: 'queue.declare', queue: 'jobs', durable: true, arguments: args });
  peer.publish(2, { exchange: '', routingKey: 'jobs' }, 'held');
  await peer.call(1, { type: 'basic.get', queue: 'jobs' });
  await peer.call(1, { type: 'queue.declare', queue: 'none', passive: true });
  await broker.idle();
  expect(broker.queue('dead')?.ready).toBe(1);
});

it('sends dead letters on that come of a delivery that has waited too long', async () => {
  await using broker = await startBroker({ listen: false, time: 'manual', consumerTimeoutMs: 60_000 });
  const peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  await peer.call(2, { type: 'queue.declare', queue: 'dead' });
  await peer.call(2, { type: 'queue.declare', queue: 'jobs', arguments: { 'x-max-length': 1, ...toDead } });
  await peer.call(1, { type: 'basic.qos', prefetchCount: 1 });
  await peer.call(1, { type: 'basic.consume', queue: 'jobs' });
  for (const body of ['held', 'waits']) peer.publish(2, { exchange: '', routingKey: 'jobs' }, body);
  await peer.deliveries(1);
  await broker.advance(60_000);
  expect(broker.queue('dead')?.messages.map((message) => message.text())).toEqual(['held']);
});
