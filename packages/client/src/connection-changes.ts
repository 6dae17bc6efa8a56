/**
 * What a client does when its connection opens, is lost or ends: the parts of the client are told in the order that matters,
 * and the events are emitted. Must not decide whether another connection follows: the lifecycle and recovery do.
 */
import type { PukaError } from '@puka/errors';
import type { Connection, ConnectionListener } from './connection/connection.ts';
import type { ConnectionEnd, LifecycleListener } from './connection/lifecycle.ts';
import type { ConnectionUsers } from './connection-users.ts';
import type { Consumer } from './consuming/consumer.ts';
import type { DriveMode } from './drive-mode.ts';
import type { Events } from './events.ts';
import type { FlowControl } from './flow-control.ts';
import type { ClientRecovery } from './recovery/client-recovery.ts';
import type { PlannedAttempt } from './recovery/recovery.ts';
import type { ConnectionInfo } from './session/index.ts';
import type { Shutdowns } from './shutdowns.ts';
import type { Loops } from './waiting.ts';

/** The parts of a client that a change concerns. */
export interface ConnectionChangesHost {
  readonly events: Pick<Events, 'emit'>;
  readonly users: Pick<ConnectionUsers, 'detach'> & {
    readonly subscriptions: { readonly consumers: Iterable<Pick<Consumer, 'stop'>> };
  };
  readonly recovery: Pick<ClientRecovery, 'opened' | 'ended'>;
  readonly flow: Pick<FlowControl, 'connectionClosed'>;
  readonly shutdowns: Pick<Shutdowns, 'connectionClosed'>;
  readonly loops: Pick<Loops, 'end'>;
  readonly drive: Pick<DriveMode, 'isManual' | 'isAutomatic' | 'rest' | 'scheduleTurn'>;
}

/** The changes of one client's connections. */
export class ConnectionChanges implements LifecycleListener, ConnectionListener {
  private readonly host: ConnectionChangesHost;
  /** RabbitMQ extension: the broker has said that it does not read what is published. */
  private isBlocked = false;

  constructor(host: ConnectionChangesHost) {
    this.host = host;
  }

  /** It is open, and its users are attached. */
  connected(info: ConnectionInfo): void {
    const { events, recovery } = this.host;
    const report = recovery.opened(info);
    if (report === undefined) events.emit('connected', info);
    else events.emit('connected', info, report);
  }

  /** The user closes the client: from now on no message is handed out. */
  closing(): void {
    for (const consumer of this.host.users.subscriptions.consumers) consumer.stop();
  }

  /** It is lost, and another one follows. */
  lost(connection: Connection, error: PukaError): void {
    this.gone(connection, error, true);
  }

  /** An attempt to connect again is planned. */
  planned(attempt: PlannedAttempt): void {
    this.endBlocked();
    this.host.events.emit('recovering', attempt);
  }

  /** Nothing more follows. */
  ended({ connection, error, reason, stateBefore }: ConnectionEnd): void {
    const { users, recovery, flow, shutdowns, loops, drive, events } = this.host;
    // They may wait for a connection that does not follow any more.
    if (stateBefore === 'recovering' || stateBefore === 'connected') users.detach(reason, false);
    recovery.ended();
    flow.connectionClosed();
    shutdowns.connectionClosed();
    if (stateBefore === 'connected') this.gone(connection, error, false);
    events.emit('closed', error);
    loops.end('close');
    drive.rest();
    this.wake(connection);
  }

  blocked(reason: string): void {
    this.isBlocked = true;
    this.host.events.emit('blocked', reason);
  }

  unblocked(): void {
    this.isBlocked = false;
    this.host.events.emit('unblocked');
  }

  ioReady(): void {
    if (this.host.drive.isManual) this.host.events.emit('ioReady');
  }

  private gone(connection: Connection | undefined, error: PukaError | undefined, isRecovering: boolean): void {
    this.host.events.emit('disconnected', error, isRecovering);
    this.endBlocked();
    this.wake(connection);
  }

  /** Being blocked is a state of the connection: a caller that waits for its end must not wait for ever. */
  private endBlocked(): void {
    if (this.isBlocked) this.unblocked();
  }

  private wake(connection: Connection | undefined): void {
    const { drive } = this.host;
    if (drive.isAutomatic) connection?.driver.wake();
    drive.scheduleTurn();
  }
}
