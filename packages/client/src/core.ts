/**
 * The parts of a client, made once: what outlives the connections, callbacks, deadlines, events. What belongs to several of them
 * at once is here. Must not know single methods: `client.ts` and the rooms do.
 */
import { type ClientOptions, checkClientOptions } from './client-options.ts';
import { ConnectTarget, withoutSecrets } from './connecting/connect-target.ts';
import type { ByteTap } from './connection/driver.ts';
import { Lifecycle, type LifecycleHost } from './connection/lifecycle.ts';
import { ConnectionChanges, type ConnectionChangesHost } from './connection-changes.ts';
import { ConnectionUsers, type ConnectionUsersHost } from './connection-users.ts';
import { Cancelling, type CancellingHost } from './consuming/cancelling.ts';
import type { StartConsumerHost } from './consuming/start-consumer.ts';
import { ClientCounts } from './diagnostics/client-counts.ts';
import { listenersOf } from './diagnostics/listeners.ts';
import { type ClientMetrics, metricsOf } from './diagnostics/metrics.ts';
import { Observer } from './diagnostics/observer.ts';
import { traceOptions, WireLog } from './diagnostics/wire-log.ts';
import { DriveMode, type DriveModeHost } from './drive-mode.ts';
import type { Events } from './events.ts';
import { FailureReports } from './failure-reports.ts';
import { FlowControl, type FlowControlHost } from './flow-control.ts';
import { Callbacks, type CallbacksHost } from './operations/callbacks.ts';
import type { Operation } from './operations/operation.ts';
import { Signals } from './operations/signals.ts';
import { ClientRecovery, type ClientRecoveryHost } from './recovery/client-recovery.ts';
import type { Deadlines } from './runtime/deadlines.ts';
import { defaultRuntime, environmentVariable, printLine, type Runtime } from './runtime/runtime.ts';
import { type ShutdownHost, Shutdowns } from './shutdowns.ts';
import { Loops, type WaitingHost } from './waiting.ts';

type Hosts = LifecycleHost &
  ClientRecoveryHost &
  ConnectionUsersHost &
  ConnectionChangesHost &
  StartConsumerHost &
  CancellingHost &
  FlowControlHost &
  DriveModeHost &
  WaitingHost &
  ShutdownHost &
  CallbacksHost;

/** The parts of one client, and what passes between them. */
export class Core implements Hosts {
  /** Without secrets: printing an operation prints what it refers to. */
  readonly options: ClientOptions;
  /** Maximum nesting depth of tables and arrays, in headers and arguments. */
  readonly maxTableDepth: number;
  readonly runtime: Runtime;
  readonly failures: FailureReports;
  readonly events: Events;
  readonly signals: Signals = new Signals();
  readonly callbacks: Callbacks;
  readonly drive: DriveMode;
  /** Time limits of operations, waits and shutdowns. */
  readonly deadlines: Deadlines;
  readonly life: Lifecycle;
  readonly changes: ConnectionChanges;
  readonly recovery: ClientRecovery;
  readonly users: ConnectionUsers;
  readonly cancelling: Cancelling;
  readonly flow: FlowControl;
  readonly loops: Loops;
  readonly shutdowns: Shutdowns;
  /** The client as listeners see it. */
  readonly observed: { connectionName: string | undefined; host: string; port: number; virtualHost: string };
  /** Its listeners; `undefined` if there are none. */
  readonly observer: Observer | undefined;
  /** The same, if one of them wants to know of publishes. */
  readonly publishObserver: Observer | undefined;
  /** The same, if one of them wants to know of messages that come and of the work on them. */
  readonly deliveryObserver: Observer | undefined;
  private readonly wireLog: WireLog | undefined;
  readonly counts: ClientCounts = new ClientCounts();
  private numbers = 0;

