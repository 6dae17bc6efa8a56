/**
 * The client: every operation of the API as a promise. Chooses the channel of each, and gives each its outcome.
 * Must not touch a socket, a timer (`driver.ts`) or bytes (`session/`).
 */
import { ConnectionBroken, LimitExceeded, type PukaError, UsageError } from '@puka/errors';
import { defaultConnector } from '@puka/transport';
import type { Method, MethodInput } from '@puka/wire';
import { type AmqpAddress, parseAmqpUrl } from './amqp-url.ts';
import { ChannelPool } from './channel-pool.ts';
import { Consumer, type MessageCallback } from './consumer.ts';
import { ConsumerChannel } from './consumer-channel.ts';
import { Driver } from './driver.ts';
import { type ClientEvents, Events } from './events.ts';
import { GetChannel } from './get-channel.ts';
import { GiveUp } from './give-up.ts';
import type { Message } from './message.ts';
import { checkInteger, given, isAtLeast, nothing, withTable } from './method-input.ts';
import { type Callback, Operation } from './operation.ts';
import type * as Options from './options.ts';
import { publishInput } from './publish-input.ts';
import { PublishOperation } from './publish-operation.ts';
import { Publisher } from './publisher.ts';
import { defaultRuntime, type Runtime } from './runtime.ts';
import { type ConnectionInfo, Session, type SessionChannel } from './session/index.ts';
import { WarningLimit } from './warning-limit.ts';

const mebibyte = 1_048_576;

/** A connection to a RabbitMQ broker, without channels in sight. */
export class Client {
  private readonly address: AmqpAddress;
  private readonly options: Options.ClientOptions;
  private readonly runtime: Runtime;
  private readonly events: Events;
  private readonly warnings = new WarningLimit();
  private readonly giveUp = new GiveUp();
  private readonly maxBufferedBytes: number;
  private readonly maxInboundBytes: number;
  private session: Session | undefined;
  private driver: Driver | undefined;
  private pool: ChannelPool | undefined;
  private publisher: Publisher | undefined;
  private info: ConnectionInfo | undefined;
  private connecting: Operation<ConnectionInfo> | undefined;
  private closing: Operation<void> | undefined;
  private numbers = 0;
  private tags = 0;
  private readonly usedTags = new Set<string>();
  private readyOperations: Operation<unknown>[] = [];
  private readyConsumers: Consumer[] = [];
  private unseen: Operation<unknown>[] = [];
  private turnIsDue = false;
  private inboundBytes = 0;
  private readonly consumerChannels = new Map<Consumer, ConsumerChannel>();
  private readonly cancels = new Map<Consumer, Operation<{ readonly consumerTag: string }>>();
  private drainWaiters: Operation<void>[] = [];
  private refusesTransientQueues = false;

  /**
   * @param url `amqp:///` is `guest:guest@localhost:5672`, vhost `/`. Parts are percent-decoded.
   * @throws {UsageError} for a bad URL or an option out of its range.
   */
  constructor(url = 'amqp:///', options: Options.ClientOptions = {}) {
    this.address = parseAmqpUrl(url);
    this.options = options;
    checkInteger('frameMax', options.frameMax, 8192, 0x7fff_ffff);
    checkInteger('channelMax', options.channelMax, 1, 65_535);
    checkInteger('heartbeat', options.heartbeat, 0, 65_535);
    this.runtime = options.runtime ?? defaultRuntime;
    this.maxBufferedBytes = options.maxBufferedBytes ?? 64 * mebibyte;
    this.maxInboundBytes = options.maxInboundBytes ?? 64 * mebibyte;
    this.events = new Events((error) => this.warn('a listener threw', error));
  }

