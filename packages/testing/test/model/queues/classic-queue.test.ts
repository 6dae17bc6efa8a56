import { AccessRefused } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { newMessage } from '../message-factory.ts';
import { QueueScene, TestChannel } from './queue-scene.ts';

describe('consumers of a classic queue', () => {
  it('take turns', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    for (const tag of ['a', 'b', 'c']) scene.consume(channel, tag);
    scene.publish('1', '2', '3', '4');
    expect(channel.got).toEqual(['a:1', 'b:2', 'c:3', 'a:4']);
  });

  it('get what waits as soon as they are there', () => {
    const scene = new QueueScene();
    scene.publish('1', '2');
    const channel = new TestChannel();
    scene.consume(channel, 'a');
    expect(channel.got).toEqual(['a:1', 'a:2']);
    expect([scene.queue.readyCount, scene.queue.unackedCount]).toEqual([0, 2]);
  });

  it('get no more than their prefetch count, until they ack', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 2 });
    scene.publish('1', '2', '3', '4');
    expect(channel.got).toEqual(['a:1', 'a:2']);
    scene.queue.settle(channel, 'a', channel.entries.slice(0, 1), 'ack');
    expect(channel.got).toEqual(['a:1', 'a:2', 'a:3']);
  });

  it('without acks are not held to it', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 1, noAck: true });
    scene.publish('1', '2');
    expect(channel.got).toEqual(['a:1', 'a:2']);
    expect(scene.queue.unackedCount).toBe(0);
  });

  it('of one channel share its global limit', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    channel.limit.limit(2, 0);
    scene.consume(channel, 'a');
    scene.consume(channel, 'b');
    scene.publish('1', '2', '3');
    expect(channel.got).toEqual(['a:1', 'b:2']);
    scene.queue.settle(channel, 'a', channel.entries.slice(0, 1), 'ack');
    channel.limit.release(1);
    expect(channel.got).toHaveLength(3);
  });

  it('of a higher priority come first, as long as they can take something', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'low');
    scene.consume(channel, 'high', { priority: 10, prefetch: 1 });
    scene.publish('1', '2');
    expect(channel.got).toEqual(['high:1', 'low:2']);
  });

  it('wait while their line has more to send than it can', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    channel.isCongested = true;
    scene.consume(channel, 'a');
    scene.publish('1');
    expect(channel.got).toEqual([]);
    expect(scene.queue.isDelivering).toBe(true);
    channel.isCongested = false;
    scene.queue.resume(channel);
    expect(channel.got).toEqual(['a:1']);
  });

  it('that are exclusive suffer no other, and come only where there is none', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a', { exclusive: true });
    expect(() => scene.consume(channel, 'b')).toThrow(AccessRefused);
    scene.queue.cancel(channel, 'a', () => {});
    scene.consume(channel, 'b');
    expect(() => scene.consume(channel, 'c', { exclusive: true })).toThrow(AccessRefused);
  });
});

describe('what comes back', () => {
  it('takes its old place and is marked', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 2 });
    scene.publish('1', '2', '3');
    scene.queue.settle(channel, 'a', channel.entries.slice(1), 'requeue');
    expect(channel.got).toEqual(['a:1', 'a:2', 'a:2!']);
  });

  it('comes back with its channel', () => {
    const scene = new QueueScene();
    const [gone, stays] = [new TestChannel(), new TestChannel()];
    scene.consume(gone, 'a');
    scene.publish('1', '2');
    scene.consume(stays, 'b');
    scene.queue.channelDown(gone);
    expect(stays.got).toEqual(['b:1!', 'b:2!']);
    expect(scene.queue.consumerCount).toBe(1);
  });

  it('stays with its channel when the consumer is cancelled', () => {
    const scene = new QueueScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a');
    scene.publish('1');
    scene.queue.cancel(channel, 'a', () => {});
    expect([scene.queue.unackedCount, scene.waiting]).toEqual([1, []]);
    scene.queue.settle(channel, 'a', channel.entries, 'requeue');
    expect(scene.waiting).toEqual(['1']);
  });
});

describe('a single active consumer', () => {
  const args = { 'x-single-active-consumer': true };

  it('gets everything; the next one takes over when it goes', () => {
    const scene = new QueueScene(args);
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 1 });
    scene.consume(channel, 'b');
    scene.publish('1', '2');
    expect(channel.got).toEqual(['a:1']);
    scene.queue.cancel(channel, 'a', () => {});
    expect(channel.got).toEqual(['a:1', 'b:2']);
    expect(scene.queue.consumers.map(({ isActive }) => isActive)).toEqual([true]);
  });

  it('is passed on with its channel', () => {
    const scene = new QueueScene(args);
    const [gone, stays] = [new TestChannel(), new TestChannel()];
    scene.consume(gone, 'a');
    scene.consume(stays, 'b');
    scene.publish('1');
    scene.queue.channelDown(gone);
    expect(stays.got).toEqual(['b:1!']);
  });

  it('is never exclusive', () => {
    const scene = new QueueScene(args);
    expect(() => scene.consume(new TestChannel(), 'a', { exclusive: true })).toThrow(AccessRefused);
  });
});

