/**
 * A transport over a connected `Bun.Socket`.
 * It must not connect (connector.ts) nor decide what may be handed over when (inbox.ts).
 */
import { UsageError } from '@puka/errors';
import type { TlsOptions, Transport, TransportHandlers } from '../contract.ts';
import { breakFailure, formatAddress, gapError, handshakeFailure } from '../failure.ts';
import type { InboxSource } from '../inbox.ts';
import { Inbox } from '../inbox.ts';
import { highWaterMarkBytes, Outbox } from '../outbox.ts';
import { tlsMaterialFailure } from '../tls-material-failure.ts';
import { untransferableMarker } from '../untransferable.ts';
import type { BunSocket, BunTlsOptions } from './bun-api.ts';
import { type BunSocketOwner, socketEvents } from './events.ts';
import { bunErrorCode, isAccepted } from './failure.ts';
import { bunTlsOptions } from './tls-options.ts';

/** A connected socket and the handlers for it. */
export interface BunTransportOptions {
  readonly socket: BunSocket;
  readonly handlers: TransportHandlers;
  readonly host: string;
  readonly port: number;
  readonly mode: 'push' | 'pull';
  readonly isSecure: boolean;
}

export class BunTransport implements Transport, InboxSource, BunSocketOwner {
  #socket: BunSocket;
  readonly #handlers: TransportHandlers;
  readonly #host: string;
  readonly #port: number;
  readonly #inbox: Inbox;
  readonly #outbox = new Outbox();
  readonly #mark = untransferableMarker();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #tlsState: 'plain' | 'upgrading' | 'secure';
  #wayOut: 'open' | 'ending' | 'ended' = 'open';
  /** The system accepts no more for now. */
  #isFull = false;
  #needsDrain = false;
  #hasUpgraded = false;
  #error: Error | undefined;

