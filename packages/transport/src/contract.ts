/**
 * The transport contract: what a byte stream to one peer looks like, whatever runtime carries it.
 * Types only. It must not know what the bytes mean, nor name anything of a runtime.
 */
import type { ConnectionBroken } from '@puka/errors';

/**
 * What a transport calls. The handlers are given to {@link TransportConnector.connect} and stay the same for the life of
 * the transport.
 *
 * Order, always: any number of `onData` / `onReadable` / `onDrain`, then at most one `onEnd`, then exactly one `onClose`.
 * `onDrain` may also come between `onEnd` and `onClose`, since the two directions end by themselves.
 *
 * No handler is called inside a call of a method of the transport (the one exception: `onEnd` inside `read()`, in pull
 * mode), nor before the promise of `connect()` is resolved and the code that awaits it has had its turn. A handler may call
 * any method of the transport. A handler must not throw: what it throws reaches the runtime as an uncaught exception.
 */
export interface TransportHandlers {
  /**
   * Push mode: the next bytes of the stream, in order, without gaps.
   *
   * @param bytes never empty, and given away: the transport never writes into them again, so they may be kept. Successive
   * reads lie side by side in one `ArrayBuffer` where there is room (same `buffer`, `byteOffset` equal to the end of the
   * one before), so a small view keeps up to 128 KiB alive: copy what has to live long. The buffer is marked as not transferable
   * where the runtime has such a mark, because a transfer would detach the other reads too. Transfer a copy.
   * @param isLast whether they were all that the line held just now, for the read left room: what they bring forth can go out
   * at once. `undefined` where the transport cannot tell.
   */
  onData(bytes: Uint8Array, isLast?: boolean): void;
  /**
   * Pull mode: after there was nothing to read, there is something again, bytes or the end. Read until `undefined`; it is
   * not called again before that.
   */
  onReadable(): void;
  /** After `write()` returned `false`: everything buffered has gone out. Once for each run of `false`, never after `end()`. */
  onDrain(): void;
  /**
   * The peer will send no more. All its bytes have been handed over. The transport stays writable until `end()` or `close()`.
   * In pull mode it is called by the `read()` that finds nothing left.
   */
  onEnd(): void;
  /**
   * The transport is over; exactly once, asynchronously, and the last call of all.
   *
   * An orderly close (both sides ended) waits, like any other news, until the bytes before it are handed over, so it waits
   * for `resume()` or `read()`. An error does not wait: bytes held back by `pause()` are dropped, in pull mode `read()` still
   * gives those that had come.
   *
   * @param error what broke the connection, with the runtime's own error as `cause`; `undefined` when both sides ended or
   * this side called `close()`.
   */
  onClose(error: ConnectionBroken | undefined): void;
}

/** Where to connect, and how. */
export interface ConnectOptions {
  /** A host name or an IP address; IPv6 without brackets. All addresses of a name are tried where the runtime does so. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** When given, TLS from the first byte. Default: plain. */
  readonly tls?: TlsOptions | undefined;
  /** Who moves the bytes in: the transport (`'push'`, calls `onData`) or the caller (`'pull'`, calls `read()`). Default `'push'`. */
  readonly mode?: 'push' | 'pull' | undefined;
  /** Gives the attempt up: `connect()` rejects with `signal.reason`. Once connected it is not looked at any more. */
  readonly signal?: AbortSignalLike | undefined;
  /** Send small writes at once (TCP_NODELAY). Default `true`. */
  readonly noDelay?: boolean | undefined;
  /** Turns TCP keep-alive on, with this idle time before the first probe, in milliseconds. Default: off. */
  readonly keepAliveMs?: number | undefined;
}

/**
 * The part of an `AbortSignal` that a transport needs. Every `AbortSignal` is one; written out so that these types need
 * neither the DOM's nor Node's.
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A certificate or key as PEM text, or the bytes of such a text. */
export type Pem = string | Uint8Array;

