/**
 * The few globals that all runtimes have and the client uses: timers, a clock, the end of a turn, the console.
 * Nothing else in this package may touch one.
 */

/** A timer, as far as it is used here. */
export interface Timer {
  /** On Node and Bun: a pending timer does not keep the process alive. */
  unref?(): unknown;
}

declare function setTimeout(callback: () => void, ms: number): Timer;
declare function clearTimeout(timer: Timer): void;
declare function setImmediate(callback: () => void): unknown;
declare const performance: { now(): number };
declare const console: { warn(...values: unknown[]): void };

/** What the driver asks of its surroundings; tests put a virtual clock in its place. */
export interface Runtime {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls once, later. */
  startTimer(callback: () => void, ms: number): Timer;
  /** A timer stopped is never called. */
  stopTimer(timer: Timer): void;
  /** Calls when this turn of the event loop has read what there was to read. */
  atTurnEnd(callback: () => void): void;
  /** Tells the developer. */
  warn(text: string, error: unknown): void;
}

/** The surroundings of Node, Deno and Bun. */
export const defaultRuntime: Runtime = {
  now: () => performance.now(),
  startTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    timer.unref?.();
    return timer;
  },
  stopTimer: (timer) => clearTimeout(timer),
  atTurnEnd: (callback) => {
    setImmediate(callback);
  },
  warn: (text, error) => console.warn(text, error),
};
