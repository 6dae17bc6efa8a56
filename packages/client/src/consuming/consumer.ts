/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A consumer as the user holds it: messages wait here until a callback, an iterator or a `wait` takes them.
 * Must not speak to the broker: subscribing and its end are the business of `subscriptions.ts`.
 */

import { ConnectionBroken, UsageError } from '@puka/errors';
import type { FieldTableInput } from '@puka/wire';
import type { ErrorFirst, UntypedErrorFirst } from '../operations/error-first.ts';
import type { Operation, OperationHost } from '../operations/operation.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import { type AsyncContext, currentContext } from '../runtime/async-context.ts';
import { printAs } from '../runtime/inspect.ts';
import { Queue } from '../runtime/queue.ts';
import { isClosedByUs } from '../session/closed-by-us.ts';
import { Handlers } from './handlers.ts';
import type { Message } from './message.ts';
import type { Cancelled } from './options.ts';

/**
 * Called for each message, and once with the error that ends the consumer. When it returns a promise, `shutdown()` waits
 * until that or the message is settled; its rejection goes to `unobserved`,
 * as the `cause` of an error that names the message, and whether it is still unsettled.
 */
export type MessageCallback = ErrorFirst<Message, Consumer>;

/** Counts the messages that wait in memory. */
export interface InboundMeter {
  /** A message has come for a consumer. */
  messageArrived(message: Message): void;
  /** It is in the user's hands, or back in its queue. */
  messageTaken(message: Message): void;
}

/** Is called with the messages that loops get. */
export interface LoopObserver {
  /** A loop gets a message. */
  loopTook(message: Message): void;
  /** It has come back, or was left. */
  loopCameBack(message: Message): void;
}

/** What a consumer needs of its client. */
export interface ConsumerHost {
  /** `undefined` if there is no listener. */
  readonly deliveryObserver?: LoopObserver | undefined;
  /** Runs its callback when it has messages, or its end. */
  readonly callbacks: { addConsumer(consumer: Consumer): void };
  readonly flow: InboundMeter;
  /** Ends it when its iterator was left. */
  readonly cancelling: { cancel(consumer: Consumer, options?: OperationOptions): Operation<Cancelled> };
}

/** One queue of a consumer, and how it is subscribed to. */
export interface ConsumerSource {
  readonly queue: string;
  readonly consumerTag: string;
  readonly noLocal: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTableInput | undefined;
}

/** Takes the next message, or the end. */
export interface MessageTaker {
  take(message: Message): void;
  end(error: unknown): void;
}

/** What the client settled on for a consumer. */
export interface ConsumerSettings {
  readonly sources: readonly [ConsumerSource, ...ConsumerSource[]];
  readonly noAck: boolean;
  readonly resubscribe: boolean | undefined;
  readonly prefetchCount: number;
  /** As the option of that name. */
  readonly processing?: 'callback' | 'manual' | undefined;
  /** As the option of that name. */
  readonly bodies?: 'kept' | 'lent' | undefined;
}

/** Made by `basicConsume`. An async iterable of its messages; leaving the loop cancels it. Not a promise: see `ready`. */
export class Consumer implements AsyncIterable<Message>, AsyncDisposable {
  /** Settles when the broker has set it up, or refused it. Raises no unhandled rejection when no code observes it. */
  readonly ready: Operation<Consumer>;
  /** Its messages need no ack. */
  readonly noAck: boolean;
  /** @internal For the client: its queues and how it is subscribed to them. */
  sources: readonly [ConsumerSource, ...ConsumerSource[]];
  /** @internal For the client: whether it subscribes again when the broker cancels it; `undefined` if the option is not set. */
  readonly resubscribe: boolean | undefined;
  /** Most messages unacked in the user's hands; 0 is no limit. Changed by `basicQos`. */
  prefetchCount: number;
  /** @internal For the client: its callback does not do the work on its messages. */
  readonly isProcessedManually: boolean;
  /** @internal For the client: its bodies are lent. */
  readonly lendsBodies: boolean;
  /** @internal For the client: called when a handler has finished, and when a message is settled. */
  idleWatcher: (() => void) | undefined = undefined;
  readonly #host: ConsumerHost;
  private callback: MessageCallback | undefined = undefined;
  /** In which the callback runs. */
  private context: AsyncContext | undefined = undefined;
  /** Those that wait. Made for the first one. */
  private messages: Queue<Message> | undefined = undefined;
  /** Those that wait for a message. Made for the first one. */
  private takers: MessageTaker[] | undefined = undefined;
  private ended = false;
  private endError: unknown = undefined;
  private abortReason: unknown = undefined;
  private endWatcher: (() => void) | undefined = undefined;
  private endIsTold = false;
  private isListed = false;
  /** Most messages handed out and unsettled, if the broker's own limit does not ensure it; 0 is no limit. */
  private unackedLimit = 0;
  private unackedCount = 0;
  /** What its callbacks and loops are working on. Made for the first message. */
  private usedHandlers: Handlers | undefined = undefined;
  private cancelling = false;
  private isStopped = false;
  /** A loop of it was left: the rest is not wanted. */
  private isLeft = false;
  /** Whether those that wait count as such: until the end. */
  private isMetered = true;

