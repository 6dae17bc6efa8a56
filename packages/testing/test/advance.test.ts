import {
  ByteWriter,
  decodeText,
  encodeBasicPublish,
  type FieldTable,
  type FieldTableInput,
  writeContentHeader,
} from '@puka/wire';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../src/index.ts';
import { lineOf, RawPeer } from './raw-peer.ts';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual', consumerTimeoutMs: 60_000 });
});

afterEach(async () => {
  await broker.stop();
});

async function newPeer(heartbeat = 0): Promise<RawPeer> {
  const peer = await RawPeer.open(broker.transport(), 0, { heartbeat });
  await peer.channel(1);
  return peer;
}

it('lets messages expire, each in its time, into the queue for the dead', async () => {
  const peer = await newPeer();
  await peer.call(1, { type: 'queue.declare', queue: 'dead' });
  const argumentsOfJobs = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', arguments: argumentsOfJobs });
  peer.publish(1, { routingKey: 'jobs' }, 'soon', { expiration: '1000' });
  peer.publish(1, { routingKey: 'jobs' }, 'late', { expiration: '5000' });
  await broker.published('jobs', 2);
  await broker.advance(999);
  expect(broker.queue('jobs')?.ready).toBe(2);
  await broker.advance(1);
  expect([broker.queue('jobs')?.ready, broker.queue('dead')?.ready]).toEqual([1, 1]);
  await broker.advance(3_600_000);
  expect(broker.queue('dead')?.messages.map((message) => message.text())).toEqual(['soon', 'late']);
});

it('gives each death its own time, however far the clock is put forward at once', async () => {
  const peer = await newPeer();
  await peer.call(1, { type: 'queue.declare', queue: 'dead' });
  const argumentsOfJobs = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', arguments: argumentsOfJobs });
  for (const expiration of ['10000', '30000']) peer.publish(1, { routingKey: 'jobs' }, '', { expiration });
  await broker.published('jobs', 2);
  const started = Math.floor(broker.now.getTime() / 1000);
  await broker.advance(60_000);
  const times = broker.queue('dead')?.messages.map(({ headers }) => {
    const [death] = headers['x-death'] as unknown as { time: Date }[];
    return Math.floor((death?.time.getTime() ?? 0) / 1000) - started;
  });
  expect(times).toEqual([10, 30]);
});

/** How many tables are nested, by the name `a`. */
function depthOf(headers: FieldTable): number {
  let depth = 1;
  for (let inner: unknown = headers.a; inner !== undefined; inner = (inner as FieldTable).a) depth++;
  return depth;
}

it('lets a message expire whose headers are deeper, and whose routing key is no UTF-8', async () => {
  const peer = await newPeer();
  await peer.call(1, { type: 'queue.declare', queue: 'dead' });
  const table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-message-ttl': 1000 };
  await peer.call(1, { type: 'queue.declare', queue: 'jobs', arguments: table });
  await peer.call(1, { type: 'queue.bind', queue: 'jobs', exchange: 'amq.topic', routingKey: '#' });
  let headers: FieldTableInput = {};
  for (let depth = 1; depth < 100; depth++) headers = { a: headers };
  const writer = new ByteWriter();
  encodeBasicPublish(writer, 1, { exchange: 'amq.topic', routingKey: decodeText(Uint8Array.of(0x61, 0xff)) });
  writeContentHeader(writer, 1, 0, { headers }, 0, { maxTableDepth: 100 });
  peer.sendBytes(Buffer.concat(writer.take()));
  await broker.published('jobs');
  await broker.advance(1000);
  const [dead] = broker.queue('dead')?.messages ?? [];
  expect(depthOf(dead?.headers ?? {})).toBe(100);
  expect(dead?.headers['x-death']).toMatchObject([{ 'routing-keys': [Uint8Array.of(0x61, 0xff)] }]);
  expect(broker.mistakes).toEqual([]);
});

it('lets a queue expire that no client uses', async () => {
  const peer = await newPeer();
  await peer.call(1, { type: 'queue.declare', queue: 'idle', arguments: { 'x-expires': 1000 } });
  await broker.advance(999);
  expect(broker.queue('idle')).toBeDefined();
  await broker.advance(1);
  expect(broker.queue('idle')).toBeUndefined();
});

it('closes the channel of a consumer that has not acked in time, though another connection published', async () => {
  const consumer = await newPeer();
  const publisher = await newPeer();
  await consumer.call(1, { type: 'queue.declare', queue: 'jobs' });
  await consumer.call(1, { type: 'basic.consume', queue: 'jobs' });
  publisher.publish(1, { routingKey: 'jobs' }, 'slow');
  await consumer.next('basic.deliver');
  await broker.advance(60_000);
  const { method } = await consumer.next('channel.close');
  expect(method).toMatchObject({ replyCode: 406, replyText: expect.stringContaining('timed out') });
  expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 0 });
});

it('sends heartbeats, and drops a client that is held to have been silent', async () => {
  const peer = await newPeer(10);
  await broker.advance(60_000);
  await peer.call(1, { type: 'queue.declare', queue: 'jobs' });
  expect(peer.heartbeats).toBe(6);
  expect(peer.isEnded).toBe(false);
  await broker.advance(19_999, { clients: 'silent' });
  expect(broker.connections).toHaveLength(1);
  await broker.advance(10_001, { clients: 'silent' });
  await peer.ended();
});

it('gives up a client that does not finish its handshake', async () => {
  const peer = await RawPeer.connect(broker.transport(), 0);
  await broker.advance(10_000);
  await peer.ended();
  expect(peer.heard.map(lineOf)).toEqual([]);
});

it('is the only thing that moves a clock that is not real', async () => {
  const before = broker.now;
  await broker.idle();
  expect(broker.now).toEqual(before);
  await broker.advance(1234);
  expect(broker.now.getTime() - before.getTime()).toBe(1234);
});

it('puts a real clock forward as well', async () => {
  await using broker = await startBroker({ listen: false });
  const peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
  await peer.call(1, { type: 'queue.declare', queue: 'idle', arguments: { 'x-expires': 3_600_000 } });
  await broker.advance(3_600_000);
  expect(broker.queue('idle')).toBeUndefined();
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, undefined as unknown as number])(
  'refuses to advance by %d, which would never end',
  async (milliseconds) => {
    const before = broker.now;
    await expect(broker.advance(milliseconds)).rejects.toThrow('it takes a number from 0 on');
    expect(broker.now).toEqual(before);
  },
);
