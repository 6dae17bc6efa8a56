/**
 * The transport contract: a byte stream to one peer, the same on every runtime.
 * Types only. It must not know what the bytes mean, and must not name anything of a runtime.
 */
import type { ConnectionBroken } from '@puka/errors';

/**
 * What a transport calls. The handlers are given to {@link TransportConnector.connect} and stay the same for the life of
 * the transport.
 *
 * Order, always: any number of `onData` / `onReadable` / `onDrain`, then at most one `onEnd`, then exactly one `onClose`.
 * `onDrain` may also come between `onEnd` and `onClose`, because the two directions end independently.
 *
 * No handler is called inside a call of a method of the transport. The one exception is `onEnd` inside `read()`, in pull mode.
 * No handler is called before the promise of `connect()` is resolved and the code that awaits it has run. A handler may call
 * any method of the transport. A handler must not throw: its exception reaches the runtime as an uncaught exception.
 */
export interface TransportHandlers {
  /**
   * Push mode: the next bytes of the stream, in order, without gaps.
   *
   * @param bytes never empty. The receiver owns them: the transport never writes into them again, unless the receiver gives
   * them back by `reuse()`. Successive reads lie side by side in one `ArrayBuffer` if there is room (same `buffer`,
   * `byteOffset` equal to the end of the one before), so a small view keeps up to 128 KiB alive: copy what has to live long. The buffer is marked as not transferable
   * if the runtime has such a mark, because a transfer would detach the other reads too. Transfer a copy.
   * @param isLast whether the read has emptied the socket, because it left room: replies need not wait for more bytes.
   * `undefined` if the transport does not know.
   */
  onData(bytes: Uint8Array, isLast?: boolean): void;
  /**
   * Pull mode: there is something to read again, bytes or the end. Call `read()` until it returns `undefined`. This handler is
   * not called again before that.
   */
  onReadable(): void;
  /** After `write()` returned `false`: everything buffered was sent. Once for each run of `false`, never after `end()`. */
  onDrain(): void;
  /**
   * The peer has ended its direction, and all its bytes were handed over. The transport stays writable until `end()` or
   * `close()`. In pull mode it is called inside the `read()` that finds nothing left.
   */
  onEnd(): void;
  /**
   * The transport is closed. Called exactly once, asynchronously, after all other handlers.
   *
   * An orderly close (both sides ended) waits until the bytes before it are handed over, so it waits for `resume()` or
   * `read()`. An error does not wait: bytes held back by `pause()` are dropped. In pull mode `read()` still returns the bytes
   * that were received.
   *
   * @param error what broke the connection, with the runtime's own error as `cause`; `undefined` when both sides ended or
   * this side called `close()`.
   */
  onClose(error: ConnectionBroken | undefined): void;
}

/** Options of {@link TransportConnector.connect}. */
export interface ConnectOptions {
  /** A host name or an IP address; IPv6 without brackets. All addresses of a name are tried if the runtime does so. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** When given, TLS from the first byte. Default: plain. */
  readonly tls?: TlsOptions | undefined;
  /** How bytes are received: the transport calls `onData` (`'push'`), or the caller calls `read()` (`'pull'`). Default `'push'`. */
  readonly mode?: 'push' | 'pull' | undefined;
  /** Aborts the attempt: `connect()` rejects with `signal.reason`. It has no effect once connected. */
  readonly signal?: AbortSignalLike | undefined;
  /** Send small writes at once (TCP_NODELAY). Default `true`. */
  readonly noDelay?: boolean | undefined;
  /** Turns TCP keep-alive on, with this idle time before the first probe, in milliseconds. Default: off. */
  readonly keepAliveMs?: number | undefined;
}

/**
 * The part of an `AbortSignal` that a transport needs. Every `AbortSignal` fits. It is written out so that these types need
 * neither the DOM's types nor Node's.
 */