  /** Made by the client. */
  constructor(
    host: ConsumerHost,
    settings: ConsumerSettings,
    ready: Operation<Consumer>,
    callback: MessageCallback | undefined,
  ) {
    this.#host = host;
    this.sources = settings.sources;
    this.noAck = settings.noAck;
    this.resubscribe = settings.resubscribe;
    this.prefetchCount = settings.prefetchCount;
    this.isProcessedManually = settings.processing === 'manual';
    this.lendsBodies = settings.bodies === 'lent';
    this.ready = ready;
    if (callback !== undefined) this.takeCallback(callback);
  }

  private get handlers(): Handlers {
    this.usedHandlers ??= new Handlers(this);
    return this.usedHandlers;
  }

  /** The tag it is known by; of a consumer over several queues the first one's. */
  get consumerTag(): string {
    return this.sources[0].consumerTag;
  }

  /** Its queue; of a consumer over several queues the first. */
  get queue(): string {
    return this.sources[0].queue;
  }

  /** All its queues. */
  get queues(): readonly string[] {
    return this.sources.map(({ queue }) => queue);
  }

  /** Whether it hands out no more messages than those that wait. */
  get isEnded(): boolean {
    return this.ended;
  }

  static {
    printAs(Consumer, 'Consumer', (shown) => shown.toJSON());
  }

  /** For `JSON.stringify`: whose messages it hands out, none of the messages. */
  toJSON(): {
    /** As of the consumer. */
    readonly consumerTag: string;
    /** As of the consumer. */
    readonly queues: readonly string[];
    /** As of the consumer. */
    readonly isEnded: boolean;
  } {
    return { consumerTag: this.consumerTag, queues: this.queues, isEnded: this.isEnded };
  }

  /** @internal For the client: a server-named queue has another name. */
  renameQueue(from: string, to: string): void {
    if (!this.sources.some(({ queue }) => queue === from)) return;
    const [first, ...rest] = this.sources;
    const renamed = (source: ConsumerSource): ConsumerSource =>
      source.queue === from ? { ...source, queue: to } : source;
    this.sources = [renamed(first), ...rest.map(renamed)];
  }

  /** Ends it; see `Client.basicCancel`. */
  cancel(options?: OperationOptions): Operation<Cancelled> {
    return this.#host.cancelling.cancel(this, options);
  }

  /** `await using`: as `cancel()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  /** The next message; several calls may wait side by side. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    let given: Message | undefined;
    const comeBack = (): void => {
      if (given === undefined) return;
      this.handlers.endBody(given);
      if (this.noAck) given.giveBackBody();
      this.#host.deliveryObserver?.loopCameBack(given);
      given = undefined;
    };
    return {
      next: () => {
        comeBack();
        let isAsking = true;
        const next = new Promise<IteratorResult<Message, undefined>>((resolve, reject) => {
          this.next({
            take: (value) => {
              given = value;
              this.#host.deliveryObserver?.loopTook(value);
              resolve({ done: false, value });
              this.handlers.beginBody(value, isAsking);
            },
            end: (error) => {
              if (error === undefined) resolve({ done: true, value: undefined });
              else reject(error);
            },
          });
        });
        isAsking = false;
        // Now that the loop has its next message, if there was one.
        this.idleWatcher?.();
        return next;
      },
      return: async () => {
        comeBack();
        this.idleWatcher?.();
        await this.leaveLoop();
        return { done: true, value: undefined };
      },
    };
  }

  /** @internal For the client: hands the next message or the end to the taker, now or later. The error is handed out once. */
  next(taker: MessageTaker): void {
    this.ready.isObserved = true;
    this.takers ??= [];
    this.takers.push(taker);
    this.serve();
  }

