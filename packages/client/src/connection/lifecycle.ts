/**
 * From `connect()` to the end, and again: which connection a client has, who waits for it to stand or to be gone, and
 * which host is tried next. Must not know operations besides connecting and closing, nor what a connection is used for.
 */
import { AmqpNotImplemented, ConnectionBroken, LimitExceeded, type PukaError } from '@puka/errors';
import { ConnectRound } from '../connecting/connect-round.ts';
import type { ConnectTarget } from '../connecting/connect-target.ts';
import type { CredentialRenewal } from '../connecting/credential-renewal.ts';
import { type Callback, follow, Operation, type OperationHost } from '../operations/operation.ts';
import type { OperationOptions } from '../options.ts';
import type { ConnectionInfo, SessionOptions } from '../session/index.ts';
import { type Connection, type ConnectionParts, closedByUs, hasConfirms } from './connection.ts';

/** What it needs of its client. */
export interface ConnectionLifeHost extends OperationHost {
  /** Whether the client works by itself just now. */
  readonly isAutomatic: boolean;
  /** Who asks for what is read: the client alone, or whoever drives it. */
  readonly readMode: 'push' | 'pull';
  /** As the option of that name. */
  readonly pubacks: boolean | undefined;
  now(): number;
  /** Puts `signal` and `timeout` in force. @returns whether the operation is still to be done. */
  bound(operation: Operation<unknown>, options: OperationOptions, forget?: () => void): boolean;
  /** Makes a connection that is not yet started, and tells of it by `opened` and `closed`. */
  newConnection(options: SessionOptions): Connection;
  /** It stands. */
  connected(info: ConnectionInfo): void;
  /** It is gone; whoever waited for that knows. @param error `undefined` after our own close. */
  ended(connection: Connection, error: PukaError | undefined, wasOpen: boolean): void;
  /** Calls once, when the time has come. @returns undoes it. */
  schedule(atMs: number, call: () => void): () => void;
  /** The broker did not take fresh credentials, or there were none. */
  renewalFailed(error: unknown): void;
}

/** Of one client. */
export class ConnectionLife {
  /** The connection, from `connect()` until it is closed. */
  connection: Connection | undefined = undefined;
  /** Why the last connection was lost, until the next `connect()` or `close()`. */
  lostBy: PukaError | undefined = undefined;
  private readonly host: ConnectionLifeHost;
  private readonly target: ConnectTarget;
  private round: ConnectRound | undefined = undefined;
  private renewal: CredentialRenewal | undefined = undefined;
  private connecting: Operation<ConnectionInfo> | undefined = undefined;
  /** Asked for while the connection was on its way out. */
  private connectingNext: Operation<ConnectionInfo> | undefined = undefined;
  private closing: Operation<void> | undefined = undefined;

  constructor(target: ConnectTarget, host: ConnectionLifeHost) {
    this.target = target;
    this.host = host;
  }

  /** What the open connection can be used by; `undefined` where there is none, or it is being closed. */
  get parts(): ConnectionParts | undefined {
    return this.closing === undefined ? this.connection?.parts : undefined;
  }

  /** See `Client.connect`. */
  connect(options: OperationOptions, callback: Callback<ConnectionInfo> | undefined): Operation<ConnectionInfo> {
    const standing = this.isEnding ? this.connectingNext : this.connecting;
    if (standing !== undefined && callback === undefined && !hasBounds(options)) return standing;
    const operation = new Operation<ConnectionInfo>(this.host, 'connection.open', callback);
    if (standing !== undefined) {
      follow(standing, operation);
      this.host.bound(operation, options);
      return operation;
    }
    if (!this.host.bound(operation, options, () => this.giveUpConnecting(operation))) return operation;
    if (this.isEnding) this.connectingNext = operation;
    else this.open(operation);
    return operation;
  }

  /** See `Client.close`. */
  close(options: OperationOptions, callback: Callback<void> | undefined): Operation<void> {
    if (!hasBounds(options)) return this.closeInAnyCase(callback);
    const operation = new Operation<void>(this.host, 'connection.close', callback);
    if (!this.host.bound(operation, options)) return operation;
    operation.isSent = true;
    follow(this.closeInAnyCase(undefined), operation);
    return operation;
  }

  /** A connection stands. */
  opened(connection: Connection, info: ConnectionInfo): void {
    const { connecting, host } = this;
    const refusal = refusalOf(info, host.pubacks);
    if (refusal !== undefined) {
      connecting?.reject(refusal);
      connection.session.close(host.now());
      return;
    }
    this.renewal = this.round?.renewal({
      send: (secret, done) => connection.session.updateSecret(secret, 'credentials renewed', done),
      now: () => host.now(),
      schedule: (atMs, call) => host.schedule(atMs, call),
      failed: (error) => host.renewalFailed(error),
    });
    connecting?.fulfil(info);
    host.connected(info);
  }

  /** A connection is over. @param error `undefined` after our own close. @param reason what its operations ended with. */
  closed(connection: Connection, error: PukaError | undefined, reason: PukaError): void {
    if (this.connection !== connection) return;
    const { round } = this;
    if (error === undefined || this.connecting?.state !== 'pending' || round === undefined) {
      this.ended(connection, error, reason);
    } else if (round.failed(error)) {
      this.tryHost(round);
    } else {
      this.ended(connection, round.error, round.error);
    }
  }

  /** Whether there is a connection, and it is on its way out: closed by us, or given up while connecting. */
  private get isEnding(): boolean {
    return this.connection !== undefined && (this.closing !== undefined || this.connecting?.state === 'rejected');
  }

  private giveUpConnecting(operation: Operation<ConnectionInfo>): void {
    if (this.connectingNext === operation) this.connectingNext = undefined;
    if (this.connecting !== operation) return;
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
    if (connection === undefined) {
      operation.fulfil(undefined);
      return operation;
    }
    this.closing = operation;
    connection.parts?.publisher.beforeWrite();
    connection.session.close(host.now());
    if (host.isAutomatic) connection.driver.flush();
    return operation;
  }

  private open(operation: Operation<ConnectionInfo>): void {
    this.connecting = operation;
    this.closing = undefined;
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
    this.renewal?.stop();
    this.renewal = undefined;
    this.round = undefined;
    const wasOpen = connecting?.state === 'fulfilled';
    this.connection = undefined;
    this.connecting = undefined;
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

/** What never left, for want of a connection. */
export function notSent(method: string, cause: PukaError | undefined): ConnectionBroken {
  return new ConnectionBroken(`the connection ended before ${method} was sent`, {
    method,
    outcome: 'not-sent',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why the client cannot use such a connection, if it cannot. */
function refusalOf(info: ConnectionInfo, pubacks: boolean | undefined): PukaError | undefined {
  if (pubacks === true && !hasConfirms(info)) {
    return new AmqpNotImplemented('pubacks: true was asked for, and this broker has no publisher confirms', {
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

function hasBounds({ signal, timeout }: OperationOptions): boolean {
  return signal !== undefined || timeout !== undefined;
}
