/**
 * What is due at which time: any number of calls, one deadline in all. Time is an argument.
 * Must not read a clock or arm a timer: the alarm does.
 */

/** Deadlines of one client. */
export class Deadlines {
  private readonly calls = new Map<object, { readonly atMs: number; readonly call: (nowMs: number) => void }>();
  private next = Number.POSITIVE_INFINITY;
  private readonly changed: () => void;

  /** @param changed called when `nextMs` has come nearer. */
  constructor(changed: () => void = () => {}) {
    this.changed = changed;
  }

  /** When `expire` is due; `Infinity` for never. It may be early, never late. */
  get nextMs(): number {
    return this.next;
  }

  /** Calls once, when the time has come. @returns undoes it. */
  add(atMs: number, call: (nowMs: number) => void): () => void {
    const key = {};
    this.calls.set(key, { atMs, call });
    if (atMs < this.next) {
      this.next = atMs;
      this.changed();
    }
    return () => {
      this.calls.delete(key);
      if (this.calls.size === 0) this.next = Number.POSITIVE_INFINITY;
    };
  }

  /** Calls what is due. */
  expire(nowMs: number): void {
    if (nowMs < this.next) return;
    this.next = Number.POSITIVE_INFINITY;
    const due: object[] = [];
    for (const [key, { atMs }] of this.calls) {
      if (atMs <= nowMs) due.push(key);
      else if (atMs < this.next) this.next = atMs;
    }
    for (const key of due) {
      // One of them may undo another.
      const call = this.calls.get(key)?.call;
      this.calls.delete(key);
      call?.(nowMs);
    }
  }
}