  /** Adds a listener; see `ClientEvents`. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    this.events.on(name, listener);
    return this;
  }

  /** Adds a listener for one time. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    const single = (...values: ClientEvents[Name]): void => {
      this.events.off(name, single);
      listener(...values);
    };
    return this.on(name, single);
  }

  /** Takes a listener away. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): this {
    this.events.off(name, listener);
    return this;
  }

  /**
   * Connects and logs in. While connected it gives the standing result; after `close()` it connects afresh.
   *
   * Rejects with {@link AuthenticationFailed}, `NotAllowed` (vhost), `ConnectionBroken`, `UnsupportedProtocol` or
   * `HandshakeTimeout`.
   */
  connect(callback?: Callback<ConnectionInfo>): Operation<ConnectionInfo> {
    if (this.connecting !== undefined && callback === undefined) return this.connecting;
    const operation = new Operation<ConnectionInfo>(this.host, 'connection.open', callback);
    if (this.connecting !== undefined) {
      this.connecting.then(
        (info) => operation.fulfil(info),
        (error: unknown) => operation.reject(error),
      );
      return operation;
    }
    this.connecting = operation;
    this.closing = undefined;
    this.open(operation);
    return operation;
  }

  /** Closes now: what is written goes out ahead, what is outstanding fails with `ConnectionBroken`. Always settles. */
  close(callback?: Callback<void>): Operation<void> {
    if (this.closing !== undefined && callback === undefined) return this.closing;
    const operation = new Operation<void>(this.host, 'connection.close', callback);
    if (this.session === undefined || this.session.state === 'closed') {
      operation.fulfil(undefined);
      return operation;
    }
    if (this.closing === undefined) this.closing = operation;
    else this.closing.then(() => operation.fulfil(undefined)).catch(() => {});
    this.session.close(this.runtime.now());
    this.driver?.flush();
    return operation;
  }

  /** Whether more than `maxBufferedBytes` wait to go out. */
  get needsDrain(): boolean {
    return (this.driver?.bufferedBytes ?? 0) > this.maxBufferedBytes;
  }

  /** Waits until `needsDrain` is false. */
  drained(): Operation<void> {
    const operation = new Operation<void>(this.host, 'drained', undefined);
    if (this.needsDrain) this.drainWaiters.push(operation);
    else operation.fulfil(undefined);
    return operation;
  }

  /** Makes a queue, or checks that it is there alike. Rejects with `PreconditionFailed` when it is there otherwise. */
  queueDeclare(
    options: Options.QueueDeclareOptions = {},
    callback?: Callback<Options.QueueDeclared>,
  ): Operation<Options.QueueDeclared> {
    const { queue = '', passive, autoDelete, arguments: table } = options;
    const durable = options.durable ?? (this.refusesTransientQueues && queue !== '' && options.exclusive !== true);
    const exclusive = options.exclusive ?? (this.refusesTransientQueues && queue === '' && options.durable !== true);
    const method: MethodInput = { type: 'queue.declare', queue, durable, exclusive, ...given({ passive, autoDelete }) };
    return this.request(options, callback, withTable(method, table), (reply) => {
      if (reply.type !== 'queue.declare-ok') return undefined;
      return { queue: reply.queue, messageCount: reply.messageCount, consumerCount: reply.consumerCount };
    });
  }

  /** Deletes a queue. RabbitMQ: one that is not there is no error. */
  queueDelete(
    options: Options.QueueDeleteOptions,
    callback?: Callback<{ readonly messageCount: number }>,
  ): Operation<{ readonly messageCount: number }> {
    const { queue, ifUnused, ifEmpty } = options;
    const method: MethodInput = { type: 'queue.delete', queue, ...given({ ifUnused, ifEmpty }) };
    return this.request(
      options,
      callback,
      method,
      (reply) => (reply.type === 'queue.delete-ok' ? { messageCount: reply.messageCount } : undefined),
      queue,
    );
  }

  /** Drops the messages of a queue that are ready for delivery. */
  queuePurge(
    options: Options.QueuePurgeOptions,
    callback?: Callback<{ readonly messageCount: number }>,
  ): Operation<{ readonly messageCount: number }> {
    const { queue } = options;
    return this.request(
      options,
      callback,
      { type: 'queue.purge', queue },
      (reply) => (reply.type === 'queue.purge-ok' ? { messageCount: reply.messageCount } : undefined),
      queue,
    );
  }

