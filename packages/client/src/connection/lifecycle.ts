/**
 * From `connect()` to the end, and again: which connection a client has, who waits for it to open or to be gone, and
 * which host is tried next. Must not know operations besides connecting and closing, nor what a connection is used for.
 */
import { AmqpNotImplemented, InternalError, LimitExceeded, type PukaError } from '@puka/errors';
import { ConnectRound } from '../connecting/connect-round.ts';
import type { ConnectTarget } from '../connecting/connect-target.ts';
import type { CredentialRenewal } from '../connecting/credential-renewal.ts';
import { applyBounds, type BoundsHost, hasBounds } from '../operations/bounds.ts';
import { type Callback, follow, Operation, type OperationHost } from '../operations/operation.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import type { ConnectionInfo, SessionOptions } from '../session/index.ts';
import { type ClientInput, type ClientState, nextClientState } from './client-states.ts';
import { type Connection, closedByUs, hasConfirms, notSent } from './connection.ts';

/** What it needs of its client. */
export interface LifecycleHost extends OperationHost, BoundsHost {
  /** Whether the client works by itself just now. */
  readonly isAutomatic: boolean;
  /** Who asks for what is read: the client alone, or whoever drives it. */
  readonly readMode: 'push' | 'pull';
  /** As the option of that name. */
  readonly pubacks: boolean | undefined;
  /** Makes a connection that is not yet started, and reports on it by `opened` and `closed`. */
  newConnection(options: SessionOptions): Connection;
  /** It is open, and its users are attached. */
  connected(info: ConnectionInfo): void;
  /** It is gone; the callers of `connect` and `close` know. @param error `undefined` after our own close. */
  ended(connection: Connection, error: PukaError | undefined, wasOpen: boolean): void;
  /** The broker did not take fresh credentials, or there were none. */
  renewalFailed(error: unknown): void;
}

/** The life of one client. */
export class Lifecycle {
  state: ClientState = 'idle';
  /** The connection, from `connect()` until it is closed. */
  connection: Connection | undefined = undefined;
  /** Why the last connection was lost, until the next `connect()` or `close()`. */
  lostBy: PukaError | undefined = undefined;
  private readonly host: LifecycleHost;
  private readonly target: ConnectTarget;
  private round: ConnectRound | undefined = undefined;
  private renewal: CredentialRenewal | undefined = undefined;
  /** What `connect()` returned, while there is or comes a connection. */
  private connecting: Operation<ConnectionInfo> | undefined = undefined;
  /** Called while the connection was on its way out. */
  private connectingNext: Operation<ConnectionInfo> | undefined = undefined;
  private closing: Operation<void> | undefined = undefined;

  constructor(target: ConnectTarget, host: LifecycleHost) {
    this.target = target;
    this.host = host;
  }

  /** See `Client.connect`. */
  connect(options: OperationOptions, callback: Callback<ConnectionInfo> | undefined): Operation<ConnectionInfo> {
    const existing = this.state === 'closing' ? this.connectingNext : this.connecting;
    if (existing !== undefined && callback === undefined && !hasBounds(options)) return existing;
    const operation = new Operation<ConnectionInfo>(this.host, 'connection.open', callback);
    if (existing !== undefined) {
      follow(existing, operation);
      applyBounds(this.host, operation, options);
      return operation;
    }
    if (!applyBounds(this.host, operation, options, () => this.giveUpConnecting(operation))) return operation;
    if (this.state === 'closing') this.connectingNext = operation;
    else this.open(operation);
    return operation;
  }

  /** See `Client.close`. */
  close(options: OperationOptions, callback: Callback<void> | undefined): Operation<void> {
    if (!hasBounds(options)) return this.closeInAnyCase(callback);
    const operation = new Operation<void>(this.host, 'connection.close', callback);
    if (!applyBounds(this.host, operation, options)) return operation;
    operation.isSent = true;
    follow(this.closeInAnyCase(undefined), operation);
    return operation;
  }

