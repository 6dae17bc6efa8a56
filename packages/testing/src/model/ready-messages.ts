/**
 * The messages of a classic queue that wait for a consumer, by priority and then by place. RabbitMQ: a queue with
 * `x-max-priority` is one queue for each priority, drained from the highest down. Must not know limits or consumers.
 */
import { MessageLine } from './message-line.ts';
import type { QueuedMessage } from './queued-message.ts';

/** The messages of a classic queue that wait for a consumer, by priority and then by place. */
export class ReadyMessages {
  /** Bytes of the bodies. */
  bytes = 0;
  length = 0;
  /** By priority, the lowest first. */
  private readonly lines: readonly MessageLine[];

  /** @param maxPriority `x-max-priority`; without it there is one line. */
  constructor(maxPriority = 0) {
    this.lines = Array.from({ length: maxPriority + 1 }, () => new MessageLine());
  }

  /** The next one to be taken. */
  get first(): QueuedMessage | undefined {
    return this.nextLine()?.first;
  }

  push(entry: QueuedMessage): void {
    this.lineOf(entry).push(entry);
    this.length++;
    this.bytes += entry.message.body.length;
  }

  takeFirst(): QueuedMessage | undefined {
    const entry = this.nextLine()?.takeFirst();
    if (entry === undefined) return undefined;
    this.length--;
    this.bytes -= entry.message.body.length;
    return entry;
  }

  /** Puts messages back to their places. */
  putBack(entries: readonly QueuedMessage[]): void {
    for (const line of new Set(entries.map((entry) => this.lineOf(entry)))) {
      line.putBack(entries.filter((entry) => this.lineOf(entry) === line));
    }
    this.length += entries.length;
    for (const entry of entries) this.bytes += entry.message.body.length;
  }

  /** Drops all. @returns how many there were. */
  clear(): number {
    const { length } = this;
    for (const line of this.lines) line.clear();
    this.length = 0;
    this.bytes = 0;
    return length;
  }

  /** In the order in which they would be taken. */
  *[Symbol.iterator](): Generator<QueuedMessage, void> {
    for (let index = this.lines.length - 1; index >= 0; index--) yield* this.lines[index] ?? [];
  }

  private nextLine(): MessageLine | undefined {
    if (this.length === 0) return undefined;
    for (let index = this.lines.length - 1; index >= 0; index--) {
      const line = this.lines[index];
      if (line !== undefined && line.length > 0) return line;
    }
    return undefined;
  }

  private lineOf({ message }: QueuedMessage): MessageLine {
    const { lines } = this;
    const priority = lines.length === 1 ? 0 : Math.min(message.properties.priority ?? 0, lines.length - 1);
    const line = lines[priority];
    if (line === undefined) throw new RangeError(`no line for priority ${priority}`);
    return line;
  }
}
