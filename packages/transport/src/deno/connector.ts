/**
 * Makes transports on Deno: connects, waits for the TLS handshake, ends the attempt when aborted.
 * It must not read or write: that is ../stream-transport.ts. It loads nothing of Node's.
 */
import { abortable } from '../abortable.ts';
import { checkAddress } from '../check-address.ts';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { connectFailure, handshakeFailure } from '../failure.ts';
import { type StreamRuntime, StreamTransport } from '../stream-transport.ts';
import { tlsMaterialFailure } from '../tls-material-failure.ts';
import { ConnStream } from './conn-stream.ts';
import { type DenoApi, type DenoConn, denoApi } from './deno-api.ts';
import { denoErrorCode, isUnannouncedEnd } from './failure.ts';
import { type DenoTlsPlan, denoTlsPlan } from './tls-options.ts';

/**
 * Connects by `Deno.connect`, `Deno.startTls` and, with a client certificate, `Deno.connectTls`. All addresses of a host are
 * tried, as Deno does by itself. What Deno's sockets cannot do is refused by UsageError; the README has the list.
 */
export const denoConnector: TransportConnector = {
  runtime: 'deno',
  connect,
  readFile: async (path) => denoApi().readFile(path),
};

const deno: StreamRuntime = { name: 'Deno', errorCode: denoErrorCode, isUnannouncedEnd };

async function connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
  const { host, port, mode = 'push', signal } = options;
  const open = async (givenUp: AbortSignal): Promise<DenoConn> => {
    const api = denoApi();
    checkAddress(options);
    const plan = options.tls === undefined ? undefined : await denoTlsPlan(options.tls, host);
    const conn = await dial(api, options, plan, givenUp);
    return plan === undefined ? conn : secure(api, options, conn, plan, givenUp);
  };
  const conn = await abortable(signal, open, (late) => late.close());
  return new StreamTransport({
    ...{ stream: new ConnStream(conn), socket: conn, runtime: deno },
    ...{ handlers, host, port, mode },
  });
}

async function dial(
  api: DenoApi,
  { host, port, tls = {}, noDelay = true, keepAliveMs }: ConnectOptions,
  plan: DenoTlsPlan | undefined,
  signal: AbortSignal,
): Promise<DenoConn> {
  let conn: DenoConn;
  try {
    // Only connectTls takes an identity, and only startTls another name than the host's.
    conn =
      plan?.identity === undefined
        ? await api.connect({ hostname: host, port, signal })
        : await api.connectTls({ ...plan.options, ...plan.identity, hostname: host, port });
  } catch (error) {
    if (plan?.identity !== undefined && isBadMaterial(error)) throw await tlsMaterialFailure(tls, error);
    throw connectFailure(host, port, error, denoErrorCode(error));
  }
  conn.setNoDelay?.(noDelay);
  if (keepAliveMs !== undefined) conn.setKeepAlive?.(true);
  return conn;
}

async function secure(
  api: DenoApi,
  { host, port, tls = {} }: ConnectOptions,
  conn: DenoConn,
  plan: DenoTlsPlan,
  signal: AbortSignal,
): Promise<DenoConn> {
  let open = conn;
  const onAbort = (): void => open.close();
  signal.addEventListener('abort', onAbort);
  try {
    if (signal.aborted) throw signal.reason;
    if (plan.identity === undefined) open = await api.startTls(conn, plan.options);
    await open.handshake?.();
    return open;
  } catch (error) {
    if (!signal.aborted) close(open);
    if (isBadMaterial(error)) throw await tlsMaterialFailure(tls, error);
    throw handshakeFailure(host, port, error, denoErrorCode(error));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** startTls() takes the connection over even when it fails: then there is nothing left to close. */
function close(conn: DenoConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BadResource') throw error;
  }
}

/** Deno's errors have no code for this. */
function isBadMaterial(error: unknown): boolean {
  const words = /PEM|No certificates found|No keys found|certificate data|key data|KeyMismatch|parse private key/i;
  return error instanceof Error && words.test(error.message);
}
