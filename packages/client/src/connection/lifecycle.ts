/**
 * From `connect()` to the end, and again: which connection a client has, who waits for it to open or to be gone, and
 * which host is tried next. Must not know operations besides connecting and closing, nor what a connection is used for,
 * nor when another attempt follows: the reconnection does.
 */
import { AmqpNotImplemented, InternalError, LimitExceeded, type PukaError, UsageError } from '@puka/errors';
import { ConnectRound } from '../connecting/connect-round.ts';
import type { ConnectTarget, Host } from '../connecting/connect-target.ts';
import type { CredentialRenewal } from '../connecting/credential-renewal.ts';
import { applyBounds, type BoundsHost, hasBounds } from '../operations/bounds.ts';
import { type Callback, follow, Operation, type OperationHost } from '../operations/operation.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import { closedByUs } from '../session/closed-by-us.ts';
import type { ConnectionInfo } from '../session/index.ts';
import { type ClientInput, type ClientState, nextClientState } from './client-states.ts';
import { Connection, type ConnectionHost, type ConnectionOwner, hasConfirms, notSent } from './connection.ts';

/** Decides whether and when another connection follows, and restores what was lost with the last one. */
export interface Reconnection {
  /** A connection was lost, or a round over the hosts has failed. @returns whether another attempt follows. */
  follows(error: PukaError, asksForCredentials: boolean): boolean;
  /** Plans the next attempt: calls `Lifecycle.tryAgain` when its time has come. */
  plan(error: PukaError): void;
  /** Restores over a connection what was lost: calls `Lifecycle.restored` when operations may go out. */
  restore(connection: Connection, info: ConnectionInfo): void;
  /** The connection that was being restored is lost, or there are no more attempts. */
  cancel(): void;
}

/** What it needs of its client. */
export interface LifecycleHost extends OperationHost, BoundsHost, ConnectionHost {
  readonly options: { readonly pubacks?: boolean | undefined };
  readonly drive: ConnectionHost['drive'] & { readonly isManual: boolean };
  readonly recovery: { readonly reconnection: Reconnection };
  readonly changes: ConnectionHost['changes'] & LifecycleListener;
  readonly failures: {
    /** The broker did not take fresh credentials, or there were none. */
    report(error: unknown): void;
  };
}

/** Where an attempt goes. */
export interface ConnectAddress {
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
}

/** Is called with what becomes of the connections of a client. */
export interface LifecycleListener {
  /** A host is about to be tried. @param isRecovery whether a connection was lost before. */
  attemptStarted(address: ConnectAddress, isRecovery: boolean): void;
  /** The handshake with that host is done, or the attempt has failed. */
  attemptEnded(error: PukaError | undefined): void;
  /** It is open, and its users are attached. */
  connected(info: ConnectionInfo): void;
  /** The user closes the client: from now on no message is handed out. */
  closing(): void;
  /** The connection is lost, and another one follows. */
  lost(connection: Connection, error: PukaError): void;
  /** Nothing more follows, and the callers of `connect` and `close` know. */
  ended(end: ConnectionEnd): void;
}

/** The end after which no other connection follows. */
export interface ConnectionEnd {
  readonly connection: Connection | undefined;
  /** `undefined` after our own close. */
  readonly error: PukaError | undefined;
  /** What everything that is still open ends with. */
  readonly reason: PukaError;
  readonly stateBefore: ClientState;
}

/** The life of one client. */
export class Lifecycle implements ConnectionOwner {
  state: ClientState = 'idle';
  /** The connection, from the beginning of an attempt until it is closed. */
  connection: Connection | undefined = undefined;
  /** Why the last connection was lost, until the next `connect()` or `close()`. */
  private lostBy: PukaError | undefined = undefined;
  private readonly host: LifecycleHost;
  private readonly target: ConnectTarget;
  private round: ConnectRound | undefined = undefined;
  /** The host of the last connection that was open. */
  private lastHost: Host | undefined = undefined;
  private renewal: CredentialRenewal | undefined = undefined;
  /** What `connect()` returned, while there is or comes a connection. */
  private connecting: Operation<ConnectionInfo> | undefined = undefined;
  /** Called while the connection was on its way out. */
  private connectingNext: Operation<ConnectionInfo> | undefined = undefined;
  private closing: Operation<void> | undefined = undefined;
  /** Why the client cannot use the connection that has just opened. */
  private refusal: PukaError | undefined = undefined;
  /** Whether another connection follows the one that is ending. */
  private isFollowed = false;
  /** The state in which the client was closed, or its connect given up. */
  private closedFrom: ClientState = 'idle';

