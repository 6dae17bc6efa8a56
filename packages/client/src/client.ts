/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The client: every operation of the API, as a promise that takes a callback too.
 * Holds no logic beyond reading options: `core.ts` has what calls share, the folders beside it do the work.
 */
import { UsageError } from '@puka/errors';
import { calls } from './calls.ts';
import type { ClientOptions } from './client-options.ts';
import type { ClientState } from './connection/client-states.ts';
import { Consumer, checkConsumer, type MessageCallback } from './consuming/consumer.ts';
import { Message } from './consuming/message.ts';
import type * as Consuming from './consuming/options.ts';
import { directReplyQueue } from './consuming/reply-queue.ts';
import { refusedConsumer, startConsumer } from './consuming/start-consumer.ts';
import { Core } from './core.ts';
import type { ClientMetrics } from './diagnostics/metrics.ts';
import type { ClientEvents } from './events.ts';
import { applyBounds, type BoundsHost, checkTimeout, hasBounds } from './operations/bounds.ts';
import {
  type CallForm,
  callable,
  checkCall,
  checkNeededOptions,
  checkOneOf,
  checkOptions,
  described,
  optionsAndCallback,
} from './operations/call-check.ts';
import type { UntypedErrorFirst } from './operations/error-first.ts';
import { type Callback, Operation } from './operations/operation.ts';
import type { OperationOptions } from './operations/operation-options.ts';
import { checkIsUtf8, checkTexts } from './operations/short-strings.ts';
import type { PublishOptions } from './publishing/options.ts';
import { isPublishCall } from './publishing/publish-call.ts';
import { publishInput } from './publishing/publish-input.ts';
import { PublishOperation } from './publishing/publish-operation.ts';
import type { Publisher } from './publishing/publisher.ts';
import type { RecoverySnapshot } from './recovery/snapshot.ts';
import type { ConnectionInfo } from './session/index.ts';
import type { ShutdownOptions, ShutdownReport } from './shutdowns.ts';
import * as declarations from './topology/declarations.ts';
import { checkInteger } from './topology/method-input.ts';
import type * as Topology from './topology/options.ts';
import { type LoopEnd, type Waitable, type WaitOptions, type WaitResult, waitForFirst } from './waiting.ts';

const defaultShutdownMs = 30_000;

let startLoop: (client: Client, ended: (end: LoopEnd) => void) => () => void;

/** A client of a RabbitMQ broker. It opens, shares and replaces connections and channels by itself. */
export class Client implements AsyncDisposable {
  readonly #core: Core;

  static {
    startLoop = (client, ended) => client.#loop(undefined, ended);
  }

  /**
   * @param url `amqp:///` is `guest:guest@localhost:5672`, vhost `/`. Parts are percent-decoded. It takes the parameters of
   *   RabbitMQ's URIs, which win over the options. If it is a list, each host is tried until one accepts the connection.
   * @throws {UsageError} for a bad URL or an option out of its range.
   */
  constructor(url: string | readonly string[] = 'amqp:///', options: ClientOptions = {}) {
    checkOptions(calls.client, options);
    checkOptions(calls.tls, options.tls);
    // What a function returns often has more fields than these.
    if (typeof options.credentials === 'object') checkOptions(calls.credentials, options.credentials);
    this.#core = new Core(url, options);
  }

  /** Adds a listener; see `ClientEvents`. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    this.#core.events.on(name, listener);
    return this;
  }

  /** Adds a listener for one time. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    this.#core.events.once(name, listener);
    return this;
  }

  /** Takes a listener away. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    this.#core.events.off(name, listener);
    return this;
  }

  /** What the client does just now: `idle`, `connecting`, `connected`, `recovering` or `closing`. */
  get state(): ClientState {
    return this.#core.life.state;
  }

  /** The state of recovery: a snapshot, as plain data. Nothing in it is secret. */
  get recovery(): RecoverySnapshot {
    return this.#core.recovery.snapshot();
  }

  /** What the client has done since it was made, and what is open: a snapshot, as plain data. `toPrometheus` writes it as text. */
  metrics(): ClientMetrics {
    return this.#core.metrics();
  }

  // ---- Connecting and closing ----

