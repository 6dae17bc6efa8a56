/**
 * A transport over a connected `net.Socket` or `tls.TLSSocket`.
 * It must not connect (connector.ts) nor decide what may be handed over when (inbox.ts).
 */
import type { Socket } from 'node:net';
import { type ConnectionBroken, UsageError } from '@puka/errors';
import type { TlsOptions, Transport, TransportHandlers } from '../contract.ts';
import { breakFailure, formatAddress, gapError, handshakeFailure } from '../failure.ts';
import { Fifo } from '../fifo.ts';
import type { InboxSource } from '../inbox.ts';
import { Inbox } from '../inbox.ts';
import { tlsMaterialFailure } from '../tls-material-failure.ts';
import { markUntransferable } from '../untransferable.ts';
import { highWaterMarkBytes } from './socket-options.ts';
import type { Receiver, SocketReader } from './socket-reader.ts';
import { tlsModule } from './tls-module.ts';
import { tlsConnectOptions } from './tls-options.ts';

/** Node's TLS copies all that is written at once into one piece, and keeps all of that encrypted: it gets so many bytes at a time. */
const tlsWriteBytes = 65_536;

/** A connected socket and the handlers for it. */
export interface NodeTransportOptions {
  readonly socket: Socket;
  readonly handlers: TransportHandlers;
  readonly host: string;
  readonly port: number;
  readonly mode: 'push' | 'pull';
  readonly isSecure: boolean;
  /** Reads the socket; `undefined` where Node does it by itself. */
  readonly reader: SocketReader | undefined;
}

