/** Ids of calls, the last ones only: of those given up before they came here, and of those that have run. */

/** Room for what comes in minutes; some megabytes. */
const most = 10_000;

/** The last 10,000 ids at least, and twice as many at most. */
export class RecentIds {
  private recent = new Set<string>();
  /** Those before, which go all together: taking the oldest out of one set one by one costs more with each. */
  private before = new Set<string>();

  add(id: string): void {
    this.recent.add(id);
    if (this.recent.size < most) return;
    this.before = this.recent;
    this.recent = new Set();
  }

  has(id: string): boolean {
    return this.recent.has(id) || this.before.has(id);
  }

  /** @returns whether it was there; it is not any more. */
  take(id: string): boolean {
    const wasRecent = this.recent.delete(id);
    return this.before.delete(id) || wasRecent;
  }
}
