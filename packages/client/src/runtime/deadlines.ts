/**
 * What is due at which time: any number of calls, one deadline in all. Time is an argument.
 * Must not read a clock or arm a timer: the alarm does.
 */

import { LazyMap } from './lazy-collections.ts';

interface Due {
  readonly atMs: number;
  readonly call: (nowMs: number) => void;
  readonly keepsProcess: boolean;
}

/** How a deadline differs from the usual. */
export interface DeadlineOptions {
  /** Whether the process has to run until then: somebody awaits what is due. Default `true`. */
  readonly keepsProcess?: boolean;
}

/** Deadlines of one client. */
export class Deadlines {
  private readonly calls = new LazyMap<object, Due>();
  private next = Number.POSITIVE_INFINITY;
  private keeping = 0;
  private readonly changed: () => void;

  /** @param changed called when `nextMs` has come nearer, or `keepsProcess` has changed. */
  constructor(changed: () => void = () => {}) {
    this.changed = changed;
  }

  /** When `expire` is due; `Infinity` for never. It may be early, never late. */
  get nextMs(): number {
    return this.next;
  }

  /** Whether one of them keeps the process running. */
  get keepsProcess(): boolean {
    return this.keeping > 0;
  }

  /** Calls once, when the time has come. @returns undoes it. */
  add(atMs: number, call: (nowMs: number) => void, options: DeadlineOptions = {}): () => void {
    const key = {};
    const { keepsProcess = true } = options;
    this.calls.set(key, { atMs, call, keepsProcess });
    const isNearer = atMs < this.next;
    if (isNearer) this.next = atMs;
    if (keepsProcess) this.keeping++;
    if (isNearer || (keepsProcess && this.keeping === 1)) this.changed();
    return () => this.remove(key);
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
      this.remove(key);
      call?.(nowMs);
    }
  }

  private remove(key: object): void {
    const due = this.calls.get(key);
    if (due === undefined) return;
    this.calls.delete(key);
    if (this.calls.size === 0) this.next = Number.POSITIVE_INFINITY;
    if (due.keepsProcess && --this.keeping === 0) this.changed();
  }
}
