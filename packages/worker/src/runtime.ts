/**
 * The few globals that all runtimes have and the worker uses: timers, clocks, abort signals, the console.
 * Nothing else in this package may touch one.
 */
import type { Runtime, Timer } from '@puka/client';

/** The part of an `AbortSignal` that is used, for programs whose types do not declare it. */
interface BareSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The `AbortSignal` of the runtime, as the types of the program know it. */
export type JobSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } } ? Signal : BareSignal;

/** Aborts one signal. */
export interface Aborter {
  readonly signal: JobSignal;
  abort(reason?: unknown): void;
}

declare const AbortController: new () => Aborter;
declare function setTimeout(callback: () => void, ms: number): Timer;
declare function clearTimeout(timer: Timer): void;
declare function queueMicrotask(callback: () => void): void;
declare const performance: { now(): number };
declare const console: { warn(...values: unknown[]): void };

/** Clock and timers of a worker: a part of the client's `Runtime`, so that both may have the same one. */
export type WorkerRuntime = Pick<Runtime, 'now' | 'startTimer' | 'stopTimer' | 'warn' | 'wallClock'>;

/** The surroundings of Node, Deno and Bun. */
export const defaultRuntime: WorkerRuntime = {
  now: () => performance.now(),
  startTimer(callback, ms) {
    const timer = setTimeout(callback, ms);
    // The client's socket keeps the process running, not the worker.
    timer.unref?.();
    return timer;
  },
  stopTimer: (timer) => clearTimeout(timer),
  warn: (text, error) => console.warn(text, error),
};

/** Calls when what runs now has come back. */
export function atEndOfTurn(callback: () => void): void {
  queueMicrotask(callback);
}

/** A signal and what aborts it. */
export function newAborter(): Aborter {
  return new AbortController();
}

/** The time of day, for people. */
export function timeOfDay(runtime: WorkerRuntime): Date {
  return new Date(runtime.wallClock?.() ?? Date.now());
}
