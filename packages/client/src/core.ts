/**
 * What all calls of a client share: the connection, those that use it, callbacks, deadlines, events.
 * Must not know single methods: `client.ts` and the rooms do.
 */
import { type PukaError, UsageError } from '@puka/errors';
import type { ClientOptions } from './connecting/client-options.ts';
import { ConnectTarget, withoutSecrets } from './connecting/connect-target.ts';
import { Connection, type ConnectionHost, notSent } from './connection/connection.ts';
import { Lifecycle, type LifecycleHost } from './connection/lifecycle.ts';
import { ConnectionUsers, type ConnectionUsersHost } from './connection-users.ts';
import { Cancelling } from './consuming/cancelling.ts';
import type { Consumer } from './consuming/consumer.ts';
import { ConsumerTags } from './consuming/consumer-tags.ts';
import type { StartConsumerHost } from './consuming/start-consumer.ts';
import type { Subscriptions } from './consuming/subscriptions.ts';
import { DriveMode, type DriveModeHost } from './drive-mode.ts';
import { Events } from './events.ts';
import { FlowControl } from './flow-control.ts';
import { checkTimeout } from './operations/bounds.ts';
import { Callbacks } from './operations/callbacks.ts';
import type { Operation } from './operations/operation.ts';
import { Signals } from './operations/signals.ts';
import type { Deadlines } from './runtime/deadlines.ts';
import { defaultRuntime, type Runtime } from './runtime/runtime.ts';
import { WarningLimit } from './runtime/warning-limit.ts';
import { type ConnectionInfo, checkSessionOptions, type SessionOptions } from './session/index.ts';
import { Shutdowns } from './shutdowns.ts';
import { checkInteger, isAtLeast } from './topology/method-input.ts';
import { Loops, type WaitingHost } from './waiting.ts';

/** The parts of one client, and what passes between them. */
export class Core implements WaitingHost, LifecycleHost, StartConsumerHost, ConnectionUsersHost, DriveModeHost {
  readonly runtime: Runtime;
  readonly signals: Signals = new Signals();
  readonly events: Events;
  readonly callbacks: Callbacks;
  readonly drive: DriveMode;
  readonly users: ConnectionUsers;
  readonly cancelling: Cancelling;
  readonly consumerTags: ConsumerTags = new ConsumerTags();
  readonly flow: FlowControl;
  readonly loops: Loops;
  readonly shutdowns: Shutdowns;
  readonly life: Lifecycle;
  /** Those without secrets, for operations show what they hang on. */
  readonly options: ClientOptions;
  /** Maximum nesting depth of tables and arrays, in headers and arguments. */
  readonly maxTableDepth: number;
  /** RabbitMQ 4.3 and later: a queue has to be durable or exclusive. */
  refusesTransientQueues = false;
  private readonly warnings: WarningLimit = new WarningLimit();
  private numbers = 0;

  constructor(urls: string | readonly string[], options: ClientOptions) {
    this.options = withoutSecrets(options);
    checkOptions(options);
    this.life = new Lifecycle(new ConnectTarget(urls, options), this);
    this.maxTableDepth = options.maxTableDepth ?? 64;
    this.runtime = options.runtime ?? defaultRuntime;
    this.events = new Events((error) => this.warn('a listener threw', error));
    this.callbacks = new Callbacks({
      turnIsDue: () => this.drive.scheduleTurn(),
      unobserved: (error, operation) => this.unobserved(error, operation),
    });
    this.drive = new DriveMode(options.drive === 'manual', this);
    this.users = new ConnectionUsers(this);
    this.cancelling = new Cancelling(this, this.users.subscriptions);
    this.flow = new FlowControl(options, this);
    this.loops = new Loops(this);
    this.shutdowns = new Shutdowns(this);
  }

  // ── Operations ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** For operations. */
  nextNumber(): number {
    return ++this.numbers;
  }

  /** For operations. */
  callbackReady(operation: Operation<unknown>): void {
    this.callbacks.addOperation(operation);
  }

  /** For operations. */
  failedUnseen(operation: Operation<unknown>): void {
    this.callbacks.addUnseen(operation);
  }

  /** Whether operations can be sent. One that cannot is rejected. */
  accepts(operation: Operation<never> | Operation<unknown>): boolean {
    const { state, lostBy } = this.life;
    if (state === 'connected') return true;
    const { method } = operation;
    operation.reject(
      lostBy === undefined
        ? new UsageError(`${method} before connect() has resolved, or after the close`, { method })
        : notSent(method, lostBy),
    );
    return false;
  }

  // ── The connection ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The connection, from `connect()` until it is closed. */
  get connection(): Connection | undefined {
    return this.life.connection;
  }

  /** There is something to send. */
  wake(): void {
    this.connection?.driver.wake();
  }

  /** Sends what there is to send. */
  flush(): void {
    this.connection?.driver.flush();
  }

  /** Bytes that wait to go out, and those of publishes without an outcome. */
  get outboundBytes(): number {
    return Math.max(this.connection?.driver.bufferedBytes ?? 0, this.users.openBytes);
  }

  /** Whether the socket is to be read. */
  regulateReading(): void {
    this.connection?.driver.roomChanged();
  }

  /** For flow control. */
  get halfMessageBytes(): number {
    return this.connection?.session.halfMessageBytes ?? 0;
  }

