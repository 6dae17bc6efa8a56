import { AmqpNotImplemented, PreconditionFailed } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { Arguments } from '../../../src/model/arguments.ts';
import { StreamQueue } from '../../../src/model/queues/stream-queue.ts';
import { QueueScene, TestChannel } from './queue-scene.ts';

type Fields = Parameters<typeof Arguments.from>[0];

function streamScene(): QueueScene {
  return new QueueScene({}, { type: 'stream', durable: true }, (...parts) => new StreamQueue(...parts));
}

function read(scene: QueueScene, channel: TestChannel, args: Fields, prefetchCount = 10, noAck = false): void {
  scene.queue.consume({
    ...{ channel, consumerTag: 't', noAck, exclusive: false, prefetchCount, started: () => {} },
    arguments: Arguments.from(args),
  });
}

describe('a stream', () => {
  it('is read from an offset on, and loses nothing by it', () => {
    const scene = streamScene();
    const channel = new TestChannel();
    scene.publish('a', 'b', 'c');
    read(scene, channel, { 'x-stream-offset': 1 });
    expect([channel.got, scene.waiting]).toEqual([
      ['t:b', 't:c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('is read as far as the prefetch count, and on with each ack', () => {
    const scene = streamScene();
    const channel = new TestChannel();
    scene.publish('a', 'b');
    read(scene, channel, { 'x-stream-offset': 'first' }, 1);
    const before = [...channel.got];
    scene.queue.settle(channel, 't', channel.entries, 'ack');
    expect([before, channel.got]).toEqual([['t:a'], ['t:a', 't:b']]);
  });

  it('is read from a time on', () => {
    const scene = streamScene();
    const channel = new TestChannel();
    scene.publish('a');
    scene.pass(60_000);
    scene.publish('b');
    read(scene, channel, { 'x-stream-offset': '30s' });
    expect(channel.got).toEqual(['t:b']);
  });

  it('has no consumer left when its readers leave', () => {
    const scene = streamScene();
    const channel = new TestChannel();
    read(scene, channel, {});
    scene.queue.channelDown(channel);
    scene.publish('a');
    expect([channel.got, scene.queue.consumers]).toEqual([[], []]);
  });

  it('wants a prefetch count and acks, and gives nothing back', () => {
    const scene = streamScene();
    const channel = new TestChannel();
    expect(() => read(scene, channel, {}, 0)).toThrow(PreconditionFailed);
    expect(() => read(scene, channel, {}, 1, true)).toThrow(AmqpNotImplemented);
    expect(() => scene.queue.get(channel, true)).toThrow(AmqpNotImplemented);
    expect(() => scene.queue.settle(channel, 't', [], 'requeue')).toThrow(AmqpNotImplemented);
  });
});
