/** Who is due when, as a heap: there may be thousands. Must not read a clock. */

/** Anything that has a deadline of its own; `Infinity` for none. */
interface Due {
  readonly deadlineMs: number;
}

interface Place<T> {
  readonly owner: T;
  readonly atMs: number;
}

/**
 * Who is due when, as a heap: there may be thousands. An entry whose owner has another deadline by now is skipped.
 */
export class Deadlines<T extends Due> {
  private readonly heap: Place<T>[] = [];

  /** The owner's deadline has changed. */
  changed(owner: T): void {
    if (owner.deadlineMs !== Number.POSITIVE_INFINITY) this.push({ owner, atMs: owner.deadlineMs });
  }

  /** The earliest deadline; `Infinity` if there is none. */
  get nextMs(): number {
    this.dropStale();
    return this.heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes one out that is due. */
  takeDue(nowMs: number): T | undefined {
    if (this.nextMs > nowMs) return undefined;
    return this.pop()?.owner;
  }

  private dropStale(): void {
    for (let top = this.heap[0]; top !== undefined && top.owner.deadlineMs !== top.atMs; top = this.heap[0]) this.pop();
  }

  private push(place: Place<T>): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(place);
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = heap[parentAt];
      if (parent === undefined || parent.atMs <= place.atMs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = place;
  }

  private pop(): Place<T> | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const child = right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left;
      if (child === undefined || child.atMs >= last.atMs) break;
      heap[at] = child;
      at = child === right ? 2 * at + 2 : 2 * at + 1;
    }
    heap[at] = last;
    return top;
  }
}
