/**
 * The part of `Deno` that the adapter uses, written out so that no program needs Deno's types for it.
 * Outside Deno its use is an error. It is no means to find out the runtime.
 */
import { UsageError } from '@puka/errors';

/** `Deno.TcpConn` or `Deno.TlsConn`. */
export interface DenoConn {
  read(bytes: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  closeWrite(): Promise<void>;
  /** Plain connections only. */
  setNoDelay?(isOn: boolean): void;
  /** Plain connections only; the idle time is the system's. */
  setKeepAlive?(isOn: boolean): void;
  /** TLS only: resolves when the peer is verified. */
  handshake?(): Promise<unknown>;
}

export interface DenoTlsOptions {
  readonly hostname: string;
  readonly caCerts?: string[];
  readonly alpnProtocols?: string[];
}

/** The part of the global object. */
export interface DenoApi {
  connect(options: { hostname: string; port: number; signal: AbortSignal }): Promise<DenoConn>;
  connectTls(options: DenoTlsOptions & { port: number; cert: string; key: string }): Promise<DenoConn>;
  startTls(conn: DenoConn, options: DenoTlsOptions): Promise<DenoConn>;
  readFile(path: string): Promise<Uint8Array>;
}

/**
 * The global `Deno`.
 *
 * @throws UsageError if there is none.
 */
export function denoApi(): DenoApi {
  const api: unknown = Reflect.get(globalThis, 'Deno');
  if (!isDenoApi(api)) throw new UsageError('@puka/transport/deno needs Deno; this runtime has no Deno.connect');
  return api;
}

function isDenoApi(value: unknown): value is DenoApi {
  if (typeof value !== 'object' || value === null) return false;
  const names = ['connect', 'connectTls', 'startTls', 'readFile'];
  return names.every((name) => name in value && typeof Reflect.get(value, name) === 'function');
}
