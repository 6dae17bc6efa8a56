/**
 * When a queue is subscribed to again after the broker has cancelled its consumer: after a pause, then with back-off.
 * Pure: time is an argument. Must not subscribe: the subscriptions do.
 */
import type { PukaError } from '@puka/errors';
import { refusalOf } from '../topology/refusals.ts';

/** The first pause, in milliseconds. Each further one is twice as long. */
const firstPauseMs = 300;
const longestPauseMs = 30_000;
/** A subscription that has lasted so long was a good one: the next pause is the first again. */
const stableMs = 10_000;
/** How long a queue may be missing or away, or be another connection's. */
const retryForMs = 300_000;

/** The pace of one queue of one consumer. */
export class ResubscribePace {
  private pauses = 0;
  private subscribedAtMs: number | undefined = undefined;
  private absentSinceMs: number | undefined = undefined;

  /** The queue is subscribed to. */
  subscribed(nowMs: number): void {
    this.subscribedAtMs = nowMs;
    this.absentSinceMs = undefined;
  }

  /**
   * The broker has cancelled the subscription, or another one failed.
   *
   * @returns milliseconds until the next attempt; `undefined` if there is none.
   */
  pauseMs(nowMs: number, error: PukaError): number | undefined {
    const { subscribedAtMs } = this;
    if (subscribedAtMs !== undefined && nowMs - subscribedAtMs >= stableMs) this.pauses = 0;
    this.subscribedAtMs = undefined;
    const refusal = refusalOf(error);
    const isAbsent = refusal === 'missing' || refusal === 'away' || refusal === 'locked';
    if (!isAbsent && refusal !== 'dropped') return undefined;
    const pauseMs = Math.min(firstPauseMs * 2 ** this.pauses++, longestPauseMs);
    if (!isAbsent) return pauseMs;
    this.absentSinceMs ??= nowMs;
    const leftMs = this.absentSinceMs + retryForMs - nowMs;
    return leftMs <= 0 ? undefined : Math.min(pauseMs, leftMs);
  }
}
