/** A queue without a broker around it: its channels and its host record their calls. Holds no test. */
import type { FieldObjectInput } from '@puka/wire';
import { Arguments } from '../../../src/model/arguments.ts';
import type { Message } from '../../../src/model/message.ts';
import type { QueuedMessage } from '../../../src/model/queued-message.ts';
import { ChannelLimit } from '../../../src/model/queues/channel-limit.ts';
import { ClassicQueue } from '../../../src/model/queues/classic-queue.ts';
import type {
  ConsumerChannel,
  DeathReason,
  Delivery,
  Queue,
  QueueHost,
  QueueSettings,
} from '../../../src/model/queues/queue.ts';
import { newMessage, textOf } from '../message-factory.ts';

/** A channel that keeps what it gets. */
export class TestChannel implements ConsumerChannel {
  readonly limit: ChannelLimit = new ChannelLimit();
  isCongested = false;
  isEnding = false;
  /** `tag:body`, and `!` after what has been delivered before. */
  readonly got: string[] = [];
  readonly entries: QueuedMessage[] = [];
  readonly cancelled: string[] = [];

  deliver(consumerTag: string, _ackRequired: boolean, { message, entry, isRedelivered }: Delivery): void {
    this.got.push(`${consumerTag}:${textOf(message)}${isRedelivered ? '!' : ''}`);
    this.entries.push(entry);
  }

  consumerCancelled(consumerTag: string): void {
    this.cancelled.push(consumerTag);
  }
}

/** A queue without a broker around it: its channels and its host record their calls. */
export class QueueScene implements QueueHost {
  nowMs = 1_000_000;
  readonly queue: Queue;
  /** `reason body`. */
  readonly dead: string[] = [];
  isRemoved = false;

  constructor(
    args: FieldObjectInput = {},
    settings: Partial<QueueSettings> = {},
    make: (vhost: string, settings: QueueSettings, host: QueueHost) => Queue = (...parts) => new ClassicQueue(...parts),
  ) {
    this.queue = make(
      '/',
      {
        ...{ name: 'q', type: 'classic', durable: false, autoDelete: false, owner: undefined },
        ...settings,
        arguments: Arguments.from(args),
      },
      this,
    );
  }

  deadLetter(_queue: Queue, message: Message, reason: DeathReason): void {
    this.dead.push(`${reason} ${textOf(message)}`);
  }

  removeQueue(): void {
    this.isRemoved = true;
    this.queue.close();
  }

  deadlineChanged(): void {}

  later(task: () => void): void {
    task();
  }

  /** Publishes bodies. @returns what became of each. */
  publish(...bodies: readonly string[]): string[] {
    return bodies.map((body) => this.queue.publish(newMessage(body)));
  }

  /** Subscribes. */
  consume(
    channel: ConsumerChannel,
    consumerTag: string,
    options: { prefetch?: number; noAck?: boolean; exclusive?: boolean; priority?: number } = {},
  ): void {
    const { prefetch = 0, noAck = false, exclusive = false, priority } = options;
    this.queue.consume({
      ...{ channel, consumerTag, noAck, exclusive, prefetchCount: prefetch, started: () => {} },
      arguments: Arguments.from(priority === undefined ? {} : { 'x-priority': priority }),
    });
  }

  /** The bodies that wait. */
  get waiting(): string[] {
    return Array.from(this.queue.readyMessages, ({ message }) => textOf(message));
  }

  /** Time goes by, and what is due is done. */
  pass(milliseconds: number): void {
    const endMs = this.nowMs + milliseconds;
    while (this.queue.deadlineMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.queue.deadlineMs);
      this.queue.expire();
    }
    this.nowMs = endMs;
  }
}
