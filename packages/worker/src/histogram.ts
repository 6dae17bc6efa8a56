/** Counts durations in steps of powers of two. Must not keep single ones. */

/** How long handlers took. */
export interface DurationHistogram {
  /** How many. */
  readonly count: number;
  /** All of them together, in milliseconds. */
  readonly sumMs: number;
  /** The longest, in milliseconds. */
  readonly maxMs: number;
  /** How many took how long. Empty steps are left out. */
  readonly buckets: readonly {
    /** They took no more than this, in milliseconds, and more than the step before; the last step is `Infinity`. */
    readonly upToMs: number;
    /** How many. */
    readonly count: number;
  }[];
}

/** 1 ms to 2^22 ms (70 minutes), and beyond. */
const stepCount = 24;

/** A histogram of durations. */
export class Durations {
  private readonly counts = new Float64Array(stepCount);
  private count = 0;
  private sumMs = 0;
  private maxMs = 0;

  /** Counts one. */
  add(ms: number): void {
    this.count++;
    this.sumMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
    // The number of bits of the next whole number below: 0 for up to 1 ms, 1 for up to 2 ms, 2 for up to 4 ms …
    const step = ms <= 1 ? 0 : Math.min(32 - Math.clz32(Math.ceil(ms) - 1), stepCount - 1);
    this.counts[step] = (this.counts[step] ?? 0) + 1;
  }

  /** The current values. */
  snapshot(): DurationHistogram {
    const buckets: { upToMs: number; count: number }[] = [];
    for (const [step, count] of this.counts.entries()) {
      const upToMs = step === stepCount - 1 ? Number.POSITIVE_INFINITY : 2 ** step;
      if (count > 0) buckets.push({ upToMs, count });
    }
    return { count: this.count, sumMs: this.sumMs, maxMs: this.maxMs, buckets };
  }
}