export class NodeTransport implements Transport, InboxSource, Receiver {
  #socket: Socket;
  readonly #handlers: TransportHandlers;
  readonly #host: string;
  readonly #port: number;
  readonly #inbox: Inbox;
  readonly #mode: 'push' | 'pull';
  readonly #reader: SocketReader | undefined;
  #tlsState: 'plain' | 'upgrading' | 'secure';
  #isReading = true;
  #isWritable = true;
  #isClosing = false;
  #needsDrain = false;
  /** TLS: what waits until Node has encrypted the bytes before it. */
  readonly #waiting = new Fifo<Uint8Array>();
  #waitingBytes = 0;
  #isEncrypting = false;
  /** `end()` was called: the socket is ended after what waits. */
  #endFollows = false;
  #error: unknown;
  /** `undefined` in push mode. */
  readonly #onReadable: (() => void) | undefined;
  readonly #onDrain = (): void => this.#drained();
  readonly #onEncrypted = (): void => {
    this.#isEncrypting = false;
    if (this.#socket.destroyed) return;
    this.#encryptNext();
    if (this.#isEncrypting) return;
    if (this.#endFollows) this.#socket.end();
    else this.#drained();
  };
  readonly #onEnd = (): void => {
    // After an error, an end is not orderly. TLS 1.3: the server's alert about a missing certificate arrives this way.
    if (this.#error === undefined) this.#inbox.receiveEnd();
    else this.#socket.destroy();
  };
  readonly #onClose = (): void => this.#closed();
  // Node throws an 'error' event that has no listener, so this listener stays for ever.
  readonly #onError = (error: unknown): void => {
    this.#error ??= error;
  };

  constructor(options: NodeTransportOptions) {
    this.#socket = options.socket;
    this.#handlers = options.handlers;
    this.#host = options.host;
    this.#port = options.port;
    this.#mode = options.mode;
    this.#reader = options.reader;
    if (options.reader !== undefined) options.reader.receiver = this;
    this.#tlsState = options.isSecure ? 'secure' : 'plain';
    this.#inbox = new Inbox({ handlers: options.handlers, mode: options.mode, source: this, schedule: queueMicrotask });
    this.#listen(options.socket);
    if (this.#mode === 'pull') {
      this.#onReadable = (): void => this.#takeReadable();
      options.socket.on('readable', this.#onReadable);
    }
    // TLS may deliver the peer's first bytes, or an error, in the very turn that ends the handshake.
    setImmediate(() => this.#inbox.open());
  }

  get fd(): number | undefined {
    // Node shows the descriptor only on the private handle; -1 on Windows and after the close.
    const handle: unknown = '_handle' in this.#socket ? this.#socket._handle : undefined;
    const fd = typeof handle === 'object' && handle !== null && 'fd' in handle ? handle.fd : undefined;
    return typeof fd === 'number' && fd >= 0 ? fd : undefined;
  }

  get socket(): Socket {
    return this.#socket;
  }

  get bufferedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength + this.#waitingBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (!this.#isWritable || socket.destroyed) return false;
    if (this.#tlsState === 'upgrading')
      throw new UsageError(`write() to ${this.#address} while startTls() is under way; wait for its promise`);
    if (this.#tlsState === 'secure') this.#encryptLater(chunks);
    else writeTogether(socket, chunks);
    // The kernel often accepts everything at once. Node's write() would return false even then, and emit 'drain' in the next tick.
    if (this.bufferedBytes < highWaterMarkBytes) return !this.#needsDrain;
    this.#needsDrain = true;
    return false;
  }

  read(): Uint8Array | undefined {
    return this.#inbox.read();
  }

  reuse(bytes: Uint8Array): void {
    this.#reader?.giveBack(bytes);
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  end(): void {
    if (!this.#isWritable) return;
    this.#isWritable = false;
    this.#needsDrain = false;
    if (this.#waitingBytes > 0) this.#endFollows = true;
    else this.#socket.end();
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#isWritable = false;
    this.#inbox.discard();
    this.#socket.destroy();
  }

  async startTls(options: TlsOptions, host: string): Promise<void> {
    if (this.#tlsState !== 'plain')
      throw new UsageError(`startTls() on ${this.#address}: TLS is on already, or a call is under way`);
    if (this.#socket.destroyed) throw handshakeFailure(this.#host, this.#port, new Error('the connection is closed'));
    if (!this.#isWritable) throw new UsageError(`startTls() on ${this.#address} after end()`);
    if (this.bufferedBytes > 0)
      throw new UsageError(
        `startTls() on ${this.#address} with ${this.bufferedBytes} plain bytes unsent; wait for onDrain`,
      );
    if (this.#inbox.heldBytes > 0) throw this.#refusePlainBytes();
    const plain = this.#socket;
    let secure: Socket;
    try {
      const below = { socket: plain, highWaterMark: highWaterMarkBytes };
      secure = tlsModule().connect({ ...tlsConnectOptions(options, host), ...below });
    } catch (error) {
      throw error instanceof UsageError ? error : await tlsMaterialFailure(options, error);
    }
    this.#tlsState = 'upgrading';
    // The TLS socket reports the errors of the plain one as its own.
    this.#unlisten(plain);
    if (this.#onReadable !== undefined) plain.off('readable', this.#onReadable);
    plain.on('error', () => undefined);
    this.#socket = secure;
    this.#listen(secure);
    await this.#secured(secure);
    this.#tlsState = 'secure';
    // Node takes no onread for a socket it did not make itself, so these bytes come in buffers of its own.
    if (this.#onReadable !== undefined) secure.on('readable', this.#onReadable);
    else secure.on('data', (bytes: Uint8Array) => this.#take(bytes));
  }

  /** Takes what was read. The transport owns the bytes from now on. @param isLast see `onData`. */
  receive(bytes: Uint8Array, isLast?: boolean): void {
    this.#inbox.receive(bytes, isLast);
  }

  startReading(): void {
    this.#isReading = true;
    if (this.#mode === 'pull') this.#takeReadable();
    else this.#socket.resume();
  }

  stopReading(): void {
    this.#isReading = false;
    if (this.#mode === 'push') this.#socket.pause();
  }

  get #address(): string {
    return formatAddress(this.#host, this.#port);
  }

  #listen(socket: Socket): void {
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  #unlisten(socket: Socket): void {
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    socket.off('error', this.#onError);
  }

  #secured(secure: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const onClose = (): void =>
        reject(handshakeFailure(this.#host, this.#port, this.#error ?? new Error('it was closed meanwhile')));
      secure.once('close', onClose);
      secure.once('secureConnect', () => {
        secure.off('close', onClose);
        resolve();
      });
    });
  }

  /** Pull mode: moves what the socket has into the inbox, as far as there is room. */
  #takeReadable(): void {
    while (this.#isReading) {
      const bytes: unknown = this.#socket.read();
      if (!(bytes instanceof Uint8Array)) return;
      this.#take(bytes);
    }
  }

  /** Takes bytes in a buffer of Node's: several messages may lie in it. */
  #take(bytes: Uint8Array): void {
    markUntransferable(bytes.buffer);
    this.receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  #encryptLater(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      // An empty write makes Node's TLS read in the middle of it (TLSWrap::DoWrite), into room that is being read.
      if (chunk.length === 0) continue;
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
    }
    if (!this.#isEncrypting) this.#encryptNext();
  }

  #encryptNext(): void {
    const chunks: Uint8Array[] = [];
    let byteCount = 0;
    while (byteCount < tlsWriteBytes) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) break;
      if (chunk.length === 0) {
        const error = gapError();
        this.#onError(error);
        this.#socket.destroy(error);
        return;
      }
      chunks.push(chunk);
      byteCount += chunk.length;
    }
    this.#waitingBytes -= byteCount;
    if (byteCount === 0) return;
    this.#isEncrypting = true;
    writeTogether(this.#socket, chunks, this.#onEncrypted);
  }

  #drained(): void {
    if (this.#waitingBytes > 0 || !this.#needsDrain || this.#isClosing || this.#inbox.isClosed) return;
    this.#needsDrain = false;
    this.#handlers.onDrain();
  }

  #closed(): void {
    this.#isWritable = false;
    this.#waiting.clear();
    this.#waitingBytes = 0;
    const hasBroken = this.#error !== undefined && !this.#isClosing;
    this.#inbox.receiveClose(hasBroken ? breakFailure(this.#host, this.#port, this.#error) : undefined);
  }

  // An attacker could have injected bytes before the handshake. They must never be taken for the peer's.
  #refusePlainBytes(): ConnectionBroken {
    const error = new Error(`${this.#inbox.heldBytes} plain bytes came before the TLS handshake`);
    this.#inbox.discard();
    this.#onError(error);
    this.#socket.destroy(error);
    return handshakeFailure(this.#host, this.#port, error);
  }
}

/** Writes the chunks by one system call if the system takes so many. @param done called when the last of them is written. */
function writeTogether(socket: Socket, chunks: readonly Uint8Array[], done?: () => void): void {
  const isMany = chunks.length > 1;
  if (isMany) socket.cork();
  let left = chunks.length;
  for (const chunk of chunks) {
    left--;
    if (chunk.length > 0) socket.write(chunk, left === 0 ? done : undefined);
  }
  if (isMany) socket.uncork();
}
