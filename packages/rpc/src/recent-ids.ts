/** Ids of calls, the last ones only: of those given up before they came here, and of those that have run. */

/** Room for what comes in minutes; some megabytes. */
const most = 10_000;

/** The last 10,000 ids. */
export class RecentIds {
  private readonly ids = new Set<string>();

  add(id: string): void {
    this.ids.add(id);
    if (this.ids.size <= most) return;
    // A set keeps the order in which its values came.
    for (const oldest of this.ids) {
      this.ids.delete(oldest);
      break;
    }
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** @returns whether it was there; it is not any more. */
  take(id: string): boolean {
    return this.ids.delete(id);
  }
}
