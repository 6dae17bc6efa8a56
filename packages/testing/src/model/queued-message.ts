/** A message in its place in one queue. Holds no rules. */
import type { Message } from './message.ts';

/** One for each queue that got the message. The same object is ready, then unacked, then perhaps ready again. */
export class QueuedMessage {
  /** Its place: a message that comes back takes it again, before all that came later. */
  readonly place: number;
  readonly message: Message;
  /** When to drop it, on the broker's clock; `Infinity` for never. */
  readonly expiresAtMs: number;
  /** It has been delivered before. */
  isRedelivered = false;
  /** Quorum queues: how often it came back. */
  returnCount = 0;

  constructor(place: number, message: Message, expiresAtMs: number) {
    this.place = place;
    this.message = message;
    this.expiresAtMs = expiresAtMs;
  }

  /** The same in the same place, as it comes back from disk. */
  stored(): QueuedMessage {
    const entry = new QueuedMessage(this.place, this.message.stored(), this.expiresAtMs);
    entry.isRedelivered = this.isRedelivered;
    return entry;
  }
}
