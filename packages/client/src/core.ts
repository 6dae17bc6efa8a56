/**
 * What all calls of a client share: its one connection at a time, its turns and deadlines, and the fate of operations.
 * Must not know single methods: `client.ts` and `topology/declarations.ts` do.
 */
import { OperationTimeout, type PukaError, UsageError } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import { ConnectTarget, withoutSecrets } from './connecting/connect-target.ts';
import { Connection, type ConnectionHost, type ConnectionParts } from './connection/connection.ts';
import { ConnectionLife, type ConnectionLifeHost, notSent } from './connection/lifecycle.ts';
import type { Consumer } from './consuming/consumer.ts';
import type { Message } from './consuming/message.ts';
import { Events } from './events.ts';
import { FlowControl } from './flow-control.ts';
import { Turns } from './operations/callbacks.ts';
import { type Callback, follow, Operation } from './operations/operation.ts';
import { checkSignal, Signals } from './operations/signals.ts';
import type { Cancelled, ClientOptions, OperationOptions } from './options.ts';
import { Deadlines } from './runtime/deadlines.ts';
import { defaultRuntime, type Runtime } from './runtime/runtime.ts';
import { WarningLimit } from './runtime/warning-limit.ts';
import { type ConnectionInfo, checkSessionOptions, type SessionChannel, type SessionOptions } from './session/index.ts';
import { Shutdowns } from './shutdowns.ts';
import { checkEncodable } from './topology/declarations.ts';
import { checkInteger, isAtLeast } from './topology/method-input.ts';
import { checkTimeout, Loops, type WaitingHost } from './waiting.ts';

/** See the head of the file. */
export class Core implements WaitingHost, ConnectionLifeHost {
  readonly deadlines: Deadlines = new Deadlines();
  readonly signals: Signals = new Signals();
  readonly events: Events;
  readonly turns: Turns;
  readonly loops: Loops;
  readonly flow: FlowControl;
  readonly shutdowns: Shutdowns;
  readonly runtime: Runtime;
  /** Those without secrets, for operations show what they hang on. */
  readonly options: ClientOptions;
  /** Most tables and arrays in one another, in headers and arguments. */
  readonly maxTableDepth: number;
  /** RabbitMQ 4.3 and later: a queue has to be durable or exclusive. */
  refusesTransientQueues = false;
  private readonly warnings: WarningLimit = new WarningLimit();
  private readonly isManual: boolean;
  private readonly life: ConnectionLife;
  private numbers = 0;
  private tags = 0;
  private readonly usedTags: Set<string> = new Set();
  private holds = 0;
  private turnIsScheduled = false;
  private readonly cancels: WeakMap<Consumer, Operation<Cancelled>> = new WeakMap();
  /** Operations with one method and one reply that are under way. */
  pendingOperations = 0;

