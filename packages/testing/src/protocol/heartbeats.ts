/**
 * When to send a heartbeat and when the client counts as dead, counted as RabbitMQ does: it looks at its counters once in
 * half an interval for what was sent, once in an interval for what came. Time is an argument. Must not write or close.
 */

/** What is due. */
export type HeartbeatAction = 'none' | 'send' | 'dead';

/**
 * When to send a heartbeat and when the client counts as dead, counted as RabbitMQ does: it looks at its counters once
 * in half an interval for what was sent, once in an interval for what came.
 */
export class Heartbeats {
  private readonly intervalMs: number;
  private sendCheckMs: number;
  private receiveCheckMs: number;
  private hasSent = false;
  private hasReceived = false;
  private silentIntervals = 0;
  private isPaused = false;

  /** @param intervalSeconds as tuned; 0 is off. */
  constructor(intervalSeconds: number, nowMs: number) {
    this.intervalMs = intervalSeconds * 1000;
    this.sendCheckMs = nowMs + this.intervalMs / 2;
    this.receiveCheckMs = nowMs + this.intervalMs;
  }

  /** Any bytes count as a sign of life. */
  received(): void {
    this.hasReceived = true;
  }

  /** Any bytes sent spare a heartbeat. */
  sent(): void {
    this.hasSent = true;
  }

  /** While nothing is read, silence means nothing. */
  pause(): void {
    this.isPaused = true;
  }

  resume(nowMs: number): void {
    this.isPaused = false;
    this.silentIntervals = 0;
    this.receiveCheckMs = nowMs + this.intervalMs;
  }

  /** Time went by in which the client had no chance to send: it is not held against it. */
  excuse(milliseconds: number): void {
    this.receiveCheckMs += milliseconds;
  }

  /** The next moment at which `due()` may answer otherwise than `none`; `Infinity` when off. */
  get deadlineMs(): number {
    if (this.intervalMs === 0) return Number.POSITIVE_INFINITY;
    return this.isPaused ? this.sendCheckMs : Math.min(this.sendCheckMs, this.receiveCheckMs);
  }

  /** What to do now. */
  due(nowMs: number): HeartbeatAction {
    if (this.intervalMs === 0) return 'none';
    if (!this.isPaused && nowMs >= this.receiveCheckMs && this.isDead(nowMs)) return 'dead';
    if (nowMs < this.sendCheckMs) return 'none';
    this.sendCheckMs = nowMs + this.intervalMs / 2;
    const isDue = !this.hasSent;
    this.hasSent = false;
    return isDue ? 'send' : 'none';
  }

  /** RabbitMQ: the first silent interval may have begun late, so it takes two. */
  private isDead(nowMs: number): boolean {
    this.receiveCheckMs = nowMs + this.intervalMs;
    this.silentIntervals = this.hasReceived ? 0 : this.silentIntervals + 1;
    this.hasReceived = false;
    return this.silentIntervals >= 2;
  }
}
