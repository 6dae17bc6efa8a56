/** A service: takes requests, runs handlers, answers. Must not know how its queues are made. */
import type { Client, Consumer, Message, PublishOptions } from '@puka/client';
import {
  ConnectionBroken,
  ConsumerCancelled,
  isPukaError,
  NoRoute,
  OperationTimeout,
  PreconditionFailed,
} from '@puka/errors';
import { type CallForm, checkOptions } from './check-options.ts';
import { type Codec, jsonCodec } from './codec.ts';
import {
  type CallContext,
  checkTime,
  type Handler,
  type Handlers,
  type ServeOptions,
  type ServiceStats,
  type StopOptions,
} from './options.ts';
import { RecentIds } from './recent-ids.ts';
import { after, type CallSignal, type Controller, isOverWithin, longestMs, newController } from './timers.ts';
import {
  directReplyTo,
  type ErrorBody,
  errorBody,
  errorType,
  idempotentHeader,
  resultType,
  serverCodes,
} from './wire-format.ts';

/** How long a handler may run after it was aborted, in milliseconds. */
const graceMs = 1000;
const defaultStopMs = 30_000;
/** RabbitMQ makes of a request's `replyTo` an address that begins so. */
const directAddress = `${directReplyTo}.`;

const stopForm: CallForm<StopOptions> = {
  call: 'stop',
  example: 'service.stop({ timeout: 30_000 })',
  options: { timeout: true },
};

/** A reply that is ready to go. */
interface Reply {
  readonly type: string;
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

/** A handler that runs, and what it gets beside its argument. */
class Running implements CallContext {
  readonly message: Message;
  /** The request; and once more, if the broker has delivered it again meanwhile. */
  readonly messages: Message[];
  /** Its time is of no interest any more. */
  stopTimer: (() => void) | undefined = undefined;
  /** The caller does not wait for the answer. */
  isGivenUp = false;
  /** It is being answered, or has been. */
  isOver = false;
  /** Made when its signal is asked for: most handlers never do. */
  private controller: Controller | undefined = undefined;
  private abortedBy: { readonly reason: unknown } | undefined = undefined;

  constructor(message: Message) {
    this.message = message;
    this.messages = [message];
  }

  get signal(): CallSignal {
    if (this.controller === undefined) {
      this.controller = newController();
      if (this.abortedBy !== undefined) this.controller.abort(this.abortedBy.reason);
    }
    return this.controller.signal;
  }

  /** A second time does nothing. */
  abort(reason: unknown): void {
    this.abortedBy ??= { reason };
    this.controller?.abort(this.abortedBy.reason);
  }
}

/** Made by `serve`. */
export class Service<Served extends Handlers = Handlers> {
  /** For the types alone, which read the handlers from it: never there. */
  declare readonly served?: Served;
  /** The queue that requests come to. */
  readonly queue: string;
  /**
   * Resolves when the service has been stopped; rejects when its consumer ended by itself, as with the connection. Raises no
   * unhandled rejection when no code observes it.
   */
  readonly ended: Promise<void>;
  private readonly client: Client;
  private readonly codec: Codec;
  private readonly withStack: boolean;
  private readonly handlers: ReadonlyMap<string, Handler>;
  private readonly running = new Set<Running>();
  private readonly byId = new Map<string, Running>();
  private readonly cancelled = new RecentIds();
  /** Have run here and must not run twice. */
  private readonly ran = new RecentIds();
  private readonly counts = { done: 0, failed: 0, cancelled: 0, refused: 0, unheard: 0 };
  /** Refusals on their way. */
  private readonly refusals = new Set<Promise<void>>();
  private readonly diesWithUs: boolean;
  /** The consumer of the requests is the first. */
  private consumers: readonly Consumer[] = [];
  private isStopping = false;
  /** Whether the `timeout` of `stop()` has passed. */
  private isLate = false;
  private whenCancelled: (() => void) | undefined;
  private stopping: Promise<void> | undefined;
  /** A call of `stop` waits for the end of what runs. */
  private busy: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  private settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } = {
    resolve: () => {},
    reject: () => {},
  };

