import { expect, it } from 'vitest';
import { startBroker } from '../src/index.ts';
import { RawPeer } from './raw-peer.ts';

it('does what is due in real time without being asked', async () => {
  await using broker = await startBroker({ listen: false });
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  peer.publish(1, { routingKey: 'jobs' }, 'short', { expiration: '1' });
  await broker.published('jobs');
  await broker.until(() => broker.queue('jobs')?.ready === 0);
});

it('keeps the deadline that one connection gives to another', async () => {
  await using broker = await startBroker({ listen: false, consumerTimeoutMs: 1 });
  const consumer = await RawPeer.open(broker.transport(), 0);
  const publisher = await RawPeer.open(broker.transport(), 0);
  await consumer.channel(1);
  await publisher.channel(1);
  await consumer.call(1, { type: 'queue.declare', queue: 'jobs' });
  await consumer.call(1, { type: 'basic.consume', queue: 'jobs' });
  publisher.publish(1, { routingKey: 'jobs' }, 'slow');
  expect((await consumer.next('channel.close')).method).toMatchObject({ replyCode: 406 });
});

it('drops every line when it stops', async () => {
  const broker = await startBroker({ listen: false });
  const peers = [await RawPeer.open(broker.transport(), 0), await RawPeer.open(broker.transport(), 0)];
  await broker.stop();
  await Promise.all(peers.map((peer) => peer.ended()));
  expect(broker.connections).toEqual([]);
});
