/**
 * The receiving side that all adapters share. It holds what arrived until the handlers may be called, and keeps the order
 * data, end, close. It must not touch a socket: it asks its source to start and stop.
 */
import type { ConnectionBroken } from '@puka/errors';
import { UsageError } from '@puka/errors';
import type { TransportHandlers } from './contract.ts';
import { Fifo } from './fifo.ts';

/** In pull mode the source is read ahead up to this many bytes. */
const readAheadBytes = 64 * 1024;

/** The source of the bytes. Stopping may take effect late: what still arrives is held. */
export interface InboxSource {
  startReading(): void;
  stopReading(): void;
}

/** Everything an {@link Inbox} needs. */
export interface InboxOptions {
  readonly handlers: TransportHandlers;
  readonly mode: 'push' | 'pull';
  readonly source: InboxSource;
  /** Runs a task soon, never inside the call. */
  readonly schedule: (task: () => void) => void;
}

/** Nothing is handed over before `open()`. */
export class Inbox {
  readonly #handlers: TransportHandlers;
  readonly #mode: 'push' | 'pull';
  readonly #source: InboxSource;
  readonly #schedule: (task: () => void) => void;
  readonly #held = new Fifo<Uint8Array>();
  #heldBytes = 0;
  #isOpen = false;
  #isPaused = false;
  #isSourceStopped = false;
  #isFlushing = false;
  /** `onReadable` was called, and `read()` has not come to `undefined` since. */
  #isAnnounced = false;
  #end: 'none' | 'pending' | 'reported' = 'none';
  #close: { readonly error: ConnectionBroken | undefined } | undefined;
  #isClosed = false;
  #isDiscarding = false;

  constructor(options: InboxOptions) {
    this.#handlers = options.handlers;
    this.#mode = options.mode;
    this.#source = options.source;
    this.#schedule = options.schedule;
  }

  /** Bytes that arrived and are not handed over yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether `onClose` has been called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lets the handlers be called, from now on. Must not be called inside a call of the user's. */
  open(): void {
    this.#isOpen = true;
    this.#flush();
  }

  /** Takes bytes from the source. The inbox owns them from now on. @param isLast see `onData`. */
  receive(bytes: Uint8Array, isLast?: boolean): void {
    if (this.#isDiscarding || this.#close !== undefined) return;
    if (this.#mode === 'push' && this.#mayPush() && this.#held.length === 0 && !this.#isFlushing) {
      this.#handlers.onData(bytes, isLast);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#mode === 'push' || this.#heldBytes >= readAheadBytes) this.#stopSource();
    this.#announce();
  }

  /** The source has ended. */
  receiveEnd(): void {
    if (this.#isDiscarding || this.#end !== 'none') return;
    this.#end = 'pending';
    this.#flush();
  }

  /** The source is closed. Only the first call counts. */
  receiveClose(error: ConnectionBroken | undefined): void {
    if (this.#close !== undefined) return;
    this.#close = { error };
    this.#flush();
  }

  /** Drops everything but the close. Called after our own `close()`. */
  discard(): void {
    this.#isDiscarding = true;
    this.#drop();
    if (this.#close !== undefined) this.#soon(() => this.#flush());
  }

  read(): Uint8Array | undefined {
    if (this.#mode === 'push')
      throw new UsageError("read() needs a transport in pull mode; this one was connected with mode 'push'");
    const bytes = this.#shift();
    if (bytes === undefined) {
      this.#isAnnounced = false;
      this.#emitEnd();
      if (this.#close !== undefined && !this.#isClosed) this.#soon(() => this.#emitClose());
    }
    if (this.#heldBytes === 0) this.#startSource();
    return bytes;
  }

  pause(): void {
    if (this.#mode === 'pull' || this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#stopSource();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#soon(() => this.#flush());
  }

  #soon(task: () => void): void {
    // Browsers and workers refuse queueMicrotask() called as a method.
    const schedule = this.#schedule;
    schedule(task);
  }

  #mayPush(): boolean {
    return this.#isOpen && !this.#isPaused && !this.#isDiscarding;
  }

  /** Hands over as much as may be handed over now. */
  #flush(): void {
    if (!this.#isOpen || this.#isFlushing || this.#isClosed) return;
    if (this.#mode === 'push') this.#flushPush();
    else this.#announce();
    this.#emitClose();
  }

  #flushPush(): void {
    this.#isFlushing = true;
    try {
      while (this.#mayPush()) {
        const bytes = this.#shift();
        if (bytes === undefined) break;
        this.#handlers.onData(bytes);
      }
    } finally {
      this.#isFlushing = false;
    }
    if (!this.#mayPush() || this.#held.length > 0) return;
    this.#emitEnd();
    if (!this.#isPaused) this.#startSource();
  }

  #announce(): void {
    if (this.#mode === 'push' || !this.#isOpen || this.#isAnnounced || this.#isDiscarding) return;
    if (this.#held.length === 0 && this.#end !== 'pending') return;
    this.#isAnnounced = true;
    this.#handlers.onReadable();
  }

  #emitEnd(): void {
    if (this.#end !== 'pending' || this.#isDiscarding) return;
    this.#end = 'reported';
    this.#handlers.onEnd();
  }

  #emitClose(): void {
    if (this.#close === undefined || !this.#isOpen || this.#isClosed) return;
    const { error } = this.#close;
    const hasNewsBefore = this.#held.length > 0 || this.#end === 'pending';
    if (error === undefined && hasNewsBefore && !this.#isDiscarding) return;
    this.#isClosed = true;
    if (this.#mode === 'push') this.#drop();
    this.#end = 'reported';
    this.#handlers.onClose(error);
  }

  #shift(): Uint8Array | undefined {
    const bytes = this.#held.shift();
    if (bytes !== undefined) this.#heldBytes -= bytes.length;
    return bytes;
  }

  #drop(): void {
    this.#held.clear();
    this.#heldBytes = 0;
  }

  // Also when it is stopped already: a source that still delivers must be stopped again.
  #stopSource(): void {
    this.#isSourceStopped = true;
    this.#source.stopReading();
  }

  #startSource(): void {
    if (!this.#isSourceStopped || this.#end !== 'none' || this.#close !== undefined || this.#isDiscarding) return;
    this.#isSourceStopped = false;
    this.#source.startReading();
  }
}
