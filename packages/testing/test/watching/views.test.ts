import { beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false });
  peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
});

it('are of the moment: what happens later does not change them', async () => {
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  const before = broker.queue('jobs');
  peer.publish(1, { routingKey: 'jobs' });
  await broker.published('jobs');
  expect([before?.ready, broker.queue('jobs')?.ready]).toEqual([0, 1]);
});

it('tell which consumer of a queue is the active one', async () => {
  const only = { 'x-single-active-consumer': true };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', arguments: only, exclusive: true });
  await peer.call(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'a' });
  await peer.call(1, { type: 'basic.consume', queue: 'jobs', consumerTag: 'b', noAck: true });
  expect(broker.queue('jobs')).toMatchObject({ exclusive: true, arguments: only });
  expect(broker.queue('jobs')?.consumers).toMatchObject([
    { consumerTag: 'a', isActive: true, noAck: false },
    { consumerTag: 'b', isActive: false, noAck: true },
  ]);
});

it('show no connection that is not open yet', async () => {
  await RawPeer.connect(broker.transport(), 0);
  expect(broker.connections).toHaveLength(1);
  await peer.channel(2);
  expect(broker.connections).toMatchObject([{ channels: 2, consumers: 0, unacked: 0 }]);
});

it('show the exchanges every vhost has', () => {
  expect(
    broker
      .exchanges()
      .map(({ name, type }) => `${name}: ${type}`)
      .sort(),
  ).toEqual([
    ': direct',
    'amq.direct: direct',
    'amq.fanout: fanout',
    'amq.headers: headers',
    'amq.match: headers',
    'amq.rabbitmq.trace: topic',
    'amq.topic: topic',
  ]);
});
