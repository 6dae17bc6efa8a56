/**
 * What is due at which time: any number of calls, one deadline in all. Time is an argument.
 * Must not read a clock or arm a timer: the alarm does.
 */

interface Due {
  readonly atMs: number;
  /** Of two calls due at the same time, the one that was added first is called first. */
  readonly order: number;
  readonly keepsProcess: boolean;
  /** `undefined` after it was called or undone. It may stay in the heap for a while. */
  call: ((nowMs: number) => void) | undefined;
}

/** How a deadline differs from the usual. */
export interface DeadlineOptions {
  /** Whether the process has to run until then: a caller awaits what is due. Default `true`. */
  readonly keepsProcess?: boolean;
}

/** Finished entries are removed once the heap has at least this many entries and more than half of them are finished. */
const leastCleared = 64;

/** Deadlines of one client. */
export class Deadlines {
  /** A binary heap: the first is due first. */
  private heap: Due[] = [];
  /** How many are not finished. */
  private open = 0;
  private added = 0;
  private keeping = 0;
  private readonly changed: () => void;

  /** @param changed called when `nextMs` has come nearer, or `keepsProcess` has changed. */
  constructor(changed: () => void = () => {}) {
    this.changed = changed;
  }

  /** When `expire` is due; `Infinity` for never. It may be early, never late. */
  get nextMs(): number {
    return this.heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether one of them keeps the process running. */
  get keepsProcess(): boolean {
    return this.keeping > 0;
  }

  /** Calls once, when the time has come. @returns undoes it. */
  add(atMs: number, call: (nowMs: number) => void, options: DeadlineOptions = {}): () => void {
    const { keepsProcess = true } = options;
    const due: Due = { atMs, order: this.added++, keepsProcess, call };
    const isNearer = atMs < this.nextMs;
    this.heap.push(due);
    rise(this.heap, due);
    this.open++;
    if (keepsProcess) this.keeping++;
    if (isNearer || (keepsProcess && this.keeping === 1)) this.changed();
    return () => this.end(due);
  }

  /** Calls what is due. Calls added meanwhile wait for the next `expire`, even if they are due already. */
  expire(nowMs: number): void {
    if (nowMs < this.nextMs) return;
    const all: Due[] = [];
    for (let [first] = this.heap; first !== undefined; [first] = this.heap) {
      if (first.call !== undefined && first.atMs > nowMs) break;
      if (first.call !== undefined) all.push(first);
      takeFirst(this.heap);
    }
    for (const due of all) {
      // One of them may undo another.
      const { call } = due;
      this.end(due);
      call?.(nowMs);
    }
  }

  private end(due: Due): void {
    if (due.call === undefined) return;
    due.call = undefined;
    this.open--;
    if (this.open === 0) this.heap = [];
    else if (this.heap.length >= leastCleared && this.open * 2 < this.heap.length) this.clear();
    if (due.keepsProcess && --this.keeping === 0) this.changed();
  }

  private clear(): void {
    const left: Due[] = [];
    // Most entries are in order already, so `rise` seldom moves one.
    for (const due of this.heap) {
      if (due.call === undefined) continue;
      left.push(due);
      rise(left, due);
    }
    this.heap = left;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** Moves the last entry up to its place. */
function rise(heap: Due[], due: Due): void {
  let at = heap.length - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(due, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = due;
}

/** Removes the first entry, and moves the last one down to its place. */
function takeFirst(heap: Due[]): void {
  const due = heap.pop();
  if (due === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = at * 2 + 1;
    let child = heap[below];
    const right = heap[below + 1];
    if (child !== undefined && right !== undefined && isBefore(right, child)) {
      child = right;
      below++;
    }
    if (child === undefined || !isBefore(child, due)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = due;
}
