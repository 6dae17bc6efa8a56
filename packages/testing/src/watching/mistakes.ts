/** The errors of clients, for tests. Must not keep more than its limit. */
import type { Mistake } from '../protocol/mistake.ts';

/** The last mistakes of the clients. */
export class Mistakes {
  private readonly limit: number;
  private kept: Mistake[] = [];

  /** @param limit how many are kept. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** The last ones, in their order. */
  get all(): readonly Mistake[] {
    return this.limit === 0 ? [] : this.kept.slice(-this.limit);
  }

  readonly add = (mistake: Mistake): void => {
    this.kept.push(mistake);
    // In one go and not at each: taking the first out of an array moves all others.
    if (this.kept.length > this.limit * 2) this.kept.splice(0, this.kept.length - this.limit);
  };

  clear(): void {
    this.kept = [];
  }
}
