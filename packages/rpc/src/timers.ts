/** The globals that every runtime has and this package uses. Nothing else in it may touch one but the codec. */

interface BareSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  throwIfAborted(): void;
}

/** The `AbortSignal` of the runtime, as the types of the program know it. */
export type CallSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } } ? Signal : BareSignal;

/** A signal and who aborts it. */
export interface Controller {
  readonly signal: CallSignal;
  abort(reason?: unknown): void;
}

declare const AbortController: new () => Controller;
declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare const crypto: { randomUUID(): string };

/** Longest time of a timer, in milliseconds; some 24 days. */
export const longestMs = 2_147_483_647;

export function newController(): Controller {
  return new AbortController();
}

/** @returns takes it back. `Infinity` never calls. */
export function after(ms: number, callback: () => void): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {};
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** @returns whether the promise settles in time. Rejects if the promise rejects in time. */
export function isOverWithin(ms: number, over: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stopTimer = after(ms, () => resolve(false));
    over.finally(stopTimer).then(() => resolve(true), reject);
  });
}

/** A unique name. */
export function uniqueId(): string {
  return crypto.randomUUID();
}
