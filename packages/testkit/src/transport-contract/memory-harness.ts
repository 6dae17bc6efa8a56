/** The harness for transports in memory. It must not touch a socket. */
import type { ConnectionBroken } from '@puka/errors';
import type { TransportHandlers } from '@puka/transport';
import type { MemoryConnectorOptions, MemoryTransport } from '@puka/transport/memory';
import { memoryConnector } from '@puka/transport/memory';
import { AcceptedPeers } from './accepted-peers.ts';
import type { ContractHarness, ContractPeer, ContractServer } from './harness.ts';
import { ReceivedBytes, Signal } from './received-bytes.ts';

/**
 * Makes the harness. A server is a port; a connection to any other port is refused.
 *
 * @param options as for `memoryConnector`.
 */
export function memoryHarness(name: string, options?: MemoryConnectorOptions): ContractHarness {
  const servers = new Map<number, MemoryServer>();
  let lastPort = 0;
  const connector = memoryConnector((transport, { port }) => {
    const server = servers.get(port);
    if (server === undefined) throw Object.assign(new Error(`nothing listens at ${port}`), { code: 'ECONNREFUSED' });
    return server.accept(transport);
  }, options);
  const startServer = (): Promise<ContractServer> => {
    lastPort += 1;
    const server = new MemoryServer(lastPort, (port) => servers.delete(port));
    servers.set(lastPort, server);
    return Promise.resolve(server);
  };
  return {
    name,
    connector,
    startServer,
    hasSocket: false,
    refusedAddress: () => Promise.resolve({ host: 'memory', port: 65_535 }),
  };
}

class MemoryServer implements ContractServer {
  readonly address: ContractServer['address'];
  readonly #peers = new AcceptedPeers();
  readonly #open = new Set<ContractPeer>();
  readonly #leave: (port: number) => void;
  onAccept: ((peer: ContractPeer) => void) | undefined;

  constructor(port: number, leave: (port: number) => void) {
    this.address = { host: 'memory', port };
    this.#leave = leave;
  }

  accept(transport: MemoryTransport): TransportHandlers {
    const peer = new MemoryPeer(transport);
    this.onAccept?.(peer);
    this.#peers.add(peer);
    this.#peers.track(peer.closed());
    this.#open.add(peer);
    return peer;
  }

  nextPeer(): Promise<ContractPeer> {
    return this.#peers.next();
  }

  idle(): Promise<void> {
    return this.#peers.idle();
  }

  stop(): Promise<void> {
    this.#leave(this.address.port);
    for (const peer of this.#open) peer.reset();
    return this.#peers.idle();
  }
}

class MemoryPeer implements ContractPeer, TransportHandlers {
  readonly #transport: MemoryTransport;
  readonly #received = new ReceivedBytes();
  readonly #ended = new Signal();
  readonly #closed = new Signal();

  constructor(transport: MemoryTransport) {
    this.#transport = transport;
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    this.#transport.write([bytes]);
  }

  receive(byteCount: number): Promise<Uint8Array> {
    return this.#received.take(byteCount);
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  closed(): Promise<void> {
    return this.#closed.promise;
  }

  pause(): void {
    this.#transport.pause();
  }

  resume(): void {
    this.#transport.resume();
  }

  end(): void {
    this.#transport.end();
  }

  reset(): void {
    this.#transport.reset();
  }

  onData(bytes: Uint8Array): void {
    this.#received.add(bytes);
  }

  onReadable(): void {
    throw new Error('the peer is in push mode');
  }

  onDrain(): void {
    // The tests look at bufferedBytes.
  }

  onEnd(): void {
    this.#ended.resolve();
    this.#received.fail(new Error('the stream has ended'));
  }

  onClose(error: ConnectionBroken | undefined): void {
    this.#ended.reject(error ?? new Error('closed before the end'));
    this.#received.fail(error ?? new Error('closed'));
    this.#closed.resolve();
  }
}