  /** For flow control. */
  get consumers(): Iterable<Consumer> {
    return this.users.subscriptions.consumers;
  }

  /** For flow control. */
  endUnread(consumer: Consumer, why: string): void {
    this.users.subscriptions.endUnread(consumer, why);
  }

  /** For flow control. */
  passOverLongest(why: string, leastBytes: number): boolean {
    return this.connection?.session.passOverLongest(why, this.now(), leastBytes) ?? false;
  }

  /** For its life. */
  get readMode(): 'push' | 'pull' {
    return this.drive.isManual ? 'pull' : 'push';
  }

  /** For its life and its publisher. */
  get pubacks(): boolean | undefined {
    return this.options.pubacks;
  }

  /** For its life. */
  newConnection(options: SessionOptions): Connection {
    return new Connection(options, this.connectionHost());
  }

  /** For its life. */
  connected(info: ConnectionInfo): void {
    this.refusesTransientQueues = isAtLeast(info.serverProperties.version, 4, 3);
    this.events.emit('connected', info);
  }

  /** For its life. */
  ended(connection: Connection, error: PukaError | undefined, wasOpen: boolean): void {
    this.flow.connectionClosed();
    this.shutdowns.connectionClosed();
    if (wasOpen) this.events.emit('disconnected', error);
    this.events.emit('closed', error);
    this.loops.end('close');
    if (this.isAutomatic) connection.driver.wake();
    this.drive.scheduleTurn();
  }

  /** For its life. */
  renewalFailed(error: unknown): void {
    this.unobserved(error, undefined);
  }

  private connectionHost(): ConnectionHost {
    const core = this;
    return {
      runtime: this.runtime,
      users: this.users,
      driving: {
        get isAutomatic() {
          return core.isAutomatic;
        },
        turn: () => this.callbacks.run(),
        bytesRead: () => this.flow.limitInbound(),
        drained: () => this.flow.outboundChanged(),
        get mayRead() {
          return core.flow.hasRoom;
        },
        ioReady: () => {
          if (this.drive.isManual) this.events.emit('ioReady');
        },
      },
      opened: (connection, info) => this.life.opened(connection, info),
      blocked: (reason) => this.events.emit('blocked', reason),
      unblocked: () => this.events.emit('unblocked'),
      willRecover: () => false,
      closed: (connection, error, reason) => this.life.closed(connection, error, reason),
    };
  }

  // ── Those that use it ───────────────────────────────────────────────────────────────────────────────────────────

  /** For starting consumers. */
  get subscriptions(): Subscriptions {
    return this.users.subscriptions;
  }

  /** For publishing. */
  publishesSettled(): void {
    this.flow.outboundChanged();
    this.shutdowns.somethingSettled();
  }

  /** For requests and gets. */
  settled(): void {
    this.shutdowns.somethingSettled();
  }

  /** For subscriptions. */
  consumerGone(consumer: Consumer): void {
    this.consumerTags.release(consumer);
  }

  // ── Driving ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the client works by itself just now. */
  get isAutomatic(): boolean {
    return this.drive.isAutomatic;
  }

  /** For operations and waits. */
  get deadlines(): Deadlines {
    return this.drive.deadlines;
  }

  /** Driven by hand: when `handleTimeout` is due; `Infinity` for never. */
  get nextDeadlineMs(): number {
    return Math.min(this.connection?.driver.nextDeadlineMs ?? Number.POSITIVE_INFINITY, this.deadlines.nextMs);
  }

  /** Driven by hand: does what is due. */
  handleTimeout(): void {
    this.connection?.driver.handleTimeout();
    this.deadlines.expire(this.now());
  }

  /** The client's clock, in milliseconds. */
  now(): number {
    return this.runtime.now();
  }

  /** For `wait` and `loop`. */
  hold(): () => void {
    return this.drive.hold();
  }

  /** For the drive mode. */
  get turnFollows(): boolean {
    return this.connection?.driver.turnFollows === true;
  }

  /** For the drive mode. */
  modeChanged(): void {
    this.connection?.driver.modeChanged();
  }

  // ── Failures nobody looked at ───────────────────────────────────────────────────────────────────────────────────

  private unobserved(error: unknown, operation: Operation<unknown> | undefined): void {
    if (!this.events.emit('unobserved', error, operation)) this.warn('nobody looked at a failure', error);
  }

  private warn(text: string, error: unknown): void {
    if (this.warnings.allows(this.now())) this.runtime.warn(`puka: ${text}:`, error);
  }
}

/** @throws {UsageError} for an option out of its range. */
function checkOptions(options: ClientOptions): void {
  checkSessionOptions({ frameMax: options.frameMax, heartbeat: options.heartbeat });
  if (options.channelMax !== 0) checkInteger('channelMax', options.channelMax, 4, 65_535);
  for (const name of ['maxMessageBytes', 'maxBufferedBytes', 'maxInboundBytes'] as const) {
    checkInteger(name, options[name], 0, Number.MAX_SAFE_INTEGER);
  }
  checkTimeout(options.connectTimeout);
  checkTimeout(options.closeTimeout);
  if (options.drive !== undefined && options.drive !== 'auto' && options.drive !== 'manual') {
    throw new UsageError(`drive is ${String(options.drive)}; it takes 'auto' or 'manual'`);
  }
}
