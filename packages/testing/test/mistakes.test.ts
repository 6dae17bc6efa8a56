/** What a mistake on one of several channels does on the embedded broker where RabbitMQ's processes race. */
import { expect, it } from 'vitest';
import { startBroker } from '../src/index.ts';
import { RawPeer } from './raw-peer.ts';

it('a quorum queue keeps what the wrong channel held, though a consumer on the next asks for no acks', async () => {
  await using broker = await startBroker({ listen: false });
  const peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  const queue = 'held';
  await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await peer.call(1, { type: 'confirm.select' });
  peer.publish(1, { exchange: '', routingKey: queue }, 'held');
  await peer.next('basic.ack');
  await peer.call(1, { type: 'basic.get', queue });
  await peer.call(2, { type: 'basic.consume', queue, noAck: true });
  peer.send(1, { type: 'basic.qos', prefetchSize: 5 });
  await peer.ended();
  expect(broker.queue(queue)).toMatchObject({ ready: 1, unacked: 0, consumers: [] });
});