  constructor(urls: string | readonly string[], options: ClientOptions) {
    this.options = withoutSecrets(options);
    checkSessionOptions({ frameMax: options.frameMax, heartbeat: options.heartbeat });
    if (options.channelMax !== 0) checkInteger('channelMax', options.channelMax, 4, 65_535);
    checkInteger('maxMessageBytes', options.maxMessageBytes, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('maxBufferedBytes', options.maxBufferedBytes, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('maxInboundBytes', options.maxInboundBytes, 0, Number.MAX_SAFE_INTEGER);
    checkTimeout(options.connectTimeout);
    checkTimeout(options.closeTimeout);
    if (options.drive !== undefined && options.drive !== 'auto' && options.drive !== 'manual') {
      throw new UsageError(`drive is ${String(options.drive)}; it takes 'auto' or 'manual'`);
    }
    this.life = new ConnectionLife(new ConnectTarget(urls, options), this);
    this.maxTableDepth = options.maxTableDepth ?? 64;
    this.isManual = options.drive === 'manual';
    this.runtime = options.runtime ?? defaultRuntime;
    this.flow = new FlowControl(options, () => this.connection);
    this.events = new Events((error) => this.warn('a listener threw', error));
    this.turns = new Turns({
      turnIsDue: () => this.scheduleTurn(),
      unobserved: (error, operation) => this.unobserved(error, operation),
    });
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
    this.turns.addOperation(operation);
  }

  /** For operations. */
  failedUnseen(operation: Operation<unknown>): void {
    this.turns.addUnseen(operation);
  }

  /** The parts of the open connection. @returns `undefined` after it has refused the operation. */
  partsFor(operation: Operation<never> | Operation<unknown>): ConnectionParts | undefined {
    const { parts, lostBy } = this.life;
    if (parts !== undefined) return parts;
    const { method } = operation;
    operation.reject(
      lostBy === undefined
        ? new UsageError(`${method} before connect() has resolved, or after the close`, { method })
        : notSent(method, lostBy),
    );
    return undefined;
  }

  /** One method, one reply, on a channel of its own while it lasts. */
  request<Result>(
    options: OperationOptions,
    callback: Callback<Result> | undefined,
    method: MethodInput,
    read: (reply: Method) => Result | undefined,
  ): Operation<Result> {
    const operation = new Operation<Result>(this, method.type, callback);
    const parts = this.partsFor(operation);
    if (parts === undefined || !this.bound(operation, options)) return operation;
    const { pool } = parts;
    this.pendingOperations++;
    const isStarted = pool.acquire((channel, lost) => {
      if (channel === undefined || operation.state !== 'pending') {
        this.operationEnded();
        if (channel === undefined) operation.reject(notSent(method.type, lost));
        else pool.release(channel);
        return;
      }
      this.send(operation, channel, method, (reply, error) => {
        this.operationEnded();
        pool.release(channel);
        if (reply === undefined) operation.reject(error);
        else operation.fulfil(read(reply) as Result); // The session matches replies by method.
      });
    });
    if (!isStarted) this.check(operation, method);
    return operation;
  }

  /** What cannot be encoded is told at the call, though it would be sent later. */
  private check(operation: Operation<unknown>, method: MethodInput): void {
    try {
      checkEncodable(method, this.maxTableDepth);
    } catch (error) {
      operation.reject(error);
    }
  }

  /** Puts `signal` and `timeout` in force. @returns whether the operation is still to be done. */
  bound(operation: Operation<unknown>, options: OperationOptions, forget?: () => void): boolean {
    const { signal, timeout } = options;
    if (signal === undefined && timeout === undefined) return operation.state === 'pending';
    const giveUp = (error: unknown): void => {
      operation.reject(error);
      forget?.();
    };
    try {
      checkTimeout(timeout);
      checkSignal(signal);
    } catch (error) {
      giveUp(error);
      return false;
    }
    if (signal?.aborted) {
      giveUp(signal.reason);
      return false;
    }
    const undoSignal = signal === undefined ? undefined : this.signals.watch(signal, giveUp);
    const undoTimeout =
      timeout === undefined
        ? undefined
        : this.deadlines.add(this.now() + timeout, () => giveUp(timeoutOf(operation, timeout)));
    operation.release = () => {
      undoSignal?.();
      undoTimeout?.();
    };
    this.rearm();
    return true;
  }

  private send(
    operation: Operation<unknown>,
    channel: SessionChannel,
    method: MethodInput,
    answered: (reply: Method | undefined, error: PukaError | undefined) => void,
  ): void {
    try {
      operation.isSent = channel.request(method, answered);
      if (!operation.isSent) answered(undefined, notSent(method.type, undefined));
    } catch (error) {
      // First of all, for the answer without an error would be the outcome.
      operation.reject(error);
      answered(undefined, undefined);
    }
    this.connection?.driver.wake();
  }

  private operationEnded(): void {
    this.pendingOperations--;
    this.shutdowns.somethingSettled();
  }

  // ── The connection ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The connection, from `connect()` until it is closed. */
  get connection(): Connection | undefined {
    return this.life.connection;
  }

  /** See `Client.connect`. */
  connect(options: OperationOptions, callback: Callback<ConnectionInfo> | undefined): Operation<ConnectionInfo> {
    return this.life.connect(options, callback);
  }

  /** See `Client.close`. */
  close(options: OperationOptions, callback: Callback<void> | undefined): Operation<void> {
    return this.life.close(options, callback);
  }

  /** For its life. */
  get readMode(): 'push' | 'pull' {
    return this.isManual ? 'pull' : 'push';
  }

  /** For its life. */
  get pubacks(): boolean | undefined {
    return this.options.pubacks;
  }

  /** For its life. */
  newConnection(options: SessionOptions): Connection {
    return new Connection(options, this.options.pubacks, this.connectionHost());
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
    this.scheduleTurn();
  }

  /** For its life. */
  renewalFailed(error: unknown): void {
    this.unobserved(error, undefined);
  }

  private connectionHost(): ConnectionHost {
    const core = this;
    return {
      runtime: this.runtime,
      deadlines: this.deadlines,
      driving: {
        get isAutomatic() {
          return core.isAutomatic;
        },
        turn: () => this.turn(),
        drained: () => this.flow.outboundChanged(),
        get mayRead() {
          return core.flow.hasRoom;
        },
        ioReady: () => {
          if (this.isManual) this.events.emit('ioReady');
        },
      },
      consuming: {
        consumerGone: (consumer) => this.consumerGone(consumer),
      },
      opened: (connection, info) => this.life.opened(connection, info),
      blocked: (reason) => this.events.emit('blocked', reason),
      unblocked: () => this.events.emit('unblocked'),
      publishesSettled: () => {
        this.flow.outboundChanged();
        this.shutdowns.somethingSettled();
      },
      getsSettled: () => this.shutdowns.somethingSettled(),
      closed: (connection, error, reason) => this.life.closed(connection, error, reason),
    };
  }

  // ── Consumers ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** A tag that no other consumer of the client has: the wanted one, where it is free. */
  freshTag(wanted: string | undefined): string {
    let tag = wanted ?? '';
    while (tag === '' || this.usedTags.has(tag)) tag = `${++this.tags}.${wanted ?? ''}`;
    this.usedTags.add(tag);
    return tag;
  }

  /** For consumers. */
  consumerReady(consumer: Consumer): void {
    this.turns.addConsumer(consumer);
  }

  /** For consumers. */
  messageArrived(message: Message): void {
    this.flow.messageArrived(message);
  }

  /** For consumers. */
  messageTaken(message: Message): void {
    this.flow.messageTaken(message);
  }

  /** For consumers. */
  cancelConsumer(
    consumer: Consumer,
    options: OperationOptions = {},
    callback?: Callback<Cancelled>,
  ): Operation<Cancelled> {
    if (options.signal === undefined && options.timeout === undefined) {
      return this.cancelInAnyCase(consumer, callback);
    }
    const operation = new Operation<Cancelled>(this, 'basic.cancel', callback);
    if (!this.bound(operation, options)) return operation;
    // It ends the consumer whether or not somebody waits for that.
    operation.isSent = true;
    follow(this.cancelInAnyCase(consumer), operation);
    return operation;
  }

  private cancelInAnyCase(consumer: Consumer, callback?: Callback<Cancelled>): Operation<Cancelled> {
    const standing = this.cancels.get(consumer);
    if (standing !== undefined && callback === undefined) return standing;
    const operation = new Operation<Cancelled>(this, 'basic.cancel', callback);
    const parts = this.connection?.parts;
    if (parts === undefined) {
      operation.fulfil({ consumerTag: consumer.consumerTag });
    } else {
      if (standing === undefined) this.cancels.set(consumer, operation);
      parts.consuming.cancel(consumer, operation);
    }
    return operation;
  }

  /** A consumer has ended, or never began: its tags are free. */
  consumerGone(consumer: Consumer): void {
    for (const { consumerTag } of consumer.sources) this.usedTags.delete(consumerTag);
  }

  // ── Driving ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the client reads, writes and calls back by itself: always, or while somebody waits. */
  get isAutomatic(): boolean {
    return !this.isManual || this.holds > 0;
  }

  /** The client's clock, in milliseconds. */
  now(): number {
    return this.runtime.now();
  }

  /** For `wait` and `loop`. */
  hold(): () => void {
    let isHeld = true;
    this.holds++;
    if (this.isManual && this.holds === 1) this.modeChanged();
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holds--;
      if (this.isManual && this.holds === 0) this.modeChanged();
    };
  }

  /** Calls once, when the time has come. @returns undoes it. */
  schedule(atMs: number, call: () => void): () => void {
    const undo = this.deadlines.add(atMs, call);
    this.rearm();
    return undo;
  }

  /** A deadline was added. */
  rearm(): void {
    this.connection?.driver.rearm();
  }

  /** The connection that is driven by hand. @throws {UsageError} when it is not. */
  byHand(method: string): Connection | undefined {
    if (!this.isManual) throw new UsageError(`${method} needs a client with drive: 'manual'`);
    return this.connection;
  }

  /** Runs what is ready. */
  turn(): void {
    this.turns.run();
  }

  private modeChanged(): void {
    this.connection?.driver.modeChanged();
    if (this.isAutomatic && this.turns.isDue) this.scheduleTurn();
  }

  private scheduleTurn(): void {
    if (this.turnIsScheduled || !this.isAutomatic || this.connection?.driver.turnFollows === true) return;
    this.turnIsScheduled = true;
    this.runtime.atTurnEnd(() => {
      this.turnIsScheduled = false;
      if (this.isAutomatic) this.turn();
    });
  }

  // ── Failures nobody looked at ───────────────────────────────────────────────────────────────────────────────────

  private unobserved(error: unknown, operation: Operation<unknown> | undefined): void {
    if (!this.events.emit('unobserved', error, operation)) this.warn('nobody looked at a failure', error);
  }

  private warn(text: string, error: unknown): void {
    if (this.warnings.allows(this.now())) this.runtime.warn(`puka: ${text}:`, error);
  }
}

function timeoutOf(operation: Operation<unknown>, timeout: number): OperationTimeout {
  return new OperationTimeout(`${operation.method} took longer than its timeout of ${timeout} ms`, {
    method: operation.method,
    outcome: operation.isSent ? 'unknown' : 'not-sent',
  });
}
