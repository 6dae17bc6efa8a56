/**
 * Makes transports in Cloudflare Workers: connects, waits for the TLS handshake, ends the attempt when aborted.
 * It must not read or write: that is ../stream-transport.ts.
 */
import { abortable } from '../abortable.ts';
import { checkAddress } from '../check-address.ts';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { type StreamRuntime, StreamTransport } from '../stream-transport.ts';
import { type CloudflareSocket, cloudflareSockets } from './cloudflare-api.ts';
import { cloudflareErrorCode, openFailure } from './failure.ts';
import { closeSocket, SocketStream } from './socket-stream.ts';
import { checkCloudflareTls } from './tls-options.ts';

/**
 * Connects by `connect()` of `cloudflare:sockets`: plain, or with `tls` from the first byte. What Cloudflare's sockets
 * cannot do is refused by UsageError; the README has the list. `noDelay` and `keepAliveMs` have no effect.
 *
 * A socket belongs to the request, or the Durable Object, that has connected it: it cannot be used in another one, and it is closed
 * when that ends.
 */
export const cloudflareConnector: TransportConnector = { runtime: 'cloudflare', connect };

const cloudflare: StreamRuntime = {
  name: 'Cloudflare',
  errorCode: cloudflareErrorCode,
  isUnannouncedEnd: () => false,
};

async function connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
  const { host, port, mode = 'push', signal } = options;
  const open = (givenUp: AbortSignal): Promise<CloudflareSocket> => opened(options, givenUp);
  const socket = await abortable(signal, open, (late) => closeSocket(late));
  return new StreamTransport({
    ...{ stream: new SocketStream(socket), socket, runtime: cloudflare },
    ...{ handlers, host, port, mode },
  });
}

async function opened({ host, port, tls }: ConnectOptions, givenUp: AbortSignal): Promise<CloudflareSocket> {
  checkAddress({ host, port });
  if (tls !== undefined) checkCloudflareTls(tls, host);
  const { connect: connectSocket } = await cloudflareSockets();
  givenUp.throwIfAborted();
  const isSecure = tls !== undefined;
  let socket: CloudflareSocket | undefined;
  const onAbort = (): void => {
    if (socket !== undefined) closeSocket(socket);
  };
  givenUp.addEventListener('abort', onAbort);
  try {
    const hostname = host.includes(':') ? `[${host}]` : host;
    socket = connectSocket({ hostname, port }, { secureTransport: isSecure ? 'on' : 'off', allowHalfOpen: true });
    // Reads and writes fail as well, and their errors are the ones that are looked at.
    socket.closed.catch(() => undefined);
    await socket.opened;
    return socket;
  } catch (error) {
    throw openFailure(host, port, isSecure, error);
  } finally {
    givenUp.removeEventListener('abort', onAbort);
  }
}