  /** A connection is open. */
  opened(connection: Connection, info: ConnectionInfo): void {
    const { connecting, host } = this;
    const refusal = refusalOf(info, host.pubacks);
    if (refusal !== undefined) {
      this.transit('giveUp');
      connecting?.reject(refusal);
      connection.session.close(host.now());
      return;
    }
    this.transit('opened');
    this.renewal = this.round?.renewal({
      send: (secret, done) => connection.session.updateSecret(secret, 'credentials renewed', done),
      now: () => host.now(),
      schedule: (atMs, call) => host.deadlines.add(atMs, call, { keepsProcess: false }),
      failed: (error) => host.renewalFailed(error),
    });
    connection.attach(info);
    connecting?.fulfil(info);
    host.connected(info);
  }

  /** A connection is over. @param error `undefined` after our own close. @param reason what its operations ended with. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void {
    if (this.connection !== connection) return;
    const { round } = this;
    if (error === undefined || this.state !== 'connecting' || round === undefined) {
      this.ended(connection, error, reason);
    } else if (round.failed(error)) {
      this.transit('hostFailed');
      this.tryHost(round);
    } else {
      this.ended(connection, round.error, round.error);
    }
  }

  private transit(input: ClientInput): void {
    const next = nextClientState(this.state, input);
    if (next === undefined) throw new InternalError(`'${input}' came to a client that is ${this.state}`);
    this.state = next;
  }

  private giveUpConnecting(operation: Operation<ConnectionInfo>): void {
    if (this.connectingNext === operation) this.connectingNext = undefined;
    if (this.connecting !== operation || this.state !== 'connecting') return;
    this.transit('giveUp');
    this.connection?.session.close(this.host.now());
    this.connection?.driver.flush();
  }

  private closeInAnyCase(callback: Callback<void> | undefined): Operation<void> {
    const { closing, connection, connectingNext, host } = this;
    this.connectingNext = undefined;
    connectingNext?.reject(notSent('connection.open', closedByUs()));
    if (closing !== undefined && callback === undefined) return closing;
    this.lostBy = undefined;
    const operation = new Operation<void>(host, 'connection.close', callback);
    if (closing !== undefined) {
      follow(closing, operation);
      return operation;
    }
    this.transit('close');
    if (connection === undefined) {
      operation.fulfil(undefined);
      return operation;
    }
    this.closing = operation;
    connection.beforeWrite();
    connection.session.close(host.now());
    if (host.isAutomatic) connection.driver.flush();
    return operation;
  }

  private open(operation: Operation<ConnectionInfo>): void {
    this.transit('connect');
    this.connecting = operation;
    this.lostBy = undefined;
    this.round = new ConnectRound(this.target, () => this.host.now());
    this.tryHost(this.round);
  }

  private tryHost(round: ConnectRound): void {
    const attempt = round.next();
    const connection = this.host.newConnection(attempt.sessionOptions);
    attempt.session = connection.session;
    this.connection = connection;
    connection.start(attempt, { ...attempt.address, mode: this.host.readMode });
  }

  private ended(connection: Connection, error: PukaError | undefined, reason: PukaError): void {
    const { connecting, closing } = this;
    this.transit('ended');
    this.renewal?.stop();
    this.renewal = undefined;
    this.round = undefined;
    const wasOpen = connecting?.state === 'fulfilled';
    this.connection = undefined;
    this.connecting = undefined;
    this.closing = undefined;
    this.lostBy = wasOpen && closing === undefined ? error : undefined;
    connecting?.reject(reason);
    closing?.fulfil(undefined);
    this.host.ended(connection, error, wasOpen);
    this.connectNext();
  }

  private connectNext(): void {
    const { connectingNext } = this;
    this.connectingNext = undefined;
    // A listener of the close may have been first.
    if (connectingNext === undefined) return;
    if (this.connecting === undefined) this.open(connectingNext);
    else follow(this.connecting, connectingNext);
  }
}

/** Why the client cannot use such a connection, if it cannot. */
function refusalOf(info: ConnectionInfo, pubacks: boolean | undefined): PukaError | undefined {
  if (pubacks === true && !hasConfirms(info)) {
    return new AmqpNotImplemented('pubacks is true, and this broker has no publisher confirms', {
      blame: 'broker',
      scope: 'connection',
    });
  }
  if (info.channelMax < 4) {
    return new LimitExceeded(`the broker allows ${info.channelMax} channels; this client needs 4`, {
      blame: 'broker',
      scope: 'connection',
    });
  }
  return undefined;
}
