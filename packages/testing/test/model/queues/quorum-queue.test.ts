import { AmqpNotImplemented, ResourceLocked } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { QuorumQueue } from '../../../src/model/queues/quorum-queue.ts';
import { newMessage, textOf } from '../message-factory.ts';
import { QueueScene, TestChannel } from './queue-scene.ts';

type Arguments = ConstructorParameters<typeof QueueScene>[0];

function quorumScene(args: Arguments = {}): QueueScene {
  return new QueueScene(args, { type: 'quorum', durable: true }, (...parts) => new QuorumQueue(...parts));
}

/** Settles what a channel has, chosen by the bodies. */
function settle(
  scene: QueueScene,
  channel: TestChannel,
  tag: string | undefined,
  settlement: 'ack' | 'requeue' | 'discard',
  ...bodies: readonly string[]
): void {
  const entries = channel.entries.filter(({ message }) => bodies.includes(textOf(message)));
  scene.queue.settle(channel, tag, entries, settlement);
}

describe('what comes back to a quorum queue', () => {
  it('goes to the end without a delivery limit', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.publish('a', 'b', 'c');
    scene.consume(channel, 't', { prefetch: 1 });
    settle(scene, channel, 't', 'requeue', 'a');
    expect([channel.got, scene.waiting]).toEqual([
      ['t:a', 't:b'],
      ['c', 'a'],
    ]);
  });

  it('goes before what has never been out where there is a delivery limit', () => {
    const scene = quorumScene({ 'x-delivery-limit': 9 });
    const channel = new TestChannel();
    scene.publish('a', 'b', 'c');
    scene.consume(channel, 't', { prefetch: 2 });
    scene.queue.cancel(channel, 't', () => {});
    settle(scene, channel, 't', 'requeue', 'a', 'b');
    expect(scene.waiting).toEqual(['a', 'b', 'c']);
  });

  it('is dead once it has come back more often than it may', () => {
    const scene = quorumScene({ 'x-delivery-limit': 1 });
    const channel = new TestChannel();
    scene.publish('a');
    scene.consume(channel, 't');
    settle(scene, channel, 't', 'requeue', 'a');
    settle(scene, channel, 't', 'requeue', 'a');
    expect([channel.got, scene.dead]).toEqual([['t:a', 't:a!'], ['delivery_limit a']]);
  });

  it('with a channel that goes counts too', () => {
    const scene = quorumScene({ 'x-delivery-limit': 0 });
    const channel = new TestChannel();
    scene.publish('a');
    scene.consume(channel, 't');
    scene.queue.channelDown(channel);
    expect([scene.dead, scene.queue.consumerCount]).toEqual([['delivery_limit a'], 0]);
  });
});

describe('consumers of a quorum queue', () => {
  it('get what one thing has freed together, in the order of their tags', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.publish('a', 'b', 'c', 'd');
    scene.consume(channel, 'z', { prefetch: 2 });
    scene.consume(channel, 'y', { prefetch: 2 });
    settle(scene, channel, 'z', 'ack', 'a', 'b');
    expect(channel.got).toEqual(['z:a', 'z:b', 'y:c', 'y:d']);
  });

  it('that are cancelled are counted while they hold messages', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.publish('a');
    scene.consume(channel, 't');
    scene.queue.cancel(channel, 't', () => {});
    const whileHeld = scene.queue.consumerCount;
    settle(scene, channel, 't', 'ack', 'a');
    expect([whileHeld, scene.queue.consumerCount]).toEqual([1, 0]);
  });

  it('of a tag that comes again get what its former life has not acked', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.publish('a');
    scene.consume(channel, 't');
    scene.queue.cancel(channel, 't', () => {});
    scene.consume(channel, 't');
    scene.publish('b');
    expect(channel.got).toEqual(['t:a', 't:a', 't:b']);
  });

  it('without acks hold nothing', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.consume(channel, 't', { noAck: true, prefetch: 1 });
    scene.publish('a', 'b');
    expect([channel.got, scene.queue.unackedCount]).toEqual([['t:a', 't:b'], 0]);
  });

  it('without acks wait while their line has more to send than it can', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    channel.isCongested = true;
    scene.consume(channel, 't', { noAck: true, prefetch: 1 });
    scene.publish('a', 'b');
    const before = [...channel.got];
    channel.isCongested = false;
    scene.queue.resume(channel);
    expect([before, channel.got]).toEqual([['t:a'], ['t:a', 't:b']]);
  });

  it('are never exclusive, and never under a limit of the channel', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.consume(channel, 'a', { exclusive: true });
    scene.consume(channel, 'b', { exclusive: true });
    const limited = new TestChannel();
    limited.limit.limit(1, 0);
    expect(() => scene.consume(limited, 'c')).toThrow(AmqpNotImplemented);
    expect(scene.queue.consumerCount).toBe(2);
  });

  it('take over from a single active one that goes, in the order in which they came', () => {
    const scene = quorumScene({ 'x-single-active-consumer': true });
    const [one, two] = [new TestChannel(), new TestChannel()];
    scene.consume(one, 'a');
    scene.consume(two, 'b');
    scene.publish('m');
    scene.queue.channelDown(one);
    expect([one.got, two.got]).toEqual([['a:m'], ['b:m!']]);
    expect(() => scene.queue.get(two, true)).toThrow(ResourceLocked);
  });
});

