/**
 * What all calls of a client share: the connection, those that use it, callbacks, deadlines, events.
 * Must not know single methods: `client.ts` and the rooms do.
 */
import { ConnectionBroken, LimitExceeded, type PukaError, UsageError } from '@puka/errors';
import type { ClientOptions } from './client-options.ts';
import { ConnectTarget, withoutSecrets } from './connecting/connect-target.ts';
import { Connection, type ConnectionHost, notSent } from './connection/connection.ts';
import { Lifecycle, type LifecycleHost } from './connection/lifecycle.ts';
import { ConnectionUsers, type ConnectionUsersHost } from './connection-users.ts';
import { Cancelling } from './consuming/cancelling.ts';
import type { Consumer } from './consuming/consumer.ts';
import { ConsumerTags } from './consuming/consumer-tags.ts';
import type { StartConsumerHost } from './consuming/start-consumer.ts';
import type { Subscriptions, SubscriptionsHost } from './consuming/subscriptions.ts';
import { DriveMode, type DriveModeHost } from './drive-mode.ts';
import { Events } from './events.ts';
import { FlowControl } from './flow-control.ts';
import { checkTimeout } from './operations/bounds.ts';
import { Callbacks } from './operations/callbacks.ts';
import type { Operation } from './operations/operation.ts';
import { Signals } from './operations/signals.ts';
import { type CompleteRecoverOptions, completeRecoverOptions } from './recovery/recover-options.ts';
import { Recovery } from './recovery/recovery.ts';
import { Replay } from './recovery/replay.ts';
import type { RecoverySnapshot } from './recovery/snapshot.ts';
import type { Deadlines } from './runtime/deadlines.ts';
import { defaultRuntime, type Runtime } from './runtime/runtime.ts';
import { WarningLimit } from './runtime/warning-limit.ts';
import { type ConnectionInfo, checkSessionOptions, type SessionOptions } from './session/index.ts';
import { Shutdowns } from './shutdowns.ts';
import { DeclaredTopology } from './topology/declared-topology.ts';
import { checkInteger, isAtLeast } from './topology/method-input.ts';
import type { RecordedEntity } from './topology/recorded-entity.ts';
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
  /** As the option `recover`; `undefined` where the client does not recover. */
  readonly recoverOptions: CompleteRecoverOptions | undefined;
  /** The record of what was declared; `undefined` where the client does not recover. */
  readonly topology: DeclaredTopology | undefined;
  readonly recovery: Recovery;
  private readonly replay: Replay | undefined;
  /** Those without secrets, for operations show what they hang on. */
  readonly options: ClientOptions;
  /** Maximum nesting depth of tables and arrays, in headers and arguments. */
  readonly maxTableDepth: number;
  /** RabbitMQ 4.3 and later: a queue has to be durable or exclusive. */
  refusesTransientQueues = false;
  private readonly warnings: WarningLimit = new WarningLimit();
  private numbers = 0;
  private readonly random: () => number;
  /** RabbitMQ extension: the broker has said that it does not read what is published. */
  private isBlocked = false;

  constructor(urls: string | readonly string[], options: ClientOptions) {
    this.options = withoutSecrets(options);
    checkOptions(options);
    this.recoverOptions = completeRecoverOptions(options.recover);
    const target = new ConnectTarget(urls, options);
    this.random = target.random;
    this.life = new Lifecycle(target, this);
    this.maxTableDepth = options.maxTableDepth ?? 64;
    this.runtime = options.runtime ?? defaultRuntime;
    this.events = new Events((error) => this.warn('a listener threw', error));
    this.callbacks = new Callbacks({
      turnIsDue: () => this.drive.scheduleTurn(),
      unobserved: (error, operation) => this.unobserved(error, operation),
    });
    this.drive = new DriveMode(options.drive === 'manual', this);
    const recover = this.recoverOptions;
    this.topology = recover === undefined ? undefined : this.newTopology(recover);
    this.users = new ConnectionUsers(this);
    this.replay = this.newReplay(recover);
    this.recovery = this.newRecovery(recover);
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

  /** Whether operations can be sent, or wait for the next connection. One that cannot is rejected. */
  accepts(operation: Operation<never> | Operation<unknown>): boolean {
    const { state } = this.life;
    const refusal = state === 'connected' ? undefined : this.refusalOf(operation);
    if (refusal !== undefined) operation.reject(refusal);
    return refusal === undefined;
  }

  private refusalOf({ method }: Operation<never> | Operation<unknown>): PukaError | undefined {
    const { life, recoverOptions, users } = this;
    if (life.state !== 'recovering' || recoverOptions === undefined) {
      if (life.lostBy !== undefined) return notSent(method, life.lostBy);
      return new UsageError(`${method} before connect() has resolved, or after the close`, { method });
    }
    const details = { method, outcome: 'not-sent', retryable: true } as const;
    if (recoverOptions.whileDown === 'refuse') {
      return new ConnectionBroken(`${method} while there is no connection, and recover.whileDown is 'refuse'`, details);
    }
    if (method === 'basic.publish' || users.heldOperations < recoverOptions.maxHeldOperations) return undefined;
    const text = `${users.heldOperations} operations wait for the next connection; the limit is recover.maxHeldOperations`;
    return new LimitExceeded(text, details);
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

  /** Publishes without an outcome. */
  get openPublishes(): number {
    return this.users.openPublishes;
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

  /** For shutdowns: as the option, in milliseconds. */
  get closeTimeoutMs(): number {
    return this.options.closeTimeout ?? 5000;
  }

  /** For its life. */
  get reconnection(): Recovery {
    return this.recovery;
  }

  /** For its life. */
  newConnection(options: SessionOptions): Connection {
    return new Connection(options, this.connectionHost());
  }

  /** For its life. */
  connected(info: ConnectionInfo): void {
    this.refusesTransientQueues = isAtLeast(info.serverProperties.version, 4, 3);
    this.recovery.opened(info);
    const { report } = this.recovery;
    this.recovery.report = undefined;
    if (report === undefined) this.events.emit('connected', info);
    else this.events.emit('connected', info, report);
  }

  /** For its life. */
  closing(): void {
    for (const consumer of this.consumers) consumer.stop();
  }

  /** For its life. */
  lost(connection: Connection, error: PukaError): void {
    this.connectionGone(connection, error, true);
  }

  /** For its life. */
  ended({ connection, error, reason, stateBefore }: Parameters<LifecycleHost['ended']>[0]): void {
    // They may wait for a connection that does not follow any more.
    if (stateBefore === 'recovering' || stateBefore === 'connected') this.users.detach(reason, false);
    this.recovery.ended();
    this.topology?.clear();
    this.flow.connectionClosed();
    this.shutdowns.connectionClosed();
    if (stateBefore === 'connected') this.connectionGone(connection, error, false);
    this.events.emit('closed', error);
    this.loops.end('close');
    this.drive.rest();
    if (this.isAutomatic) connection?.driver.wake();
    this.drive.scheduleTurn();
  }

  /** Being blocked is a state of the connection: a caller that waits for its end must not wait for ever. */
  private endBlocked(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    this.events.emit('unblocked');
  }

  private connectionGone(
    connection: Connection | undefined,
    error: PukaError | undefined,
    isRecovering: boolean,
  ): void {
    this.events.emit('disconnected', error, isRecovering);
    this.endBlocked();
    if (this.isAutomatic) connection?.driver.wake();
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
      blocked: (reason) => {
        this.isBlocked = true;
        this.events.emit('blocked', reason);
      },
      unblocked: () => {
        this.isBlocked = false;
        this.events.emit('unblocked');
      },
      willRecover: (connection, error) => this.life.willRecover(connection, error),
      closed: (connection, error, reason) => this.life.closed(connection, error, reason),
    };
  }

  private newTopology({ maxRecorded }: CompleteRecoverOptions): DeclaredTopology {
    return new DeclaredTopology(maxRecorded, {
      recordFull: (error) => this.unobserved(error, undefined),
      now: () => this.now(),
    });
  }

  private newRecovery(options: CompleteRecoverOptions | undefined): Recovery {
    const { users } = this;
    return new Recovery(options, this.replay, {
      deadlines: this.deadlines,
      now: () => this.now(),
      random: () => this.random(),
      planned: (attempt) => {
        this.endBlocked();
        this.events.emit('recovering', attempt);
      },
      tryAgain: () => this.life.tryAgain(),
      restored: (connection, info) => this.life.restored(connection, info),
      get publishesToResend() {
        return users.publisher.toResend;
      },
      threw: (error) => this.unobserved(error, undefined),
    });
  }

  private newReplay(options: CompleteRecoverOptions | undefined): Replay | undefined {
    const { topology, users } = this;
    if (options === undefined || topology === undefined) return undefined;
    return new Replay(options, {
      topology,
      pool: users.pool,
      deadlines: this.deadlines,
      get consumerCount() {
        return users.subscriptions.size;
      },
      now: () => this.now(),
      wake: () => this.wake(),
      queueRestored: (queue) => users.subscriptions.queueRestored(queue),
      queueLost: (queue, error) => users.subscriptions.queueLost(queue, error),
      notRestored: (error, entity, isRetrying) => this.notRestored(error, entity, isRetrying),
      queueRenamed: (from, to) => {
        users.subscriptions.queueRenamed(from, to);
        this.events.emit('queueRenamed', from, to);
      },
      threw: (error) => this.unobserved(error, undefined),
    });
  }

  /** For subscriptions. */
  interrupted(error: PukaError, consumer: Consumer): void {
    this.events.emit('interrupted', error, consumer);
  }

  /** For subscriptions: the delays between tries. */
  get patience(): SubscriptionsHost['patience'] {
    return this.recoverOptions ?? { minDelay: 300, maxDelay: 30_000, retryFor: 300_000 };
  }

  /** For subscriptions. */
  get exclusiveForMs(): number {
    return this.replay?.exclusiveForMs ?? 0;
  }

  /** For subscriptions. */
  isAway(queue: string): boolean {
    return this.replay?.isAway(queue) ?? false;
  }

  /** For subscriptions. */
  queueVanished(queue: string): boolean {
    return this.replay?.queueVanished(queue) ?? false;
  }

  /** An entity has not come back. Without a listener the failure is one that nobody looked at. */
  notRestored(error: PukaError, entity: RecordedEntity, isRetrying: boolean): void {
    if (!this.events.emit('notRestored', error, entity, isRetrying)) this.unobserved(error, undefined);
  }

  /** See `Client.recovery`. */
  recoverySnapshot(): RecoverySnapshot {
    const { recovery, users, topology } = this;
    return {
      isOn: this.recoverOptions !== undefined,
      phase: recovery.phase,
      attempt: recovery.phase === 'idle' ? 0 : recovery.attempt,
      downMs: recovery.downSinceMs === undefined ? 0 : this.now() - recovery.downSinceMs,
      nextAttemptMs: recovery.nextAttemptMs === undefined ? undefined : recovery.nextAttemptMs - this.now(),
      held: {
        operations: users.heldOperations,
        publishes: this.life.state === 'connected' ? 0 : users.publisher.outstanding,
        bytes: users.openBytes,
      },
      recorded: topology?.counts ?? { exchanges: 0, queues: 0, bindings: 0 },
      retrying: this.replay?.retried() ?? [],
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

  /** For gets and subscriptions: the name that a queue has now. */
  nameOf(queue: string): string {
    return this.topology?.nameOf(queue) ?? queue;
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
  for (const name of ['maxMessageBytes', 'maxBufferedBytes', 'maxOpenPublishes', 'maxInboundBytes'] as const) {
    checkInteger(name, options[name], 0, Number.MAX_SAFE_INTEGER);
  }
  checkTimeout(options.connectTimeout);
  checkTimeout(options.closeTimeout);
  if (options.drive !== undefined && options.drive !== 'auto' && options.drive !== 'manual') {
    throw new UsageError(`drive is ${String(options.drive)}; it takes 'auto' or 'manual'`);
  }
}
