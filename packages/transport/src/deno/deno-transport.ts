/**
 * A transport over a connected `Deno.TcpConn` or `Deno.TlsConn`.
 * It must not connect (connector.ts) nor decide what may be handed over when (inbox.ts).
 */
import { UsageError } from '@puka/errors';
import type { Transport, TransportHandlers } from '../contract.ts';
import { breakFailure, formatAddress } from '../failure.ts';
import type { InboxSource } from '../inbox.ts';
import { Inbox } from '../inbox.ts';
import { highWaterMarkBytes, Outbox } from '../outbox.ts';
import { Slab } from '../slab.ts';
import { untransferableMarker } from '../untransferable.ts';
import type { DenoConn } from './deno-api.ts';
import { denoErrorCode, isUnannouncedEnd } from './failure.ts';

/** A connection and the handlers for it. */
export interface DenoTransportOptions {
  readonly conn: DenoConn;
  readonly handlers: TransportHandlers;
  readonly host: string;
  readonly port: number;
  readonly mode: 'push' | 'pull';
}

export class DenoTransport implements Transport, InboxSource {
  /** Deno exposes none. */
  readonly fd: undefined = undefined;
  readonly #conn: DenoConn;
  readonly #handlers: TransportHandlers;
  readonly #host: string;
  readonly #port: number;
  readonly #inbox: Inbox;
  readonly #outbox = new Outbox();
  readonly #slab = new Slab(untransferableMarker());
  #state: 'open' | 'closed' = 'open';
  #wayIn: 'reading' | 'stopped' | 'ended' = 'reading';
  #wayOut: 'open' | 'ending' | 'ended' = 'open';
  #isPumping = false;
  #isSending = false;
  #needsDrain = false;
  #sendError: unknown;

  constructor(options: DenoTransportOptions) {
    this.#conn = options.conn;
    this.#handlers = options.handlers;
    this.#host = options.host;
    this.#port = options.port;
    this.#inbox = new Inbox({ handlers: options.handlers, mode: options.mode, source: this, schedule: queueMicrotask });
    // After the code that awaits connect() has run, through any number of promises.
    setTimeout(() => this.#inbox.open());
    void this.#pump();
  }

  get socket(): unknown {
    return this.#conn;
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

  /** Deno upgrades to TLS only while no read is under way. A transport always reads. */
  startTls(): Promise<void> {
    const address = formatAddress(this.#host, this.#port);
    return Promise.reject(
      new UsageError(`startTls() on ${address}: Deno cannot upgrade a connection that is being read; connect with tls`),
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
      const count = await this.#readOnce();
      if (count === undefined) break;
      if (this.#sendError !== undefined && (count === null || this.#state !== 'open')) break;
      if (count === null) this.#wayIn = 'ended';
      else if (count > 0) this.#inbox.receive(this.#slab.take(count));
    }
    this.#isPumping = false;
    if (this.#sendError !== undefined) this.#fail(this.#sendError);
    if (this.#wayIn !== 'ended' || this.#state === 'closed') return;
    this.#inbox.receiveEnd();
    this.#closeWhenDone();
  }

  /** @returns how much came, `null` at the end, `undefined` when the connection is over. */
  async #readOnce(): Promise<number | null | undefined> {
    try {
      return await this.#conn.read(this.#slab.room());
    } catch (error) {
      if (isUnannouncedEnd(error)) return null;
      this.#fail(error);
      return undefined;
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let bytes = this.#outbox.next(); bytes !== undefined; bytes = this.#outbox.next()) {
        this.#outbox.sent(await this.#conn.write(bytes));
      }
      if (this.#wayOut === 'ending' && this.#state === 'open') {
        await this.#conn.closeWrite();
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
    this.#inbox.receiveClose(breakFailure(this.#host, this.#port, error, denoErrorCode(error)));
  }

  #shut(): void {
    this.#state = 'closed';
    this.#outbox.clear();
    this.#conn.close();
  }
}
