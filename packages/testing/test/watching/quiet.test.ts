import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
  peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
});

afterEach(async () => {
  await broker.stop();
});

/** What keeps the broker from rest. */
async function unrest(): Promise<string> {
  const error: unknown = await broker.idle({ timeoutMs: 1, quietMs: 0 }).then(
    () => 'none',
    (error: unknown) => error,
  );
  return error instanceof Error
    ? error.message.replace(/; the broker did.*/, '').replace(/memory \d/, 'memory')
    : String(error);
}

it('is there with messages that no client consumes', async () => {
  peer.publish(1, { routingKey: 'jobs' });
  await broker.published('jobs');
  await broker.idle({ quietMs: 0 });
});

it('is not there while a message is unacked', async () => {
  peer.publish(1, { routingKey: 'jobs' });
  await peer.call(1, { type: 'basic.get', queue: 'jobs' });
  expect(await unrest()).toBe("idle(): queue 'jobs' has 1 unacked");
  const idle = broker.idle({ quietMs: 0 });
  peer.send(1, { type: 'basic.ack', deliveryTag: 1 });
  await idle;
});

it('is not there while a publish has no outcome', async () => {
  await peer.call(1, { type: 'confirm.select' });
  broker.faults.delayConfirms(10);
  peer.publish(1, { routingKey: 'jobs' });
  await broker.published('jobs');
  expect(await unrest()).toBe('idle(): channel 1 of memory waits for 1 confirms');
  await broker.advance(10);
  await broker.idle({ quietMs: 0 });
});

it('is not there while half a message has come', async () => {
  peer.send(1, { type: 'basic.publish', routingKey: 'jobs' });
  await peer.channel(2);
  expect(await unrest()).toBe('idle(): half a message has come on channel 1 of memory');
});

it('is not there while a client logs in', async () => {
  await RawPeer.connect(broker.transport(), 0);
  expect(await unrest()).toBe('idle(): connection memory is header');
});

it('is not there while a client is blocked', async () => {
  broker.block();
  peer.publish(1, { routingKey: 'jobs' });
  await peer.next('connection.blocked');
  expect(await unrest()).toBe('idle(): connection memory is blocked');
});