  /** Made by `serve`. */
  constructor(client: Client, options: ServeOptions, codec: Codec, handlers: ReadonlyMap<string, Handler>) {
    this.client = client;
    this.queue = options.queue;
    this.codec = codec;
    this.withStack = options.withStack ?? false;
    const { declare = {} } = options;
    this.diesWithUs = declare !== false && (declare.autoDelete ?? true);
    this.handlers = handlers;
    this.ended = new Promise<void>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.ended.catch(() => {});
  }

  /** How it has fared so far. */
  get stats(): ServiceStats {
    return { running: this.running.size, ...this.counts };
  }

  /**
   * Takes no new requests, lets running handlers finish, then ends. Handlers that have not finished in time are aborted, and their
   * callers get an error (`SERVICE_STOPPED`). It settles soon after that, whatever the broker does. A second call returns the same promise.
   *
   * @param options.timeout milliseconds until running handlers are aborted, 0 to 2 147 483 647, or `Infinity`. Default 30 000.
   * @throws (rejects) {UsageError} for an option out of its range.
   */
  stop(options: StopOptions = {}): Promise<void> {
    try {
      checkOptions(stopForm, options);
      checkTime('timeout', options.timeout ?? defaultStopMs, 0);
    } catch (error) {
      return Promise.reject(error);
    }
    this.stopping ??= this.finish(options.timeout ?? defaultStopMs);
    return this.stopping;
  }

  /** For `serve`: those whose messages come here. They end with the service. */
  uses(consumers: readonly Consumer[]): void {
    this.consumers = consumers;
  }

  /** For `serve`: a request has come. @returns a promise for `client.shutdown()` to wait for, if it does not wait for an earlier one. */
  receive(message: Message): Promise<void> | undefined {
    const id = idOf(message);
    const again = id === undefined ? undefined : this.byId.get(id);
    if (again !== undefined) {
      // The connection was lost, or the caller's was: the one that runs answers this one too.
      again.messages.push(message);
    } else if (id !== undefined && this.cancelled.take(id)) {
      this.counts.cancelled++;
      settled(message);
    } else if (this.isStopping) return this.refuse(message, notRun);
    else if (this.mayHaveRun(message)) return this.refuse(message, ranBefore);
    else this.run(message, id);
    return this.running.size > 0 && this.busy === undefined ? this.whenIdle() : undefined;
  }

  /** For `serve`: a caller has given up. */
  callCancelled(id: string): void {
    const running = this.byId.get(id);
    if (running === undefined) {
      this.cancelled.add(id);
      return;
    }
    this.counts.cancelled++;
    giveUp(running, new OperationTimeout('the caller has given up the call'));
  }

  /** For `serve`: no more requests will arrive. Running handlers are still answered, because the connection may be open. */
  consumerEnded(error: unknown): void {
    this.whenCancelled?.();
    if (this.isStopping && error instanceof ConsumerCancelled) return;
    this.settle.reject(error);
    void this.whenIdle().then(() => this.cancelAll());
  }

  /** For `serve`: there is no connection to answer over, and there will be none. */
  clientClosed(error: unknown): void {
    this.whenCancelled?.();
    for (const running of this.running) giveUp(running, error);
    this.settle.reject(error);
  }

  /**
   * With a server that is gone, or here: the client of a caller sends a request again by itself if the broker has closed the
   * channel before its confirm.
   */
  private mayHaveRun(message: Message): boolean {
    const { redelivered } = message;
    const id = idOf(message);
    return (redelivered || (id !== undefined && this.ran.has(id))) && !isIdempotent(message);
  }

  private refuse(message: Message, why: ErrorBody): Promise<void> {
    this.counts.refused++;
    const refusal = new Promise<void>((resolve) => {
      this.publish(message, this.failure(why), () => {
        settled(message);
        resolve();
      });
    });
    this.refusals.add(refusal);
    return refusal.finally(() => this.refusals.delete(refusal));
  }

  private run(message: Message, id: string | undefined): void {
    const running = new Running(message);
    this.running.add(running);
    if (id !== undefined) {
      this.byId.set(id, running);
      this.ran.add(id);
    }
    const waitMs = waitOf(message);
    if (waitMs !== Number.POSITIVE_INFINITY) running.stopTimer = after(waitMs, () => timeOver(running));
    this.handle(running);
  }

