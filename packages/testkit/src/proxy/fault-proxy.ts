// A TCP proxy that disturbs connections on demand, for tests of how a client reacts.
// It must know nothing of AMQP: it sees bytes.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { type ClaimedPort, claimPort } from '../broker/free-port.ts';
import {
  type Corruption,
  type Direction,
  type Faults,
  noFaults,
  type ProxyTimers,
  realTimers,
  type Where,
} from './faults.ts';
import { Lane } from './lane.ts';
import { resetSocket } from './reset-socket.ts';

/** Options of {@link faultProxy}. */
export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Where to listen, on 127.0.0.1. Default: a port that no other program takes, even while the proxy refuses. */
  readonly port?: number;
  /** Keep all bytes of all connections, see {@link FaultProxy.conversations}. Default false. */
  readonly record?: boolean;
  /** The clock of `latency` and `throttle`. Default: the machine's. */
  readonly timers?: ProxyTimers;
}

/** Bytes that came from one side, in the order in which the proxy received them. */
export interface RecordedBytes {
  readonly direction: Direction;
  /** As they were sent, before any fault. */
  readonly bytes: Uint8Array;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: Readonly<Record<Direction, Lane>>;
}

/**
 * Starts a proxy on 127.0.0.1. Without faults it passes everything on, ends and resets too.
 *
 * @example
 * ```ts
 * await using proxy = await faultProxy({ target: broker });
 * const client = new Client(proxy.urlFor(broker.url));
 * proxy.blackHole();
 * ```
 */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.listen();
  return proxy;
}

/**
 * Made by {@link faultProxy}. Faults apply at once, to open connections and to new ones, and add up; `restore` takes
 * all back.
 */