  /** @internal For the client: the taker waits no more. */
  leave(taker: MessageTaker): void {
    this.takers = this.takers?.filter((each) => each !== taker);
  }

  /** @internal For the client: whether there is nothing more to wait for. */
  get isExhausted(): boolean {
    return this.ended && !this.hasWaiting && (this.endIsTold || this.endError === undefined);
  }

  /** @internal For the client: a message has come. One that is no longer wanted is dropped, and the broker has forgotten it. */
  push(message: Message): void {
    if (this.noAck && (this.isLeft || this.ended)) return;
    this.messages ??= new Queue();
    this.messages.push(message);
    if (this.isMetered) this.#host.flow.messageArrived(message);
    this.serve();
  }

  /** @internal For the client: takes back what was not handed out. @param isMeant returns which of them. */
  takeWaiting(isMeant: (message: Message) => boolean = () => true): Message[] {
    const taken = this.waiting.filter(isMeant);
    this.messages?.filter((message) => !isMeant(message));
    if (this.isMetered) for (const message of taken) this.#host.flow.messageTaken(message);
    if (this.ended) this.serve();
    return taken;
  }

  /**
   * @internal For the client: puts back what was not handed out; without acks it stays here, because the broker has forgotten it.
   *
   * @param isMeant returns which of them.
   */
  putBackWaiting(isMeant?: (message: Message) => boolean): void {
    if (this.noAck) return;
    for (const message of this.takeWaiting(isMeant)) message.putBack();
  }

  /** @internal For the client: what the messages that were not handed out cost in memory, in bytes. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const message of this.waiting) bytes += message.costBytes;
    return bytes;
  }

  /** @internal For the client: whether a cancel is under way or done, so that nothing more is handed out that needs an ack. */
  get isCancelling(): boolean {
    return this.cancelling;
  }

  /** @internal For the client: a cancel is under way. */
  beginCancel(): void {
    this.cancelling = true;
  }

