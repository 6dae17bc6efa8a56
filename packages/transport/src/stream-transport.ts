/**
 * A transport over a connection that is read and written by promises, as those of Deno and Cloudflare are.
 * It must not connect, know a runtime, nor decide what may be handed over when (inbox.ts).
 */
import { UsageError } from '@puka/errors';
import type { Transport, TransportHandlers } from './contract.ts';
import { breakFailure, formatAddress, gapError } from './failure.ts';
import type { InboxSource } from './inbox.ts';
import { Inbox } from './inbox.ts';
import { highWaterMarkBytes, Outbox } from './outbox.ts';

/** A connection. One `read()` and one `write()` or `closeWrite()` are under way at a time. */
export interface ByteStream {
  /** @returns bytes that are the caller's, or `null` at the end. */
  read(): Promise<Uint8Array | null>;
  /** Takes back what `read()` returned last: no code keeps a view of it. */
  giveBack?(bytes: Uint8Array): void;
  /** @param bytes lent until the promise settles. @returns how many of them were sent. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the way out. */
  closeWrite(): Promise<void>;
  /** Ends both directions. What is under way settles. */
  close(): void;
}

/** What differs between the runtimes. */
export interface StreamRuntime {
  /** As a user knows it. */
  readonly name: string;
  /** What Node calls an error that has no code of its own. */
  errorCode(error: unknown): string | undefined;
  /** Whether a failed read only means that the peer has ended without announcing it. */
  isUnannouncedEnd(error: unknown): boolean;
}

/** A connection and the handlers for it. */
export interface StreamTransportOptions {
  readonly stream: ByteStream;
  /** The runtime's own object. */
  readonly socket: unknown;
  readonly runtime: StreamRuntime;
  readonly handlers: TransportHandlers;
  readonly host: string;
  readonly port: number;
  readonly mode: 'push' | 'pull';
}

export class StreamTransport implements Transport, InboxSource {
  /** These runtimes expose none. */
  readonly fd: undefined = undefined;
  readonly socket: unknown;
  readonly #stream: ByteStream;
  readonly #runtime: StreamRuntime;
  readonly #handlers: TransportHandlers;
  readonly #host: string;
  readonly #port: number;
  readonly #inbox: Inbox;
  readonly #outbox = new Outbox();
  #state: 'open' | 'closed' = 'open';
  #wayIn: 'reading' | 'stopped' | 'ended' = 'reading';
  #wayOut: 'open' | 'ending' | 'ended' = 'open';
  #isPumping = false;
  #isSending = false;
  #needsDrain = false;
  #sendError: unknown;

  constructor(options: StreamTransportOptions) {
    this.socket = options.socket;
    this.#stream = options.stream;
    this.#runtime = options.runtime;
    this.#handlers = options.handlers;
    this.#host = options.host;
    this.#port = options.port;
    this.#inbox = new Inbox({ handlers: options.handlers, mode: options.mode, source: this, schedule: queueMicrotask });
    // After the code that awaits connect() has run, through any number of promises.
    setTimeout(() => this.#inbox.open());
    void this.#pump();
  }

  get bufferedBytes(): number {
    return this.#outbox.bytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state === 'closed' || this.#wayOut !== 'open' || this.#sendError !== undefined) return false;
    for (const chunk of chunks) this.#outbox.add(chunk);
    void this.#send();
    if (this.#outbox.bytes >= highWaterMarkBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  read(): Uint8Array | undefined {
    return this.#inbox.read();
  }

  reuse(bytes: Uint8Array): void {
    this.#stream.giveBack?.(bytes);
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  end(): void {
    if (this.#state === 'closed' || this.#wayOut !== 'open') return;
    this.#wayOut = 'ending';
    void this.#send();
  }

  close(): void {
    if (this.#state === 'closed') {
      this.#inbox.discard();
      return;
    }
    this.#inbox.discard();
    this.#shut();
    queueMicrotask(() => this.#inbox.receiveClose(undefined));
  }

  /** These runtimes upgrade to TLS only while no read is under way. A transport always reads. */
  startTls(): Promise<void> {
    const where = formatAddress(this.#host, this.#port);
    const { name } = this.#runtime;
    return Promise.reject(
      new UsageError(
        `startTls() on ${where}: ${name} cannot upgrade a connection that is being read; connect with tls`,
      ),
    );
  }

  startReading(): void {
    if (this.#wayIn === 'stopped') this.#wayIn = 'reading';
    void this.#pump();
  }

  stopReading(): void {
    if (this.#wayIn === 'reading') this.#wayIn = 'stopped';
  }

  /** Reads until `stopReading()`. A read under way cannot be cancelled: the inbox holds what it returns. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#state === 'open' && this.#wayIn === 'reading') {
      const bytes = await this.#readOnce();
      if (bytes === undefined) break;
      if (this.#sendError !== undefined && (bytes === null || this.#state !== 'open')) break;
      if (bytes === null) this.#wayIn = 'ended';
      else if (bytes.length > 0) this.#inbox.receive(bytes);
    }
    this.#isPumping = false;
    if (this.#sendError !== undefined) this.#fail(this.#sendError);
    if (this.#wayIn !== 'ended' || this.#state === 'closed') return;
    this.#inbox.receiveEnd();
    this.#closeWhenDone();
  }

  /** @returns what came, `null` at the end, `undefined` when the connection is over. */
  async #readOnce(): Promise<Uint8Array | null | undefined> {
    try {
      return await this.#stream.read();
    } catch (error) {
      if (this.#runtime.isUnannouncedEnd(error)) return null;
      this.#fail(error);
      return undefined;
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let bytes = this.#outbox.next(); bytes !== undefined; bytes = this.#outbox.next()) {
        this.#outbox.sent(await this.#stream.write(bytes));
      }
      if (this.#outbox.hasGap) {
        // Never fail within `write()`.
        await Promise.resolve();
        this.#fail(gapError());
        return;
      }
      if (this.#wayOut === 'ending' && this.#state === 'open') {
        await this.#stream.closeWrite();
        this.#wayOut = 'ended';
      }
    } catch (error) {
      this.#sendFailed(error);
      return;
    }
    this.#isSending = false;
    if (this.#state === 'closed') return;
    if (this.#wayOut === 'ending') void this.#send();
    else if (this.#wayOut === 'ended') this.#closeWhenDone();
    else this.#drained();
  }

  /** The peer's last bytes may give the reason, for example a TLS alert: the result of a read under way counts first. */
  #sendFailed(error: unknown): void {
    this.#sendError = error;
    this.#outbox.clear();
    if (!this.#isPumping) this.#fail(error);
  }

  #drained(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.#handlers.onDrain();
  }

  #closeWhenDone(): void {
    if (this.#wayIn !== 'ended' || this.#wayOut !== 'ended' || this.#state === 'closed') return;
    this.#shut();
    this.#inbox.receiveClose(undefined);
  }

  #fail(error: unknown): void {
    if (this.#state === 'closed') return;
    this.#shut();
    this.#inbox.receiveClose(breakFailure(this.#host, this.#port, error, this.#runtime.errorCode(error)));
  }

  #shut(): void {
    this.#state = 'closed';
    this.#outbox.clear();
    this.#stream.close();
  }
}
