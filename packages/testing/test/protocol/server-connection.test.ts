import { expect, it } from 'vitest';
import { startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

it('ends the connection of a consumer to which a message cannot be written, and no other', async () => {
  await using broker = await startBroker({ listen: false, time: 'manual' });
  const peer = await RawPeer.open(broker.transport(), 0);
  const other = await RawPeer.open(broker.transport(), 0);
  for (const each of [peer, other]) await each.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'dead' });
  await peer.call(1, { type: 'queue.bind', queue: 'dead', exchange: 'amq.topic', routingKey: '#' });
  // RabbitMQ takes any text as a routing key here; a method has room for 255 octets.
  const toDead = { 'x-dead-letter-exchange': 'amq.topic', 'x-dead-letter-routing-key': 'k'.repeat(300) };
  await other.call(1, { type: 'queue.declare', queue: 'jobs', arguments: { 'x-message-ttl': 0, ...toDead } });
  await peer.call(1, { type: 'basic.consume', queue: 'dead' });
  other.publish(1, { routingKey: 'jobs' });
  expect((await peer.next('connection.close')).method).toMatchObject({ replyCode: 541, replyText: 'INTERNAL_ERROR' });
  await other.call(1, { type: 'queue.declare', queue: 'alive' });
  expect(broker.queue('dead')).toMatchObject({ ready: 1, unacked: 0 });
});

it('sends an error to a client if the broker itself fails at its method, and continues', async () => {
  await using broker = await startBroker({ listen: false, time: 'manual' });
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  broker.faults.refuse('queue.declare', {
    code: 406,
    match: () => {
      throw new TypeError('a match that fails');
    },
  });
  peer.send(1, { type: 'queue.declare', queue: 'a' });
  expect((await peer.next('connection.close')).method).toMatchObject({
    replyText: 'INTERNAL_ERROR - the embedded broker failed: a match that fails',
  });
  await RawPeer.open(broker.transport(), 0);
});