  /** @internal For the client: no more messages will come than those that wait. */
  end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    // Our own close is an end like that of a cancel: nothing went wrong.
    const isClean = error === undefined || isClosedByUs(error);
    this.endError = isClean ? this.abortReason : error;
    this.stopMetering();
    this.serve();
    this.endWatcher?.();
    this.endWatcher = undefined;
  }

  /** @internal For the client: the loss of the connection, if that ended it. */
  get lostBy(): ConnectionBroken | undefined {
    return this.endError instanceof ConnectionBroken ? this.endError : undefined;
  }

  /** @internal For the client: it closes. What waits is not handed out: the broker has it again, or it is lost. */
  stop(): void {
    this.isStopped = true;
  }

  /** @internal For the client: its signal was aborted. It ends with the reason when its cancel is done. */
  abort(reason: unknown): void {
    this.abortReason = reason;
  }

  /** @internal For the client: calls once, when no more messages will come. */
  whenEnded(call: () => void): void {
    if (this.ended) call();
    else this.endWatcher = call;
  }

  /** @internal For the client: takes another callback; what waits goes to it. */
  setCallback(callback: MessageCallback): void {
    this.takeCallback(callback);
    this.serve();
  }

  private takeCallback(callback: MessageCallback): void {
    this.ready.isObserved = true;
    this.callback = callback;
    this.context = currentContext();
  }

  /** @internal For the client: hands out no more than `limit` unsettled messages; 0 is no limit. */
  limitUnacked(limit: number): void {
    this.unackedLimit = limit;
    this.serve();
  }

  /** @internal For the client: messages in the user's hands were settled, or can be settled no more. */
  released(count: number): void {
    this.unackedCount -= count;
    if (this.unackedLimit > 0) this.serve();
    this.idleWatcher?.();
  }

  /**
   * @internal For the client: how many messages are being worked on: a callback's promise is open, a loop has not come back, or there
   * are messages for the callback that the broker has forgotten. A message that is settled is not counted.
   */
  get busyCount(): number {
    const waiting = this.callback !== undefined && this.noAck ? this.waitingCount : 0;
    return waiting + (this.usedHandlers?.busyCount(this.unackedCount === 0) ?? 0);
  }

  /** @internal For the client: a callback or a body of a loop that calls `shutdown()` just now is not waited for. */
  excuseCaller(): void {
    this.handlers.excuseCaller();
  }

  /** @internal For the client: calls the callback for all that wait. @param report takes what a callback throws. */
  runCallbacks(report: (error: unknown) => void): void {
    this.isListed = false;
    // A callback may put another in its own place.
    for (let { callback } = this; callback !== undefined && this.canHandOut; { callback } = this) {
      const message = this.shift();
      if (message === undefined) break;
      const taker = this.takers?.shift();
      // It is the taker's too, for as long as that likes.
      if (taker !== undefined && this.noAck) message.keepBody();
      this.handlers.run(callback as UntypedErrorFirst, this.context, undefined, message, report);
      taker?.take(message);
    }
    this.idleWatcher?.();
    const { callback } = this;
    if (callback === undefined || !this.ended || this.hasWaiting) return;
    if (!this.endIsTold && this.endError !== undefined) {
      this.endIsTold = true;
      this.handlers.run(callback as UntypedErrorFirst, this.context, this.endError, undefined, report);
    }
    this.tellEnd();
  }

  private async leaveLoop(): Promise<void> {
    const isUnwanted = this.callback === undefined;
    if (isUnwanted && this.noAck) {
      this.isLeft = true;
      this.takeWaiting();
    }
    if (!this.ended) await this.cancel();
    if (isUnwanted) this.putBackWaiting();
  }

  /** What waits for its taker counts no more: the next connection must have its whole limit. */
  private stopMetering(): void {
    if (!this.isMetered) return;
    this.isMetered = false;
    for (const message of this.waiting) this.#host.flow.messageTaken(message);
  }

  private get waiting(): Message[] {
    return this.messages === undefined ? [] : [...this.messages];
  }

  private get waitingCount(): number {
    return this.messages === undefined ? 0 : this.messages.length;
  }

  /** Hands out what can be handed out. */
  private serve(): void {
    if (this.callback !== undefined) {
      this.list();
      if (!this.ended) return;
    } else {
      while (this.takers !== undefined && this.takers.length > 0 && this.canHandOut) {
        const message = this.shift();
        if (message === undefined) break;
        this.takers.shift()?.take(message);
      }
    }
    if (this.ended && !this.hasWaiting) this.tellEnd();
  }

  /** Whether messages wait that will be handed out. */
  private get hasWaiting(): boolean {
    return this.waitingCount > 0 && !this.isStopped && (this.noAck || !this.cancelling);
  }

  private get canHandOut(): boolean {
    if (this.noAck || this.isStopped) return !this.isStopped;
    return !this.cancelling && (this.unackedLimit === 0 || this.unackedCount < this.unackedLimit);
  }

  private list(): void {
    if (this.isListed) return;
    this.isListed = true;
    this.#host.callbacks.addConsumer(this);
  }

  /** Hands the end to those that wait. The error is handed out once, as an iterator does. */
  private tellEnd(): void {
    const takers = this.takers ?? [];
    this.takers = undefined;
    for (const taker of takers) {
      const isNews = this.callback === undefined && !this.endIsTold;
      if (isNews) this.endIsTold = true;
      taker.end(isNews || this.callback !== undefined ? this.endError : undefined);
    }
  }

  private shift(): Message | undefined {
    const message = this.messages?.shift();
    if (message === undefined) return undefined;
    if (!this.noAck) this.unackedCount++;
    if (this.isMetered) this.#host.flow.messageTaken(message);
    return message;
  }
}

/** @throws {UsageError} for what is no consumer, and for one of another client. */
export function checkConsumer(value: unknown, method: string, host: OperationHost): asserts value is Consumer {
  if (value instanceof Consumer && value.ready.isOf(host)) return;
  throw new UsageError(`${method} takes a consumer as basicConsume returns it, and not one of another client`, {
    method,
  });
}
