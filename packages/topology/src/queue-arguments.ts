/**
 * The arguments of RabbitMQ's three types of queue, under names that describe what they do, each checked at the call.
 * Must not send anything: what they return is data for a topology, or for `queueDeclare`.
 */
import type { FieldTableInput, FieldValueInput } from '@puka/client';
import { UsageError } from '@puka/errors';
import { checkBoolean, checkChoice, checkInteger, checkName, checkShortText, longestMs, shown } from './ranges.ts';
import { intervalPattern } from './stream-offset.ts';

/** A queue as `queueDeclare` takes it, but for its name. */
export interface QueueArguments {
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** For this connection alone, gone with it. */
  readonly exclusive: boolean;
  /** Gone with its last consumer. */
  readonly autoDelete: boolean;
  /** RabbitMQ's `x-…` arguments. */
  readonly arguments: FieldTableInput;
}

/** Where dead letters go: those that expire, are rejected without requeueing, or do not fit any more. */
export interface DeadLetter {
  /** Empty is the default exchange. RabbitMQ: `x-dead-letter-exchange`. */
  readonly exchange: string;
  /** Default: the key the message was published with. RabbitMQ: `x-dead-letter-routing-key`. */
  readonly routingKey?: string | undefined;
}

/** What classic and quorum queues share. */
interface CommonOptions {
  /** Milliseconds a message may wait, 0 to ten years. A policy can set it too. RabbitMQ: `x-message-ttl`. */
  readonly messageTtl?: number | undefined;
  /** Milliseconds the queue may go unused before it is deleted, 1 to ten years. A policy can. RabbitMQ: `x-expires`. */
  readonly expires?: number | undefined;
  /** Most messages that wait, from 0. A policy can set it too. RabbitMQ: `x-max-length`. */
  readonly maxLength?: number | undefined;
  /** Most bytes of bodies that wait, from 0. A policy can set it too. RabbitMQ: `x-max-length-bytes`. */
  readonly maxLengthBytes?: number | undefined;
  /** A policy can set it too. */
  readonly deadLetter?: DeadLetter | undefined;
  /** One consumer gets all, the next one when it is gone. Only an argument. RabbitMQ: `x-single-active-consumer`. */
  readonly singleActiveConsumer?: boolean | undefined;
}

/** Options of {@link classicQueue}. */
export interface ClassicQueueOptions extends CommonOptions {
  /** Survives a restart of the broker. Default `true`. */
  readonly durable?: boolean | undefined;
  /** For one connection alone, gone with it. Default `false`. */
  readonly exclusive?: boolean | undefined;
  /** Gone with its last consumer. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** What is dropped or refused when a limit is reached. RabbitMQ: `x-overflow`; by default `drop-head`. A policy can set it too. */
  readonly overflow?: 'drop-head' | 'reject-publish' | 'reject-publish-dlx' | undefined;
  /** Priorities from 0 to this, 1 to 255; each costs, so 10 at most is wise. Only an argument. RabbitMQ: `x-max-priority`. */
  readonly maxPriority?: number | undefined;
  /** Keeps messages on disk. RabbitMQ before 3.12; later all do. RabbitMQ: `x-queue-mode`. */
  readonly lazy?: boolean | undefined;
  /** Which version of the storage, 1 or 2. RabbitMQ: `x-queue-version`; by default the broker's choice. */
  readonly version?: 1 | 2 | undefined;
  /**
   * The node on which the queue is made. RabbitMQ: `x-queue-master-locator`; by default `client-local`. RabbitMQ 4.3 closes the connection
   * because of it (541): there, set `x-queue-leader-locator` in the `arguments` of the queue.
   */
  readonly leaderLocator?: 'client-local' | 'min-masters' | 'random' | undefined;
}

