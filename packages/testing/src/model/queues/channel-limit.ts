/**
 * The limit over all consumers of a channel: `basic.qos` with `global`. RabbitMQ asks it for each delivery, and it counts
 * those of all queues. Must not know which messages they are.
 */

/** Is notified that there is room again. */
interface Waiting {
  resume(): void;
}

/** The limit over all consumers of a channel: `basic.qos` with `global`. */
export class ChannelLimit {
  /** 0 is no limit. */
  private prefetchCount = 0;
  private unackedCount = 0;
  private readonly waiting = new Set<Waiting>();

  get isActive(): boolean {
    return this.prefetchCount > 0;
  }

  /** @param unackedCount what the channel has not acked, counted once if there was no limit before. */
  limit(prefetchCount: number, unackedCount: number): void {
    const wasReached = this.isReached;
    if (this.prefetchCount === 0) this.unackedCount = unackedCount;
    this.prefetchCount = prefetchCount;
    this.wakeAfter(wasReached);
  }

  unlimit(): void {
    const wasReached = this.isReached;
    this.prefetchCount = 0;
    this.unackedCount = 0;
    this.wakeAfter(wasReached);
  }

  /** Whether one more may be delivered, which is counted then. If not, `waiting` is notified when that changes. */
  take(ackRequired: boolean, waiting: Waiting): boolean {
    if (this.isReached) {
      this.waiting.add(waiting);
      return false;
    }
    if (ackRequired) this.unackedCount++;
    return true;
  }

  /** Counts messages off that have been settled. */
  release(count: number): void {
    const wasReached = this.isReached;
    if (this.unackedCount > 0) this.unackedCount -= count;
    this.wakeAfter(wasReached);
  }

  /** `waiting` is not notified any more. */
  forget(waiting: Waiting): void {
    this.waiting.delete(waiting);
  }

  private get isReached(): boolean {
    return this.prefetchCount > 0 && this.unackedCount >= this.prefetchCount;
  }

  private wakeAfter(wasReached: boolean): void {
    if (!wasReached || this.isReached) return;
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const waiting of woken) waiting.resume();
  }
}