  /** Makes an exchange, or checks that it is there alike. */
  exchangeDeclare(options: Options.ExchangeDeclareOptions, callback?: Callback<void>): Operation<void> {
    const { exchange, type = 'direct', durable, autoDelete, internal, passive, arguments: table } = options;
    const method: MethodInput = {
      type: 'exchange.declare',
      exchange,
      exchangeType: type,
      ...given({ durable, autoDelete, internal, passive }),
    };
    return this.request(options, callback, withTable(method, table), nothing);
  }

  /** Deletes an exchange. RabbitMQ: one that is not there is no error. */
  exchangeDelete(options: Options.ExchangeDeleteOptions, callback?: Callback<void>): Operation<void> {
    const { exchange, ifUnused } = options;
    return this.request(options, callback, { type: 'exchange.delete', exchange, ...given({ ifUnused }) }, nothing);
  }

  /** Binds a queue to an exchange. */
  queueBind(options: Options.QueueBindOptions, callback?: Callback<void>): Operation<void> {
    const { queue, exchange, routingKey = '', arguments: table } = options;
    const method: MethodInput = { type: 'queue.bind', queue, exchange, routingKey };
    return this.request(options, callback, withTable(method, table), nothing, queue);
  }

  /** Takes a binding away. RabbitMQ: one that is not there is no error. */
  queueUnbind(options: Options.QueueBindOptions, callback?: Callback<void>): Operation<void> {
    const { queue, exchange, routingKey = '', arguments: table } = options;
    const method: MethodInput = { type: 'queue.unbind', queue, exchange, routingKey };
    return this.request(options, callback, withTable(method, table), nothing, queue);
  }

  /**
   * Publishes. Resolves when the broker has confirmed the message; rejects with `NoRoute` (mandatory), `PublishNacked`,
   * the broker's refusal, or `ConnectionBroken` with what is known of the outcome.
   */
  basicPublish(options: Options.PublishOptions, callback?: Callback<void>): Operation<void> {
    const operation = new PublishOperation(this.host, 'basic.publish', callback);
    const { publisher, driver } = this;
    if (publisher === undefined || driver === undefined) return this.refuse(operation);
    try {
      if (driver.bufferedBytes > 2 * this.maxBufferedBytes) throw this.overflow();
      operation.input = publishInput(options);
      publisher.publish(operation);
    } catch (error) {
      operation.reject(error);
      return operation;
    }
    if (options.signal !== undefined || options.timeout !== undefined) {
      this.bound(operation, options, () => publisher.forget(operation));
    }
    driver.wake();
    return operation;
  }

  /** Takes one message, or `null` from an empty queue. */
  basicGet(options: Options.GetOptions, callback?: Callback<Message | null>): Operation<Message | null> {
    const { queue, noAck = false } = options;
    const operation = new Operation<Message | null>(this.host, 'basic.get', callback);
    this.lend(operation, options, queue, (channel, done) => {
      const sink = new GetChannel(channel, queue, noAck, operation, done);
      channel.sink = sink;
      channel.request({ type: 'basic.get', queue, noAck }, (reply, error) => sink.answered(reply, error));
    });
    return operation;
  }

  /** Starts a consumer: an async iterable, or a callback for each message. `ready` says when it stands. */
  basicConsume(options: Options.ConsumeOptions, callback?: MessageCallback): Consumer {
    const { queue, noAck = false, prefetchCount = 0 } = options;
    const ready = new Operation<Consumer>(this.host, 'basic.consume', undefined);
    // Whoever uses the consumer meets the refusal there.
    ready.isObserved = true;
    const consumer = new Consumer(this.host, this.freshTag(options.consumerTag), queue, noAck, ready, callback);
    this.lend(ready, options, queue, (channel) => {
      this.startConsumer(consumer, channel, options, prefetchCount);
    });
    ready.then(
      () => {},
      (error: unknown) => consumer.end(error),
    );
    return consumer;
  }

