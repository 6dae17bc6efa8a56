/** Counts durations in buckets of fixed bounds. Must not read a clock. */

/** A histogram as plain data. */
export interface HistogramSnapshot {
  /** How many were counted. */
  readonly count: number;
  /** The sum of all, in milliseconds. */
  readonly sumMs: number;
  /** How many took how long, the shorter ones included in each. */
  readonly buckets: readonly {
    /** The bound, in milliseconds; the last one is `Infinity`. */
    readonly upToMs: number;
    /** How many took at most so long. */
    readonly count: number;
  }[];
}

/** Upper bounds in milliseconds: from a broker beside the client to one that is short of memory. */
const boundsMs: readonly number[] = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** A histogram of durations. */
export class Histogram {
  /** `undefined` before the first. */
  private counts: number[] | undefined = undefined;
  private sumMs = 0;

  /** Counts one. */
  add(ms: number): void {
    const found = boundsMs.findIndex((bound) => ms <= bound);
    const index = found < 0 ? boundsMs.length : found;
    this.counts ??= new Array<number>(boundsMs.length + 1).fill(0);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sumMs += ms;
  }

  /** As plain data. */
  snapshot(): HistogramSnapshot {
    let count = 0;
    const buckets = [...boundsMs, Number.POSITIVE_INFINITY].map((upToMs, index) => {
      count += this.counts?.[index] ?? 0;
      return { upToMs, count };
    });
    return { count, sumMs: this.sumMs, buckets };
  }
}
