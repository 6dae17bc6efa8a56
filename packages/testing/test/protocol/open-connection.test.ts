/** Who gives back first where a mistake on one of two channels ends the connection: a quorum queue shows the order. */
import type { MethodInput } from '@puka/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startBroker({ listen: false });
});

afterEach(() => broker.stop());

/** What stands in a queue of which channels 1 and 2 hold one message each when channel 2 sends the methods. */
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

it('gives nothing to a channel that is about to end too', async () => {
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
