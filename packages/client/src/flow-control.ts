/**
 * How much may wait in memory: bytes going out, and bytes received that nobody has taken yet.
 * Must not send or read: it tells when to stop and to go on.
 */
import { LimitExceeded } from '@puka/errors';
import type { InboundMeter } from './consuming/consumer.ts';
import type { Message } from './consuming/message.ts';
import type { Operation } from './operations/operation.ts';

const mebibyte = 1_048_576;

/** What flow control needs of its client. */
export interface FlowControlHost {
  /** Bytes that wait to go out, and those of publishes without an outcome. */
  readonly outboundBytes: number;
  /** Whether there is room for what comes in has changed. */
  regulateReading(): void;
}

/** The flow control of one client. */
export class FlowControl implements InboundMeter {
  private readonly maxBufferedBytes: number;
  private readonly maxInboundBytes: number;
  private readonly host: FlowControlHost;
  private inboundBytes = 0;
  private waiters: Operation<void>[] = [];

  constructor(
    limits: { readonly maxBufferedBytes?: number | undefined; readonly maxInboundBytes?: number | undefined },
    host: FlowControlHost,
  ) {
    this.maxBufferedBytes = limits.maxBufferedBytes ?? 64 * mebibyte;
    this.maxInboundBytes = limits.maxInboundBytes ?? 64 * mebibyte;
    this.host = host;
  }

  /** See `Client.needsDrain`. */
  get needsDrain(): boolean {
    return this.host.outboundBytes > this.maxBufferedBytes;
  }

  /** See `Client.drained`. */
  whenDrained(operation: Operation<void>): void {
    if (this.needsDrain) this.waiters.push(operation);
    else operation.fulfil(undefined);
  }

  /** Given up by the caller. */
  forget(operation: Operation<void>): void {
    this.waiters = this.waiters.filter((waiter) => waiter !== operation);
  }

  /** Bytes have gone out, or got their outcome. */
  outboundChanged(): void {
    if (this.waiters.length === 0 || this.needsDrain) return;
    for (const waiter of this.waiters.splice(0)) waiter.fulfil(undefined);
  }

  /** @throws {LimitExceeded} when too much waits to go out. */
  checkOutbound(): void {
    if (this.host.outboundBytes <= 2 * this.maxBufferedBytes) return;
    throw new LimitExceeded(`more than twice maxBufferedBytes (${this.maxBufferedBytes}) wait to go out`, {
      method: 'basic.publish',
      outcome: 'not-sent',
      retryable: true,
    });
  }

  /** A message has come for a consumer. */
  messageArrived(message: Message): void {
    this.inboundBytes += message.bodySize;
  }

  /** It is in the user's hands, or back in its queue. */
  messageTaken(message: Message): void {
    this.inboundBytes -= message.bodySize;
    if (this.hasRoom) this.host.regulateReading();
  }

  /** Whether more may be read. */
  get hasRoom(): boolean {
    return this.inboundBytes <= this.maxInboundBytes;
  }

  /** The connection is gone: nothing waits to go out any more. */
  connectionClosed(): void {
    for (const waiter of this.waiters.splice(0)) waiter.fulfil(undefined);
  }
}
