/** Random numbers from a seed, the same on every machine. */

/** Marsaglia's xorshift with 32 bits. */
export class Random {
  private state: number;

  /** @param seed any integer; 0 means 1. */
  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    let state = this.state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state >>> 0;
    return this.state % limit;
  }
}
