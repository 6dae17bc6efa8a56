/**
 * A stream as AMQP 0-9-1 sees it: messages stay, and each consumer reads on from its offset, as far as its prefetch count
 * goes. Nothing is ever dropped. Must not know connections or frames. RabbitMQ: docs/streams.
 */
import { AmqpNotImplemented, InternalError, PreconditionFailed } from '@puka/errors';
import { int64 } from '@puka/wire';
import { type Message, withHeader } from '../message.ts';
import { QueuedMessage } from '../queued-message.ts';
import { isOf, viewOf } from './consumer-line.ts';
import {
  type ConsumeRequest,
  type ConsumerChannel,
  type ConsumerView,
  type GetResult,
  Queue,
  type Settlement,
} from './queue.ts';
import { type StreamOffset, streamOffset } from './stream-offset.ts';

interface StreamEntry {
  readonly message: Message;
  readonly atMs: number;
}

interface Reader {
  readonly channel: ConsumerChannel;
  readonly consumerTag: string;
  readonly ackRequired: true;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  credit: number;
  /** The offset of the next message it gets. */
  next: number;
}

/**
 * A stream as AMQP 0-9-1 sees it: messages stay, and each consumer reads on from its offset, as far as its prefetch
 * count goes.
 */
export class StreamQueue extends Queue {
  readonly deadlineMs: number = Number.POSITIVE_INFINITY;
  /** RabbitMQ counts none. */
  readonly consumerCount: number = 0;
  private readonly entries: StreamEntry[] = [];
  private readers: Reader[] = [];

  get readyCount(): number {
    return this.entries.length;
  }

  get unackedCount(): number {
    return this.readers.reduce((sum, { prefetchCount, credit }) => sum + prefetchCount - credit, 0);
  }

  get readyMessages(): Iterable<QueuedMessage> {
    return this.entries.map(({ message }, offset) => new QueuedMessage(offset, message, Number.POSITIVE_INFINITY));
  }

  get consumers(): readonly ConsumerView[] {
    return this.readers.map((reader) => viewOf(reader, true));
  }

  get isDelivering(): boolean {
    return this.readers.some(({ channel, next }) => channel.isCongested && next < this.entries.length);
  }

  publish(message: Message): 'taken' {
    this.entries.push({ message, atMs: this.host.nowMs });
    // RabbitMQ: of the consumers on a channel the one with the last tag is served first.
    for (const reader of this.readers.toSorted((a, b) => (a.consumerTag < b.consumerTag ? 1 : -1))) this.feed(reader);
    return 'taken';
  }

  get(): GetResult {
    throw this.unsupported('basic.get');
  }

  consume(request: ConsumeRequest): void {
    const { channel, consumerTag, noAck, exclusive, prefetchCount } = request;
    if (prefetchCount === 0) throw new PreconditionFailed(`consumer prefetch count is not set for '${this.text}'`);
    if (noAck) throw this.unsupported('automatic acknowledgement');
    if (channel.limit.isActive) throw new AmqpNotImplemented(`${this.text} does not support global qos`);
    const offset = streamOffset(request.arguments, this.host.nowMs);
    if (offset === undefined) throw new InternalError('');
    const next = this.startOf(offset);
    const shown = { channel, consumerTag, ackRequired: true, exclusive, prefetchCount } as const;
    const reader = { ...shown, credit: prefetchCount, next };
    this.readers.push(reader);
    request.started();
    this.feed(reader);
  }

  cancel(channel: ConsumerChannel, consumerTag: string, done: () => void): void {
    this.readers = this.readers.filter((reader) => !isOf(reader, channel, consumerTag));
    done();
  }

  settle(
    channel: ConsumerChannel,
    consumerTag: string | undefined,
    entries: readonly QueuedMessage[],
    settlement: Settlement,
  ): void {
    if (settlement !== 'ack') throw this.unsupported('basic.nack and basic.reject');
    const reader = this.readers.find((each) => isOf(each, channel, consumerTag));
    if (reader === undefined) return;
    reader.credit += entries.length;
    this.feed(reader);
  }

  limitChannel(): void {}

  resume(channel: ConsumerChannel): void {
    for (const reader of [...this.readers]) if (reader.channel === channel) this.feed(reader);
  }

  channelDown(channel: ConsumerChannel): void {
    this.readers = this.readers.filter((reader) => reader.channel !== channel);
  }

  /** Streams cannot be purged: the request has been refused before. */
  purge(): number {
    return 0;
  }

  restart(): void {}

  touch(): void {}

  expire(): void {}

  close(): readonly ConsumerView[] {
    const { consumers } = this;
    this.readers = [];
    return consumers;
  }

  stop(): readonly ConsumerView[] {
    return this.close();
  }

  start(): void {}

  private feed(reader: Reader): void {
    while (reader.credit > 0 && !reader.channel.isCongested) {
      const entry = this.entries[reader.next];
      if (entry === undefined) return;
      const offset = reader.next++;
      reader.credit--;
      const message = entry.message.with(withHeader(entry.message.headers, 'x-stream-offset', int64(offset)));
      const queued = new QueuedMessage(offset, entry.message, Number.POSITIVE_INFINITY);
      reader.channel.deliver(reader.consumerTag, true, { queue: this, entry: queued, message, isRedelivered: false });
    }
  }

  private startOf(offset: StreamOffset): number {
    const { length } = this.entries;
    switch (offset.type) {
      case 'first':
        return 0;
      case 'last':
        return Math.max(0, length - 1);
      case 'next':
        return length;
      case 'number':
        return offset.offset;
      case 'time': {
        const at = this.entries.findIndex(({ atMs }) => atMs >= offset.sinceMs);
        return at < 0 ? length : at;
      }
      default: {
        const never: never = offset;
        return never;
      }
    }
  }

  private unsupported(what: string): AmqpNotImplemented {
    return new AmqpNotImplemented(`${what} not supported by stream queues ${this.text}`);
  }
}
