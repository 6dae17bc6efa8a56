import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
});

afterEach(async () => {
  await broker.stop();
});

/** A connection with an exclusive queue, and a consumer of `jobs` that has one message unacked. */
async function consumingPeer(heartbeat = 0): Promise<RawPeer> {
  const peer = await RawPeer.open(broker.transport(), 0, { heartbeat });
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'own', exclusive: true });
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  await peer.call(1, { type: 'basic.consume', queue: 'jobs' });
  broker.publish({ routingKey: 'jobs' });
  await peer.deliveries(1);
  return peer;
}

it('keeps what a silent connection had, and hears and says nothing', async () => {
  const peer = await consumingPeer();
  broker.faults.ghosts();
  const before = peer.heard.length;
  peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
  broker.publish({ routingKey: 'jobs' });
  peer.drop();
  await peer.ended();
  await broker.advance(600_000);
  expect(peer.heard).toHaveLength(before);
  expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 2, consumers: [{}] });
  expect(broker.connections).toMatchObject([{ channels: 1, consumers: 1, unacked: 2 }]);
});

it('refuses the exclusive queue of a silent connection to the next one, until it is given up', async () => {
  await consumingPeer();
  broker.faults.ghosts(5000);
  const next = await RawPeer.open(broker.transport(), 0);
  await next.channel(1);
  next.send(1, { type: 'queue.declare', queue: 'own', exclusive: true });
  expect((await next.next('channel.close')).method).toMatchObject({ replyCode: 405 });
  await broker.advance(4999);
  expect(broker.queue('jobs')?.unacked).toBe(1);
  await broker.advance(1);
  expect(broker.queue('own')).toBeUndefined();
  expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 0, consumers: [] });
});

it('ends a silent connection after two heartbeats, though clients are held to be alive', async () => {
  const peer = await consumingPeer(10);
  const other = await RawPeer.open(broker.transport(), 0, { heartbeat: 10 });
  broker.faults.ghosts(undefined, { connection: broker.connections[0]?.name ?? '' });
  await broker.advance(15_000);
  expect(broker.connections).toHaveLength(2);
  await broker.advance(20_000);
  expect(broker.connections).toHaveLength(1);
  expect([peer.isEnded, other.isEnded]).toEqual([false, false]);
});

it('notifies the client of the end when the faults are cleared', async () => {
  const peer = await consumingPeer();
  broker.faults.ghosts(1000);
  await broker.advance(2000);
  expect(peer.isEnded).toBe(false);
  broker.faults.clear();
  await peer.ended();
  expect(broker.connections).toEqual([]);
});

it('lets a restart and the end of the broker take silent connections away', async () => {
  const peer = await consumingPeer();
  broker.faults.ghosts();
  broker.restart();
  expect([broker.connections, broker.queue('own'), peer.isEnded]).toEqual([[], undefined, false]);
  await broker.stop();
  await peer.ended();
});

it('lets a connection that is dropped while it is silent go without a word', async () => {
  const peer = await consumingPeer();
  broker.faults.ghosts();
  broker.faults.dropConnections();
  expect(broker.connections).toEqual([]);
  expect(peer.isEnded).toBe(false);
});