export interface AbortSignalLike {
  /** Whether it has been aborted. */
  readonly aborted: boolean;
  /** Why; `undefined` before it is aborted. */
  readonly reason: unknown;
  /** Calls the listener when it is aborted. */
  addEventListener(type: 'abort', listener: () => void): void;
  /** Takes the listener away. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A certificate or key as PEM text, or the bytes of such a text. */
export type Pem = string | Uint8Array;

/** TLS options. The empty object is a good default: the server is verified against the runtime's own authorities. */
export interface TlsOptions {
  /** The authorities to trust instead of the runtime's own, not a path. One text may hold several certificates. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** The client's certificate, followed by its chain. Needs `key`. */
  readonly cert?: Pem | readonly Pem[] | undefined;
  /** The private key of `cert`. Needs `cert`. */
  readonly key?: Pem | undefined;
  /** Decrypts an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** The name that the server's certificate must be for. Also sent as SNI unless it is an IP address. Default: the host. */
  readonly serverName?: string | undefined;
  /** `false` accepts any certificate, and so any man in the middle. Default `true`. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Application protocols to offer, the preferred one first; each 1 to 255 bytes. Default: none. */
  readonly alpn?: readonly string[] | undefined;
  /** The lowest version to accept. Default `'TLSv1.2'`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** A connected byte stream. */
export interface Transport {
  /** The file descriptor of the socket, if the runtime exposes it. `undefined` after the close. */
  readonly fd: number | undefined;
  /**
   * The runtime's own socket object (on Node a `net.Socket` or `tls.TLSSocket`, whose `'readable'` event in pull mode means
   * that `read()` has something); `undefined` if there is none.
   */
  readonly socket: unknown;
  /** Bytes accepted by `write()` that the operating system has not accepted yet. 0 after the close. */
  readonly bufferedBytes: number;
  /**
   * Sends the chunks in order, in one system call if the runtime can.
   *
   * After `end()` or `close()`, and after the connection broke, it does nothing and returns `false`, and no `onDrain` follows.
   * Errors are reported by `onClose`. It throws UsageError only while `startTls()` is under way.
   *
   * @param chunks lent: they must not change before they are sent, that is before `bufferedBytes` is 0 or `onDrain` is called.
   * The array itself is not kept.
   * @returns `false` when the high-water mark is reached: wait for `onDrain` before writing more. The chunks are accepted anyway.
   * `true` does not mean that nothing is buffered.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /**
   * Pull mode: the next bytes, or `undefined` when there are none now or the stream has ended (then `onEnd` has been called).
   *
   * @returns bytes that the caller owns, as with `onData`.
   * @throws UsageError in push mode.
   */
  read(): Uint8Array | undefined;
  /**
   * Push mode, within `onData`: the receiver keeps no view of the bytes of this call, so that the transport may read into
   * them again. A hint: a transport need not implement it, and may ignore it.
   *
   * @param bytes as `onData` got them.
   */
  reuse?(bytes: Uint8Array): void;
  /**
   * Push mode: no `onData` and no `onEnd` until `resume()`. The socket is not read meanwhile, so the peer is held back, and a
   * peer that disappears may go unnoticed. A second call does nothing. In pull mode it does nothing.
   */
  pause(): void;
  /** Push mode: undoes `pause()`. What was held back is handed over asynchronously. */
  resume(): void;
  /**
   * Sends what is buffered, then ends this side's direction. Reading goes on. `onDrain` is not called any more. A second call does
   * nothing.
   */
  end(): void;
  /**
   * Ends both directions at once. `onClose(undefined)` follows, and no other handler is called. What `bufferedBytes` still
   * counts is lost. If the peer has sent bytes that were not read, it may also lose the last bytes sent to it. To prevent this,
   * call `end()` and wait for `onEnd` first. A second call does nothing.
   */
  close(): void;
  /**
   * Upgrades a plain connection to TLS. Everything received must have been read, and everything written must have been sent.
   * Nothing may be written until the promise is settled.
   *
   * @param options as for `connect()`.
   * @param host the name to verify when `options.serverName` is not given.
   * @throws (rejects) UsageError when TLS is on already, when a call is under way, after `end()`, while bytes are buffered, for
   * options that cannot work, and if the transport has no TLS: the connection stays as it was. ConnectionBroken when the
   * handshake fails, when the peer sent bytes before it, and when the transport is closed: the transport is closed then.
   */
  startTls(options: TlsOptions, host: string): Promise<void>;
}

/** Makes transports. There is one for each runtime. */
export interface TransportConnector {
  /** The runtime whose sockets it uses. */
  readonly runtime: 'node' | 'deno' | 'bun' | 'cloudflare' | 'memory' | 'websocket';
  /**
   * Connects. With `tls` it resolves when the handshake is done and the peer is verified. It has no timeout of its own: use
   * `signal`.
   *
   * @param options the address, TLS and the rest.
   * @param handlers called for everything that happens afterwards. When `connect()` rejects, none is ever called.
   * @returns the connected transport.
   * @throws (rejects) ConnectionBroken with `outcome: 'not-sent'` and the system's error as `cause`; `signal.reason` when
   * aborted, before the call or during it; UsageError for options that cannot work (a port out of range, an unknown option of
   * `tls`, a PEM that is damaged, a wrong passphrase).
   */
  connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport>;
  /**
   * Reads a whole file, such as the certificates that a URL names. Left out if the runtime has no files.
   *
   * @param path as the runtime takes it.
   * @throws (rejects) the runtime's own error.
   */
  readFile?(path: string): Promise<Uint8Array>;
}
