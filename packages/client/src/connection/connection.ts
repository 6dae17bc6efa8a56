/**
 * One connection: a session and its driver, and what uses them while it is open.
 * Must not know what it is used for: a client has one connection after the other, and the same users.
 */
import { type AmqpError, type ConnectionBroken, type PukaError, replyError } from '@puka/errors';
import type { ConnectOptions, TransportConnector } from '@puka/transport';
import type { Runtime } from '../runtime/runtime.ts';
import { closedByUs, cutOff } from '../session/closed-by-us.ts';
import { type ConnectionInfo, Session, type SessionOptions } from '../session/index.ts';
import type { ConnectionUserGroup } from './connection-user.ts';
import { Driver, type DriverHost } from './driver.ts';

/** What a connection needs of its client, and what it reports to it. */
export interface ConnectionHost {
  readonly runtime: Runtime;
  readonly driving: Omit<DriverHost, 'beforeWrite'>;
  /** Everything that uses the connection, as one. */
  readonly users: ConnectionUserGroup;
  /** The handshake is done. */
  opened(connection: Connection, info: ConnectionInfo): void;
  /** RabbitMQ extension: the broker is short of a resource. */
  blocked(reason: string): void;
  unblocked(): void;
  /** Whether another connection will follow one that ends so. @param error `undefined` after our own close. */
  willRecover(connection: Connection, error: PukaError | undefined): boolean;
  /** It is over, and its users are detached. @param error `undefined` after our own close. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void;
}

/** A session and its driver. */
export class Connection {
  readonly session: Session;
  readonly driver: Driver;
  /** What the handshake agreed on, while the connection is open. */
  info: ConnectionInfo | undefined = undefined;
  /** Host and port that it goes to, for reports. */
  address = '';
  /** Whether it has ever been open. */
  hasOpened = false;
  /** Whether its users have it: not while what was lost is being restored. */
  private isAttached = false;
  private readonly host: ConnectionHost;

  constructor(options: SessionOptions, host: ConnectionHost) {
    this.host = host;
    this.session = new Session(options, {
      opened: (info) => host.opened(this, info),
      blocked: (reason) => host.blocked(reason),
      unblocked: () => host.unblocked(),
      outputWaiting: () => this.driver.wake(),
      ending: (error) => this.detach(error),
      closed: (error) => host.closed(this, error, error ?? closedByUs()),
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
      bytesRead: () => host.driving.bytesRead(),
      drained: () => host.driving.drained(),
      ioReady: () => host.driving.ioReady(),
      beforeWrite: () => this.beforeWrite(),
    };
    this.driver = new Driver(this.session, driving, host.runtime);
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

  /** Lets the channels of the connection be used, to restore what was lost. */
  prepare(info: ConnectionInfo): void {
    this.info = info;
    this.hasOpened = true;
    this.host.users.prepare(this.session);
  }

  /** Lets all users have the connection. */
  attach(info: ConnectionInfo): void {
    this.isAttached = true;
    this.host.users.attach(this.session, info);
  }

  /** Lets the users write what has to go out ahead of everything else. */
  beforeWrite(): void {
    if (this.isAttached) this.host.users.beforeWrite();
  }

  /**
   * Whether something is to come from the broker that somebody waits for. It comes behind what was sent before it, so a
   * caller that takes no message until then would wait for ever if that were left unread.
   */
  private get awaitsAnswer(): boolean {
    const { session } = this;
    return session.state !== 'open' || session.awaitsReply || this.host.users.awaitsAnswer;
  }

  private detach(error: PukaError | undefined): void {
    if (this.info === undefined) return;
    this.info = undefined;
    this.isAttached = false;
    this.host.users.detach(error ?? closedByUs(), this.host.willRecover(this, error));
  }
}

/** RabbitMQ lists its extensions in the server's properties. */
export function hasConfirms(info: ConnectionInfo): boolean {
  const { capabilities } = info.serverProperties;
  return typeof capabilities === 'object' && capabilities !== null && 'publisher_confirms' in capabilities
    ? capabilities.publisher_confirms === true
    : false;
}

/** What never left, for want of a connection. */
export function notSent(method: string, cause: PukaError | undefined): ConnectionBroken {
  return cutOff(`before ${method} was sent`, cause, { method, outcome: 'not-sent' });
}

/** What has left, and whose answer the end of the connection cut off. */
export function notAnswered(method: string, cause: PukaError | undefined): ConnectionBroken {
  return cutOff(`before ${method} was answered`, cause, { method, outcome: 'unknown' });
}

/**
 * The broker's refusal of an operation.
 *
 * @param isRepeated whether it had been sent over an earlier connection: the first try may have acted, whatever the broker
 *   said to the second.
 */
export function asRefused(error: AmqpError, isRepeated: boolean): AmqpError {
  if (!isRepeated || error.replyCode === undefined) return error;
  return replyError(error.replyCode, error.replyText ?? '', {
    ...(error.method === undefined ? {} : { method: error.method }),
    scope: error.scope,
    outcome: 'unknown',
    cause: error,
  });
}