  private handle(running: Running): void {
    const { message } = running;
    const { type: method = '' } = message;
    const handler = this.handlers.get(method);
    if (handler === undefined) {
      const text = `service '${this.queue}' has no method '${method}'`;
      this.failed(running, { name: 'UnknownMethod', message: text, code: serverCodes.unknownMethod });
      return;
    }
    let argument: unknown;
    try {
      argument = this.codec.decode(message.body);
    } catch (error) {
      this.failed(running, { ...errorBody(error, this.withStack), code: serverCodes.badRequest });
      return;
    }
    let returned: unknown;
    try {
      returned = handler(argument as never, running); // The caller's claim.
    } catch (error) {
      this.failed(running, errorBody(error, this.withStack));
      return;
    }
    if (isThenable(returned)) this.watch(running, returned);
    else this.returned(running, returned);
  }

  /** Apart from `handle`, because the closures would cost each request whose handler returns at once. */
  private watch(running: Running, returned: PromiseLike<unknown>): void {
    // A promise of another library might settle twice.
    Promise.resolve(returned).then(
      (result) => this.returned(running, result),
      (error: unknown) => this.failed(running, errorBody(error, this.withStack)),
    );
  }

  private returned(running: Running, result: unknown): void {
    this.counts.done++;
    let reply: Reply;
    try {
      reply = { type: resultType, contentType: this.codec.contentType, body: this.codec.encode(result) };
    } catch (error) {
      reply = this.failure({ ...errorBody(error, this.withStack), code: serverCodes.badResult });
    }
    this.over(running, reply);
  }

  private failed(running: Running, error: ErrorBody): void {
    this.counts.failed++;
    this.over(running, this.failure(error));
  }

  private over(running: Running, reply: Reply): void {
    if (running.isOver) return;
    running.isOver = true;
    running.stopTimer?.();
    if (running.isGivenUp) {
      for (const message of running.messages) settled(message);
      this.forget(running);
    } else {
      this.answer(running, 0, reply);
    }
  }

  /**
   * Answers the messages from one on, and acks each when its answer is out: a server that dies before leaves the request to
   * another.
   */
  private answer(running: Running, from: number, reply: Reply): void {
    let at = from;
    while (running.messages[at]?.isSettled === true) at++;
    const message = running.messages[at];
    if (message === undefined) {
      this.forget(running);
      return;
    }
    this.publish(message, reply, () => {
      settled(message);
      this.answer(running, at + 1, reply);
    });
  }

  private forget(running: Running): void {
    const id = idOf(running.message);
    if (id !== undefined) this.byId.delete(id);
    this.running.delete(running);
    if (this.running.size > 0 || this.busy === undefined) return;
    const { resolve } = this.busy;
    this.busy = undefined;
    resolve();
  }

  /** Resolves when no handler runs and all have been answered. */
  private whenIdle(): Promise<void> {
    if (this.running.size === 0) return Promise.resolve();
    if (this.busy === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((idle) => {
        resolve = idle;
      });
      this.busy = { promise, resolve };
    }
    return this.busy.promise;
  }

  /** An error as a reply. Its `data` is left out if the codec cannot encode it. If the codec cannot encode errors, JSON is used. */
  private failure(error: ErrorBody): Reply {
    const { data: _data, ...rest } = error;
    const { contentType } = this.codec;
    try {
      return { type: errorType, contentType, body: this.codec.encode(error) };
    } catch {
      try {
        return { type: errorType, contentType, body: this.codec.encode(rest) };
      } catch {
        return { type: errorType, contentType: jsonCodec.contentType, body: jsonCodec.encode(rest) };
      }
    }
  }

  /** @param done called when the answer is out, or cannot be had out. */
  private publish(message: Message, reply: Reply, done: () => void): void {
    const { replyTo, correlationId } = message;
    // A request without it is a message that wants no answer.
    if (replyTo === undefined || replyTo === '') {
      done();
      return;
    }
    const options = {
      routingKey: replyTo,
      correlationId,
      contentType: reply.contentType,
      type: reply.type,
      body: reply.body,
      deliveryMode: 1,
      // RabbitMQ: a direct reply goes to no queue, so that a mandatory one would come back though it has arrived.
      mandatory: !replyTo.startsWith(directAddress),
    };
    this.client.basicPublish(options, (error) => {
      if (error !== undefined) this.notAnswered(error, options, done);
      else done();
    });
  }