describe('a limit of length', () => {
  it('drops the oldest, as dead', () => {
    const scene = new QueueScene({ 'x-max-length': 2 });
    expect(scene.publish('1', '2', '3')).toEqual(['taken', 'taken', 'taken']);
    expect([scene.waiting, scene.dead]).toEqual([['2', '3'], ['maxlen 1']]);
  });

  it('in bytes counts bodies', () => {
    const scene = new QueueScene({ 'x-max-length-bytes': 5 });
    scene.publish('123', '45', '6');
    expect(scene.waiting).toEqual(['45', '6']);
  });

  it('does not count what is unacked', () => {
    const scene = new QueueScene({ 'x-max-length': 1 });
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 2 });
    scene.publish('1', '2', '3');
    expect([channel.got, scene.waiting, scene.dead]).toEqual([['a:1', 'a:2'], ['3'], []]);
  });

  it('of nothing lets through what a consumer takes at once', () => {
    const scene = new QueueScene({ 'x-max-length': 0 });
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 1 });
    scene.publish('1', '2');
    expect([channel.got, scene.waiting]).toEqual([['a:1'], []]);
  });

  it('refuses the newest with reject-publish, which is not dead', () => {
    const scene = new QueueScene({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    expect(scene.publish('1', '2')).toEqual(['taken', 'rejected']);
    expect([scene.waiting, scene.dead]).toEqual([['1'], []]);
  });

  it('refuses the newest with reject-publish-dlx, as dead', () => {
    const scene = new QueueScene({ 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' });
    expect(scene.publish('1', '2')).toEqual(['taken', 'rejected']);
    expect(scene.dead).toEqual(['maxlen 2']);
  });

  it('holds for what comes back, too', () => {
    const scene = new QueueScene({ 'x-max-length': 1 });
    const channel = new TestChannel();
    scene.consume(channel, 'a', { prefetch: 1 });
    scene.publish('1', '2');
    scene.queue.channelDown(channel);
    expect([scene.waiting, scene.dead]).toEqual([['2'], ['maxlen 1']]);
  });
});

describe('time', () => {
  it('drops what has waited longer than the queue lets it', () => {
    const scene = new QueueScene({ 'x-message-ttl': 100 });
    scene.publish('1');
    scene.pass(50);
    scene.publish('2');
    scene.pass(50);
    expect([scene.waiting, scene.dead]).toEqual([['2'], ['expired 1']]);
    scene.pass(50);
    expect(scene.dead).toEqual(['expired 1', 'expired 2']);
  });

  it('takes the shorter of the times of queue and message', () => {
    const scene = new QueueScene({ 'x-message-ttl': 100 });
    scene.queue.publish(newMessage('short', { expiration: '10' }));
    scene.pass(10);
    scene.queue.publish(newMessage('long', { expiration: '1000' }));
    scene.pass(100);
    expect(scene.dead).toEqual(['expired short', 'expired long']);
  });

  it('drops from the front alone: what stands after one that lives waits with it', () => {
    const scene = new QueueScene();
    scene.publish('lives');
    scene.queue.publish(newMessage('brief', { expiration: '10' }));
    scene.pass(1000);
    expect(scene.waiting).toEqual(['lives', 'brief']);
    scene.queue.get(new TestChannel(), false);
    expect([scene.waiting, scene.dead]).toEqual([[], ['expired brief']]);
  });

  it('of zero lets through what a consumer takes at once, and nothing else', () => {
    const scene = new QueueScene({ 'x-message-ttl': 0 });
    const channel = new TestChannel();
    scene.publish('nobody');
    scene.consume(channel, 'a');
    scene.publish('1');
    expect([channel.got, scene.waiting]).toEqual([['a:1'], []]);
  });

  it('does not touch what is unacked, until it comes back', () => {
    const scene = new QueueScene({ 'x-message-ttl': 100 });
    const channel = new TestChannel();
    scene.consume(channel, 'a');
    scene.publish('1');
    scene.pass(1000);
    expect(scene.dead).toEqual([]);
    scene.queue.channelDown(channel);
    expect(scene.dead).toEqual(['expired 1']);
  });

  it('ends a queue that no client uses', () => {
    const scene = new QueueScene({ 'x-expires': 100 });
    scene.pass(60);
    scene.queue.get(new TestChannel(), false);
    scene.pass(60);
    expect(scene.isRemoved).toBe(false);
    scene.pass(40);
    expect(scene.isRemoved).toBe(true);
  });

  it('does not end a queue that has consumers', () => {
    const scene = new QueueScene({ 'x-expires': 100 });
    const channel = new TestChannel();
    scene.consume(channel, 'a');
    scene.pass(1000);
    expect(scene.isRemoved).toBe(false);
    scene.queue.cancel(channel, 'a', () => {});
    scene.pass(100);
    expect(scene.isRemoved).toBe(true);
  });
});

describe('an auto-delete queue', () => {
  it('goes with its last consumer, and not before the first', () => {
    const scene = new QueueScene({}, { autoDelete: true });
    const channel = new TestChannel();
    scene.queue.channelDown(channel);
    scene.consume(channel, 'a');
    scene.consume(channel, 'b');
    scene.queue.cancel(channel, 'a', () => {});
    expect(scene.isRemoved).toBe(false);
    scene.queue.cancel(channel, 'b', () => {});
    expect(scene.isRemoved).toBe(true);
  });

  it('goes with the channel of its consumers', () => {
    const scene = new QueueScene({}, { autoDelete: true });
    const channel = new TestChannel();
    scene.consume(channel, 'a');
    scene.queue.channelDown(channel);
    expect(scene.isRemoved).toBe(true);
  });
});

describe('a restart', () => {
  it('leaves what is persistent', () => {
    const scene = new QueueScene({}, { durable: true });
    scene.queue.publish(newMessage('keeps', { deliveryMode: 2 }));
    scene.queue.publish(newMessage('goes', { deliveryMode: 1 }));
    scene.queue.restart();
    expect(scene.waiting).toEqual(['keeps']);
  });
});
