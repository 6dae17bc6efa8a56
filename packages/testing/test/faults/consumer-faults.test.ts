import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
  peer = await RawPeer.open(broker.transport(), 0);
  for (const id of [1, 2]) await peer.channel(id);
  for (const queue of ['jobs', 'others']) {
    await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
});

afterEach(async () => {
  await broker.stop();
});

/** What was sent on channel 1 from now until it has answered one more thing. */
async function saidDuring(action: () => void): Promise<string[]> {
  const before = peer.heard.length;
  action();
  peer.send(1, { type: 'basic.qos' });
  await peer.next('basic.qos-ok');
  return peer.heard.slice(before).map(({ method }) => method.type);
}

const consume = (consumerTag: string, queue = 'jobs'): void =>
  peer.send(1, { type: 'basic.consume', queue, consumerTag });

describe('cancelNewConsumers', () => {
  it('cancels each new consumer of a queue at once, and no other', async () => {
    consume('old');
    await peer.next('basic.consume-ok');
    broker.faults.cancelNewConsumers('jobs', { times: 2 });
    const said = await saidDuring(() => {
      for (const tag of ['a', 'b', 'c']) consume(tag);
      consume('d', 'others');
    });
    const pair = ['basic.consume-ok', 'basic.cancel'];
    expect(said).toEqual([...pair, ...pair, 'basic.consume-ok', 'basic.consume-ok', 'basic.qos-ok']);
    expect(broker.queue('jobs')?.consumers.map(({ consumerTag }) => consumerTag)).toEqual(['old', 'c']);
    expect(broker.queue('others')?.consumers).toHaveLength(1);
  });

  it('sends the cancel before the consume-ok, as RabbitMQ 4.0 may', async () => {
    broker.faults.cancelNewConsumers('jobs', { order: 'ahead-of-ok' });
    expect(await saidDuring(() => consume('a'))).toEqual(['basic.cancel', 'basic.consume-ok', 'basic.qos-ok']);
    expect(broker.queue('jobs')?.consumers).toEqual([]);
    broker.faults.clear();
    expect(await saidDuring(() => consume('a'))).toEqual(['basic.consume-ok', 'basic.qos-ok']);
  });
});

describe('loseLeader', () => {
  it('answers a consume, and closes the connection later over the queue', async () => {
    broker.faults.loseLeader('jobs');
    consume('a');
    await peer.next('basic.consume-ok');
    broker.publish({ routingKey: 'jobs' });
    await broker.advance(29_999);
    await peer.call(2, { type: 'queue.declare', queue: 'alive' });
    expect(broker.queue('jobs')).toMatchObject({ ready: 1, consumers: [] });
    await broker.advance(1);
    expect((await peer.next('connection.close')).method).toMatchObject({
      replyText: "INTERNAL_ERROR - queue 'jobs' in vhost '/' timeout occurred during consume operation",
      ...{ replyCode: 541, classId: 60, methodId: 20 },
    });
    expect(broker.mistakes).toEqual([]);
  });

  it('begins the consumer when there is a leader again', async () => {
    broker.faults.loseLeader('jobs', { afterMs: 1000 });
    consume('a');
    await peer.next('basic.consume-ok');
    broker.publish({ routingKey: 'jobs' });
    await broker.advance(500);
    broker.faults.electLeader('jobs');
    await peer.deliveries(1);
    await broker.advance(1000);
    expect(await saidDuring(() => {})).toEqual(['basic.qos-ok']);
  });

  it('begins no consumer that was cancelled meanwhile', async () => {
    broker.faults.loseLeader('jobs');
    consume('a');
    await peer.next('basic.consume-ok');
    peer.send(1, { type: 'basic.cancel', consumerTag: 'a' });
    await peer.call(2, { type: 'queue.declare', queue: 'alive' });
    broker.faults.clear();
    await peer.next('basic.cancel-ok');
    expect(broker.queue('jobs')?.consumers).toEqual([]);
  });

  it('leaves a connection alone whose channel is gone by then', async () => {
    broker.faults.loseLeader('jobs');
    consume('a');
    await peer.next('basic.consume-ok');
    peer.send(1, { type: 'channel.close', replyCode: 200 });
    await peer.call(2, { type: 'queue.declare', queue: 'alive' });
    await broker.advance(60_000);
    await peer.call(2, { type: 'queue.declare', queue: 'alive' });
  });
});