describe('the limit of a quorum queue', () => {
  it('drops the oldest, as dead', () => {
    const scene = quorumScene({ 'x-max-length': 1 });
    scene.publish('a', 'b');
    expect([scene.waiting, scene.dead]).toEqual([['b'], ['maxlen a']]);
  });

  it('sends what it drops at once as dead, the last one first', () => {
    const scene = quorumScene({ 'x-max-length-bytes': 4 });
    scene.publish('aa', 'bb', 'cccc');
    expect([scene.waiting, scene.dead]).toEqual([['cccc'], ['maxlen bb', 'maxlen aa']]);
  });

  it('with reject-publish lets one over it in, then nobody down to four fifths', () => {
    const scene = quorumScene({ 'x-max-length': 5, 'x-overflow': 'reject-publish' });
    const publisher = {};
    const publish = (): string => scene.queue.publish(newMessage('x'), publisher);
    const first = Array.from({ length: 7 }, publish);
    const channel = new TestChannel();
    scene.queue.get(channel, false);
    const between = publish();
    scene.queue.get(channel, false);
    expect([first.at(5), first.at(6), between, publish()]).toEqual(['taken', 'rejected', 'rejected', 'taken']);
  });

  it('with reject-publish refuses no dead letter of another queue', () => {
    const scene = quorumScene({ 'x-max-length': 0, 'x-overflow': 'reject-publish' });
    expect(scene.publish('a', 'b')).toEqual(['taken', 'taken']);
  });
});

describe('the time of a quorum queue', () => {
  it('is looked at by a get without ack, after it has got its message', () => {
    const scene = quorumScene();
    scene.publish('a');
    scene.queue.publish(newMessage('b', { expiration: '0' }));
    scene.nowMs += 1;
    expect(scene.queue.get(new TestChannel(), false)?.messageCount).toBe(0);
  });

  it('lets a message live a millisecond at least', () => {
    const scene = quorumScene({ 'x-message-ttl': 0 });
    scene.publish('a');
    const before = scene.waiting;
    scene.pass(1);
    expect([before, scene.waiting, scene.dead]).toEqual([['a'], [], ['expired a']]);
  });

  it('ends a queue without consumers, whatever is declared meanwhile', () => {
    const scene = quorumScene({ 'x-expires': 1000 });
    scene.pass(600);
    scene.queue.touch();
    scene.pass(600);
    expect(scene.isRemoved).toBe(true);
  });
});

describe('a quorum queue', () => {
  it('keeps everything over a restart', () => {
    const scene = quorumScene();
    scene.publish('a');
    scene.queue.restart();
    expect(scene.waiting).toEqual(['a']);
  });

  it('leaves what is unacked when it is purged', () => {
    const scene = quorumScene();
    const channel = new TestChannel();
    scene.publish('a', 'b');
    scene.queue.get(channel, true);
    expect([scene.queue.purge(), scene.queue.unackedCount]).toEqual([1, 1]);
  });
});
