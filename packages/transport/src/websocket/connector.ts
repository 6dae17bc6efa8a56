/**
 * Makes transports over WebSockets: opens them, waits until a relay is connected to its broker, ends the attempt when aborted.
 * It must not read or write: that is web-socket-transport.ts.
 */
import { ConnectionBroken, UsageError } from '@puka/errors';
import { abortable } from '../abortable.ts';
import { checkAddress } from '../check-address.ts';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '../contract.ts';
import { formatAddress } from '../failure.ts';
import { openFailure, type WebSocketAddress } from './failure.ts';
import { parseControl, relayProtocol } from './relay-protocol.ts';
import {
  closeDetails,
  eventError,
  globalWebSocket,
  isWebSocketConstructor,
  messageData,
  type WebSocketConstructor,
  type WebSocketLike,
} from './web-socket-api.ts';
import { WebSocketTransport } from './web-socket-transport.ts';

const defaultMaxHeldBytes = 16 * 1024 * 1024;
const optionNames: readonly string[] = ['path', 'flowControl', 'WebSocket', 'maxHeldBytes'];

/** Options of {@link webSocketConnector}. */
export interface WebSocketConnectorOptions {
  /** The path of the WebSocket's URL, and its query. Default `'/'`. */
  readonly path?: string | undefined;
  /**
   * Whether to speak the subprotocol `puka-relay.v1` of `puka relay`, which adds flow control and half close. Default `true`.
   * `false` for other servers that take AMQP in binary messages: then `pause()` cannot hold the server back (but with `ws`),
   * and `end()` closes both directions.
   */
  readonly flowControl?: boolean | undefined;
  /** The class to use instead of the global `WebSocket`: that of `ws`, on Node 20. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /**
   * Without flow control: the connection is broken when more bytes than this arrive while reading is paused. Default 16 MiB.
   */
  readonly maxHeldBytes?: number | undefined;
}

/**
 * Makes a connector over WebSockets, for browsers and every other runtime that has them. It connects to
 * `ws://HOST:PORT/` with the host and the port that it is given, and with `tls: {}` to `wss://HOST:PORT/`.
 *
 * TLS is the runtime's own: any option of `tls` is refused. `noDelay` and `keepAliveMs` have no effect.
 *
 * @throws UsageError for an unknown option or one of the wrong type.
 * @example
 * ```ts
 * import { webSocketConnector } from '@puka/transport/websocket';
 *
 * const connector = webSocketConnector({ path: '/amqp' });
 * ```
 */
export function webSocketConnector(options: WebSocketConnectorOptions = {}): TransportConnector {
  checkOptions(options);
  return { runtime: 'websocket', connect: (to, handlers) => connect(options, to, handlers) };
}

/** Options of {@link acceptWebSocket}. */
export interface AcceptWebSocketOptions {
  /** What is called with bytes and with the end. */
  readonly handlers: TransportHandlers;
  /** The other side, as errors name it. */
  readonly host: string;
  /** As errors name it. */
  readonly port: number;
}

/**
 * Makes a transport of a WebSocket that a server has accepted. Whether it has flow control is what the two sides agreed on:
 * the server has to choose `relayProtocol` if a client offers it.
 *
 * `pause()` in the same turn keeps the other side waiting in its `connect()` until `resume()`.
 *
 * @param socket an open WebSocket, such as `ws` passes to a server. The transport owns it from now on.
 */
export function acceptWebSocket(socket: WebSocketLike, options: AcceptWebSocketOptions): Transport {
  const { handlers, host, port } = options;
  const address = { host, port, url: formatAddress(host, port) };
  const hasFlowControl = socket.protocol === relayProtocol;
  return new WebSocketTransport({
    ...{ socket, handlers, address, hasFlowControl },
    ...{ mode: 'push', credit: 0, maxHeldBytes: defaultMaxHeldBytes },
  });
}

async function connect(
  connector: WebSocketConnectorOptions,
  options: ConnectOptions,
  handlers: TransportHandlers,
): Promise<Transport> {
  const open = async (givenUp: AbortSignal): Promise<WebSocketTransport> => {
    checkAddress(options);
    checkTls(options);
    return opened(connector, options, handlers, givenUp);
  };
  return abortable(options.signal, open, (late) => late.close());
}

