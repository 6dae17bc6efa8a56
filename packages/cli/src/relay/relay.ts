/** The relay: takes WebSockets, and opens a connection to the one broker for each. It must not look at what they carry. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { UsageError } from '@puka/client';
import type { TlsOptions } from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';
import { relayProtocol } from '@puka/transport/websocket';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Refusal, refusalOf } from './admission.ts';
import { Bridge, type Dial } from './bridge.ts';
import { RelayCounter, type RelayCounts } from './counts.ts';
import { machineTimers, type RelayLimits, type RelayTimers } from './limits.ts';

/** How long a client may take to answer a close, in milliseconds. */
const closePatienceMs = 5000;

/** What a relay is started with. */
export interface RelayOptions {
  /** The one broker. */
  readonly broker: { readonly host: string; readonly port: number; readonly tls?: TlsOptions | undefined };
  /** Where to listen. Port 0: a free one. */
  readonly host: string;
  readonly port: number;
  /** The path of its URL. */
  readonly path: string;
  /** Origins whose pages may connect; `*` for all. A client that is no browser sends none, and may always connect. */
  readonly origins: readonly string[];
  /** PEM. Default: no TLS. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly limits: RelayLimits;
  /** Default: the clock of the machine. */
  readonly timers?: RelayTimers | undefined;
}

/**
 * Starts a relay.
 *
 * @returns when it listens. Rejects with the error of the system, or with UsageError for a certificate that cannot be read.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const server = httpServer(options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new Relay(server, options);
}

/** Made by {@link startRelay}. */
export class Relay {
  /** The port it listens on. */
  readonly port: number;
  readonly #server: Server;
  readonly #options: RelayOptions;
  readonly #sockets: WebSocketServer;
  readonly #bridges = new Map<WebSocket, Bridge>();
  readonly #openByAddress = new Map<string, number>();
  readonly #counter = new RelayCounter();
  readonly #timers: RelayTimers;
  #isStopping = false;
  #idle: (() => void) | undefined;

  constructor(server: Server, options: RelayOptions) {
    this.#server = server;
    this.port = addressOf(server).port;
    this.#options = options;
    this.#timers = options.timers ?? machineTimers;
    this.#sockets = newSocketServer(options.limits);
    this.#sockets.on('wsClientError', (error, socket) => this.#refuse(socket, badRequest(error)));
    server.on('clientError', (error, socket) => this.#refuse(socket, badRequest(error)));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Where clients connect. */
  get url(): string {
    const { host, path, tls } = this.#options;
    const name = host.includes(':') ? `[${host}]` : host;
    return `${tls === undefined ? 'ws' : 'wss'}://${name}:${this.port}${path}`;
  }

  /** What it has done so far. */
  counts(): RelayCounts {
    const waiting = [...this.#bridges.values()].map(({ bufferedBytes }) => bufferedBytes);
    return this.#counter.read(waiting.reduce((sum, bytes) => sum + bytes, 0));
  }

  /** Takes no more WebSockets, closes those that are open with code 1001, and resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const bridge of this.#bridges.values()) bridge.stop();
    if (this.#bridges.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { limits, path, origins } = this.#options;
    const address = request.socket.remoteAddress ?? '';
    const refusal = refusalOf(
      {
        target: request.url ?? '',
        origin: request.headers.origin,
        open: this.#counter.open,
        openOfAddress: this.#openByAddress.get(address) ?? 0,
      },
      { path, origins, ...limits },
    );
    if (refusal !== undefined || this.#isStopping) {
      this.#refuse(socket, refusal ?? { why: 'stopped', status: 503, text: 'the relay is shutting down' });
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, request));
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const { limits, broker } = this.#options;
    const { remoteAddress: host = '', remotePort: port = 0 } = request.socket;
    const dial: Dial = (handlers, signal) => nodeConnector.connect({ ...broker, signal }, handlers);
    this.#count(host, 1);
    this.#counter.opened();
    const shared = { limits, timers: this.#timers, counter: this.#counter };
    this.#bridges.set(socket, new Bridge({ socket, client: { host, port }, dial, ...shared }));
    socket.once('close', () => {
      this.#count(host, -1);
      this.#counter.closed();
      this.#bridges.delete(socket);
      if (this.#bridges.size === 0) this.#idle?.();
    });
  }

  #count(address: string, change: number): void {
    const count = (this.#openByAddress.get(address) ?? 0) + change;
    if (count === 0) this.#openByAddress.delete(address);
    else this.#openByAddress.set(address, count);
  }

  #refuse(socket: Duplex, { why, status, text }: Refusal): void {
    this.#counter.ended(why);
    const reasons = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' };
    const head = `HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
    socket.end(`${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () => socket.destroy());
  }
}

function newSocketServer({ maxMessageBytes }: RelayLimits): WebSocketServer {
  const options = {
    noServer: true,
    clientTracking: false,
    // It costs memory for each connection, and AMQP compresses badly.
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    closeTimeout: closePatienceMs,
    handleProtocols: (offered: ReadonlySet<string>): string | false =>
      offered.has(relayProtocol) ? relayProtocol : false,
  };
  return new WebSocketServer(options);
}

function badRequest({ message }: Error): Refusal {
  return { why: 'badRequest', status: 400, text: message };
}

function httpServer({ tls, limits }: RelayOptions): Server {
  const patience = {
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.handshakeTimeoutMs, 1000),
    maxHeaderSize: 16 * 1024,
  };
  const server = tls === undefined ? createServer(patience) : tlsServer({ ...patience, ...tls }, limits);
  // WebSockets that wait for their close, and requests that are being refused, count here too.
  server.maxConnections = limits.maxConnections * 2 + 16;
  // Not kept alive: a request that is not a WebSocket sends nothing more.
  server.on('request', (request, response) => {
    request.resume();
    const headers = { 'Content-Type': 'text/plain', Connection: 'close', Upgrade: 'websocket' };
    response.writeHead(426, headers).end('a relay for AMQP over WebSocket; there is nothing else here');
  });
  return server;
}

function tlsServer(options: Parameters<typeof createTlsServer>[0], { handshakeTimeoutMs }: RelayLimits): Server {
  try {
    return createTlsServer({ ...options, handshakeTimeout: handshakeTimeoutMs });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the certificate or the key of the relay cannot be read: ${reason}`, { cause });
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay is not bound to a port');
  return address;
}
