/**
 * Which publishes of a channel have been confirmed and which are still to be told, in RabbitMQ's way of telling many at
 * once. Must not know messages. RabbitMQ: docs/confirms.
 */
import { type ByteWriter, encodeBasicAck, encodeBasicNack } from '@puka/wire';

/**
 * Which publishes of a channel have been confirmed and which are still to be told, in RabbitMQ's way of telling many at
 * once.
 */
export class PublisherConfirms {
  isEnabled = false;
  private nextTag = 1;
  /** Without an outcome yet, the lowest first. */
  private readonly open = new Set<number>();
  private acked: number[] = [];
  private nacked: number[] = [];

  /** Whether there is something to be told. */
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

  /** The outcome of a publish, to be told with the next `flush()`. */
  settle(tag: number, isConfirmed: boolean): void {
    if (!this.open.delete(tag)) return;
    (isConfirmed ? this.acked : this.nacked).push(tag);
  }

  /** The publish gets no outcome at all. */
  forget(tag: number): void {
    this.open.delete(tag);
  }

  /** Writes what is to be told: acks before nacks, and one for many where none between is open or of the other kind. */
  flush(writer: ByteWriter, channel: number): void {
    const { acked, nacked } = this;
    this.drop();
    const [single] = acked;
    if (acked.length === 1 && single !== undefined) encodeBasicAck(writer, channel, { deliveryTag: single });
    else this.tell(acked, nacked, (fields) => encodeBasicAck(writer, channel, fields));
    this.tell(nacked, acked, (fields) => encodeBasicNack(writer, channel, { ...fields, requeue: false }));
  }

  /** Writes what is to be told one by one, the last first, as RabbitMQ may. */
  flushReversed(writer: ByteWriter, channel: number): void {
    const { acked, nacked } = this;
    this.drop();
    for (const deliveryTag of acked.toSorted((a, b) => b - a)) encodeBasicAck(writer, channel, { deliveryTag });
    for (const deliveryTag of nacked.toSorted((a, b) => b - a)) {
      encodeBasicNack(writer, channel, { deliveryTag, requeue: false });
    }
  }

  /** Drops what is to be told: the channel is closing, and RabbitMQ tells nothing any more. */
  drop(): void {
    this.acked = [];
    this.nacked = [];
  }

  private tell(
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
