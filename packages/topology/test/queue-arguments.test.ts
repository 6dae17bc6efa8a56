import { Client } from '@puka/client';
import { UsageError } from '@puka/errors';
import { startBroker } from '@puka/testing';
import { classicQueue, quorumQueue, streamQueue } from '@puka/topology';
import { describe, expect, it } from 'vitest';

const longest = 315_360_000_000;
const everyClassic = classicQueue({
  messageTtl: 0,
  expires: 1,
  maxLength: 0,
  maxLengthBytes: 0,
  deadLetter: { exchange: '', routingKey: 'dead' },
  singleActiveConsumer: true,
  overflow: 'reject-publish-dlx',
  maxPriority: 255,
  lazy: true,
  version: 2,
  leaderLocator: 'min-masters',
});
const everyQuorum = quorumQueue({
  messageTtl: longest,
  expires: longest,
  maxLength: Number.MAX_SAFE_INTEGER,
  maxLengthBytes: Number.MAX_SAFE_INTEGER,
  deadLetter: { exchange: 'amq.fanout' },
  deadLetterStrategy: 'at-least-once',
  overflow: 'reject-publish',
  deliveryLimit: 0,
  singleActiveConsumer: false,
  initialGroupSize: 1,
  leaderLocator: 'balanced',
});
const everyStream = streamQueue({
  maxAge: '7D',
  maxLengthBytes: 1_000_000,
  maxSegmentSizeBytes: 100_000,
  initialClusterSize: 1,
  leaderLocator: 'client-local',
});

describe('the arguments of a queue', () => {
  it('say only what was said', () => {
    expect(classicQueue()).toEqual({
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: { 'x-queue-type': 'classic' },
    });
    expect(quorumQueue({ deliveryLimit: 3 }).arguments).toEqual({ 'x-queue-type': 'quorum', 'x-delivery-limit': 3 });
    expect(quorumQueue({ deliveryLimit: 'unlimited' }).arguments).toMatchObject({ 'x-delivery-limit': -1 });
    expect(streamQueue({ maxAge: '2h' }).arguments).toEqual({ 'x-queue-type': 'stream', 'x-max-age': '2h' });
  });

  it.each([
    ['classic', everyClassic],
    ['quorum', everyQuorum],
    ['stream', everyStream],
  ])('a broker takes all of those of a %s queue, at the ends of their ranges', async (_type, queue) => {
    await using broker = await startBroker({ listen: false });
    await using client = new Client('amqp://', { transport: broker.transport() });
    await client.connect();
    await client.queueDeclare({ queue: 'q', ...queue });
    expect(broker.queue('q')?.arguments).toEqual(queue.arguments);
  });

  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['messageTtl is -1', () => classicQueue({ messageTtl: -1 })],
    ['messageTtl is 315360000001', () => quorumQueue({ messageTtl: longest + 1 })],
    ['messageTtl is 1.5', () => classicQueue({ messageTtl: 1.5 })],
    ['expires is 0', () => classicQueue({ expires: 0 })],
    ['maxLength is NaN', () => classicQueue({ maxLength: Number.NaN })],
    ['maxLengthBytes is -5', () => streamQueue({ maxLengthBytes: -5 })],
    ['maxPriority is 256', () => classicQueue({ maxPriority: 256 })],
    ['maxPriority is 0', () => classicQueue({ maxPriority: 0 })],
    ["overflow is 'reject-publish-dlx'", () => quorumQueue({ overflow: 'reject-publish-dlx' as 'drop-head' })],
    ["leaderLocator is 'random'", () => quorumQueue({ leaderLocator: 'random' as 'balanced' })],
    ["leaderLocator is 'balanced'", () => classicQueue({ leaderLocator: 'balanced' as 'random' })],
    ['version is 3', () => classicQueue({ version: 3 as 2 })],
    ['deliveryLimit is -1', () => quorumQueue({ deliveryLimit: -1 })],
    ['initialGroupSize is 0', () => quorumQueue({ initialGroupSize: 0 })],
    ["maxAge is '7 days'", () => streamQueue({ maxAge: '7 days' })],
    ["maxAge is '0D'", () => streamQueue({ maxAge: '0D' })],
    ['filterSizeBytes is 15', () => streamQueue({ filterSizeBytes: 15 })],
    ['maxSegmentSizeBytes is 0', () => streamQueue({ maxSegmentSizeBytes: 0 })],
    ['deadLetter.exchange has 256 bytes', () => classicQueue({ deadLetter: { exchange: 'é'.repeat(128) } })],
    ["deadLetterStrategy is 'at-least-once'", () => quorumQueue({ deadLetterStrategy: 'at-least-once' })],
    ['singleActiveConsumer is 1', () => classicQueue({ singleActiveConsumer: 1 as unknown as boolean })],
  ];
  it.each(wrong)('are refused at the call: %s', (text, call) => {
    expect(call).toThrow(UsageError);
    expect(call).toThrow(text);
  });
});
