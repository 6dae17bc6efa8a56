// A clock that only moves when it is advanced. It must never look at the real time, and must never wait.

/**
 * Callbacks one call may run, so that two that schedule each other for now end in an error and not in an endless loop.
 */
const defaultCallbackLimit = 100_000;

interface Scheduled {
  readonly at: number;
  readonly run: () => void;
}

/**
 * Time in milliseconds that passes only by `advance` and `runUntilIdle`. What is due runs in the order of its time,
 * then of its scheduling.
 */
export class VirtualClock {
  #now: number;
  #scheduled: Scheduled[] = [];

  /** @param start first reading, in milliseconds. Default 0. */
  constructor(start = 0) {
    this.#now = start;
  }

  /**
   * The reading, in milliseconds. Inside a callback: the time it was scheduled for. Bound, so that it may be handed on
   * as a function.
   */
  readonly now = (): number => this.#now;

  /** How many callbacks wait. */
  get pending(): number {
    return this.#scheduled.length;
  }

  /** When the next callback is due, undefined when none waits. */
  get nextAt(): number | undefined {
    return this.#scheduled[0]?.at;
  }

  /**
   * Has a callback run at a time; a time that has passed means the next advance, be it of 0 ms.
   * @returns what takes the callback back; a second call does nothing.
   */
  schedule(at: number, run: () => void): () => void {
    if (Number.isNaN(at)) throw new RangeError('a time to schedule at is a number of milliseconds, not NaN');
    const entry: Scheduled = { at: Math.max(at, this.#now), run };
    const later = this.#scheduled.findIndex((other) => other.at > entry.at);
    this.#scheduled.splice(later < 0 ? this.#scheduled.length : later, 0, entry);
    return () => {
      this.#scheduled = this.#scheduled.filter((other) => other !== entry);
    };
  }

  /** Has a callback run some milliseconds from now. @returns what takes it back. */
  after(ms: number, run: () => void): () => void {
    return this.schedule(this.#now + ms, run);
  }

  /**
   * Lets time pass and runs what comes due, also what the callbacks schedule within that time. What a callback throws
   * is thrown.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time goes forward: advance(${ms})`);
    const until = this.#now + ms;
    this.#runWhile((at) => at <= until);
    this.#now = until;
  }

  /**
   * Goes from callback to callback until none waits. Throws when `callbackLimit` (default 100000) have run and some
   * still wait.
   */
  runUntilIdle(callbackLimit: number = defaultCallbackLimit): void {
    this.#runWhile(() => true, callbackLimit);
  }

  #runWhile(isDue: (at: number) => boolean, callbackLimit = defaultCallbackLimit): void {
    for (let ran = 0; ; ran += 1) {
      const [next] = this.#scheduled;
      if (next === undefined || !isDue(next.at)) return;
      if (ran === callbackLimit)
        throw new Error(`${callbackLimit} callbacks ran and ${this.pending} still wait at ${this.#now} ms`);
      this.#scheduled.shift();
      this.#now = next.at;
      next.run();
    }
  }
}
