/** Counts latencies in buckets that are 5 % wide, so that percentiles cost no memory. */

const base = Math.log(1.05);
/** Of the first bucket, in milliseconds. */
const least = 0.001;

export class Latencies {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #max = 0;

  /** @param milliseconds 0 or more. */
  add(milliseconds: number): void {
    const bucket = milliseconds <= least ? 0 : Math.ceil(Math.log(milliseconds / least) / base);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#max = Math.max(this.#max, milliseconds);
  }

  get count(): number {
    return this.#count;
  }

  /** @param share 0 to 1. @returns milliseconds, at most 5 % too high; 0 if there is none. */
  percentile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, least * Math.exp(bucket * base));
    }
    return this.#max;
  }

  get max(): number {
    return this.#max;
  }
}

/** @returns the milliseconds with two digits and more, and their unit. */
export function latencyText(milliseconds: number): string {
  // With two digits, 99.5 is 1.0e+2.
  return `${milliseconds >= 99.5 ? Math.round(milliseconds) : milliseconds.toPrecision(2)} ms`;
}
