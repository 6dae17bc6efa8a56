/**
 * The publishes that went out over one channel and have no outcome yet, by their delivery tags. RabbitMQ extension: the tag of
 * a publish is its number on its channel, footers counted. Must not settle them: the publisher does.
 */
import type { PublishOperation } from './publish-operation.ts';

/** Empty places at the front are cut off no earlier than there are so many of them. */
const leastCut = 64;

/** The sent publishes of one publisher. */
export class SentPublishes {
  /** How many there are. */
  count = 0;
  /** The tag of the first place in use. */
  firstTag = 1;
  /** From `head` on, a place for each tag. Those of footers, and of publishes that were taken, are empty. */
  private places: (PublishOperation | undefined)[] = [];
  private head = 0;

  /** The tag of the next publish on the channel. */
  get nextTag(): number {
    return this.firstTag + this.places.length - this.head;
  }

  /** The one with the lowest tag, once `cut()` was called after the last `take()`. */
  get first(): PublishOperation | undefined {
    return this.places[this.head];
  }

  /** It was sent, and has `nextTag`. */
  add(operation: PublishOperation): void {
    this.places.push(operation);
    this.count++;
  }

  /** A footer was sent: it has `nextTag`, and nothing to settle. */
  addFooter(): void {
    this.places.push(undefined);
  }

  /** Takes the one with this tag. @returns `undefined` for the tag of none that is here. */
  take(tag: number): PublishOperation | undefined {
    const index = tag - this.firstTag + this.head;
    if (index < this.head || index >= this.places.length) return undefined;
    const operation = this.places[index];
    if (operation === undefined) return undefined;
    this.places[index] = undefined;
    this.count--;
    return operation;
  }

  /** Moves on over the empty places at the front. They are cut off when they are half of all, and never while they are few. */
  cut(): void {
    const { places } = this;
    while (this.head < places.length && places[this.head] === undefined) {
      this.head++;
      this.firstTag++;
    }
    if (this.head < leastCut || this.head * 2 < places.length) return;
    this.places = places.slice(this.head);
    this.head = 0;
  }

  /** Whether one of them is as meant. */
  some(isMeant: (operation: PublishOperation) => boolean): boolean {
    return this.places.some((operation) => operation !== undefined && isMeant(operation));
  }

  /** Takes all, in the order in which they were sent: their channel is gone. */
  takeAll(): PublishOperation[] {
    const all = this.places.filter((operation) => operation !== undefined);
    this.places = [];
    this.head = 0;
    this.count = 0;
    return all;
  }

  /** Counts tags from 1: there is another channel. */
  restart(): void {
    this.places = [];
    this.head = 0;
    this.firstTag = 1;
  }
}
