/**
 * The handlers of a consumer: callbacks whose promise is open, and bodies of loops. Calls the callbacks, and counts what
 * `shutdown()` waits for. Must not hand out messages: the consumer does.
 */
import { peerText, UsageError } from '@puka/errors';
import type { UntypedErrorFirst } from '../operations/error-first.ts';
import type { AsyncContext } from '../runtime/async-context.ts';
import { LazySet } from '../runtime/lazy-collections.ts';
import { isThenable } from '../runtime/thenable.ts';
import { LoopBodies } from './loop-bodies.ts';
import type { Message } from './message.ts';

/** The consumer, as its handlers know it. */
export interface HandlerOwner {
  readonly consumerTag: string;
  readonly noAck: boolean;
  /** Called when a handler has finished. */
  readonly idleWatcher: (() => void) | undefined;
}

/** A callback whose promise is open. */
interface Handler {
  /** `undefined` if it was called with the end. */
  readonly message: Message | undefined;
  /** It waits for the shutdown itself. */
  readonly isExcused: boolean;
}

/** The handlers of one consumer. */
export class Handlers {
  private readonly owner: HandlerOwner;
  private readonly open = new LazySet<Handler>();
  /** The callback that runs just now, up to its first `await`, waits for the shutdown. */
  private isCallerExcused = false;
  /** Made for the first loop. */
  private bodies: LoopBodies | undefined = undefined;

  constructor(owner: HandlerOwner) {
    this.owner = owner;
  }

  /**
   * Calls a callback with a message, or with the error that ends the consumer.
   *
   * @param context in which it runs.
   * @param report takes what it throws, or what its promise rejects with.
   */
  run(
    callback: UntypedErrorFirst,
    context: AsyncContext | undefined,
    error: unknown,
    message: Message | undefined,
    report: (error: unknown) => void,
  ): void {
    const { isCallerExcused } = this;
    this.isCallerExcused = false;
    try {
      const { owner } = this;
      const returned =
        context === undefined
          ? callback(error, message, owner)
          : context.runInAsyncScope(callback, undefined, error, message, owner);
      if (isThenable(returned)) this.track({ message, isExcused: this.isCallerExcused }, returned, report);
      else if (this.owner.noAck) message?.giveBackBody();
    } catch (thrown) {
      if (this.owner.noAck) message?.giveBackBody();
      report(handlerFailed(this.owner, message, thrown));
    } finally {
      this.isCallerExcused = isCallerExcused;
    }
  }

  /** A loop gets a message. @param isAsking it does not wait yet: its body follows one step later. */
  beginBody(message: Message, isAsking: boolean): void {
    this.bodies ??= new LoopBodies();
    this.bodies.begin(message, isAsking);
  }

  /** A loop has come back, or was left. */
  endBody(message: Message): void {
    this.bodies?.end(message);
  }

  /** A callback or a body of a loop that calls `shutdown()` just now is not waited for. */
  excuseCaller(): void {
    this.isCallerExcused = true;
    this.bodies?.excuseCaller();
  }

  /**
   * How many handlers are at work. One whose message is settled is not counted.
   *
   * @param isAllReleased whether the user has no unsettled message left: one promise may be for several.
   */
  busyCount(isAllReleased: boolean): number {
    const { noAck } = this.owner;
    const isAllSettled = !noAck && isAllReleased;
    let count = 0;
    for (const { message, isExcused } of this.open) {
      if (!isExcused && !(isAllSettled && message?.isSettled === true)) count++;
    }
    return count + (this.bodies?.busyCount(noAck) ?? 0);
  }

  private track(handler: Handler, returned: PromiseLike<unknown>, report: (error: unknown) => void): void {
    this.open.add(handler);
    const finished = (): void => {
      this.open.delete(handler);
      if (this.owner.noAck) handler.message?.giveBackBody();
      this.owner.idleWatcher?.();
    };
    returned.then(finished, (error: unknown) => {
      finished();
      report(handlerFailed(this.owner, handler.message, error));
    });
  }
}

/** What `unobserved` gets of a callback that has failed. The failure itself is the `cause`. */
function handlerFailed({ consumerTag }: HandlerOwner, message: Message | undefined, cause: unknown): UsageError {
  const ofConsumer = `the callback of consumer '${peerText(consumerTag)}'`;
  const details = { method: message === undefined ? 'basic.consume' : 'basic.deliver', cause } as const;
  if (message === undefined)
    return new UsageError(`${ofConsumer} failed when it was called at the end of the consumer`, details);
  const { deliveryTag, queue, routingKey } = message;
  const ofMessage = `message ${deliveryTag} of queue '${peerText(queue)}', routing key '${peerText(routingKey)}'`;
  const advice = message.isSettled
    ? ''
    : '; the message is still unsettled: catch the error, and call ack() or reject()';
  return new UsageError(`${ofConsumer} failed at ${ofMessage}${advice}`, details);
}
