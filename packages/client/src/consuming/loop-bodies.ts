/**
 * The bodies of loops over one consumer, each at work on the message that the loop got last: `shutdown()` waits for them.
 * Must not run anything: a loop runs by itself.
 */
import { LazySet } from '../runtime/lazy-collections.ts';
import type { Message } from './message.ts';

const settled = Promise.resolve();

/** Of one consumer. */
export class LoopBodies {
  private readonly messages = new LazySet<Message>();
  /** What the body works on that runs just now, up to its first `await`. */
  private now: Message | undefined = undefined;
  private begun = 0;
  private readonly awaited = (): void => {
    if (--this.begun === 0) this.now = undefined;
  };
  private readonly awaitedSoon = (): void => void settled.then(this.awaited);

  /** A loop gets a message. @param isAsking it does not wait yet: its body follows one step later. */
  begin(message: Message, isAsking: boolean): void {
    this.messages.add(message);
    this.now = message;
    this.begun++;
    void settled.then(isAsking ? this.awaitedSoon : this.awaited);
  }

  /** A loop has come back, or was left. */
  end(message: Message): void {
    this.messages.delete(message);
  }

  /** The body that runs just now waits for the shutdown itself: it is not waited for. */
  excuseCaller(): void {
    if (this.now !== undefined) this.messages.delete(this.now);
  }

  /** How many are at work. @param noAck without acks a message is not settled, and its body counts until the loop comes back. */
  busyCount(noAck: boolean): number {
    let count = 0;
    for (const message of this.messages) if (noAck || !message.isSettled) count++;
    return count;
  }
}