  /**
   * Ends a consumer. What was not handed out goes back to its queue, what was can still be settled; then the iterator ends.
   * What a no-ack consumer has received is handed out before. Cancelling again settles alike.
   */
  basicCancel(
    consumer: Consumer,
    callback?: Callback<{ readonly consumerTag: string }>,
  ): Operation<{ readonly consumerTag: string }> {
    const { consumerTag } = consumer;
    const standing = this.cancels.get(consumer);
    if (standing !== undefined && callback === undefined) return standing;
    const operation = new Operation<{ readonly consumerTag: string }>(this.host, 'basic.cancel', callback);
    if (standing === undefined && !consumer.isEnded) this.cancels.set(consumer, operation);
    else {
      operation.fulfil({ consumerTag });
      return operation;
    }
    const finish = (): void => {
      consumer.end(undefined);
      this.cancels.delete(consumer);
      operation.fulfil({ consumerTag });
      this.consumerChannels.get(consumer)?.closeWhenDone();
      this.driver?.wake();
    };
    consumer.ready.then(
      () => this.sendCancel(consumer, finish),
      () => finish(),
    );
    return operation;
  }

  /** As `message.ack()`. */
  basicAck(message: Message): boolean {
    return message.ack();
  }

  /** As `message.reject()`. */
  basicReject(message: Message, options?: { readonly requeue?: boolean | undefined }): boolean {
    return message.reject(options);
  }

  /** As `message.nack()`. */
  basicNack(message: Message, options?: { readonly requeue?: boolean | undefined }): boolean {
    return message.nack(options);
  }

  private sendCancel(consumer: Consumer, finish: () => void): void {
    const served = this.consumerChannels.get(consumer);
    consumer.isCancelling = true;
    if (served === undefined) {
      finish();
      return;
    }
    if (!consumer.noAck) {
      for (const message of consumer.takeWaiting()) message.nack({ requeue: true });
    }
    const { consumerTag } = consumer;
    if (!served.channel.request({ type: 'basic.cancel', consumerTag }, finish)) finish();
    this.driver?.wake();
  }

  private startConsumer(
    consumer: Consumer,
    channel: SessionChannel,
    options: Options.ConsumeOptions,
    prefetchCount: number,
  ): void {
    const served = new ConsumerChannel(consumer, channel, this.host);
    channel.sink = served;
    // RabbitMQ: the limit is that of the consumers made after it on the channel, so it is always said anew.
    channel.request({ type: 'basic.qos', prefetchCount }, () => {});
    const { queue, noLocal, noAck, exclusive, arguments: table } = options;
    const { consumerTag } = consumer;
    const method: MethodInput = {
      type: 'basic.consume',
      queue,
      consumerTag,
      ...given({ noLocal, noAck, exclusive }),
    };
    channel.request(withTable(method, table), (_reply, error) => {
      if (error === undefined) consumer.ready.fulfil(consumer);
      else consumer.ready.reject(error);
    });
    this.consumerChannels.set(consumer, served);
    this.pool?.keep();
  }

  private freshTag(wanted: string | undefined): string {
    let tag = wanted ?? '';
    while (tag === '' || this.usedTags.has(tag)) tag = `${++this.tags}.${wanted ?? ''}`;
    this.usedTags.add(tag);
    return tag;
  }

  /** One method, one reply, on a channel of its own while it lasts. */
  private request<Result>(
    options: Options.OperationOptions,
    callback: Callback<Result> | undefined,
    method: MethodInput,
    read: (reply: Method) => Result | undefined,
    queue = '-',
  ): Operation<Result> {
    const operation = new Operation<Result>(this.host, method.type, callback);
    this.lend(operation, options, queue, (channel, done) => {
      channel.request(method, (reply, error) => {
        done();
        if (reply === undefined) operation.reject(error);
        else operation.fulfil(read(reply) as Result); // The session matches replies by method.
      });
    });
    return operation;
  }

