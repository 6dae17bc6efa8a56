/**
 * One connection: a session and its driver, and what uses them while it is open.
 * Must not know what it is used for: a client has one connection after the other, and the same users.
 */
import { type AmqpError, type ConnectionBroken, type PukaError, replyError } from '@puka/errors';
import type { ConnectOptions, TransportConnector } from '@puka/transport';
import type { Runtime } from '../runtime/runtime.ts';
import { closedByUs, cutOff } from '../session/closed-by-us.ts';
import type { DeliveryCounts } from '../session/delivery-counts.ts';
import { type ConnectionInfo, Session, type SessionOptions, type SessionSink } from '../session/index.ts';
import type { ConnectionUserGroup } from './connection-user.ts';
import { type ByteTap, Driver, type DriverHost, type Traffic } from './driver.ts';

/** What a connection needs of its client, and what it reports to it. */
export interface ConnectionHost {
  readonly runtime: Runtime;
  /** Everything that uses the connection, as one. */
  readonly users: ConnectionUserGroup;
  readonly drive: {
    /** Whether it reads, writes and wakes by itself just now. */
    readonly isAutomatic: boolean;
  };
  readonly callbacks: { run(): void };
  readonly flow: {
    /** Whether there is room for what comes in. */
    readonly hasRoom: boolean;
    /** Bytes were read: what is kept of them may be too much. */
    limitInbound(): void;
    /** Everything that was buffered has gone out. */
    outboundChanged(): void;
  };
  readonly changes: ConnectionListener;
  readonly counts: { readonly traffic: Traffic };
  /** Makes the observer of the bytes of a new connection; `undefined` if there is no listener. */
  openTap?(): ByteTap | undefined;
}

/** Is called with what happens to a connection that is open. */
export interface ConnectionListener {
  /** RabbitMQ extension: the broker is short of a resource. */
  blocked(reason: string): void;
  unblocked(): void;
  /** A channel is opened. */
  channelOpened?(channel: number): void;
  /** A channel has ended. @param error the broker's, if it closed the channel. @param deliveries what became of them. */
  channelClosed?(channel: number, error: PukaError | undefined, deliveries: DeliveryCounts): void;
  /** Driven by hand: there is something to read, or to write, or the connection is lost. */
  ioReady(): void;
}

/** Whose connection it is. */
export interface ConnectionOwner {
  /** The handshake is done. */
  opened(connection: Connection, info: ConnectionInfo): void;
  /** Whether another connection will follow one that ends so. @param error `undefined` after our own close. */
  willRecover(connection: Connection, error: PukaError | undefined): boolean;
  /** It is over, and its users are detached. @param error `undefined` after our own close. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void;
}

/** A session and its driver. It is the host of both by itself: objects in between would cost each idle client more than a kilobyte. */
export class Connection implements SessionSink, DriverHost {
  readonly session: Session;
  readonly driver: Driver;
  readonly tap: ByteTap | undefined;
  readonly traffic: Traffic;
  /** What the handshake agreed on, while the connection is open. */
  info: ConnectionInfo | undefined = undefined;
  /** Host and port that it goes to, for reports. */
  address = '';
  /** Whether it has ever been open. */
  hasOpened = false;
  /** Whether its users have it: not while what was lost is being restored. */
  private isAttached = false;
  readonly #host: ConnectionHost;
  readonly #owner: ConnectionOwner;

  constructor(options: SessionOptions, host: ConnectionHost, owner: ConnectionOwner) {
    this.#host = host;
    this.#owner = owner;
    this.session = new Session(options, this);
    this.tap = host.openTap?.();
    this.traffic = host.counts.traffic;
    this.driver = new Driver(this.session, this, host.runtime);
  }

  /** Connects; `opened` or `closed` of the host ends it. */
  start(connector: TransportConnector, options: ConnectOptions): void {
    this.driver.start(connector, options).catch((error: PukaError) => {
      this.session.receiveEof(this.#host.runtime.now(), error);
      this.driver.flush();
      const { drive, callbacks, changes } = this.#host;
      if (drive.isAutomatic) callbacks.run();
      else changes.ioReady();
    });
  }

  /** Lets the channels of the connection be used, to restore what was lost. */
  prepare(info: ConnectionInfo): void {
    this.info = info;
    this.hasOpened = true;
    this.#host.users.prepare(this.session);
  }

  /** Lets all users have the connection. */
  attach(info: ConnectionInfo): void {
    this.isAttached = true;
    this.#host.users.attach(this.session, info);
  }

  /** Lets the users write what has to go out before everything else. */
  beforeWrite(): void {
    if (this.isAttached) this.#host.users.beforeWrite();
  }

  /**
   * Whether the client awaits something from the broker. It comes after what was sent before it, so a
   * caller that takes no message until then would wait for ever if that were left unread.
   */
  private get awaitsAnswer(): boolean {
    const { session } = this;
    return session.state !== 'open' || session.awaitsReply || this.#host.users.awaitsAnswer;
  }

  // ---- For the session ----

  opened(info: ConnectionInfo): void {
    this.#owner.opened(this, info);
  }

  blocked(reason: string): void {
    this.#host.changes.blocked(reason);
  }

  unblocked(): void {
    this.#host.changes.unblocked();
  }

  channelOpened(channel: number): void {
    this.#host.changes.channelOpened?.(channel);
  }

  channelClosed(channel: number, error: PukaError | undefined, deliveries: DeliveryCounts): void {
    this.#host.changes.channelClosed?.(channel, error, deliveries);
  }

  outputWaiting(): void {
    this.driver.wake();
  }

  ending(error: PukaError | undefined): void {
    if (this.info === undefined) return;
    this.info = undefined;
    this.isAttached = false;
    this.#host.users.detach(error ?? closedByUs(), this.#owner.willRecover(this, error));
  }

  closed(error: PukaError | undefined): void {
    this.#owner.closed(this, error, error ?? closedByUs());
  }

  // ---- For the driver, beside beforeWrite() ----

  get isAutomatic(): boolean {
    return this.#host.drive.isAutomatic;
  }

  get mayRead(): boolean {
    return this.#host.flow.hasRoom || this.awaitsAnswer;
  }

  turn(): void {
    this.#host.callbacks.run();
  }

  bytesRead(): void {
    this.#host.flow.limitInbound();
  }

  drained(): void {
    this.#host.flow.outboundChanged();
  }

  ioReady(): void {
    this.#host.changes.ioReady();
  }
}

/** RabbitMQ lists its extensions in the server's properties. */
export function hasConfirms(info: ConnectionInfo): boolean {
  const { capabilities } = info.serverProperties;
  return typeof capabilities === 'object' && capabilities !== null && 'publisher_confirms' in capabilities
    ? capabilities.publisher_confirms === true
    : false;
}

/** The error of what was never sent, because there was no connection. */
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
 *   sent to the second.
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
