/**
 * Says when the source of a direction has to stop: while its sink is full, and while it is ahead of its rate. It must not touch
 * a transport.
 */
import type { RelayTimers } from './limits.ts';

/** What a throttle is made of. */
export interface ThrottleOptions {
  /** The rate, with one second of it at once; `Infinity` for any. */
  readonly bytesPerSecond: number;
  readonly timers: RelayTimers;
  /** Stops the source. Called again while it is stopped. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export class Throttle {
  readonly #options: ThrottleOptions;
  /** What may pass at once; below 0 what has passed ahead of the rate. */
  #allowance: number;
  #countedAtMs: number;
  #isFull = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ThrottleOptions) {
    this.#options = options;
    this.#allowance = options.bytesPerSecond;
    this.#countedAtMs = options.timers.now();
  }

  /** Bytes have passed. @param isFull whether the sink takes no more until `drained()`. */
  passed(byteCount: number, isFull: boolean): void {
    this.#isFull ||= isFull;
    const waitMs = this.#spend(byteCount);
    if (waitMs > 0 && this.#cancelTimer === undefined) {
      this.#cancelTimer = this.#options.timers.after(waitMs, () => this.#waited());
    }
    if (this.#isStopped) this.#options.pause();
  }

  /** The sink takes more. */
  drained(): void {
    this.#isFull = false;
    if (!this.#isStopped) this.#options.resume();
  }

  /** Nothing is called any more. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  get #isStopped(): boolean {
    return this.#isFull || this.#cancelTimer !== undefined;
  }

  /** @returns how long nothing may pass, in milliseconds. */
  #spend(byteCount: number): number {
    const { bytesPerSecond, timers } = this.#options;
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
    const now = timers.now();
    const earned = ((now - this.#countedAtMs) * bytesPerSecond) / 1000;
    this.#countedAtMs = now;
    this.#allowance = Math.min(bytesPerSecond, this.#allowance + earned) - byteCount;
    return Math.ceil((Math.max(0, -this.#allowance) * 1000) / bytesPerSecond);
  }

  #waited(): void {
    this.#cancelTimer = undefined;
    // What came before the source had stopped may take longer.
    const waitMs = this.#spend(0);
    if (waitMs > 0) this.#cancelTimer = this.#options.timers.after(waitMs, () => this.#waited());
    else if (!this.#isFull) this.#options.resume();
  }
}
