/**
 * What every type of queue can do, and what it needs of others. Types of queues are in files of their own; this one must
 * not hold a rule of any.
 */
import type { Arguments } from '../arguments.ts';
import type { Message } from '../message.ts';
import type { QueuedMessage } from '../queued-message.ts';
import { type Resource, resourceText } from '../resource.ts';
import type { ChannelLimit } from './channel-limit.ts';

/** The types of queue there are. */
export type QueueType = 'classic' | 'quorum' | 'stream';

/** The connection that declared an exclusive queue, compared by identity. */
export interface QueueOwner {
  readonly name: string;
}

/** What a queue is declared with. */
export interface QueueSettings {
  readonly name: string;
  readonly type: QueueType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that an exclusive queue belongs to. */
  readonly owner: QueueOwner | undefined;
  readonly arguments: Arguments;
}

/** A message on its way to a consumer. */
export interface Delivery {
  readonly queue: Queue;
  readonly entry: QueuedMessage;
  readonly message: Message;
  readonly isRedelivered: boolean;
}

/** A channel, as a queue sees it. */
export interface ConsumerChannel {
  /** The limit over all consumers of the channel. */
  readonly limit: ChannelLimit;
  /** Its connection has more to send than it can: nothing is delivered until `resume()` of the queue. */
  readonly isCongested: boolean;
  /** Its connection ends: what it still gets is neither sent nor settled, and comes back when the channel is down. */
  readonly isEnding: boolean;
  /** Takes a delivery; if an ack is due it is remembered until `settle()` of the queue. */
  deliver(consumerTag: string, ackRequired: boolean, delivery: Delivery): void;
  /** The queue is gone, and the consumer with it. */
  consumerCancelled(consumerTag: string): void;
}

/** A subscription as it is asked for. */
export interface ConsumeRequest {
  readonly channel: ConsumerChannel;
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** How many may be unacked; 0 is no limit. */
  readonly prefetchCount: number;
  readonly arguments: Arguments;
  /** Called when it is set up, before the first delivery. */
  readonly started: () => void;
}

/** What to do with messages that are settled. */
export type Settlement = 'ack' | 'requeue' | 'discard';

/** Why a message is dead: RabbitMQ's words in `x-death`. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** A message that `basic.get` has got. */
export interface GetResult {
  readonly delivery: Delivery;
  /** How many are left. */
  readonly messageCount: number;
}

/** What a queue needs of its vhost. */
export interface QueueHost {
  /** The time in milliseconds since 1970, on the broker's clock. */
  readonly nowMs: number;
  /** Whether the exchange for a queue's dead letters is there; without it they are dropped. */
  deadLetter(queue: Queue, message: Message, reason: DeathReason): void;
  /** Runs a task after what is under way. */
  later(task: () => void): void;
  /** The queue ends itself. */
  removeQueue(queue: Queue): void;
  /** `queue.deadlineMs` has changed. */
  deadlineChanged(queue: Queue): void;
}

/** One consumer, for people to look at. */
export interface ConsumerView {
  readonly channel: ConsumerChannel;
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  /** False if another consumer is the active one. */
  readonly isActive: boolean;
}

/** What every type of queue can do, and what it needs of others. */
export abstract class Queue {
  readonly settings: QueueSettings;
  readonly resource: Resource;
  protected readonly host: QueueHost;
  /** Messages that wait for a consumer. */
  abstract readonly readyCount: number;
  abstract readonly unackedCount: number;
  abstract readonly consumerCount: number;
  /** When `expire()` is due; `Infinity` for never. */
  abstract readonly deadlineMs: number;
  /** The messages that wait, the next one first. */
  abstract readonly readyMessages: Iterable<QueuedMessage>;
  abstract readonly consumers: readonly ConsumerView[];
  /** Whether a message waits for a consumer that may take it. */
  abstract readonly isDelivering: boolean;

  constructor(vhost: string, settings: QueueSettings, host: QueueHost) {
    this.settings = settings;
    this.host = host;
    this.resource = { kind: 'queue', vhost, name: settings.name };
  }

  get name(): string {
    return this.settings.name;
  }

  /** `queue 'jobs' in vhost '/'`. */
  protected get text(): string {
    return resourceText(this.resource);
  }

  /**
   * Takes a message, or refuses it: then the publisher gets a nack.
   *
   * @param publisher the channel it comes from; none for a dead letter, which is never refused by a quorum queue.
   */
  abstract publish(message: Message, publisher?: object): 'taken' | 'rejected';
  /** Takes the next message; it is unacked then, or removed if there are no acks. */
  abstract get(channel: ConsumerChannel, ackRequired: boolean): GetResult | undefined;
  /** @throws {AccessRefused} if it is in exclusive use. */
  abstract consume(request: ConsumeRequest): void;
  /** Ends a consumer; what it has not acked stays unacked. @param done is called before anything follows from it. */
  abstract cancel(channel: ConsumerChannel, consumerTag: string, done: () => void): void;
  /** Settles messages of one consumer, or of `basic.get` if there is no tag. */
  abstract settle(
    channel: ConsumerChannel,
    consumerTag: string | undefined,
    entries: readonly QueuedMessage[],
    settlement: Settlement,
  ): void;
  /** Whether the global limit of a channel counts for its consumers. */
  abstract limitChannel(channel: ConsumerChannel, isLimited: boolean): void;
  /** The channel may be able to take more. */
  abstract resume(channel: ConsumerChannel): void;
  /** The channel is gone: its consumers end, what it has not acked comes back. */
  abstract channelDown(channel: ConsumerChannel): void;
  /** Drops what waits. @returns how many. */
  abstract purge(): number;
  /** A client has looked at it or used it: it is not unused. */
  abstract touch(): void;
  /** Drops what a restart does not leave. */
  abstract restart(): void;
  /**
   * The queue goes down: consumers end, unacked messages come back, nothing expires until `start()`.
   *
   * @returns the consumers that have ended.
   */
  abstract stop(): readonly ConsumerView[];
  /** The queue is there again. */
  abstract start(): void;
  /** Does what is due at `deadlineMs`. */
  abstract expire(): void;
  /** Takes all consumers away, since the queue is gone. @returns them. */
  abstract close(): readonly ConsumerView[];
}
