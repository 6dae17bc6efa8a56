/**
 * The part of `Bun` that the adapter uses, written out so that no program needs Bun's types for it.
 * Outside Bun its use is an error. It is no means to find out the runtime.
 */
import { UsageError } from '@puka/errors';

/** `Bun.Socket`. */
export interface BunSocket {
  readonly fd: number;
  /** @returns how many bytes were accepted; the caller keeps the rest. -1 when the connection is closed. */
  write(bytes: Uint8Array): number;
  /** Ends this side's direction. */
  shutdown(): void;
  /** Ends both directions. What the system has accepted is still sent. */
  close(): void;
  pause(): void;
  resume(): void;
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean, idleMs: number): void;
  upgradeTLS(options: { tls: BunTlsOptions; socket: BunSocketEvents }): [raw: BunSocket, secure: BunSocket];
}

/** The functions that Bun calls. An exception of one of them would be reported by `error`. */
export interface BunSocketEvents {
  readonly binaryType: 'uint8array';
  open(socket: BunSocket): void;
  /** @param error why the peer is not trusted, or what broke the handshake. */
  handshake(socket: BunSocket, isTrusted: boolean, error: Error | null): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  error(socket: BunSocket, error: Error): void;
  close(socket: BunSocket, error?: Error): void;
}

export interface BunTlsOptions {
  readonly serverName: string;
  readonly rejectUnauthorized: boolean;
  readonly ca?: string[];
  readonly cert?: string[];
  readonly key?: string[];
  readonly passphrase?: string;
  /** As in the extension (RFC 7301 §3.1): each name after one byte of its length. */
  readonly ALPNProtocols?: Uint8Array;
  /** The version's number in the protocol. */
  readonly minVersion: number;
}

/** The part of the global object. */
export interface BunApi {
  connect(options: {
    hostname: string;
    port: number;
    allowHalfOpen: true;
    tls?: BunTlsOptions;
    socket: BunSocketEvents;
  }): Promise<BunSocket>;
  file(path: string): { bytes(): Promise<Uint8Array> };
}

/**
 * The global `Bun`.
 *
 * @throws UsageError if there is none.
 */
export function bunApi(): BunApi {
  const api: unknown = Reflect.get(globalThis, 'Bun');
  if (!isBunApi(api)) throw new UsageError('@puka/transport/bun needs Bun; this runtime has no Bun.connect');
  return api;
}

function isBunApi(value: unknown): value is BunApi {
  if (typeof value !== 'object' || value === null) return false;
  return ['connect', 'file'].every((name) => typeof Reflect.get(value, name) === 'function');
}
