/**
 * Which publishes of a channel have their outcome, and which outcomes are still to be sent, in RabbitMQ's way of confirming many at
 * once. Must not know messages. RabbitMQ: docs/confirms.
 */
import { type ByteWriter, encodeBasicAck, encodeBasicNack } from '@puka/wire';

/**
 * Which publishes of a channel have their outcome, and which outcomes are still to be sent, in RabbitMQ's way of confirming many at
 * once.
 */
export class PublisherConfirms {
  isEnabled = false;
  private nextTag = 1;
  /** Without an outcome yet, the lowest first. */
  private readonly open = new Set<number>();
  private acked: number[] = [];
  private nacked: number[] = [];

  /** Whether there is something to be sent. */
  get isWaiting(): boolean {
    return this.acked.length > 0 || this.nacked.length > 0;
  }

  /** Publishes without an outcome. */
  get openCount(): number {
    return this.open.size;
  }

  /** Counts one more publish. @returns its delivery tag. */
  take(): number {
    const tag = this.nextTag++;
    this.open.add(tag);
    return tag;
  }

  /** The outcome of a publish, sent with the next `flush()`. */
  settle(tag: number, isConfirmed: boolean): void {
    if (!this.open.delete(tag)) return;
    (isConfirmed ? this.acked : this.nacked).push(tag);
  }

  /** The publish gets no outcome at all. */
  forget(tag: number): void {
    this.open.delete(tag);
  }

  /** Writes the outcomes: acks before nacks, and one for many if none between is open or of the other kind. */
  flush(writer: ByteWriter, channel: number): void {
    const { acked, nacked } = this;
    this.drop();
    const [single] = acked;
    if (acked.length === 1 && single !== undefined) encodeBasicAck(writer, channel, { deliveryTag: single });
    else this.send(acked, nacked, (fields) => encodeBasicAck(writer, channel, fields));
    this.send(nacked, acked, (fields) => encodeBasicNack(writer, channel, { ...fields, requeue: false }));
  }

  /** Writes the outcomes one by one, the last first, as RabbitMQ may. */
  flushReversed(writer: ByteWriter, channel: number): void {
    const { acked, nacked } = this;
    this.drop();
    for (const deliveryTag of acked.toSorted((a, b) => b - a)) encodeBasicAck(writer, channel, { deliveryTag });
    for (const deliveryTag of nacked.toSorted((a, b) => b - a)) {
      encodeBasicNack(writer, channel, { deliveryTag, requeue: false });
    }
  }

  /** Drops the outcomes: the channel is closing, and RabbitMQ confirms nothing any more. */
  drop(): void {
    this.acked = [];
    this.nacked = [];
  }

  private send(
    tags: readonly number[],
    others: readonly number[],
    write: (fields: { readonly deliveryTag: number; readonly multiple: boolean }) => void,
  ): void {
    if (tags.length === 0) return;
    const sorted = tags.toSorted((a, b) => a - b);
    const [firstOpen = Number.POSITIVE_INFINITY] = this.open;
    const cutoff = others.reduce((least, tag) => Math.min(least, tag), firstOpen);
    const last = sorted.findLast((tag) => tag < cutoff);
    if (last !== undefined) write({ deliveryTag: last, multiple: true });
    for (const tag of sorted) if (tag > cutoff) write({ deliveryTag: tag, multiple: false });
  }
}
