/** A service: takes requests, runs handlers, answers. Must not know how its queues are made. */
import type { Client, Consumer, Message } from '@puka/client';
import {
  ConnectionBroken,
  ConsumerCancelled,
  isPukaError,
  NoRoute,
  OperationTimeout,
  PreconditionFailed,
} from '@puka/errors';
import type { Codec } from './codec.ts';
import type { Handler, Handlers, ServeOptions, ServiceStats } from './options.ts';
import { RecentIds } from './recent-ids.ts';
import { after, type Controller, longestMs, newController } from './timers.ts';
import {
  directReplyTo,
  type ErrorBody,
  errorBody,
  errorType,
  idempotentHeader,
  resultType,
  serverCodes,
} from './wire-format.ts';

/** What a handler can do after it was told to stop, in milliseconds. */
const graceMs = 1000;
const defaultStopMs = 30_000;

/** A reply that is ready to go. */
interface Reply {
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** A handler that runs. */
interface Running {
  /** The request; and once more, where the broker has delivered it again meanwhile. */
  readonly messages: Message[];
  readonly controller: Controller;
  /** Its time is of no interest any more. */
  stopTimer: () => void;
  /** Nobody waits for the answer. */
  isGivenUp: boolean;
  /** It has been answered. */
  isOver: boolean;
}

/** Made by `serve`. */
export class Service<Served extends Handlers = Handlers> {
  /** For the types alone, which read the handlers from it: never there. */
  declare readonly served?: Served;
  /** The queue that requests come to. */
  readonly queue: string;
  /**
   * Resolves when the service has been stopped; rejects when its consumer ended by itself, as with the connection. Raises no
   * unhandled rejection when nobody looks.
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
  private consumers: readonly Consumer[] = [];
  private isStopping = false;
  private whenCancelled: (() => void) | undefined;
  private stopping: Promise<void> | undefined;
  private whenIdle: (() => void) | undefined;
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
    this.diesWithUs = declare !== false && declare.autoDelete !== false;
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
   * Takes no new requests, lets running handlers finish, then ends. Those that have not finished in time are aborted, and their
   * callers told (`SERVICE_STOPPED`).
   *
   * @param options.timeout milliseconds until running handlers are aborted. Default 30 000.
   */
  stop(options: { readonly timeout?: number } = {}): Promise<void> {
    this.stopping ??= this.finish(options.timeout ?? defaultStopMs);
    return this.stopping;
  }

  /** For `serve`: those whose messages come here. They end with the service. */
  uses(consumers: readonly Consumer[]): void {
    this.consumers = consumers;
  }

  /** For `serve`: a request has come. @returns a promise for its end, which never rejects. */
  async receive(message: Message): Promise<void> {
    const { correlationId: id } = message;
    const again = id === undefined ? undefined : this.byId.get(id);
    if (again !== undefined) {
      // The connection was lost, or the caller's was: the one that runs answers this one too.
      again.messages.push(message);
    } else if (id !== undefined && this.cancelled.take(id)) {
      this.counts.cancelled++;
      settled(message);
    } else if (this.isStopping) await this.refuse(message, notRun);
    else if (this.mayHaveRun(message)) await this.refuse(message, ranBefore);
    else await this.run(message);
  }

  /** For `serve`: a caller has given up. */
  callCancelled(id: string): void {
    const running = this.byId.get(id);
    if (running === undefined) {
      this.cancelled.add(id);
      return;
    }
    this.counts.cancelled++;
    giveUp(running, new OperationTimeout('the caller has given the call up'));
  }

  /** For `serve`: no request will come any more. */
  consumerEnded(error: unknown): void {
    if (this.isStopping && error instanceof ConsumerCancelled) {
      this.whenCancelled?.();
      return;
    }
    for (const running of this.running) giveUp(running, error);
    this.settle.reject(error);
  }

  /**
   * With a server that is gone, or here: the client of a caller sends a request again by itself where the broker has closed the
   * channel before its confirm.
   */
  private mayHaveRun(message: Message): boolean {
    const { correlationId: id, redelivered } = message;
    return (redelivered || (id !== undefined && this.ran.has(id))) && !isIdempotent(message);
  }

  private async refuse(message: Message, why: ErrorBody): Promise<void> {
    this.counts.refused++;
    const refusal = this.answer([message], this.failure(why)).finally(() => this.refusals.delete(refusal));
    this.refusals.add(refusal);
    await refusal;
  }

  private async run(message: Message): Promise<void> {
    const { correlationId: id } = message;
    const running: Running = {
      ...{ messages: [message], controller: newController(), stopTimer: () => {} },
      ...{ isGivenUp: false, isOver: false },
    };
    this.running.add(running);
    if (id !== undefined) {
      this.byId.set(id, running);
      this.ran.add(id);
    }
    running.stopTimer = after(waitOf(message), () =>
      giveUp(running, new OperationTimeout('nobody waits for the result any more: the time of the call is over')),
    );
    const reply = await this.replyTo(message, running);
    await this.over(running, reply);
  }

