/**
 * Ends calls when their abort signal is aborted. Adds one listener per signal, because runtimes warn of many listeners.
 * Must not know what a call is.
 */
import { UsageError } from '@puka/errors';
import { kindOf } from './check-options.ts';

/** The part of an `AbortSignal` that is used. */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Watched {
  readonly aborts: Set<() => void>;
  readonly listener: () => void;
}

/** The signals of one caller. */
export class Signals {
  private readonly signals = new Map<Abortable, Watched>();

  /** Calls `abort` when the signal is aborted, but not if it is aborted already. @returns a function that undoes it. */
  watch(signal: Abortable, abort: () => void): () => void {
    const watched = this.signals.get(signal) ?? this.listen(signal);
    watched.aborts.add(abort);
    return () => {
      watched.aborts.delete(abort);
      if (watched.aborts.size === 0 && this.signals.get(signal) === watched) this.forget(signal, watched);
    };
  }

  private listen(signal: Abortable): Watched {
    const aborts = new Set<() => void>();
    const listener = (): void => {
      this.forget(signal, watched);
      for (const abort of aborts) abort();
    };
    const watched = { aborts, listener };
    this.signals.set(signal, watched);
    signal.addEventListener('abort', listener);
    return watched;
  }

  private forget(signal: Abortable, { listener }: Watched): void {
    this.signals.delete(signal);
    signal.removeEventListener('abort', listener);
  }
}

/** @throws {UsageError} for anything but an abort signal. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (typeof signal === 'object' && signal !== null && 'addEventListener' in signal) {
    if (typeof signal.addEventListener === 'function') return;
  }
  throw new UsageError(`signal is ${kindOf(signal)}; it takes an AbortSignal, such as AbortSignal.timeout(1000)`);
}
