/**
 * One connection, from the first byte to the last: its session, its driver, and who uses its channels.
 * Must not know the API: a client has one connection after the other.
 */
import { ConnectionBroken, type PukaError } from '@puka/errors';
import type { ConnectOptions, TransportConnector } from '@puka/transport';
import { Getting } from '../consuming/getting.ts';
import { Consuming, type ConsumingHost } from '../consuming/subscriptions.ts';
import { Publisher } from '../publishing/publisher.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ConnectionInfo, Session, type SessionOptions } from '../session/index.ts';
import { ChannelPool } from './channel-pool.ts';
import { Driver, type DriverHost } from './driver.ts';

/** What a connection tells its client. */
export interface ConnectionHost {
  readonly runtime: Runtime;
  readonly deadlines: Deadlines;
  readonly driving: Omit<DriverHost, 'beforeWrite'>;
  readonly consuming: Omit<ConsumingHost, 'wake'>;
  /** It stands. */
  opened(connection: Connection, info: ConnectionInfo): void;
  /** RabbitMQ extension: the broker is short of a resource. */
  blocked(reason: string): void;
  unblocked(): void;
  /** Publishes have got their outcome. */
  publishesSettled(): void;
  /** Gets have got theirs. */
  getsSettled(): void;
  /** It is over; everything that used it has been told. @param error `undefined` after our own close. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void;
}

/** What a connection is for, once it stands. */
export interface ConnectionParts {
  readonly info: ConnectionInfo;
  readonly pool: ChannelPool;
  readonly publisher: Publisher;
  readonly consuming: Consuming;
  readonly getting: Getting;
}

/** See the head of the file. */
export class Connection {
  readonly session: Session;
  readonly driver: Driver;
  /** Defined while it is open. */
  parts: ConnectionParts | undefined = undefined;
  private readonly host: ConnectionHost;
  private readonly pubacks: boolean | undefined;

  /** @param pubacks `undefined` asks the server's capabilities. */
  constructor(options: SessionOptions, pubacks: boolean | undefined, host: ConnectionHost) {
    this.host = host;
    this.pubacks = pubacks;
    this.session = new Session(options, {
      opened: (info) => this.opened(info),
      blocked: (reason) => host.blocked(reason),
      unblocked: () => host.unblocked(),
      outputWaiting: () => this.driver.wake(),
      closed: (error) => this.closed(error),
    });
    const connection = this;
    const driving: DriverHost = {
      get isAutomatic() {
        return host.driving.isAutomatic;
      },
      get mayRead() {
        return host.driving.mayRead || connection.awaitsAnswer;
      },
      turn: () => host.driving.turn(),
      drained: () => host.driving.drained(),
      ioReady: () => host.driving.ioReady(),
      beforeWrite: () => this.parts?.publisher.beforeWrite(),
    };
    this.driver = new Driver(this.session, driving, host.runtime, host.deadlines);
  }

  /** Connects; `opened` or `closed` of the host ends it. */
  start(connector: TransportConnector, options: ConnectOptions): void {
    this.driver.start(connector, options).catch((error: PukaError) => {
      this.session.receiveEof(this.host.runtime.now(), error);
      this.driver.flush();
      const { driving } = this.host;
      if (driving.isAutomatic) driving.turn();
      else driving.ioReady();
    });
  }

  /** Bytes that wait to go out, and those of publishes without an outcome. */
  get outboundBytes(): number {
    return Math.max(this.driver.bufferedBytes, this.parts?.publisher.openBytes ?? 0);
  }

  /**
   * Whether something is to come from the broker that somebody waits for. It comes behind what was sent before it, so that
   * whoever takes no message until then would wait for ever if that were left on the line.
   */
  private get awaitsAnswer(): boolean {
    const { session, parts } = this;
    return session.state !== 'open' || session.awaitsReply || (parts !== undefined && parts.publisher.outstanding > 0);
  }

  private opened(info: ConnectionInfo): void {
    const { session, driver, host } = this;
    const wake = (): void => driver.wake();
    const publisher = new Publisher(session, this.pubacks ?? hasConfirms(info), () => host.publishesSettled());
    const pool = new ChannelPool(session, () => publisher.hasChannel);
    const consuming = new Consuming(pool, { ...host.consuming, wake });
    this.parts = {
      info,
      pool,
      publisher,
      consuming,
      getting: new Getting(pool, { wake, settled: () => host.getsSettled() }),
    };
    host.opened(this, info);
  }

  private closed(error: PukaError | undefined): void {
    const { parts } = this;
    const reason = error ?? closedByUs();
    this.parts = undefined;
    parts?.publisher.lost(reason);
    parts?.pool.lost(reason);
    this.host.closed(this, error, reason);
  }
}

/** Why operations end when nothing else ended the connection. */
export function closedByUs(): ConnectionBroken {
  return new ConnectionBroken('the connection was closed by this client', { retryable: false });
}

/** RabbitMQ tells its extensions in the server's properties. */
export function hasConfirms(info: ConnectionInfo): boolean {
  const { capabilities } = info.serverProperties;
  return typeof capabilities === 'object' && capabilities !== null && 'publisher_confirms' in capabilities
    ? capabilities.publisher_confirms === true
    : false;
}
