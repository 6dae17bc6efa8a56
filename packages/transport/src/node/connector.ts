/**
 * Makes transports on Node: connects, waits for the TLS handshake, ends the attempt when aborted.
 * It must not read or write: that is node-transport.ts.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect as connectPlain } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { UsageError } from '@puka/errors';
import { checkAddress } from '../check-address.ts';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { connectFailure, formatAddress, handshakeFailure } from '../failure.ts';
import { tlsMaterialFailure } from '../tls-material-failure.ts';
import { NodeTransport } from './node-transport.ts';
import { highWaterMarkBytes } from './socket-options.ts';
import { SocketReader } from './socket-reader.ts';
import { tlsModule } from './tls-module.ts';
import { tlsConnectOptions } from './tls-options.ts';

/** Connects by `node:net` and `node:tls`. All addresses of a host are tried, as Node does by itself. */
export const nodeConnector: TransportConnector = { runtime: 'node', connect, readFile: (path) => readFile(path) };

function connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const { signal, host, port, tls } = options;
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    // In pull mode the socket keeps its own buffer and emits 'readable': programs that drive by hand may listen to it.
    const reader = options.mode === 'pull' ? undefined : new SocketReader(tls === undefined);
    let secure: ConnectionOptions | undefined;
    try {
      checkAddress(options);
      if (tls !== undefined) secure = tlsConnectOptions(tls, host);
    } catch (error) {
      if (tls === undefined || error instanceof UsageError) reject(error);
      else void tlsMaterialFailure(tls, error).then(reject);
      return;
    }
    let socket: Socket;
    try {
      socket = openSocket(options, secure, reader);
    } catch (error) {
      reject(
        new UsageError(
          `cannot connect to ${formatAddress(host, port)}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        ),
      );
      return;
    }
    const readyEvent = tls === undefined ? 'connect' : 'secureConnect';
    let isConnected = false;
    let lastError: unknown;
    const onError = (error: unknown): void => {
      lastError = error;
    };
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort);
      socket.off(readyEvent, onReady);
      socket.off('close', onClose);
    };
    const onAbort = (): void => {
      settle();
      socket.destroy();
      reject(signal?.reason);
    };
    // Waits for 'close' rather than 'error', so that the socket is gone when the promise is rejected.
    const onClose = (): void => {
      settle();
      reject(isConnected ? handshakeFailure(host, port, lastError) : connectFailure(host, port, lastError));
    };
    const onReady = (): void => {
      settle();
      socket.off('error', onError);
      socket.setNoDelay(options.noDelay ?? true);
      if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, options.keepAliveMs);
      const transport = new NodeTransport({
        socket,
        handlers,
        host,
        port,
        mode: options.mode ?? 'push',
        isSecure: tls !== undefined,
        reader,
      });
      resolve(transport);
    };
    // Stays until the transport puts its own in its place; without one, an error after an abort would end the process.
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once(readyEvent, onReady);
    signal?.addEventListener('abort', onAbort);
  });
}

function openSocket(
  { host, port }: ConnectOptions,
  secure: ConnectionOptions | undefined,
  onread: SocketReader | undefined,
): Socket {
  // Without allowHalfOpen Node ends our side as soon as the peer ends its own.
  const shared = { host, port, allowHalfOpen: true, highWaterMark: highWaterMarkBytes, ...(onread && { onread }) };
  return secure === undefined ? connectPlain(shared) : tlsModule().connect({ ...secure, ...shared });
}