  constructor(urls: string | readonly string[], options: ClientOptions) {
    this.options = withoutSecrets(options);
    checkClientOptions(options);
    const target = new ConnectTarget(urls, options);
    this.maxTableDepth = options.maxTableDepth ?? 64;
    this.runtime = options.runtime ?? defaultRuntime;
    this.failures = new FailureReports(this.runtime);
    this.events = this.failures.events;
    this.callbacks = new Callbacks(this);
    this.observed = { connectionName: options.connectionName, host: '', port: 0, virtualHost: '' };
    const listeners = listenersOf(options.diagnostics);
    if (listeners.length > 0) {
      const observer = new Observer(listeners, this.observed, (error) => this.callbacks.addThrown(error, undefined));
      this.observer = observer;
      if (observer.hears('publishStarted', 'publishEnded')) this.publishObserver = observer;
      if (observer.hears('delivered', 'settled', 'processStarted', 'runProcess', 'processEnded')) {
        this.deliveryObserver = observer;
      }
    }
    const tracing = traceOptions(options.trace, environmentVariable('PUKA_DEBUG'), printLine);
    if (tracing !== undefined) {
      const wallClock = this.runtime.wallClock ?? Date.now;
      this.wireLog = new WireLog(tracing, { wallClock, report: (error) => this.callbacks.addThrown(error, undefined) });
    }
    this.drive = new DriveMode(options.drive === 'manual', this);
    this.deadlines = this.drive.deadlines;
    this.life = new Lifecycle(target, this);
    this.changes = new ConnectionChanges(this);
    this.recovery = new ClientRecovery(options.recover, target.random, this);
    this.users = new ConnectionUsers(this);
    this.cancelling = new Cancelling(this, this.users.subscriptions);
    this.flow = new FlowControl(options, this);
    this.loops = new Loops(this);
    this.shutdowns = new Shutdowns(this);
  }

  /** The client's clock, in milliseconds. */
  now(): number {
    return this.runtime.now();
  }

  /** There is something to send. */
  wake(): void {
    this.life.connection?.driver.wake();
  }

  /** Whether operations can be sent, or wait for the next connection. One that cannot is rejected. */
  accepts(operation: Operation<never> | Operation<unknown>): boolean {
    const { state } = this.life;
    if (state === 'connected') return true;
    const { method } = operation;
    const refusal = state === 'recovering' ? this.recovery.refusalOf(method) : this.life.refusalOf(method);
    if (refusal !== undefined) operation.reject(refusal);
    return refusal === undefined;
  }

  /** See `Client.metrics`. */
  metrics(): ClientMetrics {
    const { counts, life, users, observed } = this;
    const session = life.connection?.session;
    return metricsOf(counts, {
      connectionName: observed.connectionName,
      state: life.state,
      channels: session?.channelCount ?? 0,
      consumers: [...users.subscriptions.consumers].length,
      publishes: { open: users.openPublishes, openBytes: users.openBytes },
      deliveries: session?.deliveryCounts,
    });
  }

  /** A request is called: its listeners follow it to its outcome. */
  requestCalled(operation: Operation<never> | Operation<unknown>, options: object, queues?: readonly string[]): void {
    this.counts.request(operation);
    const { observer } = this;
    if (observer === undefined) return;
    try {
      observer.request(operation, options, queues ?? queuesIn(options));
    } catch {
      // A getter among the options has thrown: the call reads it too, and rejects with what it throws.
      observer.request(operation, {}, queues ?? []);
    }
  }

  /** Sees the bytes of a new connection, if there is a listener. */
  openTap(): ByteTap | undefined {
    const { observer, wireLog } = this;
    const counting = observer?.hears('bytesReceived', 'bytesSent') === true ? observer.countBytes() : undefined;
    const logging = wireLog?.open();
    if (counting === undefined || logging === undefined) return counting ?? logging;
    return {
      received: (bytes) => {
        counting.received(bytes);
        logging.received(bytes);
      },
      sent: (chunks) => {
        counting.sent(chunks);
        logging.sent(chunks);
      },
    };
  }

  // ---- What callbacks report ----

  turnIsDue(): void {
    this.drive.scheduleTurn();
  }

  unobserved(error: unknown, operation: Operation<unknown> | undefined): void {
    this.failures.report(error, operation);
  }

  // ---- What operations report ----

  nextNumber(): number {
    return ++this.numbers;
  }

  callbackReady(operation: Operation<unknown>): void {
    this.callbacks.addOperation(operation);
  }

  failedUnseen(operation: Operation<unknown>): void {
    this.callbacks.addUnseen(operation);
  }

  /** Publishes have their outcome. */
  publishesSettled(): void {
    this.flow.outboundChanged();
    this.shutdowns.somethingSettled();
  }

  /** A request or a get has its outcome. */
  settled(): void {
    this.shutdowns.somethingSettled();
  }
}

/** The queue that options name, whatever was given as options. */
function queuesIn(options: unknown): readonly string[] {
  if (typeof options !== 'object' || options === null || !('queue' in options)) return [];
  return typeof options.queue === 'string' ? [options.queue] : [];
}
