import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { lineOf, RawPeer } from '../raw-peer.ts';

let broker: EmbeddedBroker;
let peer: RawPeer;

beforeEach(async () => {
  broker = await startBroker({ listen: false, time: 'manual' });
  peer = await RawPeer.open(broker.transport(), 0);
  await peer.channel(1);
});

afterEach(async () => {
  await broker.stop();
});

describe('refuse', () => {
  it('closes the channel of a method that fits, as often as is asked for', async () => {
    broker.faults.refuse('queue.declare', { code: 406, text: 'not today', times: 1, match: { queue: 'a' } });
    await peer.call(1, { type: 'queue.declare', queue: 'b' });
    const { method } = await peer.call(1, { type: 'queue.declare', queue: 'a' });
    expect(method).toMatchObject({
      type: 'channel.close',
      ...{ replyCode: 406, replyText: 'PRECONDITION_FAILED - not today', classId: 50, methodId: 10 },
    });
    expect(broker.queue('a')).toBeUndefined();
    await peer.channel(1);
    expect((await peer.call(1, { type: 'queue.declare', queue: 'a' })).method.type).toBe('queue.declare-ok');
    expect(broker.mistakes).toEqual([]);
  });

  it('closes the connection where the code is a hard one', async () => {
    broker.faults.refuse('basic.consume', { code: 541, match: ({ consumerTag }) => consumerTag === 'c' });
    await peer.call(1, { type: 'queue.declare', queue: 'a' });
    await peer.call(1, { type: 'basic.consume', queue: 'a', consumerTag: 'b' });
    peer.send(1, { type: 'basic.consume', queue: 'a', consumerTag: 'c' });
    expect((await peer.next('connection.close')).method).toMatchObject({
      ...{ replyCode: 541, replyText: 'INTERNAL_ERROR - refused by the test', classId: 60, methodId: 20 },
    });
    expect(broker.mistakes).toEqual([]);
  });

  it('refuses publishes, which come to no queue', async () => {
    await peer.call(1, { type: 'queue.declare', queue: 'a' });
    broker.faults.refuse('basic.publish', { code: 403, match: { routingKey: 'a' } });
    peer.publish(1, { routingKey: 'a' }, 'x');
    expect((await peer.next('channel.close')).method).toMatchObject({ replyCode: 403, classId: 60, methodId: 40 });
    expect(broker.queue('a')?.ready).toBe(0);
  });

  it('refuses to open a connection', async () => {
    broker.faults.refuse('connection.open', { code: 530, text: 'connection limit is reached' });
    await expect(RawPeer.open(broker.transport(), 0)).rejects.toThrow('connection limit is reached');
    await RawPeer.open(broker.transport(), 0);
  });

  it.each([
    ['channel.close', 406],
    ['basic.deliver', 406],
    ['connection.close', 541],
    ['queue.declare', 200],
  ] as const)('takes neither what no broker refuses nor a code that is no error: %s %i', (method, code) => {
    expect(() => broker.faults.refuse(method, { code })).toThrow('refuse(): ');
  });
});

describe('delayReplies', () => {
  it('holds back the answer and all that follows on the channel, in its order', async () => {
    await peer.channel(2);
    await peer.call(1, { type: 'queue.declare', queue: 'a' });
    broker.publish({ routingKey: 'a', body: 'x' });
    broker.faults.delayReplies('basic.consume', 1000);
    const before = peer.heard.length;
    peer.send(1, { type: 'basic.consume', queue: 'a', consumerTag: 'c' }, { type: 'queue.declare', queue: 'b' });
    await peer.call(2, { type: 'queue.declare', queue: 'c' });
    expect(broker.queue('a')).toMatchObject({ unacked: 1, consumers: [{ consumerTag: 'c' }] });
    await broker.advance(999);
    await peer.call(2, { type: 'queue.declare', queue: 'd' });
    expect(peer.heard.slice(before).every(({ channel }) => channel === 2)).toBe(true);
    await broker.advance(1);
    await peer.next('queue.declare-ok');
    const lines = peer.heard.slice(before).map(lineOf);
    expect(lines.filter((line) => line.startsWith('1 ')).map((line) => line.split(' ')[1])).toEqual([
      'basic.consume-ok',
      'basic.deliver',
      'queue.declare-ok',
    ]);
  });

  it('holds back the whole handshake for a method on channel 0', async () => {
    broker.faults.delayReplies('connection.open', 5000, { times: 1 });
    const opening = RawPeer.open(broker.transport(), 0);
    await broker.until(() => broker.connections.length === 2);
    await broker.advance(5000);
    await (await opening).channel(1);
  });

  it('sends what is held back when the faults are cleared', async () => {
    broker.faults.delayReplies('queue.declare', 5000);
    peer.send(1, { type: 'queue.declare', queue: 'a' });
    await broker.until(() => broker.queue('a') !== undefined);
    broker.faults.clear();
    await peer.next('queue.declare-ok');
    await peer.call(1, { type: 'queue.declare', queue: 'b' });
  });

  it('ends for answers to come at 0', async () => {
    broker.faults.delayReplies('queue.declare', 5000);
    broker.faults.delayReplies('queue.declare', 0);
    await peer.call(1, { type: 'queue.declare', queue: 'a' });
  });

  it('lets a channel be closed and opened again while its answers are held back', async () => {
    broker.faults.delayReplies('queue.declare', 1000);
    peer.send(1, { type: 'queue.declare', queue: 'a' }, { type: 'channel.close', replyCode: 200 });
    await broker.until(() => broker.queue('a') !== undefined);
    await broker.advance(1000);
    await peer.next('channel.close-ok');
    await peer.channel(1);
  });

  it('takes no method that has no answer', () => {
    expect(() => broker.faults.delayReplies('basic.ack', 1)).toThrow(
      "'basic.ack' is not a method that a broker answers",
    );
  });
});
