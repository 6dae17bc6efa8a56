/**
 * The broker's clock: the real one plus what it was moved forward, or one that is stopped until it is moved forward. The only place
 * that reads the real time. Must not know who looks at it.
 */

/** Whether time passes by itself. */
export type TimeMode = 'real' | 'manual';

/** The broker's clock: the real one plus what it was moved forward, or one that is stopped until it is moved forward. */
export class BrokerClock {
  readonly mode: TimeMode;
  private skewMs = 0;
  private readonly startMs = Date.now();
  private readonly startTicks = performance.now();

  constructor(mode: TimeMode) {
    this.mode = mode;
  }

  /** Milliseconds since 1970. It never goes back. */
  get nowMs(): number {
    const passed = this.mode === 'real' ? performance.now() - this.startTicks : 0;
    return this.startMs + Math.floor(passed) + this.skewMs;
  }

  /** Puts the clock forward to a time; one that is past changes nothing. */
  advanceTo(timeMs: number): void {
    this.skewMs += Math.max(0, timeMs - this.nowMs);
  }
}
