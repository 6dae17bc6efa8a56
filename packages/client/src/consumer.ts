/**
 * A consumer: messages wait here until a callback or an iterator takes them.
 * Must not speak to the broker: its channel and its end are the business of `consuming.ts`.
 */
import type { Message } from './message.ts';
import type { Operation } from './operation.ts';

/** Called for each message, and once with the error that ends the consumer. */
export type MessageCallback = (error: unknown, message: Message | undefined, consumer: Consumer) => void;

/** What a consumer needs of its client. */
export interface ConsumerHost {
  /** It has messages, or its end, for its callback. */
  consumerReady(consumer: Consumer): void;
  /** A message has left the client's hands. */
  messageTaken(message: Message): void;
  /** Its iterator was left. */
  cancelConsumer(consumer: Consumer): Operation<{ readonly consumerTag: string }>;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<Message, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Made by `basicConsume`. An async iterable of its messages; leaving the loop cancels it. Not a promise: see `ready`. */
export class Consumer implements AsyncIterable<Message> {
  /** The tag it is known by on its channel. */
  readonly consumerTag: string;
  /** Its queue. */
  readonly queue: string;
  /** Its messages need no ack. */
  readonly noAck: boolean;
  /** Settles when the broker has set it up, or refused it. Raises no unhandled rejection when nobody looks. */
  readonly ready: Operation<Consumer>;
  /** For the client: a cancel is under way or done, so that nothing more is handed out that needs an ack. */
  isCancelling = false;
  private readonly host: ConsumerHost;
  private readonly callback: MessageCallback | undefined;
  private messages: Message[] = [];
  private head = 0;
  private waiters: Waiter[] = [];
  private ended = false;
  private endError: unknown = undefined;
  private endIsTold = false;
  private isListed = false;

  /** Made by the client. */
  constructor(
    host: ConsumerHost,
    consumerTag: string,
    queue: string,
    noAck: boolean,
    ready: Operation<Consumer>,
    callback: MessageCallback | undefined,
  ) {
    this.host = host;
    this.consumerTag = consumerTag;
    this.queue = queue;
    this.noAck = noAck;
    this.ready = ready;
    this.callback = callback;
  }

  /** Whether it gives no more messages than those that wait. */
  get isEnded(): boolean {
    return this.ended;
  }

  /** Ends it; see `Client.basicCancel`. */
  cancel(): Operation<{ readonly consumerTag: string }> {
    return this.host.cancelConsumer(this);
  }

  /** The next message; several calls may wait side by side. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return {
      next: () => this.next(),
      return: async () => {
        if (!this.ended) await this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  /** For the client: a message has come. */
  push(message: Message): void {
    const waiter = this.callback === undefined ? this.waiters.shift() : undefined;
    if (waiter !== undefined) {
      this.host.messageTaken(message);
      waiter.resolve({ done: false, value: message });
      return;
    }
    this.messages.push(message);
    this.list();
  }

  /** For the client: takes back what nobody has got. */
  takeWaiting(): Message[] {
    const left = this.messages.slice(this.head);
    this.messages = [];
    this.head = 0;
    for (const message of left) this.host.messageTaken(message);
    return left;
  }

  /** For the client: no more messages will come. */
  end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.endError = error;
    for (const waiter of this.waiters.splice(0)) this.tellEnd(waiter);
    this.list();
  }

  /** For the client: calls the callback for all that wait. @param report takes what a callback throws. */
  runCallbacks(report: (error: unknown) => void): void {
    this.isListed = false;
    const { callback } = this;
    if (callback === undefined) return;
    for (let message = this.shift(); message !== undefined; message = this.shift()) {
      try {
        callback(undefined, message, this);
      } catch (error) {
        report(error);
      }
    }
    if (!this.ended || this.endIsTold) return;
    this.endIsTold = true;
    if (this.endError === undefined) return;
    try {
      callback(this.endError, undefined, this);
    } catch (error) {
      report(error);
    }
  }

  private list(): void {
    if (this.callback === undefined || this.isListed) return;
    this.isListed = true;
    this.host.consumerReady(this);
  }

  private next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.ended) this.tellEnd(waiter);
      else this.waiters.push(waiter);
    });
  }

  /** The error is told once, as an iterator does. */
  private tellEnd(waiter: Waiter): void {
    if (this.endError === undefined || this.endIsTold) {
      waiter.resolve({ done: true, value: undefined });
      return;
    }
    this.endIsTold = true;
    waiter.reject(this.endError);
  }

  private shift(): Message | undefined {
    const message = this.messages[this.head];
    if (message === undefined) return undefined;
    this.head++;
    if (this.head === this.messages.length) {
      this.messages = [];
      this.head = 0;
    }
    this.host.messageTaken(message);
    return message;
  }
}