/** Options of {@link quorumQueue}. */
export interface QuorumQueueOptions extends CommonOptions {
  /** What is dropped or refused when a limit is reached. RabbitMQ: `x-overflow`; by default `drop-head`. A policy can set it too. */
  readonly overflow?: 'drop-head' | 'reject-publish' | undefined;
  /**
   * Failed deliveries after which a message is a dead letter, from 0; `'unlimited'` from RabbitMQ 4.0 on, which has 20
   * otherwise. A policy can set it too. RabbitMQ: `x-delivery-limit`.
   */
  readonly deliveryLimit?: number | 'unlimited' | undefined;
  /**
   * Whether a dead letter may be lost on its way. `at-least-once` needs `deadLetter` and `overflow: 'reject-publish'`:
   * RabbitMQ would fall back without an error. RabbitMQ: `x-dead-letter-strategy`; by default `at-most-once`. A policy can.
   */
  readonly deadLetterStrategy?: 'at-most-once' | 'at-least-once' | undefined;
  /** How many nodes have it at first, from 1. Only an argument. RabbitMQ: `x-quorum-initial-group-size`. */
  readonly initialGroupSize?: number | undefined;
  /** The node its leader is on. RabbitMQ: `x-queue-leader-locator`; by default `client-local`. A policy can set it too. */
  readonly leaderLocator?: 'client-local' | 'balanced' | undefined;
}

/** Options of {@link streamQueue}. */
export interface StreamQueueOptions {
  /** What is older goes, as `7D`: a number and one of `Y M D h m s`. A policy can set it too. RabbitMQ: `x-max-age`. */
  readonly maxAge?: string | undefined;
  /** Bytes above which the oldest go, from 0. A policy can set it too. RabbitMQ: `x-max-length-bytes`. */
  readonly maxLengthBytes?: number | undefined;
  /**
   * Bytes of one file, from 1; what is too old or too much goes file by file. RabbitMQ: `x-stream-max-segment-size-bytes`; by
   * default 500 000 000. A policy can set it too.
   */
  readonly maxSegmentSizeBytes?: number | undefined;
  /** Bytes of the filter of one chunk, 16 to 255. RabbitMQ 3.13 and later: `x-stream-filter-size-bytes`. */
  readonly filterSizeBytes?: number | undefined;
  /** How many nodes have it at first, from 1. Only an argument. RabbitMQ: `x-initial-cluster-size`. */
  readonly initialClusterSize?: number | undefined;
  /** The node its leader is on. RabbitMQ: `x-queue-leader-locator`; by default `client-local`. A policy can set it too. */
  readonly leaderLocator?: 'client-local' | 'balanced' | undefined;
}

/**
 * A classic queue.
 *
 * @throws {UsageError} for a value out of its range.
 * @example
 * ```ts
 * import { classicQueue } from '@puka/topology';
 *
 * const retry = classicQueue({ messageTtl: 30_000, deadLetter: { exchange: '', routingKey: 'jobs' } });
 * ```
 */
export function classicQueue(options: ClassicQueueOptions = {}): QueueArguments {
  const { durable = true, exclusive = false, autoDelete = false, maxPriority, lazy, version, leaderLocator } = options;
  for (const [name, value] of Object.entries({ durable, exclusive, autoDelete, lazy })) checkBoolean(name, value);
  checkInteger('maxPriority', maxPriority, 1, 255);
  checkInteger('version', version, 1, 2);
  checkChoice('overflow', options.overflow, ['drop-head', 'reject-publish', 'reject-publish-dlx']);
  checkChoice('leaderLocator', leaderLocator, ['client-local', 'min-masters', 'random']);
  return {
    durable,
    exclusive,
    autoDelete,
    arguments: definedOnly({
      'x-queue-type': 'classic',
      ...commonArguments(options),
      'x-overflow': options.overflow,
      'x-max-priority': maxPriority,
      'x-queue-mode': lazy === undefined ? undefined : lazy ? 'lazy' : 'default',
      'x-queue-version': version,
      'x-queue-master-locator': leaderLocator,
    }),
  };
}

/**
 * A quorum queue: replicated, durable, and it counts deliveries.
 *
 * @throws {UsageError} for a value out of its range, and for `at-least-once` without what it needs.
 * @example
 * ```ts
 * import { quorumQueue } from '@puka/topology';
 *
 * const jobs = quorumQueue({ deliveryLimit: 5, deadLetter: { exchange: 'jobs.dead' } });
 * ```
 */
