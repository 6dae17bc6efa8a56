/**
 * What a client does when its connection opens, is lost or ends: the parts of the clientare called in the order that matters,
 * and the events are emitted. Must not decide whether another connection follows: the lifecycle and recovery do.
 */
import type { PukaError } from '@puka/errors';
import type { Connection, ConnectionListener } from './connection/connection.ts';
import type { ConnectAddress, ConnectionEnd, LifecycleListener } from './connection/lifecycle.ts';
import type { ConnectionUsers } from './connection-users.ts';
import type { Consumer } from './consuming/consumer.ts';
import type { ClientCounts } from './diagnostics/client-counts.ts';
import type { ConnectData } from './diagnostics/diagnostics.ts';
import type { Observer, Slots } from './diagnostics/observer.ts';
import type { DriveMode } from './drive-mode.ts';
import type { Events } from './events.ts';
import type { FlowControl } from './flow-control.ts';
import type { ClientRecovery } from './recovery/client-recovery.ts';
import type { PlannedAttempt } from './recovery/recovery.ts';
import { addedCounts, type DeliveryCounts } from './session/delivery-counts.ts';
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
  /** Where the client goes to. */
  readonly observed: { host: string; port: number; virtualHost: string };
  readonly counts: Pick<ClientCounts, 'connections' | 'deliveries'>;
  /** Its listeners; `undefined` if there are none. */
  readonly observer?: Pick<Observer, 'client' | 'emit' | 'start' | 'end'> | undefined;
}

/** The changes of one client's connections. */
export class ConnectionChanges implements LifecycleListener, ConnectionListener {
  private readonly host: ConnectionChangesHost;
  /** RabbitMQ extension: the broker has announced that it does not read what is published. */
  private isBlocked = false;
  /** The host that is being tried. */
  private attempt: { readonly data: ConnectData; readonly slots: Slots } | undefined = undefined;

  constructor(host: ConnectionChangesHost) {
    this.host = host;
  }

  attemptStarted({ host, port, vhost: virtualHost }: ConnectAddress, isRecovery: boolean): void {
    const { observed, observer } = this.host;
    Object.assign(observed, { host, port, virtualHost });
    if (observer === undefined) return;
    const data: ConnectData = { client: observer.client, host, port, virtualHost, isRecovery };
    this.attempt = { data, slots: observer.start('connectStarted', data) };
  }

  attemptEnded(error: PukaError | undefined): void {
    const { attempt } = this;
    if (error === undefined) this.host.counts.connections.opened++;
    else this.host.counts.connections.failed++;
    this.attempt = undefined;
    if (attempt !== undefined) this.host.observer?.end('connectEnded', attempt.slots, attempt.data, error);
  }

  channelOpened(channel: number): void {
    const { observer } = this.host;
    observer?.emit('channelOpened', { client: observer.client, channel });
  }

  channelClosed(channel: number, error: PukaError | undefined, deliveries: DeliveryCounts): void {
    const { counts, observer } = this.host;
    // What was unsettled goes back to its queue.
    counts.deliveries = addedCounts(counts.deliveries, { ...deliveries, unsettled: 0 });
    observer?.emit('channelClosed', { client: observer.client, channel, error });
  }

  /** It is open, and its users are attached. */
  connected(info: ConnectionInfo): void {
    const { events, recovery, observer } = this.host;
    const report = recovery.opened(info);
    if (report === undefined) {
      events.emit('connected', info);
      return;
    }
    observer?.emit('recovered', { client: observer.client, report });
    events.emit('connected', info, report);
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
    const { observer } = this.host;
    this.endBlocked();
    observer?.emit('recoveryPlanned', { client: observer.client, attempt });
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
    // A listener of `disconnected` may have closed the client.
    this.endBlocked();
    events.emit('closed', error);
    loops.end('close');
    drive.rest();
    this.wake(connection);
  }

  blocked(reason: string): void {
    const { observer } = this.host;
    this.isBlocked = true;
    observer?.emit('blocked', { client: observer.client, reason });
    this.host.events.emit('blocked', reason);
  }

  unblocked(): void {
    const { observer } = this.host;
    this.isBlocked = false;
    observer?.emit('unblocked', { client: observer.client });
    this.host.events.emit('unblocked');
  }

  ioReady(): void {
    if (this.host.drive.isManual) this.host.events.emit('ioReady');
  }

  private gone(connection: Connection | undefined, error: PukaError | undefined, isRecovering: boolean): void {
    const { counts, observer } = this.host;
    if (error !== undefined) counts.connections.lost++;
    observer?.emit('disconnected', { client: observer.client, error, isRecovering });
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
