/**
 * How much may wait in memory: bytes going out, and bytes received that nobody has taken yet.
 * Must not send or read: it tells when to stop and to go on.
 */
import { LimitExceeded } from '@puka/errors';
import type { Connection } from './connection/connection.ts';
import type { Message } from './consuming/message.ts';
import type { Operation } from './operations/operation.ts';

const mebibyte = 1_048_576;

/** Of one client. */
export class FlowControl {
  private readonly maxBufferedBytes: number;
  private readonly maxInboundBytes: number;
  private readonly connection: () => Connection | undefined;
  private inboundBytes = 0;
  private waiters: Operation<void>[] = [];

  /** @param connection the one that stands just now. */
  constructor(
    limits: { readonly maxBufferedBytes?: number | undefined; readonly maxInboundBytes?: number | undefined },
    connection: () => Connection | undefined,
  ) {
    this.maxBufferedBytes = limits.maxBufferedBytes ?? 64 * mebibyte;
    this.maxInboundBytes = limits.maxInboundBytes ?? 64 * mebibyte;
    this.connection = connection;
  }

  /** See `Client.needsDrain`. */
  get needsDrain(): boolean {
    return (this.connection()?.outboundBytes ?? 0) > this.maxBufferedBytes;
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
  checkOutbound(connection: Connection): void {
    if (connection.outboundBytes <= 2 * this.maxBufferedBytes) return;
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
    if (this.hasRoom) this.connection()?.driver.regulate();
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