/** How to speak TLS. The empty object is a good default: verified against the runtime's own authorities. */
export interface TlsOptions {
  /** The authorities to trust, instead of the runtime's own. One text may hold several certificates. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** The client's certificate, followed by its chain. Needs `key`. */
  readonly cert?: Pem | readonly Pem[] | undefined;
  /** The private key of `cert`. */
  readonly key?: Pem | undefined;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** The name the server's certificate has to carry, also sent as SNI when it is no IP address. Default: the host. */
  readonly serverName?: string | undefined;
  /** `false` accepts any certificate, and with it anyone in between. Default `true`. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Application protocols to offer, the preferred one first. Default: none. */
  readonly alpn?: readonly string[] | undefined;
  /** The least version to accept. Default `'TLSv1.2'`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** A connected byte stream. */
export interface Transport {
  /** The descriptor of the socket, where the runtime has one and shows it. `undefined` after the close. */
  readonly fd: number | undefined;
  /**
   * The runtime's own socket object (on Node a `net.Socket` or `tls.TLSSocket`, whose `'readable'` event in pull mode means
   * that `read()` has something); `undefined` where there is none.
   */
  readonly socket: unknown;
  /** Bytes taken by `write()` that the operating system has not taken yet. 0 after the close. */
  readonly bufferedBytes: number;
  /**
   * Sends the chunks in order, all in one system call where the runtime can.
   *
   * After `end()` or `close()`, and after the connection broke, it does nothing and returns `false`, and no `onDrain` follows.
   * Errors come by `onClose`; it throws UsageError only while `startTls()` is under way.
   *
   * @param chunks lent: they must not change before they are sent, that is before `bufferedBytes` is 0 or `onDrain` is called.
   * The array itself is not kept.
   * @returns `false` when more is buffered than the high-water mark: better wait for `onDrain`. The chunks are taken anyway.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /**
   * Pull mode: the next bytes, or `undefined` when there are none now or the stream has ended (then `onEnd` has been called).
   *
   * @returns bytes given away, as with `onData`.
   * @throws UsageError in push mode.
   */
  read(): Uint8Array | undefined;
  /**
   * Push mode: no `onData` and no `onEnd` until `resume()`. The socket is not read meanwhile, so the peer is held back, and a
   * peer that goes away may stay unnoticed. Calling it again changes nothing. In pull mode it does nothing.
   */
  pause(): void;
  /** Push mode: undoes `pause()`. What was held back comes asynchronously. */
  resume(): void;
  /**
   * Sends what is buffered, then tells the peer that no more will come. Reading goes on; no `onDrain` is called any more.
   * Calling it again does nothing.
   */
  end(): void;
  /**
   * Ends both directions at once; `onClose(undefined)` follows, and no other handler is called. What `bufferedBytes` still
   * counts is lost. The peer may lose the last bytes sent, too, if it had sent some that were never read: whoever cares calls
   * `end()` and waits for `onEnd` first. Calling it again does nothing.
   */
  close(): void;
  /**
   * Goes over from plain to TLS on the same connection. Everything received must have been read and everything written sent;
   * until the promise is settled nothing may be written.
   *
   * @param options as for `connect()`.
   * @param host the name to verify when `options.serverName` is not given.
   * @throws (rejects) UsageError when TLS is on already, when a call is under way, after `end()`, while bytes are buffered, or
   * where the transport has no TLS; ConnectionBroken when the handshake fails, the peer sent bytes ahead of it, or the transport is closed. After a
   * ConnectionBroken the transport is over.
   */
  startTls(options: TlsOptions, host: string): Promise<void>;
}

/** Makes transports; one a runtime. */
export interface TransportConnector {
  /** The runtime whose sockets it uses. */
  readonly runtime: 'node' | 'deno' | 'bun' | 'memory';
  /**
   * Connects. With `tls` it resolves when the handshake is done and the peer is verified. There is no time-out but the
   * operating system's: use `signal`.
   *
   * @param options where to, and how.
   * @param handlers called for all that happens afterwards. When `connect()` rejects none is ever called.
   * @returns the connected transport.
   * @throws (rejects) ConnectionBroken with `outcome: 'not-sent'` and the system's error as `cause`; `signal.reason` when
   * aborted, also when it was before the call; UsageError for options that cannot work (a port out of range, a PEM that is none).
   */
  connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport>;
  /**
   * Reads a file whole, as those that a URL names for TLS. Left out where the runtime has no files.
   *
   * @param path as the runtime takes it.
   * @throws (rejects) the runtime's own error.
   */
  readFile?(path: string): Promise<Uint8Array>;
}