function opened(
  { path = '/', flowControl = true, WebSocket, maxHeldBytes = defaultMaxHeldBytes }: WebSocketConnectorOptions,
  { host, port, tls, mode = 'push' }: ConnectOptions,
  handlers: TransportHandlers,
  givenUp: AbortSignal,
): Promise<WebSocketTransport> {
  const url = `${tls === undefined ? 'ws' : 'wss'}://${formatAddress(host, port)}${path}`;
  const address = { host, port, url };
  const socket = newWebSocket(WebSocket ?? globalWebSocket(), url, flowControl);
  return new Promise((resolve, reject) => {
    let error: Error | undefined;
    const forget = (): void => {
      socket.removeEventListener('open', onOpen);
      socket.removeEventListener('message', onMessage);
      socket.removeEventListener('close', onClose);
      givenUp.removeEventListener('abort', onAbort);
    };
    const finish = (credit: number): void => {
      forget();
      const transport = { socket, handlers, address, mode, credit, maxHeldBytes, hasFlowControl: flowControl };
      resolve(new WebSocketTransport(transport));
    };
    const fail = (failure: ConnectionBroken): void => {
      forget();
      reject(failure);
    };
    const onOpen = (): void => {
      if (!flowControl) finish(0);
      else if (socket.protocol !== relayProtocol) fail(refused(socket, address, 'it did not choose puka-relay.v1'));
    };
    // The first credit means that the relay is connected to its broker.
    const onMessage = (event: object): void => {
      const data = messageData(event);
      const control = typeof data === 'string' ? parseControl(data) : undefined;
      if (control?.type === 'credit') finish(control.byteCount);
      else fail(refused(socket, address, 'its first message is no credit'));
    };
    const onClose = (event: object): void => fail(openFailure(address, closeDetails(event), error));
    const onAbort = (): void => {
      forget();
      socket.close();
    };
    givenUp.addEventListener('abort', onAbort);
    socket.addEventListener('open', onOpen);
    socket.addEventListener('message', onMessage);
    socket.addEventListener('close', onClose);
    // It stays: an error without a listener would end a process that uses `ws`.
    socket.addEventListener('error', (event) => {
      error = eventError(event);
    });
  });
}

function newWebSocket(WebSocket: WebSocketConstructor, url: string, flowControl: boolean): WebSocketLike {
  try {
    const socket = flowControl ? new WebSocket(url, [relayProtocol]) : new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    return socket;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = url.startsWith('ws:')
      ? '; a page that came by https: may open wss: only, so use amqps: or tls: {}'
      : '';
    throw new UsageError(`the WebSocket ${url} cannot be made: ${reason}${hint}`, { cause });
  }
}

function refused(socket: WebSocketLike, { host, port }: WebSocketAddress, what: string): ConnectionBroken {
  socket.close(1000);
  return new ConnectionBroken(
    `could not connect to ${formatAddress(host, port)}: the server is not a puka relay (${what}); for another server that takes AMQP over WebSocket, give flowControl: false`,
    { outcome: 'not-sent' },
  );
}

function checkOptions(options: WebSocketConnectorOptions): void {
  const { path, flowControl, WebSocket, maxHeldBytes } = options;
  for (const name of Object.keys(options)) {
    if (optionNames.includes(name)) continue;
    const near = optionNames.find((known) => known.toLowerCase() === name.toLowerCase());
    throw new UsageError(
      `${name} is not an option of webSocketConnector(); ${near === undefined ? `it takes ${optionNames.join(', ')}` : `it is spelled ${near}`}`,
    );
  }
  if (path !== undefined && (typeof path !== 'string' || !path.startsWith('/') || path.includes('#'))) {
    throw new UsageError(
      "path begins with a slash and has no fragment, such as '/amqp'; host and port are those of the AMQP URL",
    );
  }
  if (flowControl !== undefined && typeof flowControl !== 'boolean')
    throw new UsageError('flowControl is true or false');
  if (WebSocket !== undefined && !isWebSocketConstructor(WebSocket)) {
    throw new UsageError('WebSocket is a class, such as the one that ws exports');
  }
  if (maxHeldBytes !== undefined && !(Number.isSafeInteger(maxHeldBytes) && maxHeldBytes > 0)) {
    throw new UsageError('maxHeldBytes is a whole number of bytes, at least 1');
  }
}

function checkTls({ tls }: ConnectOptions): void {
  const [name] = Object.entries(tls ?? {}).find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  throw new UsageError(`tls.${name} has no effect on a WebSocket: the runtime verifies the server; give tls: {}`);
}