  private notAnswered(error: Error, options: PublishOptions, done: () => void): void {
    if (error instanceof NoRoute || error instanceof ConnectionBroken) {
      this.counts.unheard++;
      done();
      return;
    }
    const answer = this.failure({ ...errorBody(error, false), code: serverCodes.badResult });
    this.client.basicPublish({ ...options, ...answer }, (refused) => {
      if (refused !== undefined) this.counts.unheard++;
      done();
    });
  }

  private async finish(timeoutMs: number): Promise<void> {
    this.isStopping = true;
    // Not awaited without a limit: a broker that is short of memory does not answer, and callers may send faster than we refuse.
    const over = this.leave().then(() => this.whenIdle());
    if (!(await isOverWithin(timeoutMs, over))) {
      this.isLate = true;
      void this.cancelAll();
      const reason = new ConnectionBroken('the service is stopping', { outcome: 'unknown', blame: 'broker' });
      for (const running of this.running) running.abort(reason);
      if (!(await isOverWithin(graceMs, over))) {
        const reply = this.failure({ name: 'ServiceStopped', message: reason.message, code: serverCodes.stopped });
        for (const running of [...this.running]) this.over(running, reply);
        await isOverWithin(graceMs, over);
      }
    }
    await isOverWithin(graceMs, Promise.all(this.refusals));
    this.settle.resolve();
  }

  private async leave(): Promise<void> {
    // If our own consumer has ended, the remaining consumers belong to other servers, and so does the queue.
    if (this.diesWithUs && this.consumers[0]?.isEnded === false) await this.leaveQueue();
    await this.cancelAll();
  }

  private async cancelAll(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.cancel().catch(() => {}))); // It has ended already.
  }

  /**
   * The queue goes with its last consumer, and with it what waits: so the last server refuses what waits, then deletes the queue
   * while it is still consumed. What was on its way comes to us yet.
   */
  private async leaveQueue(): Promise<void> {
    const { client, queue } = this;
    const cancelled = new Promise<void>((resolve) => {
      this.whenCancelled = resolve;
    });
    try {
      for (;;) {
        if (this.isLate) return;
        const { consumerCount } = await client.queueDeclare({ queue, passive: true });
        if (consumerCount > 1) return;
        const waiting = await client.basicGet({ queue });
        if (waiting !== null) void this.receive(waiting);
        else if (await isDeleted(client, queue)) break;
      }
      await cancelled;
    } catch (error) {
      if (!isPukaError(error)) throw error; // The queue or the connection is gone, which ends it as well.
    }
  }
}

const ranBefore: ErrorBody = {
  name: 'OutcomeUnknown',
  message: 'the request was with a server before, which may have run it; it is not marked idempotent',
  code: serverCodes.outcomeUnknown,
};

const notRun: ErrorBody = {
  name: 'NotRun',
  message: 'the service is stopping; the request was not run',
  code: serverCodes.notRun,
};

/** @returns `false` where messages have come meanwhile. */
async function isDeleted(client: Client, queue: string): Promise<boolean> {
  try {
    await client.queueDelete({ queue, ifEmpty: true });
    return true;
  } catch (error) {
    if (error instanceof PreconditionFailed) return false;
    throw error;
  }
}

function giveUp(running: Running, reason: unknown): void {
  running.isGivenUp = true;
  running.stopTimer?.();
  running.abort(reason);
}

function timeOver(running: Running): void {
  giveUp(running, new OperationTimeout('the caller no longer waits for the result: the time of the call is over'));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Done with it; one whose connection is gone cannot be acked, and one acked already need not be. */
function settled(message: Message): void {
  if (!message.isSettled) message.ack();
}

/** How long the caller waits, in milliseconds: its broker has dropped the request if it is over before. */
function waitOf({ expiration }: Message): number {
  const ms = Number(expiration ?? Number.POSITIVE_INFINITY);
  return ms > 0 && ms <= longestMs ? ms : Number.POSITIVE_INFINITY;
}

function isIdempotent(message: Message): boolean {
  try {
    return message.headers[idempotentHeader] === true;
  } catch (error) {
    if (isPukaError(error)) return false; // Headers that cannot be read mean nothing.
    throw error;
  }
}

/** The id of a request. An empty id counts as none. */
function idOf({ correlationId }: Message): string | undefined {
  return correlationId === '' ? undefined : correlationId;
}
