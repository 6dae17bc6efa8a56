/** Handlers that record their calls, and promises to wait for them. It must not use a clock. */
import type { ConnectionBroken } from '@puka/errors';
import type { TransportHandlers } from '@puka/transport';

/** One call of a handler. */
export type RecordedEvent = 'data' | 'readable' | 'drain' | 'end' | 'close';

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

export class Recorder implements TransportHandlers {
  readonly events: RecordedEvent[] = [];
  readonly chunks: Uint8Array[] = [];
  /** The second argument of each `onData`. */
  readonly lasts: (boolean | undefined)[] = [];
  receivedBytes = 0;
  closeError: ConnectionBroken | undefined;
  /** Called first in each handler, for what a test does inside it. */
  during: ((event: RecordedEvent) => void) | undefined;
  readonly #counts = new Map<RecordedEvent, number>();
  #waiters: Waiter[] = [];

  onData(bytes: Uint8Array, isLast?: boolean): void {
    this.chunks.push(bytes);
    this.lasts.push(isLast);
    this.receivedBytes += bytes.length;
    this.#record('data');
  }

  onReadable(): void {
    this.#record('readable');
  }

  onDrain(): void {
    this.#record('drain');
  }

  onEnd(): void {
    this.#record('end');
  }

  onClose(error: ConnectionBroken | undefined): void {
    this.closeError = error;
    this.#record('close');
  }

  count(event: RecordedEvent): number {
    return this.#counts.get(event) ?? 0;
  }

  /** Resolves when the claim holds, looked at now and after each event. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ isMet, resolve });
    });
  }

  /** Resolves when the event has been seen so many times. */
  untilSeen(event: RecordedEvent, times = 1): Promise<void> {
    return this.until(() => this.count(event) >= times);
  }

  /** Resolves when so many bytes have come by `onData`. */
  untilReceived(byteCount: number): Promise<void> {
    return this.until(() => this.receivedBytes >= byteCount);
  }

  #record(event: RecordedEvent): void {
    this.events.push(event);
    this.#counts.set(event, this.count(event) + 1);
    this.during?.(event);
    if (this.#waiters.length === 0) return;
    const met = this.#waiters.filter((waiter) => waiter.isMet());
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }
}