  /** Runs a task on a channel of the pool; what it throws is the operation's. */
  private lend(
    operation: Operation<unknown>,
    options: Options.OperationOptions,
    queue: string,
    task: (channel: SessionChannel, done: () => void) => void,
  ): void {
    const { pool } = this;
    if (pool === undefined) {
      this.refuse(operation);
      return;
    }
    if (typeof queue !== 'string' || queue === '') {
      // RabbitMQ takes it for the queue last declared on the channel, which here is anybody's.
      operation.reject(new UsageError(`queue of ${operation.method} is empty`, { method: operation.method }));
      return;
    }
    this.bound(operation, options, () => {});
    if (operation.state !== 'pending') return;
    pool.acquire((channel, lost) => {
      if (channel === undefined) {
        operation.reject(lost);
        return;
      }
      if (operation.state !== 'pending') {
        pool.release(channel);
        return;
      }
      try {
        task(channel, () => pool.release(channel));
      } catch (error) {
        pool.release(channel);
        operation.reject(error);
      }
      this.driver?.wake();
    });
  }

  private bound(operation: Operation<unknown>, options: Options.OperationOptions, forget: () => void): void {
    const { signal, timeout } = options;
    if (signal === undefined && timeout === undefined) return;
    if (signal?.aborted) {
      forget();
      operation.reject(signal.reason);
      return;
    }
    const undoSignal = signal === undefined ? undefined : this.giveUp.watch(operation, signal);
    const undoTimeout =
      timeout === undefined ? undefined : this.giveUp.expireAt(operation, this.runtime.now() + timeout);
    operation.release = () => {
      undoSignal?.();
      undoTimeout?.();
      forget();
    };
    this.driver?.rearm();
  }

  private refuse<Result>(operation: Operation<Result>): Operation<Result> {
    operation.reject(
      new UsageError(`${operation.method} before connect() has resolved, or after the close`, {
        method: operation.method,
      }),
    );
    return operation;
  }

  private overflow(): LimitExceeded {
    return new LimitExceeded(`more than twice maxBufferedBytes (${this.maxBufferedBytes}) wait to go out`, {
      method: 'basic.publish',
      outcome: 'not-sent',
      retryable: true,
    });
  }

  private open(operation: Operation<ConnectionInfo>): void {
    const { address, options } = this;
    const { connectionName, clientProperties = {} } = options;
    const session = new Session(
      {
        ...address,
        heartbeat: options.heartbeat,
        frameMax: options.frameMax,
        channelMax: options.channelMax,
        maxMessageBytes: options.maxMessageBytes,
        connectTimeoutMs: options.connectTimeout,
        closeTimeoutMs: options.closeTimeout,
        clientProperties:
          connectionName === undefined ? clientProperties : { ...clientProperties, connection_name: connectionName },
      },
      {
        opened: (info) => this.opened(info, operation),
        blocked: (reason) => this.events.emit('blocked', reason),
        unblocked: () => this.events.emit('unblocked'),
        outputWaiting: () => this.driver?.wake(),
        closed: (error) => this.closed(error, operation),
      },
    );
    this.session = session;
    const driver = new Driver(session, { turn: () => this.turn(), drained: () => this.wakeDrained() }, this.runtime, {
      next: () => this.giveUp.nextDeadline,
      handle: (nowMs) => this.giveUp.expire(nowMs),
    });
    this.driver = driver;
    const tls = options.tls ?? (address.tls ? {} : undefined);
    const connector = options.transport ?? defaultConnector;
    driver
      .start(connector, { host: address.host, port: address.port, ...(tls === undefined ? {} : { tls }) })
      .catch((error: PukaError) => {
        session.receiveEof(this.runtime.now(), error);
        this.turn();
      });
  }

  private opened(info: ConnectionInfo, operation: Operation<ConnectionInfo>): void {
    const { session } = this;
    if (session === undefined) return;
    this.info = info;
    this.refusesTransientQueues = isAtLeast(info.serverProperties.version, 4, 3);
    this.pool = new ChannelPool(session);
    this.publisher = new Publisher(session);
    operation.fulfil(info);
    this.events.emit('connected', info);
  }