export class FaultProxy {
  readonly host = '127.0.0.1';
  readonly #options: FaultProxyOptions;
  readonly #timers: ProxyTimers;
  readonly #faults: Readonly<Record<Direction, Faults>> = { clientToServer: noFaults(), serverToClient: noFaults() };
  readonly #connections = new Set<Connection>();
  readonly #conversations: RecordedBytes[][] = [];
  #server: Server | undefined;
  #claim: ClaimedPort | undefined;
  #accepted = 0;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
  }

  get port(): number {
    return this.#options.port ?? this.#claim?.port ?? 0;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The number of connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The bytes of each connection, in the order in which they were opened; empty without `record`. */
  get conversations(): readonly (readonly RecordedBytes[])[] {
    return this.#conversations;
  }

  /** All bytes one side sent on a connection, joined; of the first connection unless another is named. */
  recorded(direction: Direction, connection = 0): Uint8Array {
    const parts = (this.#conversations[connection] ?? []).filter((part) => part.direction === direction);
    return new Uint8Array(Buffer.concat(parts.map((part) => part.bytes)));
  }

  /** The same url with the proxy's address in it. */
  urlFor(url: string): string {
    const parsed = new URL(url);
    parsed.hostname = this.host;
    parsed.port = String(this.port);
    return parsed.href;
  }

  /** Delays every piece by so many milliseconds. 0: no delay. */
  latency(ms: number, where: Where = 'both'): void {
    this.#change(where, (faults) => {
      faults.latencyMs = positive('latency', ms, 0);
    });
  }

  /** Lets so many bytes a second through on each connection. Infinity: no limit. */
  throttle(bytesPerSecond: number, where: Where = 'both'): void {
    this.#change(where, (faults) => {
      faults.bytesPerSecond = positive('throttle', bytesPerSecond, 1);
    });
  }

  /** Passes the bytes on in pieces of at most so many, each in its own write. Infinity: as they come. */
  split(pieceBytes: number, where: Where = 'both'): void {
    this.#change(where, (faults) => {
      faults.pieceBytes = positive('split', pieceBytes, 1);
    });
  }

  /**
   * Passes nothing on, neither bytes nor ends, as when a cable is cut. What was held is passed on after `restore`.
   */
  blackHole(where: Where = 'both'): void {
    this.#change(where, (faults) => {
      faults.blackHole = true;
    });
  }

  /**
   * Inverts bytes: the one at an offset of each connection's stream (counted from 0), or those a function picks.
   * Applies to bytes not yet received.
   */
  corrupt(what: number | Corruption, direction: Direction): void {
    const corruption: Corruption = typeof what === 'number' ? (_, offset) => offset === what : what;
    this.#change(direction, (faults) => {
      faults.corruption = corruption;
    });
  }

  /**
   * Lets so many more bytes through on each connection, counted from now or from its opening, then closes it on both
   * sides.
   */
  dropAfter(bytes: number, direction: Direction): void {
    this.#faults[direction].dropAfterBytes = positive('dropAfter', bytes, 0);
    for (const connection of [...this.#connections]) connection.lanes[direction].countDropFromHere();
  }

  /** Resets (RST) every open connection on both sides. New ones are accepted. */
  reset(): void {
    for (const connection of [...this.#connections]) this.#discard(connection, 'reset');
  }

  /** Closes every open connection on both sides, in good order (FIN), without what is held. New ones are accepted. */
  close(): void {
    for (const connection of [...this.#connections]) this.#discard(connection, 'end');
  }

  /** New connections are refused by the system (ECONNREFUSED), until `restore`. Open ones stay. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    // The port is free when close() has been called; the callback would wait for the open connections as well.
    server.close();
  }

  /** Removes every fault. What was held is passed on. */
  async restore(): Promise<void> {
    Object.assign(this.#faults.clientToServer, noFaults());
    Object.assign(this.#faults.serverToClient, noFaults());
    for (const { lanes } of this.#connections) {
      for (const lane of Object.values(lanes)) {
        lane.countDropFromHere();
        lane.faultsChanged();
      }
    }
    if (this.#server === undefined) await this.listen();
  }

  /** Ends the proxy and all its connections. */
  async stop(): Promise<void> {
    await this.refuse();
    for (const connection of [...this.#connections]) this.#discard(connection, 'reset');
    this.#claim?.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Listens, at the first call on a port it chooses, later on the same. Called by `faultProxy` and `restore`. */
  async listen(): Promise<void> {
    // It is reserved until `stop`, so that nothing listens on it while it refuses.
    if (this.#options.port === undefined) this.#claim ??= await claimPort();
    const { port } = this;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: this.host }, resolve);
    });
    this.#server = server;
  }

  #change(where: Where, change: (faults: Faults) => void): void {
    const directions: readonly Direction[] = where === 'both' ? ['clientToServer', 'serverToClient'] : [where];
    for (const direction of directions) {
      change(this.#faults[direction]);
      for (const { lanes } of this.#connections) lanes[direction].faultsChanged();
    }
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const server = connect({ ...this.#options.target, allowHalfOpen: true, noDelay: true });
    const conversation: RecordedBytes[] = [];
    if (this.#options.record === true) this.#conversations.push(conversation);
    const lane = (direction: Direction, source: Socket, destination: Socket): Lane =>
      new Lane(source, destination, this.#faults[direction], this.#timers, {
        received: (bytes) => {
          if (this.#options.record === true) conversation.push({ direction, bytes: Uint8Array.from(bytes) });
        },
        dropped: () => this.#discard(connection, 'end'),
      });
    const connection: Connection = {
      client,
      server,
      lanes: {
        clientToServer: lane('clientToServer', client, server),
        serverToClient: lane('serverToClient', server, client),
      },
    };
    this.#connections.add(connection);
    for (const started of Object.values(connection.lanes)) started.faultsChanged();
    for (const socket of [client, server]) {
      socket.on('error', () => this.#discard(connection, 'reset')); // a reset of one side is passed on to the other
      socket.on('close', () => {
        if (client.destroyed && server.destroyed) this.#discard(connection, 'end');
      });
    }
  }

  #discard(connection: Connection, how: 'reset' | 'end'): void {
    if (!this.#connections.delete(connection)) return;
    for (const lane of Object.values(connection.lanes)) lane.stop();
    for (const socket of [connection.client, connection.server]) {
      if (how === 'reset') resetSocket(socket);
      else socket.destroySoon(); // what was written before still goes out
    }
  }
}

function positive(name: string, value: number, least: number): number {
  if (!(value >= least)) throw new RangeError(`${name} takes a number from ${least}, not ${value}`);
  return value;
}