  /**
   * Connects and logs in. If already connected, resolves with the current connection's info; after `close()` opens a new
   * connection; while recovering, settles with the next one.
   *
   * Rejects with {@link AuthenticationFailed}, `NotAllowed` (vhost), `ConnectionBroken`, `UnsupportedProtocol` or
   * `HandshakeTimeout`.
   */
  connect(callback?: Callback<ConnectionInfo>): Operation<ConnectionInfo>;
  connect(options: OperationOptions, callback?: Callback<ConnectionInfo>): Operation<ConnectionInfo>;
  connect(
    first?: OperationOptions | Callback<ConnectionInfo>,
    second?: Callback<ConnectionInfo>,
  ): Operation<ConnectionInfo> {
    const core = this.#core;
    const { options, callback } = optionsAndCallback(first, second);
    try {
      checkCall(calls.connect, options, callback);
      return core.life.connect(options, callback);
    } catch (error) {
      return refused(new Operation<ConnectionInfo>(core, 'connect', callable(callback)), error);
    }
  }

  /**
   * Closes now: what is already queued is sent first, every open operation fails with `ConnectionBroken`. Always settles, after
   * `closeTimeout` at the latest. When `signal` or `timeout` ends the call, the client closes all the same.
   */
  close(callback?: Callback<void>): Operation<void>;
  close(options: OperationOptions, callback?: Callback<void>): Operation<void>;
  close(first?: OperationOptions | Callback<void>, second?: Callback<void>): Operation<void> {
    const core = this.#core;
    const { options, callback } = optionsAndCallback(first, second);
    try {
      checkCall(calls.close, options, callback);
      return core.life.close(options, callback);
    } catch (error) {
      return refused(new Operation<void>(core, 'close', callable(callback)), error);
    }
  }