  constructor(target: ConnectTarget, host: LifecycleHost) {
    this.target = target;
    this.host = host;
  }

  /** See `Client.connect`. */
  connect(options: OperationOptions, callback: Callback<ConnectionInfo> | undefined): Operation<ConnectionInfo> {
    const existing = this.existingConnect();
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

  /** Why an operation cannot be called: there is no connection, and none follows. */
  refusalOf(method: string): PukaError {
    if (this.lostBy !== undefined) return notSent(method, this.lostBy);
    return new UsageError(`${method} before connect() has resolved, or after the close`, { method });
  }

  /** The handshake of a connection is done. */
  opened(connection: Connection, info: ConnectionInfo): void {
    const { connecting, host } = this;
    const refusal = refusalOf(info, host.options.pubacks);
    host.changes.attemptEnded(refusal);
    if (this.isClosing) {
      // A listener has closed the client, and with it this connection.
      connection.hasOpened = true;
      return;
    }
    if (refusal !== undefined) {
      this.refusal = refusal;
      if (this.state === 'connecting') this.closedFrom = this.state;
      this.transit('giveUp');
      if (this.state === 'closing') connecting?.reject(refusal);
      connection.session.close(host.now());
      return;
    }
    this.lastHost = this.round?.host;
    this.renewal = this.round?.renewal({
      send: (secret, done) => connection.session.updateSecret(secret, 'credentials renewed', done),
      now: () => host.now(),
      schedule: (atMs, call) => host.deadlines.add(atMs, call, { keepsProcess: false }),
      failed: (error) => host.failures.report(error),
    });
    this.round = undefined;
    connection.prepare(info);
    if (this.state === 'recovering') host.recovery.reconnection.restore(connection, info);
    else this.restored(connection, info);
  }

  /** What was lost is restored: operations may go out. */
  restored(connection: Connection, info: ConnectionInfo): void {
    if (this.connection !== connection) return;
    this.transit('opened');
    connection.attach(info);
    this.connecting?.fulfil(info);
    this.host.changes.connected(info);
  }

  /** For connections: whether another one follows. Called when one that was open is about to end. */
  willRecover(connection: Connection, error: PukaError | undefined): boolean {
    this.isFollowed = error !== undefined && this.connection === connection && !this.isClosing && this.mayFollow(error);
    return this.isFollowed;
  }

  /** A connection is over. @param error `undefined` after our own close. @param reason what its operations ended with. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void {
    if (this.connection !== connection) return;
    const { round, refusal } = this;
    this.refusal = undefined;
    if (!connection.hasOpened && refusal === undefined) this.host.changes.attemptEnded(reason);
    // What ended with the connection may have closed the client: a shutdown that waited for nothing else.
    if (this.isFollowed && error !== undefined && !this.isClosing) {
      this.lost(connection, error);
    } else if (this.isClosing || connection.hasOpened) {
      this.ended(error, reason);
    } else if (refusal !== undefined || error === undefined || round === undefined) {
      this.roundFailed(refusal ?? reason);
    } else if (round.failed(error)) {
      this.transit('retry');
      this.tryHost(round);
    } else {
      this.roundFailed(round.error);
    }
  }

  /** For the reconnection: the time of the next attempt has come. */
  tryAgain(): void {
    if (this.connection !== undefined || (this.state !== 'recovering' && this.state !== 'connecting')) return;
    const lostHost = this.lastHost;
    // It takes its own place again in the rounds to come.
    this.lastHost = undefined;
    this.startRound(lostHost);
  }

  /** Read anew after each call of the user's code, which may have closed the client. */
  private get isClosing(): boolean {
    return this.state === 'closing';
  }

  /** Whether another attempt follows. It may call `retryIf`, which may close the client. */
  private mayFollow(error: PukaError): boolean {
    return this.host.recovery.reconnection.follows(error, this.target.asksForCredentials) && !this.isClosing;
  }

  private transit(input: ClientInput): void {
    const next = nextClientState(this.state, input);
    if (next === undefined) throw new InternalError(`'${input}' came to a client that is ${this.state}`);
    this.state = next;
  }

  /** What a call of `connect` shares with earlier ones. */
  private existingConnect(): Operation<ConnectionInfo> | undefined {
    switch (this.state) {
      case 'idle':
        return undefined;
      case 'closing':
        return this.connectingNext;
      default:
        this.connecting ??= this.connectAgain();
        return this.connecting;
    }
  }

  /** Recovery made the connection, or makes it now: `connect` was not called for it. */
  private connectAgain(): Operation<ConnectionInfo> {
    const operation = new Operation<ConnectionInfo>(this.host, 'connection.open', undefined);
    const info = this.connection?.info;
    if (this.state === 'connected' && info !== undefined) operation.fulfil(info);
    return operation;
  }

  private giveUpConnecting(operation: Operation<ConnectionInfo>): void {
    if (this.connectingNext === operation) this.connectingNext = undefined;
    if (this.connecting !== operation || this.state !== 'connecting') return;
    this.closedFrom = this.state;
    this.transit('giveUp');
    this.host.recovery.reconnection.cancel();
    const { connection } = this;
    if (connection === undefined) {
      this.ended(undefined, closedByUs());
      return;
    }
    connection.session.close(this.host.now());
    connection.driver.flush();
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
    if (this.state === 'idle') {
      operation.fulfil(undefined);
      return operation;
    }
    if (this.state !== 'closing') this.closedFrom = this.state;
    this.transit('close');
    this.closing = operation;
    host.changes.closing();
    host.recovery.reconnection.cancel();
    if (connection === undefined) {
      this.ended(undefined, closedByUs());
      return operation;
    }
    connection.beforeWrite();
    connection.session.close(host.now());
    if (host.drive.isAutomatic) connection.driver.flush();
    return operation;
  }

  private open(operation: Operation<ConnectionInfo>): void {
    this.transit('connect');
    this.connecting = operation;
    this.lostBy = undefined;
    this.startRound(undefined);
  }

  private startRound(lost: Host | undefined): void {
    this.round = new ConnectRound(this.target, () => this.host.now(), lost);
    this.tryHost(this.round);
  }

  private tryHost(round: ConnectRound): void {
    const attempt = round.next();
    this.isFollowed = false;
    const connection = new Connection(attempt.sessionOptions, this.host, this);
    attempt.session = connection.session;
    connection.address = attempt.where;
    this.connection = connection;
    const { host, port } = attempt.address;
    const vhost = attempt.sessionOptions.vhost ?? '/';
    this.host.changes.attemptStarted({ host, port, vhost }, this.state === 'recovering');
    // `push`: the transport hands over what it reads. `pull`: the client asks for it.
    connection.start(attempt, { ...attempt.address, mode: this.host.drive.isManual ? 'pull' : 'push' });
  }

  /** A connection that was open is gone, and another one follows. */
  private lost(connection: Connection, error: PukaError): void {
    const wasConnected = this.state === 'connected';
    this.transit(wasConnected ? 'lost' : 'retry');
    this.dropConnection();
    if (wasConnected) {
      // `retryIf` may have called `connect` a moment ago: that settles with the next connection.
      if (this.connecting?.state !== 'pending') this.connecting = undefined;
      this.host.changes.lost(connection, error);
    }
    // A listener may have closed the client.
    if (this.state === 'recovering' && this.connection === undefined) this.host.recovery.reconnection.plan(error);
  }

  private roundFailed(error: PukaError): void {
    if (!this.mayFollow(error)) {
      // Closed meanwhile, it ends as by any close.
      if (this.isClosing) this.ended(undefined, closedByUs());
      else this.ended(error, error);
      return;
    }
    this.transit('retry');
    this.dropConnection();
    this.host.recovery.reconnection.plan(error);
  }

  private dropConnection(): void {
    this.renewal?.stop();
    this.renewal = undefined;
    this.round = undefined;
    this.connection = undefined;
  }

  private ended(error: PukaError | undefined, reason: PukaError): void {
    const { connection, connecting, closing } = this;
    const stateBefore = this.state === 'closing' ? this.closedFrom : this.state;
    this.transit('ended');
    this.host.recovery.reconnection.cancel();
    this.dropConnection();
    this.lastHost = undefined;
    this.connecting = undefined;
    this.closing = undefined;
    const wasOpen = stateBefore === 'connected' || stateBefore === 'recovering';
    this.lostBy = wasOpen && closing === undefined ? error : undefined;
    connecting?.reject(reason);
    closing?.fulfil(undefined);
    this.host.changes.ended({ connection, error, reason, stateBefore });
    this.connectNext();
  }

  private connectNext(): void {
    const { connectingNext } = this;
    this.connectingNext = undefined;
    // A listener of the close may have been first.
    if (connectingNext === undefined) return;
    const existing = this.existingConnect();
    if (existing === undefined) this.open(connectingNext);
    else follow(existing, connectingNext);
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
