/**
 * How much may wait in memory: bytes going out, and bytes received that the program has not taken yet.
 * Must not send or read: it reports when to stop and when to go on, and which consumer holds too much.
 */
import { LimitExceeded } from '@puka/errors';
import type { Lifecycle } from './connection/lifecycle.ts';
import type { ConnectionUsers } from './connection-users.ts';
import type { Consumer, InboundMeter } from './consuming/consumer.ts';
import type { Message } from './consuming/message.ts';
import type { Operation } from './operations/operation.ts';
import { LazySet } from './runtime/lazy-collections.ts';

const mebibyte = 1_048_576;
/** So many times `maxInboundBytes` may be held while the socket has to be read. */
const inboundFactor = 4;

/** What flow control needs of its client. */
export interface FlowControlHost {
  readonly life: Pick<Lifecycle, 'connection'>;
  readonly users: Pick<ConnectionUsers, 'openBytes' | 'openPublishes' | 'subscriptions'>;
  now(): number;
}

/** The limits: in bytes, and in publishes. */
export interface FlowLimits {
  readonly maxBufferedBytes?: number | undefined;
  readonly maxOpenPublishes?: number | undefined;
  readonly maxInboundBytes?: number | undefined;
  readonly maxMessageBytes?: number | undefined;
}

/** The flow control of one client. */
export class FlowControl implements InboundMeter {
  private readonly maxBufferedBytes: number;
  private readonly maxOpenPublishes: number;
  private readonly maxInboundBytes: number;
  /** The most that is held while the socket has to be read. One message always fits beside what may wait. */
  private readonly inboundCeiling: number;
  private readonly host: FlowControlHost;
  private inboundBytes = 0;
  private readonly waiters = new LazySet<Operation<void>>();

  constructor(limits: FlowLimits, host: FlowControlHost) {
    this.maxOpenPublishes = limits.maxOpenPublishes ?? 4096;
    this.maxBufferedBytes = limits.maxBufferedBytes ?? 64 * mebibyte;
    this.maxInboundBytes = limits.maxInboundBytes ?? 64 * mebibyte;
    const maxMessageBytes = limits.maxMessageBytes ?? 128 * mebibyte;
    this.inboundCeiling = Math.max(inboundFactor * this.maxInboundBytes, this.maxInboundBytes + maxMessageBytes);
    this.host = host;
  }

  /** As `Client.needsDrain`. */
  get needsDrain(): boolean {
    return this.outboundBytes > this.maxBufferedBytes || this.host.users.openPublishes > this.maxOpenPublishes;
  }

  /** With room for many publishes they go out by one write. With room for one, each would wait for a confirm of another. */
  private get isHalfEmpty(): boolean {
    const { openPublishes } = this.host.users;
    return this.outboundBytes <= this.maxBufferedBytes / 2 && openPublishes <= this.maxOpenPublishes / 2;
  }

  /** As `Client.drained`. */
  whenDrained(operation: Operation<void>): void {
    if (this.needsDrain) this.waiters.add(operation);
    else operation.fulfil(undefined);
  }

  /** Given up by the caller. */
  forget(operation: Operation<void>): void {
    this.waiters.delete(operation);
  }

  /** Bytes have gone out, or got their outcome. */
  outboundChanged(): void {
    if (this.waiters.size > 0 && this.isHalfEmpty) this.release();
  }

  /** @throws {LimitExceeded} when too much waits to go out. */
  checkOutbound(): void {
    if (this.outboundBytes <= 2 * this.maxBufferedBytes) return;
    throw new LimitExceeded(`more than twice maxBufferedBytes (${this.maxBufferedBytes}) wait to go out`, {
      method: 'basic.publish',
      outcome: 'not-sent',
      retryable: true,
    });
  }

  /** A message has come for a consumer. */
  messageArrived(message: Message): void {
    this.inboundBytes += message.costBytes;
  }

  /** It is in the user's hands, or back in its queue. */
  messageTaken(message: Message): void {
    this.inboundBytes -= message.costBytes;
    this.host.life.connection?.driver.roomChanged();
  }

  /** Whether more may be read. Messages that have not come whole do not stop the reading by themselves: it completes them. */
  get hasRoom(): boolean {
    const { inboundBytes } = this;
    return inboundBytes === 0 || inboundBytes + this.halfMessageBytes <= this.maxInboundBytes;
  }

  /** Bytes were read, with room for them or without. Ends what holds the most while that is too much. */
  limitInbound(): void {
    const { host, inboundCeiling } = this;
    while (this.inboundBytes + this.halfMessageBytes > inboundCeiling) {
      const why = `more than ${inboundCeiling} bytes were received and not taken (maxInboundBytes is ${this.maxInboundBytes})`;
      const consumer = this.fullestConsumer();
      const leastBytes = consumer?.unreadBytes ?? 0;
      if (host.life.connection?.session.passOverLongest(why, host.now(), leastBytes) === true) continue;
      if (consumer === undefined) return;
      host.users.subscriptions.endUnread(consumer, why);
    }
  }

  /** Bytes that wait to go out, and those of publishes without an outcome. */
  private get outboundBytes(): number {
    const { life, users } = this.host;
    return Math.max(life.connection?.driver.bufferedBytes ?? 0, users.openBytes);
  }

  /** Bytes kept of messages that have not come whole. */
  private get halfMessageBytes(): number {
    return this.host.life.connection?.session.halfMessageBytes ?? 0;
  }

  private fullestConsumer(): Consumer | undefined {
    let fullest: Consumer | undefined;
    let most = 0;
    for (const consumer of this.host.users.subscriptions.consumers) {
      const { unreadBytes } = consumer;
      if (unreadBytes <= most) continue;
      fullest = consumer;
      most = unreadBytes;
    }
    return fullest;
  }

  /** The connection is gone: nothing waits to go out any more. */
  connectionClosed(): void {
    this.release();
  }

  private release(): void {
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const waiter of waiters) waiter.fulfil(undefined);
  }
}