  /**
   * Closes gracefully: consumers are cancelled, their handlers finish, acks and publishes go out and are confirmed; then it
   * closes. A handler is finished when its message is settled, when the promise that a callback returned has settled, or when
   * a loop has come back for the next message.
   *
   * A callback or loop can await this itself. It is not waited for if it has settled its message, or if it calls this before
   * its first `await`. Otherwise the client cannot distinguish it from a handler that still works: with an unsettled message it is waited
   * for until `timeout`, so settle the message first. A handler of a no-ack consumer has nothing to settle: it is waited for
   * until nothing else of the client has gone on for `closeTimeout` (5 s).
   *
   * Messages that were received and not handed out go back to their queue at once. After `timeout` milliseconds, by default 30 000,
   * the client closes without waiting any longer.
   *
   * @returns what was left unfinished; all zero when nothing was.
   */
  shutdown(callback?: Callback<ShutdownReport>): Operation<ShutdownReport>;
  shutdown(options: ShutdownOptions, callback?: Callback<ShutdownReport>): Operation<ShutdownReport>;
  shutdown(
    first?: ShutdownOptions | Callback<ShutdownReport>,
    second?: Callback<ShutdownReport>,
  ): Operation<ShutdownReport> {
    const { options, callback } = optionsAndCallback(first, second);
    try {
      checkCall(calls.shutdown, options, callback);
      checkTimeout(options.timeout);
    } catch (error) {
      return refused(new Operation<ShutdownReport>(this.#core, 'shutdown', callable(callback)), error);
    }
    return this.#core.shutdowns.start(options.timeout ?? defaultShutdownMs, callback);
  }

  /** `await using`: as `shutdown()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  // ---- Queues, exchanges, bindings ----

  /**
   * Makes a queue, or checks that it exists with the same settings. AMQP 0-9-1 §1.7.2.1.
   *
   * Rejects with `PreconditionFailed` if it exists with other flags or arguments, `NotFound` if `passive` and it does not exist,
   * `ResourceLocked` if it belongs to another connection, `AccessRefused` for a name that begins with `amq.`.
   */
  queueDeclare(callback?: Callback<Topology.QueueDeclared>): Operation<Topology.QueueDeclared>;
  queueDeclare(
    options: Topology.QueueDeclareOptions,
    callback?: Callback<Topology.QueueDeclared>,
  ): Operation<Topology.QueueDeclared>;
  queueDeclare(
    first?: Topology.QueueDeclareOptions | Callback<Topology.QueueDeclared>,
    second?: Callback<Topology.QueueDeclared>,
  ): Operation<Topology.QueueDeclared> {
    const { options, callback } = optionsAndCallback(first, second);
    return this.#declare(calls.queueDeclare, options, callback, declarations.queueDeclare);
  }

  /**
   * Deletes a queue. AMQP 0-9-1 §1.7.2.9; RabbitMQ: it is not an error if it does not exist.
   *
   * Rejects with `PreconditionFailed` for `ifUnused` and `ifEmpty`, `ResourceLocked` if it belongs to another connection.
   *
   * @returns how many messages were deleted with it.
   */
  queueDelete(
    options: Topology.QueueDeleteOptions,
    callback?: Callback<Topology.MessagesDropped>,
  ): Operation<Topology.MessagesDropped> {
    return this.#declare(calls.queueDelete, options, callback, declarations.queueDelete);
  }

  /**
   * Drops the messages of a queue that are ready for delivery; those that are unacked stay. AMQP 0-9-1 §1.7.2.7.
   *
   * Rejects with `NotFound`, and `ResourceLocked` if it belongs to another connection.
   *
   * @returns how many were dropped.
   */
  queuePurge(
    options: Topology.QueuePurgeOptions,
    callback?: Callback<Topology.MessagesDropped>,
  ): Operation<Topology.MessagesDropped> {
    return this.#declare(calls.queuePurge, options, callback, declarations.queuePurge);
  }

  /**
   * Binds a queue to an exchange; repeating it is not an error. AMQP 0-9-1 §1.7.2.3.
   *
   * Rejects with `NotFound` if either does not exist, `AccessRefused` for the default exchange.
   */
  queueBind(options: Topology.QueueBindOptions, callback?: Callback<void>): Operation<void> {
    return this.#declare(calls.queueBind, options, callback, declarations.queueBind);
  }

  /**
   * Takes a binding away. AMQP 0-9-1 §1.7.2.5; RabbitMQ: a missing binding is not an error, nor is a missing queue or exchange.
   *
   * Rejects with `AccessRefused` for the default exchange, `ResourceLocked` if the queue belongs to another connection.
   */
  queueUnbind(options: Topology.QueueBindOptions, callback?: Callback<void>): Operation<void> {
    return this.#declare(calls.queueUnbind, options, callback, declarations.queueUnbind);
  }

  /**
   * Makes an exchange, or checks that it exists with the same settings. AMQP 0-9-1 §1.6.2.1.
   *
   * Rejects with `PreconditionFailed` if it exists with other settings, `NotFound` if `passive` and it does not exist, `AccessRefused` for a
   * name that begins with `amq.`. A type that the broker does not know is `CommandInvalid`, with which older brokers close the connection.
   */
  exchangeDeclare(options: Topology.ExchangeDeclareOptions, callback?: Callback<void>): Operation<void> {
    const { exchanges } = this.#core.users;
    const declare = (): declarations.Declaration<undefined> => {
      const declaration = declarations.exchangeDeclare(options);
      const { exchange } = options;
      return noting(declaration, () => exchanges.add(exchange));
    };
    return this.#declare(calls.exchangeDeclare, options, callback, declare);
  }

  /**
   * Deletes an exchange. AMQP 0-9-1 §1.6.2.3; RabbitMQ: it is not an error if it does not exist.
   *
   * Rejects with `PreconditionFailed` for `ifUnused`, `AccessRefused` for the exchanges that every virtual host has.
   */
  exchangeDelete(options: Topology.ExchangeDeleteOptions, callback?: Callback<void>): Operation<void> {
    const { exchanges } = this.#core.users;
    const declare = (): declarations.Declaration<undefined> => {
      const declaration = declarations.exchangeDelete(options);
      const { exchange } = options;
      return noting(declaration, () => exchanges.forget(exchange));
    };
    return this.#declare(calls.exchangeDelete, options, callback, declare);
  }

  /**
   * Binds an exchange to another: what reaches `source` goes on to `destination`. RabbitMQ extension.
   *
   * Rejects with `NotFound` if either does not exist, `AccessRefused` for the default exchange.
   */
  exchangeBind(options: Topology.ExchangeBindOptions, callback?: Callback<void>): Operation<void> {
    return this.#declare(calls.exchangeBind, options, callback, declarations.exchangeBind);
  }

  /**
   * Takes such a binding away. RabbitMQ extension; a missing binding is not an error, nor is a missing exchange.
   *
   * Rejects with `AccessRefused` for the default exchange.
   */
  exchangeUnbind(options: Topology.ExchangeBindOptions, callback?: Callback<void>): Operation<void> {
    return this.#declare(calls.exchangeUnbind, options, callback, declarations.exchangeUnbind);
  }

  // ---- Messages ----

  /**
   * Publishes. Resolves when the broker has confirmed the message; rejects with `NoRoute` (mandatory), `PublishNacked`,
   * the broker's refusal, or `ConnectionBroken` with what is known of the outcome. Publishes to one exchange reach the broker
   * in the order of the calls. AMQP 0-9-1 §1.8.3.7, and RabbitMQ's publisher confirms.
   *
   * What cannot be sent is rejected at once: `UsageError` for an option out of its range, `LimitExceeded` for headers that fit no
   * frame and above twice `maxBufferedBytes`.
   *
   * @param options.body lent until the promise settles; copied at the call if there is a `signal` or a `timeout`, because the
   *   message may be on its way when they end the call. Everything else is read at the call.
   */
  basicPublish(options: PublishOptions, callback?: Callback<void>): Operation<void> {
    const core = this.#core;
    const { users } = core;
    const operation = new PublishOperation(core, 'basic.publish', callable(callback));
    let isFollowed = false;
    try {
      if (!isPublishCall(options, callback)) checkCall(calls.basicPublish, options, callback);
      const isForReply = options.replyTo === directReplyQueue;
      const publisher = isForReply ? users.replies.publisher : users.publisher;
      if (!core.accepts(operation)) return refusedPublish(core, operation, options);
      const isBounded = hasBounds(options);
      if (isBounded && !applyPublishBounds(core, operation, options, publisher))
        return refusedPublish(core, operation, options);
      core.flow.checkOutbound();
      if (isForReply) users.replies.checkPublish();
      let input = publishInput(options, core.maxTableDepth);
      // Given up by its bounds, the message may still be on its way when the caller changes the bytes. Passed on from a
      // consumer that lends, they must outlive the settlement of that message.
      if ((isBounded && typeof options.body === 'object') || users.subscriptions.isLent(input.body)) {
        input = { ...input, body: new Uint8Array(input.body) };
      }
      if (core.publishObserver !== undefined) {
        isFollowed = true;
        input = core.publishObserver.publish(operation, options, input, core.maxTableDepth);
      }
      // A getter of the headers, or a listener, may have aborted the signal.
      if (isBounded && operation.state !== 'pending') return refusedPublish(core, operation, options, isFollowed);
      publisher.publish(operation, input);
    } catch (error) {
      operation.reject(error);
      return refusedPublish(core, operation, options, isFollowed);
    }
    core.wake();
    return operation;
  }

  /**
   * Takes one message, or `null` from an empty queue. AMQP 0-9-1 §1.8.3.10. Without `noAck` it is yours until you settle it.
   *
   * Rejects with `NotFound`, and `ResourceLocked` if the queue belongs to another connection.
   */
  basicGet(options: Consuming.GetOptions, callback?: Callback<Message | null>): Operation<Message | null> {
    const core = this.#core;
    const operation = new Operation<Message | null>(core, 'basic.get', callable(callback));
    core.requestCalled(operation, options);
    try {
      checkCall(calls.basicGet, options, callback);
      const { queue, noAck = false } = options;
      if (!core.accepts(operation)) return operation;
      const { getting } = core.users;
      const get = { queue, noAck, operation };
      if (hasBounds(options) && !applyBounds(core, operation, options, () => getting.forget(get))) return operation;
      declarations.checkQueue(queue, 'basic.get');
      getting.get(get);
    } catch (error) {
      operation.reject(error);
    }
    core.wake();
    return operation;
  }

  /**
   * Starts a consumer: an async iterable, or a callback for each message. AMQP 0-9-1 §1.8.3.3. `ready` resolves when the broker has set it up.
   *
   * `ready`, the iterator and the callback get `NotFound`, `AccessRefused` (another consumer is exclusive), `ResourceLocked`
   * (another connection's queue), and later `ConsumerCancelled` or `ConnectionBroken`.
   */
  basicConsume(options: Consuming.ConsumeOptions, callback?: MessageCallback): Consumer {
    return this.#consume(calls.basicConsume, options, callback, () => {
      const { queue, consumerTag, noLocal, exclusive, arguments: table } = options;
      return [{ queue, consumerTag, noLocal, exclusive, arguments: table }];
    });
  }

