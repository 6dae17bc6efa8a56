/**
 * Ends operations by an abort signal: one listener a signal, however many operations use it.
 * Must not know what is given up.
 */
import { UsageError } from '@puka/errors';
import type { AbortSignalLike } from '@puka/transport';
import { LazyMap } from '../runtime/lazy-collections.ts';

interface Watched {
  readonly aborts: Set<(reason: unknown) => void>;
  readonly listener: () => void;
}

/** The signals of one client. */
export class Signals {
  private readonly signals = new LazyMap<AbortSignalLike, Watched>();

  /** Calls when the signal is aborted; not for one that is aborted already. @returns undoes it. */
  watch(signal: AbortSignalLike, abort: (reason: unknown) => void): () => void {
    const watched = this.signals.get(signal) ?? this.listen(signal);
    watched.aborts.add(abort);
    return () => {
      watched.aborts.delete(abort);
      if (watched.aborts.size > 0 || this.signals.get(signal) !== watched) return;
      this.signals.delete(signal);
      signal.removeEventListener('abort', watched.listener);
    };
  }

  private listen(signal: AbortSignalLike): Watched {
    const aborts = new Set<(reason: unknown) => void>();
    const listener = (): void => {
      this.signals.delete(signal);
      signal.removeEventListener('abort', listener);
      // The set itself, so that what is undone meanwhile is not called.
      for (const abort of aborts) abort(signal.reason);
    };
    const watched = { aborts, listener };
    this.signals.set(signal, watched);
    signal.addEventListener('abort', listener);
    return watched;
  }
}

/** @throws {UsageError} for what is no abort signal. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (typeof signal === 'object' && signal !== null && 'addEventListener' in signal) {
    if (typeof signal.addEventListener === 'function') return;
  }
  throw new UsageError(`signal is ${signal === null ? 'null' : typeof signal}; it takes an AbortSignal`);
}
