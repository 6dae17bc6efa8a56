/**
 * Makes transports on Bun: connects, waits for the TLS handshake, ends the attempt when aborted.
 * It must not read or write: that is bun-transport.ts. It loads nothing of Node's.
 */
import { abortable } from '../abortable.ts';
import { checkAddress } from '../check-address.ts';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { connectFailure, handshakeFailure } from '../failure.ts';
import { tlsMaterialFailure } from '../tls-material-failure.ts';
import { type BunSocket, bunApi } from './bun-api.ts';
import { BunTransport } from './bun-transport.ts';
import { socketEvents } from './events.ts';
import { bunErrorCode, isAccepted } from './failure.ts';
import { bunTlsOptions } from './tls-options.ts';

/**
 * Connects by `Bun.connect`. All addresses of a host are tried, as Bun does by itself. What Bun's sockets cannot do is in the
 * README.
 */
export const bunConnector: TransportConnector = {
  runtime: 'bun',
  connect,
  readFile: async (path) => bunApi().file(path).bytes(),
};

async function connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
  return abortable(
    options.signal,
    (givenUp) => open(options, handlers, givenUp),
    (late) => late.close(),
  );
}

async function open(options: ConnectOptions, handlers: TransportHandlers, givenUp: AbortSignal): Promise<BunTransport> {
  const { host, port, mode = 'push' } = options;
  const api = bunApi();
  checkAddress(options);
  const tls = options.tls === undefined ? undefined : bunTlsOptions(options.tls, host);
  return new Promise((resolve, reject) => {
    let transport: BunTransport | undefined;
    const ready = (socket: BunSocket): void => {
      transport = new BunTransport({ socket, handlers, host, port, mode, isSecure: tls !== undefined });
      resolve(transport);
    };
    const refuse = (error: Error | null | undefined): void =>
      reject(handshakeFailure(host, port, error ?? hungUp(), error ? bunErrorCode(error) : 'ECONNRESET'));
    const socket = socketEvents({
      owner: () => (transport?.hasUpgraded === true ? undefined : transport),
      opened: (opened) => {
        tune(opened, options);
        if (givenUp.aborted) opened.close();
        else if (tls === undefined) ready(opened);
        else givenUp.addEventListener('abort', () => opened.close(), { once: true });
      },
      handshake: (secure, isTrusted, error) => {
        if (transport !== undefined) return;
        if (isAccepted(tls?.rejectUnauthorized !== false, isTrusted, error)) ready(secure);
        else {
          refuse(error);
          secure.close();
        }
      },
      lost: refuse,
    });
    const where = { hostname: host, port, allowHalfOpen: true, socket } as const;
    // Bun throws inside the call for a certificate or key that it cannot read, and rejects for the rest.
    let attempt: Promise<BunSocket>;
    try {
      attempt = api.connect({ ...where, ...(tls !== undefined && { tls }) });
    } catch (error) {
      if (options.tls === undefined) reject(connectFailure(host, port, error, bunErrorCode(error)));
      else void tlsMaterialFailure(options.tls, error).then(reject);
      return;
    }
    attempt.catch((error: unknown) => reject(connectFailure(host, port, error, bunErrorCode(error))));
  });
}

function tune(socket: BunSocket, { noDelay = true, keepAliveMs }: ConnectOptions): void {
  socket.setNoDelay(noDelay);
  if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
}

function hungUp(): Error {
  return new Error('the peer closed the connection during the handshake');
}
