/**
 * Times one publish of a channel after the other, from the turn that writes it to its confirm: the last one that is written
 * while no other is timed. So a busy channel reads the clock twice a round trip, and not for each message.
 */
import type { Histogram } from '../runtime/histogram.ts';

/** Returns the time. */
export interface Clock {
  /** The client's clock, in milliseconds. */
  now(): number;
}

/** The sample of one channel of publishes. */
export class RoundTripSample {
  /** Delivery tag of the publish that is timed; 0 for none. */
  private tag = 0;
  private startedMs = 0;
  /** The last tag that was written. */
  private writtenTag = 0;
  private readonly histogram: Histogram;
  private readonly clock: Clock;

  constructor(histogram: Histogram, clock: Clock) {
    this.histogram = histogram;
    this.clock = clock;
  }

  /** A channel begins: its tags begin at 1. */
  reset(): void {
    this.tag = 0;
    this.writtenTag = 0;
  }

  /** All publishes up to this tag are about to be written. */
  writing(lastTag: number): void {
    if (lastTag === this.writtenTag) return;
    this.writtenTag = lastTag;
    if (this.tag !== 0) return;
    this.tag = lastTag;
    this.startedMs = this.clock.now();
  }

  /**
   * RabbitMQ extension: a confirm has come. A tag of 0 with `multiple` means all that are outstanding.
   *
   * @param nowMs when it was read, by the client's clock.
   */
  confirmed(deliveryTag: number, multiple: boolean, nowMs: number): void {
    const { tag } = this;
    if (tag === 0) return;
    if (deliveryTag !== tag && !(multiple && (deliveryTag > tag || deliveryTag === 0))) return;
    this.tag = 0;
    this.histogram.add(nowMs - this.startedMs);
  }
}
