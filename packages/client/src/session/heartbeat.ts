/**
 * When to send a heartbeat and when the peer counts as dead. Time is an argument. AMQP 0-9-1 §4.2.7.
 * Must not write or close: the session does.
 */

/** A silent peer gets this much longer, so that a stalled event loop can first read what has long arrived. */
const graceMs = 500;

/** What is due. */
export type HeartbeatAction = 'none' | 'send' | 'dead';

/** The two clocks of a connection: own silence, and the peer's. */
export class Heartbeat {
  private readonly intervalMs: number;
  private lastSentMs: number;
  private lastReceivedMs: number;
  private suspectedMs: number | undefined;
  private isDeaf = false;

  /** @param intervalSeconds the tuned interval; 0 is off. */
  constructor(intervalSeconds: number, nowMs: number) {
    this.intervalMs = intervalSeconds * 1000;
    this.lastSentMs = nowMs;
    this.lastReceivedMs = nowMs;
  }

  /** Any bytes count as a sign of life, not heartbeat frames alone. */
  received(nowMs: number): void {
    this.lastReceivedMs = nowMs;
    this.suspectedMs = undefined;
  }

  /** Nothing that comes is read: its silence means nothing until `listening()`. */
  deaf(): void {
    this.isDeaf = true;
    this.suspectedMs = undefined;
  }

  /** What comes is read again. */
  listening(nowMs: number): void {
    this.isDeaf = false;
    this.received(nowMs);
  }

  /** Any bytes sent spare a heartbeat. */
  sent(nowMs: number): void {
    this.lastSentMs = nowMs;
  }

  /** The next moment at which `due()` may answer otherwise than `none`; `Infinity` when off. */
  get deadline(): number {
    if (this.intervalMs === 0) return Number.POSITIVE_INFINITY;
    return Math.min(this.lastSentMs + this.intervalMs / 2, this.giveUpMs);
  }

  /** What to do now. RabbitMQ sends at half the interval, and so do we; dead after two intervals of silence. */
  due(nowMs: number): HeartbeatAction {
    if (this.intervalMs === 0) return 'none';
    if (!this.isDeaf && nowMs - this.lastReceivedMs >= 2 * this.intervalMs) {
      if (this.suspectedMs === undefined) this.suspectedMs = nowMs;
      else if (nowMs - this.suspectedMs >= graceMs) return 'dead';
    }
    return nowMs - this.lastSentMs >= this.intervalMs / 2 ? 'send' : 'none';
  }

  private get giveUpMs(): number {
    if (this.isDeaf) return Number.POSITIVE_INFINITY;
    return this.suspectedMs === undefined ? this.lastReceivedMs + 2 * this.intervalMs : this.suspectedMs + graceMs;
  }
}
