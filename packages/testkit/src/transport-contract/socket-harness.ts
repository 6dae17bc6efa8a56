/**
 * The harness over real sockets: its server is `node:net` or `node:tls`, which Deno and Bun have too, whatever the connector
 * under test uses. Loopback only, ports chosen by the system.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import type { TlsOptions as NodeServerTlsOptions } from 'node:tls';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { TlsOptions, TransportConnector } from '@puka/transport';
import { refusedPort } from '../refused-port.ts';
import { AcceptedPeers } from './accepted-peers.ts';
import type { TestCertificates } from './certificates.ts';
import type { ContractAddress, ContractPeer, ContractServer, TlsContractHarness, TlsFeature } from './harness.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { Signal } from './received-bytes.ts';
import { SocketPeer } from './socket-peer.ts';

/** What differs between the runs over real sockets. */
export interface SocketHarnessOptions {
  readonly name: string;
  readonly connector: TransportConnector;
  readonly certificates: TestCertificates;
  /** Whether the tests that are not about TLS run over it. */
  readonly isSecure: boolean;
  /** Default: nothing. */
  readonly lacks?: readonly TlsFeature[];
}

export function socketHarness(options: SocketHarnessOptions): TlsContractHarness {
  const { name, connector, certificates, isSecure, lacks = [] } = options;
  const trusted: TlsOptions = { ca: certificates.ca };
  const identity = certificates.server;
  const startPlainServer = (): Promise<ContractServer> => SocketServer.start({ identity, isSecure: false });
  const startTlsServer: TlsContractHarness['startTlsServer'] = ({ clientCa, alpn, isExpired, maxVersion } = {}) =>
    SocketServer.start({
      identity: isExpired === true ? certificates.expired : identity,
      isSecure: true,
      tls: {
        ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
        ...(maxVersion !== undefined && { maxVersion }),
        ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      },
      address: { tls: trusted },
    });
  return {
    name,
    connector,
    hasSocket: true,
    lacks,
    startServer: isSecure ? () => startTlsServer() : startPlainServer,
    refusedAddress,
    startTlsServer,
    startPlainServer,
    trusted,
    strangerCa: certificates.strangerCa,
    strangerKey: certificates.strangerClient.key,
    client: { ca: certificates.ca, ...certificates.client },
  };
}

/** A port on which nothing listens. */
async function refusedAddress(): Promise<ContractAddress> {
  return { host: '127.0.0.1', port: await refusedPort() };
}

interface SocketServerOptions {
  readonly identity: { readonly cert: string; readonly key: string };
  readonly isSecure: boolean;
  readonly tls?: NodeServerTlsOptions;
  readonly address?: Pick<ContractAddress, 'tls'>;
}

class SocketServer implements ContractServer {
  readonly #server: ReturnType<typeof createServer>;
  readonly #peers = new AcceptedPeers();
  readonly #open = new Set<Socket>();
  readonly #stopped = new Signal();
  readonly address: ContractAddress;
  onAccept: ((peer: ContractPeer) => void) | undefined;

  static async start(options: SocketServerOptions): Promise<SocketServer> {
    const { identity, isSecure, tls } = options;
    const server = isSecure
      ? createTlsServer({ ...identity, ...tls, allowHalfOpen: true })
      : createServer({ allowHalfOpen: true });
    return new SocketServer(server, await listenOnLoopback(server), options);
  }

  private constructor(
    server: ReturnType<typeof createServer>,
    port: number,
    { identity, isSecure, address }: SocketServerOptions,
  ) {
    this.#server = server;
    this.address = { host: '127.0.0.1', port, ...address };
    const upgrade = (socket: Socket): TLSSocket => new TLSSocket(socket, { ...identity, isServer: true });
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) =>
      this.#accept(new SocketPeer(socket, upgrade)),
    );
    server.on('connection', (socket: Socket) => this.#track(socket));
    // The client reports a handshake that fails; the rest of the connection is destroyed here.
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
    server.on('close', () => this.#stopped.resolve());
  }

  nextPeer(): Promise<ContractPeer> {
    return this.#peers.next();
  }

  idle(): Promise<void> {
    return this.#peers.idle();
  }

  stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    return this.#stopped.promise;
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    this.#peers.track(
      new Promise((resolve) => {
        socket.once('close', () => {
          this.#open.delete(socket);
          resolve();
        });
      }),
    );
  }

  #accept(peer: ContractPeer): void {
    this.onAccept?.(peer);
    this.#peers.add(peer);
  }
}
