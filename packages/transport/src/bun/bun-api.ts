/**
 * The part of `Bun` that the adapter uses, written out so that no program needs Bun's types for it.
 * Outside Bun it is an error, not another way.
 */
import { UsageError } from '@puka/errors';

/** `Bun.Socket`. */
export interface BunSocket {
  readonly fd: number;
  /** @returns how much was taken; the rest is the caller's. -1 when the connection is over. */
  write(bytes: Uint8Array): number;
  /** Tells the peer that no more will come. */
  shutdown(): void;
  /** Ends both ways; what the system has taken still goes out. */
  close(): void;
  pause(): void;
  resume(): void;
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean, idleMs: number): void;
  upgradeTLS(options: { tls: BunTlsOptions; socket: BunSocketEvents }): [raw: BunSocket, secure: BunSocket];
}

/** What Bun calls. What such a function throws would come back by `error`. */
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
  /** As in the extension (RFC 7301 §3.1): each name behind one byte of its length. */
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
 * @throws UsageError where there is none.
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