export function quorumQueue(options: QuorumQueueOptions = {}): QueueArguments {
  const { deliveryLimit, deadLetterStrategy, initialGroupSize, leaderLocator, overflow, deadLetter } = options;
  if (deliveryLimit !== 'unlimited') checkInteger('deliveryLimit', deliveryLimit, 0);
  checkInteger('initialGroupSize', initialGroupSize, 1);
  checkChoice('overflow', overflow, ['drop-head', 'reject-publish']);
  checkChoice('deadLetterStrategy', deadLetterStrategy, ['at-most-once', 'at-least-once']);
  checkChoice('leaderLocator', leaderLocator, ['client-local', 'balanced']);
  if (deadLetterStrategy === 'at-least-once' && (deadLetter === undefined || overflow !== 'reject-publish')) {
    throw new UsageError(
      "deadLetterStrategy is 'at-least-once'; it takes deadLetter and overflow: 'reject-publish' beside it",
    );
  }
  return {
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: definedOnly({
      'x-queue-type': 'quorum',
      ...commonArguments(options),
      'x-overflow': overflow,
      // RabbitMQ 4.0: -1 is no limit.
      'x-delivery-limit': deliveryLimit === 'unlimited' ? -1 : deliveryLimit,
      'x-dead-letter-strategy': deadLetterStrategy,
      'x-quorum-initial-group-size': initialGroupSize,
      'x-queue-leader-locator': leaderLocator,
    }),
  };
}

/**
 * A stream: kept, and read by many from any place. See {@link streamOffset} for where to begin.
 *
 * @throws {UsageError} for a value out of its range.
 * @example
 * ```ts
 * import { streamQueue } from '@puka/topology';
 *
 * const audit = streamQueue({ maxAge: '7D', maxLengthBytes: 20_000_000_000 });
 * ```
 */
export function streamQueue(options: StreamQueueOptions = {}): QueueArguments {
  const { maxAge, maxLengthBytes, maxSegmentSizeBytes, filterSizeBytes, initialClusterSize, leaderLocator } = options;
  if (maxAge !== undefined && !intervalPattern.test(maxAge)) {
    throw new UsageError(`maxAge is ${shown(maxAge)}; it takes a number and one of Y M D h m s, as '7D'`);
  }
  checkInteger('maxLengthBytes', maxLengthBytes, 0);
  checkInteger('maxSegmentSizeBytes', maxSegmentSizeBytes, 1);
  checkInteger('filterSizeBytes', filterSizeBytes, 16, 255);
  checkInteger('initialClusterSize', initialClusterSize, 1);
  checkChoice('leaderLocator', leaderLocator, ['client-local', 'balanced']);
  return {
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: definedOnly({
      'x-queue-type': 'stream',
      'x-max-age': maxAge,
      'x-max-length-bytes': maxLengthBytes,
      'x-stream-max-segment-size-bytes': maxSegmentSizeBytes,
      'x-stream-filter-size-bytes': filterSizeBytes,
      'x-initial-cluster-size': initialClusterSize,
      'x-queue-leader-locator': leaderLocator,
    }),
  };
}

function commonArguments(options: CommonOptions): Record<string, FieldValueInput | undefined> {
  const { messageTtl, expires, maxLength, maxLengthBytes, deadLetter, singleActiveConsumer } = options;
  checkInteger('messageTtl', messageTtl, 0, longestMs);
  checkInteger('expires', expires, 1, longestMs);
  checkInteger('maxLength', maxLength, 0);
  checkInteger('maxLengthBytes', maxLengthBytes, 0);
  checkBoolean('singleActiveConsumer', singleActiveConsumer);
  if (deadLetter !== undefined) {
    if (deadLetter.exchange !== '') checkName('deadLetter.exchange', deadLetter.exchange);
    checkShortText('deadLetter.routingKey', deadLetter.routingKey);
  }
  return {
    'x-message-ttl': messageTtl,
    'x-expires': expires,
    'x-max-length': maxLength,
    'x-max-length-bytes': maxLengthBytes,
    'x-dead-letter-exchange': deadLetter?.exchange,
    'x-dead-letter-routing-key': deadLetter?.routingKey,
    'x-single-active-consumer': singleActiveConsumer,
  };
}

/** Only what was set: RabbitMQ compares the arguments of a declare one by one. */
function definedOnly(table: Readonly<Record<string, FieldValueInput | undefined>>): Record<string, FieldValueInput> {
  const result: Record<string, FieldValueInput> = {};
  for (const [name, value] of Object.entries(table)) if (value !== undefined) result[name] = value;
  return result;
}