  constructor(options: BunTransportOptions) {
    this.#socket = options.socket;
    this.#handlers = options.handlers;
    this.#host = options.host;
    this.#port = options.port;
    this.#tlsState = options.isSecure ? 'secure' : 'plain';
    this.#inbox = new Inbox({ handlers: options.handlers, mode: options.mode, source: this, schedule: queueMicrotask });
    // After the code that awaits connect() has run, through any number of promises.
    setTimeout(() => this.#inbox.open());
  }

  get fd(): number | undefined {
    const fd = this.#state === 'open' ? this.#socket.fd : -1;
    return fd >= 0 ? fd : undefined;
  }

  get socket(): unknown {
    return this.#socket;
  }

  get bufferedBytes(): number {
    return this.#outbox.bytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open' || this.#wayOut !== 'open') return false;
    if (this.#tlsState === 'upgrading')
      throw new UsageError(`write() to ${this.#address} while startTls() is under way; wait for its promise`);
    for (const chunk of chunks) this.#outbox.add(chunk);
    this.#send();
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
    if (this.#state !== 'open' || this.#wayOut !== 'open') return;
    this.#wayOut = 'ending';
    this.#send();
  }

  close(): void {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#outbox.clear();
      this.#socket.close();
      queueMicrotask(() => this.#over());
    }
    this.#inbox.discard();
  }

  async startTls(options: TlsOptions, host: string): Promise<void> {
    if (this.#tlsState !== 'plain')
      throw new UsageError(`startTls() on ${this.#address}: TLS is on already, or a call is under way`);
    if (this.#state !== 'open') throw handshakeFailure(this.#host, this.#port, new Error('the connection is closed'));
    if (this.#wayOut !== 'open') throw new UsageError(`startTls() on ${this.#address} after end()`);
    if (this.bufferedBytes > 0)
      throw new UsageError(
        `startTls() on ${this.#address} with ${this.bufferedBytes} plain bytes unsent; wait for onDrain`,
      );
    if (this.#inbox.heldBytes > 0) throw this.#refusePlainBytes();
    const tls = bunTlsOptions(options, host);
    try {
      await this.#upgrade(tls);
    } catch (error) {
      // What Bun throws inside the call: it cannot read a certificate or a key.
      throw this.#tlsState === 'plain' ? await tlsMaterialFailure(options, error) : error;
    }
    this.#tlsState = 'secure';
  }

  /** Bytes in a buffer of Bun's: several messages may lie in it. */
  receive(bytes: Uint8Array): void {
    this.#mark(bytes.buffer);
    this.#inbox.receive(bytes);
  }

  drained(): void {
    this.#isFull = false;
    this.#send();
  }

  ended(): void {
    this.#inbox.receiveEnd();
  }

  failed(error: Error): void {
    this.#error ??= error;
  }

  /** Bun closes a socket by itself once both directions have ended, and may not report the end. */
  closed(error: Error | undefined): void {
    this.#error ??= error;
    if (this.#error === undefined && this.#wayOut !== 'ended') this.#error = new Error('the connection was closed');
    if (this.#error === undefined) this.#inbox.receiveEnd();
    this.#over();
  }

  startReading(): void {
    if (this.#state === 'open') this.#socket.resume();
  }

  stopReading(): void {
    if (this.#state === 'open') this.#socket.pause();
  }

  /** Whether the first socket only carries the TLS of the second. */
  get hasUpgraded(): boolean {
    return this.#hasUpgraded;
  }

  get #address(): string {
    return formatAddress(this.#host, this.#port);
  }

  #send(): void {
    while (!this.#isFull && this.#state === 'open') {
      const bytes = this.#outbox.next();
      if (bytes === undefined) break;
      const count = this.#socket.write(bytes);
      if (count > 0) this.#outbox.sent(count);
      this.#isFull = count < bytes.length;
    }
    if (this.#outbox.hasGap && this.#state === 'open') {
      this.#error ??= gapError();
      this.#socket.close();
      queueMicrotask(() => this.#over());
      return;
    }
    if (this.#outbox.bytes > 0 || this.#state !== 'open') return;
    if (this.#wayOut === 'ending') {
      this.#wayOut = 'ended';
      this.#socket.shutdown();
    } else if (this.#needsDrain && this.#wayOut === 'open') {
      this.#needsDrain = false;
      this.#handlers.onDrain();
    }
  }

  #over(): void {
    if (this.#state === 'closed') return;
    const hasBroken = this.#state === 'open' && this.#error !== undefined;
    this.#state = 'closed';
    this.#outbox.clear();
    this.#inbox.receiveClose(
      hasBroken ? breakFailure(this.#host, this.#port, this.#error, bunErrorCode(this.#error)) : undefined,
    );
  }

  #upgrade(tls: BunTlsOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      let isSecured = false;
      const refuse = (error: Error | null | undefined): void => {
        const reason = error ?? new Error('it was closed meanwhile');
        this.#error ??= reason;
        reject(handshakeFailure(this.#host, this.#port, reason, bunErrorCode(reason)));
      };
      // The old socket reports the encrypted bytes. From now on only the new one has an owner.
      const socket = socketEvents({
        owner: () => (isSecured ? this : undefined),
        opened: () => undefined,
        handshake: (secure, isTrusted, error) => {
          if (isAccepted(tls.rejectUnauthorized, isTrusted, error)) {
            isSecured = true;
            resolve();
          } else {
            refuse(error);
            secure.close();
          }
        },
        lost: (error) => {
          refuse(error);
          this.#over();
        },
      });
      const [, secure] = this.#socket.upgradeTLS({ tls, socket });
      this.#tlsState = 'upgrading';
      this.#hasUpgraded = true;
      this.#socket = secure;
    });
  }

  // An attacker could have injected bytes before the handshake. They must never be taken for the peer's.
  #refusePlainBytes(): Error {
    const error = new Error(`${this.#inbox.heldBytes} plain bytes came before the TLS handshake`);
    this.#inbox.discard();
    this.#error = error;
    this.#socket.close();
    queueMicrotask(() => this.#over());
    return handshakeFailure(this.#host, this.#port, error);
  }
}
