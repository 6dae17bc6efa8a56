/** Calls that were given up before they came here. Must not keep more than it may. */

const most = 10_000;

/** The last ids, each found once. */
export class CancelledCalls {
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

  /** @returns whether it was there; it is not any more. */
  take(id: string): boolean {
    return this.ids.delete(id);
  }
}