  private async over(running: Running, reply: Reply): Promise<void> {
    if (running.isOver) return;
    running.isOver = true;
    running.stopTimer();
    const { messages } = running;
    if (running.isGivenUp) for (const message of messages) settled(message);
    else await this.answer(messages, reply);
    const [{ correlationId: id } = { correlationId: undefined }] = messages;
    if (id !== undefined) this.byId.delete(id);
    this.running.delete(running);
    if (this.running.size === 0) this.whenIdle?.();
  }

  private async replyTo(message: Message, { controller }: Running): Promise<Reply> {
    const { type: method = '' } = message;
    const handler = this.handlers.get(method);
    if (handler === undefined) {
      this.counts.failed++;
      const text = `service '${this.queue}' has no method '${method}'`;
      return this.failure({ name: 'UnknownMethod', message: text, code: serverCodes.unknownMethod });
    }
    let argument: unknown;
    try {
      argument = this.codec.decode(message.body);
    } catch (error) {
      this.counts.failed++;
      return this.failure({ ...errorBody(error, this.withStack), code: serverCodes.badRequest });
    }
    let result: unknown;
    try {
      result = await handler(argument as never, { signal: controller.signal, message }); // The caller's claim.
      this.counts.done++;
    } catch (error) {
      this.counts.failed++;
      return this.failure(errorBody(error, this.withStack));
    }
    try {
      return { type: resultType, body: this.codec.encode(result) };
    } catch (error) {
      return this.failure({ ...errorBody(error, this.withStack), code: serverCodes.badResult });
    }
  }

  /** An error as a reply; its `data` is left out where the codec does not take it. */
  private failure(error: ErrorBody): Reply {
    try {
      return { type: errorType, body: this.codec.encode(error) };
    } catch {
      const { data: _data, ...rest } = error;
      return { type: errorType, body: this.codec.encode(rest) };
    }
  }

  /** Answers, and acks when the answer is out: a server that dies before leaves the request to another. */
  private async answer(messages: readonly Message[], reply: Reply): Promise<void> {
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at];
      if (message === undefined || message.isSettled) continue;
      await this.publish(message, reply);
      settled(message);
    }
  }

  private async publish({ replyTo, correlationId }: Message, reply: Reply): Promise<void> {
    // A request without it is a message that wants no answer.
    if (replyTo === undefined || replyTo === '') return;
    const { contentType } = this.codec;
    // RabbitMQ: a direct reply goes to no queue, so that a mandatory one would come back though it has arrived.
    const mandatory = !replyTo.startsWith(`${directReplyTo}.`);
    const parts = { routingKey: replyTo, correlationId, contentType, deliveryMode: 1, mandatory };
    try {
      await this.client.basicPublish({ ...parts, ...reply });
    } catch (error) {
      if (error instanceof NoRoute) this.counts.unheard++;
      else if (!(error instanceof ConnectionBroken) && reply.type === resultType) {
        const told = this.failure({ ...errorBody(error, false), code: serverCodes.badResult });
        await this.client.basicPublish({ ...parts, ...told }).catch(() => {
          this.counts.unheard++;
        });
      } else this.counts.unheard++;
    }
  }

  private async finish(timeoutMs: number): Promise<void> {
    this.isStopping = true;
    if (this.diesWithUs) await this.leaveQueue();
    await Promise.all(this.consumers.map((consumer) => consumer.cancel().catch(() => {}))); // Gone already.
    if (!(await this.idleWithin(timeoutMs))) {
      const reason = new ConnectionBroken('the service is stopping', { outcome: 'unknown', blame: 'broker' });
      for (const { controller } of this.running) controller.abort(reason);
      if (!(await this.idleWithin(graceMs))) {
        const reply = this.failure({ name: 'ServiceStopped', message: reason.message, code: serverCodes.stopped });
        await Promise.all([...this.running].map((running) => this.over(running, reply)));
      }
    }
    await Promise.all(this.refusals);
    this.settle.resolve();
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

  /** @returns whether no handler runs any more. */
  private idleWithin(ms: number): Promise<boolean> {
    if (this.running.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const stopTimer = after(ms, () => resolve(false));
      this.whenIdle = () => {
        stopTimer();
        resolve(true);
      };
    });
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
  running.stopTimer();
  running.controller.abort(reason);
}

/** Done with it; one whose connection is gone cannot be acked, and one acked already need not be. */
function settled(message: Message): void {
  if (!message.isSettled) message.ack();
}

/** How long the caller waits, in milliseconds: its broker has dropped the request where it is over before. */
function waitOf({ expiration }: Message): number {
  const ms = Number(expiration ?? Number.POSITIVE_INFINITY);
  return ms > 0 && ms <= longestMs ? ms : Number.POSITIVE_INFINITY;
}

function isIdempotent(message: Message): boolean {
  try {
    return message.headers[idempotentHeader] === true;
  } catch (error) {
    if (isPukaError(error)) return false; // Headers that cannot be read say nothing.
    throw error;
  }
}
