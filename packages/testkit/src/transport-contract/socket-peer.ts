/** The server's end of a connection over `node:net` or `node:tls`. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ContractPeer } from './harness.ts';
import { ReceivedBytes, Signal } from './received-bytes.ts';

export class SocketPeer implements ContractPeer {
  /** The socket that the system knows, under TLS too. */
  readonly #plain: Socket;
  #socket: Socket;
  readonly #upgrade: (socket: Socket) => TLSSocket;
  readonly #received = new ReceivedBytes();
  readonly #ended = new Signal();
  readonly #closed = new Signal();
  readonly #onData = (bytes: Uint8Array): void => this.#received.add(bytes);
  readonly #onEnd = (): void => {
    this.#ended.resolve();
    this.#received.fail(new Error('the stream has ended'));
  };

  /** @param upgrade makes the TLS socket of a server. */
  constructor(socket: Socket, upgrade: (socket: Socket) => TLSSocket) {
    this.#plain = socket;
    this.#socket = socket;
    this.#upgrade = upgrade;
    this.#listen(socket);
    socket.on('close', () => {
      this.#ended.reject(new Error('closed before the end'));
      this.#received.fail(new Error('closed'));
      this.#closed.resolve();
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    // Deno's node:tls stops for good at an empty write.
    if (!this.#socket.destroyed && bytes.length > 0) this.#socket.write(bytes);
  }

  receive(byteCount: number): Promise<Uint8Array> {
    return this.#received.take(byteCount);
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  closed(): Promise<void> {
    return this.#closed.promise;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    // A TLS socket cannot be reset itself, only the one below.
    const below = '_parent' in this.#plain ? this.#plain._parent : undefined;
    const handle = hasReset(below) ? below : this.#plain;
    handle.resetAndDestroy();
  }

  async startTls(): Promise<void> {
    this.#plain.off('data', this.#onData);
    this.#plain.off('end', this.#onEnd);
    const secure = this.#upgrade(this.#plain);
    this.#socket = secure;
    const secured = new Promise<void>((resolve, reject) => {
      secure.once('secure', resolve);
      secure.once('close', () => reject(new Error('the handshake failed')));
    });
    this.#listen(secure);
    await secured;
  }

  #listen(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
  }
}

function hasReset(value: unknown): value is { resetAndDestroy(): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resetAndDestroy' in value &&
    typeof value.resetAndDestroy === 'function'
  );
}