  /**
   * Starts one consumer over many queues. You hold at most `prefetchCount` unacked messages over all of
   * them. When the broker cancels the consumer of one of the queues, `resubscribe` decides, as for `basicConsume`; if that
   * queue is not subscribed to again, the whole consumer ends. Refused as a whole, as by `basicConsume`.
   */
  basicConsumeMulti(options: Consuming.ConsumeMultiOptions, callback?: MessageCallback): Consumer {
    return this.#consume(calls.basicConsumeMulti, options, callback, () => {
      const { queues } = options;
      if (!Array.isArray(queues)) throw new UsageError(`queues is ${described(queues)}; it takes an array of names`);
      return queues.map((queue) => {
        if (typeof queue === 'string') return { queue };
        checkNeededOptions(calls.queueOfMulti, queue);
        return queue;
      });
    });
  }

  /**
   * Changes the limit of a running consumer. Messages that you hold stay yours; more come as they are settled. RabbitMQ knows the
   * limit only for later consumers, so the client subscribes anew: a stream is then read from its `x-stream-offset` again.
   */
  basicQos(consumer: Consumer, options: Consuming.QosOptions, callback?: Callback<void>): Operation<void> {
    const core = this.#core;
    const operation = new Operation<void>(core, 'basic.qos', callable(callback));
    core.requestCalled(operation, options);
    try {
      checkCall(calls.basicQos, options, callback);
      if (!core.accepts(operation) || !applyBounds(core, operation, options)) return operation;
      const { prefetchCount } = options;
      checkConsumer(consumer, 'basicQos', core);
      if (prefetchCount === undefined) throw new UsageError('basicQos takes a prefetchCount', { method: 'basic.qos' });
      checkInteger('prefetchCount', prefetchCount, 0, 65_535);
      core.users.subscriptions.qos(consumer, prefetchCount, operation);
    } catch (error) {
      operation.reject(error);
    }
    return operation;
  }

  /**
   * Ends a consumer. Messages that were not handed out go back to their queue, the others can still be settled; then the iterator
   * ends. What a no-ack consumer has received is handed out before. Cancelling again settles the same way. When `signal` or `timeout`
   * ends the call, the consumer ends all the same.
   */
  basicCancel(consumer: Consumer, callback?: Callback<Consuming.Cancelled>): Operation<Consuming.Cancelled>;
  basicCancel(
    consumer: Consumer,
    options: OperationOptions,
    callback?: Callback<Consuming.Cancelled>,
  ): Operation<Consuming.Cancelled>;
  basicCancel(
    consumer: Consumer,
    first?: OperationOptions | Callback<Consuming.Cancelled>,
    second?: Callback<Consuming.Cancelled>,
  ): Operation<Consuming.Cancelled> {
    const core = this.#core;
    const { options, callback } = optionsAndCallback(first, second);
    try {
      checkCall(calls.basicCancel, options, callback);
      checkConsumer(consumer, 'basicCancel', core);
      return core.cancelling.cancel(consumer, options, callback);
    } catch (error) {
      return refused(new Operation<Consuming.Cancelled>(core, 'basic.cancel', callable(callback)), error);
    }
  }

  /**
   * Runs `work` as the work on one message, or on several together, as the listeners of `diagnostics` see it: with
   * OpenTelemetry it is a span, and what `work` does is below that. For consumers with `processing: 'manual'`, for what came by
   * `wait` or `basicGet`, and for the body of a loop, to give it the span's context. Within a consumer's callback it adds
   * nothing. Without listeners it only calls `work`.
   *
   * @returns what `work` returns; the work lasts until that promise settles.
   * @throws what `work` throws.
   */
  process<Result>(messages: Message | readonly Message[], work: () => Result): Result {
    const { deliveryObserver } = this.#core;
    if (typeof work !== 'function') throw new UsageError('process takes messages and a function');
    if (deliveryObserver === undefined) return work();
    const list: unknown = messages instanceof Message ? [messages] : messages;
    if (!isListOf(Message, list)) throw new UsageError('process takes a message or an array of them, and a function');
    return deliveryObserver.process(list, work);
  }

  /** As `message.ack()`. */
  basicAck(message: Message): boolean {
    return checkedMessage(message, 'basicAck').ack();
  }

  /** As `message.reject()`. */
  basicReject(message: Message, options?: { readonly requeue?: boolean | undefined }): boolean {
    checkOptions(calls.basicReject, options);
    return checkedMessage(message, 'basicReject').reject(options);
  }

  /** As `message.nack()`. */
  basicNack(message: Message, options?: { readonly requeue?: boolean | undefined }): boolean {
    checkOptions(calls.basicNack, options);
    return checkedMessage(message, 'basicNack').nack(options);
  }

  // ---- Waiting ----

  /**
   * Waits for the first of some promises, or for the next message of a consumer. With `drive: 'manual'` the client works
   * by itself meanwhile, callbacks among it.
   *
   * Rejects with the failure of what is ready first, with `options.signal.reason`, and with `UsageError` for a consumer that has
   * ended, for an empty list, and for promises of another client.
   *
   * @param options.timeout milliseconds from 0; default: none.
   * @param options.raiseErrors `false` resolves with the failure as the value. Default `true`.
   * @returns what is ready first; `undefined` when `timeout` is over; what was waited for goes on.
   */
  wait<Thing extends Waitable>(
    things: Thing | readonly Thing[],
    options: WaitOptions & { readonly timeout: number; readonly raiseErrors: false },
  ): Promise<WaitResult<Thing> | Error | undefined>;
  wait<Thing extends Waitable>(
    things: Thing | readonly Thing[],
    options: WaitOptions & { readonly raiseErrors: false },
  ): Promise<WaitResult<Thing> | Error>;
  wait<Thing extends Waitable>(
    things: Thing | readonly Thing[],
    options: WaitOptions & { readonly timeout: number },
  ): Promise<WaitResult<Thing> | undefined>;
  wait<Thing extends Waitable>(
    things: Thing | readonly Thing[],
    options?: WaitOptions & { readonly timeout?: undefined; readonly raiseErrors?: true | undefined },
  ): Promise<WaitResult<Thing>>;
  async wait(things: Waitable | readonly Waitable[], options: WaitOptions = {}): Promise<unknown> {
    checkOptions(calls.wait, options);
    return waitForFirst(this.#core, isList(things) ? things : [things], options);
  }

  /** Waits for one after the other: the results in the order of the promises; the first failure in that order rejects. */
  async waitForAll<const Things extends readonly Waitable[]>(
    things: Things,
  ): Promise<{ -readonly [Index in keyof Things]: WaitResult<Things[Index]> }> {
    if (!isList(things)) throw new UsageError('waitForAll takes an array of promises: waitForAll([one, another])');
    for (const thing of things) if (thing instanceof Operation) thing.isObserved = true;
    const results: unknown[] = [];
    const release = this.#core.drive.hold();
    try {
      for (const thing of things) results.push(await waitForFirst(this.#core, [thing], {}));
    } finally {
      release();
    }
    return results as { -readonly [Index in keyof Things]: WaitResult<Things[Index]> }; // In their order, as waited for.
  }

  /** Waits for the first of several: as `wait`. */
  waitForAny<Thing extends Waitable>(things: readonly Thing[]): Promise<WaitResult<Thing>> {
    return this.wait(things);
  }

  /** Works until `loopBreak()`, the end of `timeout` (milliseconds; default: never), or until the client is closed or recovery is given up. */
  loop(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    return new Promise((resolve) => {
      checkOptions(calls.loop, options);
      this.#loop(options.timeout, () => resolve());
    });
  }

  /** Ends the loops that run, after the callback that called it. */
  loopBreak(): void {
    this.#core.loops.end('break');
  }

  /** Sets another callback for a pending promise, or for the messages of a consumer. */
  setCallback<Result>(promise: Operation<Result>, callback: Callback<Result>): void;
  setCallback(consumer: Consumer, callback: MessageCallback): void;
  setCallback(target: Operation<unknown> | Consumer, callback: MessageCallback | Callback<never>): void {
    if (typeof callback !== 'function') throw new UsageError('setCallback takes a function');
    const promise = target instanceof Consumer ? target.ready : target;
    if (!(promise instanceof Operation) || !promise.isOf(this.#core)) {
      throw new UsageError('setCallback takes a promise or a consumer of this client');
    }
    // The signatures above define which callback goes with which target.
    if (target instanceof Consumer) {
      target.setCallback(this.#watched(callback as MessageCallback, target.isProcessedManually));
    } else target.setCallback(callback as Callback<unknown>);
  }

  // ---- Controlling the network ----

  /** The descriptor of the socket, if the runtime shows it. */
  fileno(): number | undefined {
    return this.#core.life.connection?.driver.connected?.fd;
  }

  /** The runtime's own socket: on Node a `net.Socket` or `tls.TLSSocket`. `undefined` until it is connected. */
  socket(): unknown {
    return this.#core.life.connection?.driver.connected?.socket;
  }

  /** Driven by hand: reads what has come. @throws {UsageError} unless `drive` is `'manual'`; so do the next two methods. */
  onRead(): void {
    this.#core.drive.checkManual('onRead');
    this.#core.life.connection?.driver.read();
  }

  /** Driven by hand: writes what there is. */
  onWrite(): void {
    this.#core.drive.checkManual('onWrite');
    this.#core.drive.flush();
  }

  /** Driven by hand: does what is due: heartbeats and time-outs. */
  handleTimeout(): void {
    this.#core.drive.checkManual('handleTimeout');
    this.#core.drive.handleTimeout();
  }

  /** Whether `onWrite()` has something to do. */
  needsWrite(): boolean {
    return this.#core.life.connection?.driver.needsWrite ?? false;
  }

  /** When `handleTimeout()` is due, in milliseconds of `performance.now()`; `Infinity` for never. */
  nextDeadline(): number {
    return this.#core.drive.nextTimeoutMs;
  }

  /** Runs the callbacks that are ready, with those that become ready by it, and never waits. */
  runAnyCallbacks(): void {
    this.#core.callbacks.runAll();
  }

  /** Whether more than `maxBufferedBytes`, or more than `maxOpenPublishes`, wait to go out or for their confirm. */
  get needsDrain(): boolean {
    return this.#core.flow.needsDrain;
  }

  /**
   * Resolves at once if `needsDrain` is false; else when no more than half of each limit waits, so that many publishes follow
   * together, or when the client is closed or recovery is given up. A lost connection drains nothing.
   */
  drained(callback?: Callback<void>): Operation<void>;
  drained(options: OperationOptions, callback?: Callback<void>): Operation<void>;
  drained(first?: OperationOptions | Callback<void>, second?: Callback<void>): Operation<void> {
    const core = this.#core;
    const { options, callback } = optionsAndCallback(first, second);
    const operation = new Operation<void>(core, 'drained', callable(callback));
    if (!accepts(operation, () => checkCall(calls.drained, options, callback))) return operation;
    if (applyBounds(core, operation, options, () => core.flow.forget(operation))) core.flow.whenDrained(operation);
    return operation;
  }

  /** @returns ends the loop without an error. One over a client without a connection is at its end already. */
  #loop(timeout: number | undefined, ended: (end: LoopEnd) => void): () => void {
    checkTimeout(timeout);
    if (this.#core.life.state !== 'idle') return this.#core.loops.start(timeout, ended);
    ended('close');
    return () => {};
  }

  #consume(
    form: CallForm,
    options: Pick<
      Consuming.ConsumeOptions,
      'noAck' | 'prefetchCount' | 'resubscribe' | 'processing' | 'bodies' | 'signal' | 'timeout'
    >,
    callback: MessageCallback | undefined,
    queuesOf: () => readonly Exclude<Consuming.ConsumeQueue, string>[],
  ): Consumer {
    const core = this.#core;
    try {
      checkCall(form, options, callback);
      checkOneOf('processing', options.processing, ['callback', 'manual'], form.method);
      checkOneOf('bodies', options.bodies, ['kept', 'lent'], form.method);
      const queues = queuesOf();
      for (const { consumerTag } of queues) checkConsumerTag(consumerTag, form.method);
      const consumer = startConsumer(core, queues, options, this.#watched(callback, options.processing === 'manual'));
      core.requestCalled(consumer.ready, options, consumer.queues);
      return consumer;
    } catch (error) {
      const consumer = refusedConsumer(core, this.#watched(callable(callback), false), error);
      core.requestCalled(consumer.ready, options, []);
      return consumer;
    }
  }

  /** The callback of a consumer, observed if there are listeners. */
  #watched<Given extends MessageCallback | undefined>(callback: Given, isManual: boolean): Given | MessageCallback {
    const { deliveryObserver: observer } = this.#core;
    if (callback === undefined || observer === undefined) return callback;
    return observer.callback(callback as UntypedErrorFirst, isManual); // Consumers call it with either a message or an error.
  }

  #declare<Result, Options extends OperationOptions>(
    form: CallForm,
    options: Options,
    callback: Callback<Result> | undefined,
    declare: (options: Options, refusesTransientQueues: boolean) => declarations.Declaration<Result>,
  ): Operation<Result> {
    const core = this.#core;
    const operation = new Operation<Result>(core, form.method, callable(callback));
    core.requestCalled(operation, options);
    try {
      checkCall(form, options, callback);
      const { requests } = core.users;
      const declaration = declare(options, requests.refusesTransientQueues);
      checkTexts(declaration.method);
      if (!core.accepts(operation)) return operation;
      if (!applyBounds(core, operation, options, () => requests.forget(operation))) return operation;
      requests.start(operation, declaration);
    } catch (error) {
      operation.reject(error);
    }
    return operation;
  }
}

/** One loop over several clients: resolves when all are closed, or when one is broken by `loopBreak()`. */
export function loop(clients: readonly Client[]): Promise<void> {
  return new Promise((resolve) => {
    if (!isListOf(Client, clients)) throw new UsageError('loop takes an array of clients: loop([one, another])');
    const stops: (() => void)[] = [];
    let open = clients.length;
    const finish = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    if (open === 0) resolve();
    for (const client of clients) {
      stops.push(
        startLoop(client, (end) => {
          if (end === 'break' || --open === 0) finish();
        }),
      );
    }
  });
}

/** The same declaration; `note` is called when the broker has done it. */
function noting<Result>(
  declaration: declarations.Declaration<Result>,
  note: () => void,
): declarations.Declaration<Result> {
  return {
    ...declaration,
    read: (reply) => {
      note();
      return declaration.read(reply);
    },
  };
}

/** Apart from `basicPublish`, because a closure would cost each publish. */
function applyPublishBounds(
  host: BoundsHost,
  operation: PublishOperation,
  options: PublishOptions,
  publisher: Publisher,
): boolean {
  return applyBounds(host, operation, options, () => publisher.forget(operation));
}

/** A publish has failed at the call. @param isFollowed whether the listeners were called with its start. */
function refusedPublish(
  core: Core,
  operation: PublishOperation,
  options: PublishOptions,
  isFollowed = false,
): PublishOperation {
  core.counts.publishes.refused++;
  if (!isFollowed) core.publishObserver?.publishRefused(operation, options);
  return operation;
}

/** @returns the operation, which has failed already. */
function refused<Result>(operation: Operation<Result>, error: unknown): Operation<Result> {
  operation.reject(error);
  return operation;
}

/** @returns whether the check passed; the operation rejects with what it throws. */
function accepts(operation: Operation<never> | Operation<unknown>, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    operation.reject(error);
    return false;
  }
}

function checkConsumerTag(tag: unknown, method: string): void {
  if (tag === undefined) return;
  if (typeof tag !== 'string') throw new UsageError(`consumerTag is ${described(tag)}; it takes a text`, { method });
  checkIsUtf8(tag, 'consumerTag', method);
}

function checkedMessage(message: unknown, method: string): Message {
  if (message instanceof Message) return message;
  throw new UsageError(`${method} takes a message from a consumer or from basicGet`, { method });
}

function isListOf<Item>(kind: abstract new (...values: never) => Item, list: unknown): list is readonly Item[] {
  return Array.isArray(list) && list.every((item) => item instanceof kind);
}

function isList(things: Waitable | readonly Waitable[]): things is readonly Waitable[] {
  return Array.isArray(things);
}