  private closed(error: PukaError | undefined, operation: Operation<ConnectionInfo>): void {
    const { pool, publisher, closing, info } = this;
    const reason = error ?? new ConnectionBroken('the connection was closed by this client', { retryable: false });
    this.pool = undefined;
    this.publisher = undefined;
    this.info = undefined;
    this.connecting = undefined;
    publisher?.lost(reason);
    pool?.lost(reason);
    operation.reject(reason);
    for (const waiter of this.drainWaiters.splice(0)) waiter.fulfil(undefined);
    closing?.fulfil(undefined);
    this.inboundBytes = 0;
    if (info !== undefined) this.events.emit('disconnected', error);
    this.events.emit('closed', error);
    this.driver?.wake();
    this.scheduleTurn();
  }

  private wakeDrained(): void {
    if (this.needsDrain) return;
    for (const waiter of this.drainWaiters.splice(0)) waiter.fulfil(undefined);
  }

  /** Runs what is ready: callbacks of operations, then those of consumers. */
  private turn(): void {
    this.turnIsDue = false;
    while (this.readyOperations.length > 0 || this.readyConsumers.length > 0) {
      const operations = this.readyOperations;
      const consumers = this.readyConsumers;
      this.readyOperations = [];
      this.readyConsumers = [];
      for (const operation of operations) this.runCallback(operation);
      for (const consumer of consumers) consumer.runCallbacks((error) => this.unobserved(error, undefined));
    }
    if (this.unseen.length > 0) this.scheduleTurnEnd();
    if (this.driver === undefined) return;
    if (this.inboundBytes > this.maxInboundBytes) this.driver.pause();
  }

  private runCallback(operation: Operation<unknown>): void {
    try {
      operation.runCallback();
    } catch (error) {
      this.unobserved(error, operation);
    }
  }

  private scheduleTurn(): void {
    if (this.turnIsDue) return;
    this.turnIsDue = true;
    this.runtime.atTurnEnd(() => this.turn());
  }

  /** Failures nobody has looked at by the end of the turn are told. */
  private scheduleTurnEnd(): void {
    const unseen = this.unseen;
    this.unseen = [];
    this.runtime.atTurnEnd(() => {
      for (const operation of unseen) {
        if (!operation.isObserved) this.unobserved(operation.error, operation);
      }
    });
  }

  private unobserved(error: unknown, operation: Operation<unknown> | undefined): void {
    if (!this.events.emit('unobserved', error, operation)) this.warn('nobody looked at a failure', error);
  }

  private warn(text: string, error: unknown): void {
    if (this.warnings.allows(this.runtime.now())) this.runtime.warn(`puka: ${text}:`, error);
  }

  /** What operations, consumers and their channels tell the client; apart from it, so that users don't see it. */
  private readonly host = {
    nextNumber: (): number => ++this.numbers,
    callbackReady: (operation: Operation<unknown>): void => {
      this.readyOperations.push(operation);
      this.scheduleTurn();
    },
    failedUnseen: (operation: Operation<unknown>): void => {
      this.unseen.push(operation);
      this.scheduleTurn();
    },
    consumerReady: (consumer: Consumer): void => {
      this.readyConsumers.push(consumer);
      this.scheduleTurn();
    },
    messageArrived: (message: Message): void => {
      this.inboundBytes += message.bodySize;
      if (this.inboundBytes > this.maxInboundBytes) this.driver?.pause();
    },
    messageTaken: (message: Message): void => {
      this.inboundBytes -= message.bodySize;
      if (this.inboundBytes <= this.maxInboundBytes) this.driver?.resume();
    },
    consumerChannelDone: (consumer: Consumer): void => {
      this.consumerChannels.delete(consumer);
      this.usedTags.delete(consumer.consumerTag);
      this.pool?.serve();
    },
    cancelConsumer: (consumer: Consumer): Operation<{ readonly consumerTag: string }> => this.basicCancel(consumer),
  };
}
