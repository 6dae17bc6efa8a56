/**
 * The publishes that went out over one channel and have no outcome yet, by their delivery tags. RabbitMQ extension: the tag of
 * a publish is its number on its channel, footers counted. Must not settle them: the publisher does.
 */
import type { PublishOperation } from './publish-operation.ts';

/** Empty places at the front are cut off once there are at least this many. */
const leastCut = 64;

/** The sent publishes of one publisher. */
export class SentPublishes {
  /** How many there are. */
  count = 0;
  /** The tag of the first place in use. */
  firstTag = 1;
  /** From `head` on, one place for each tag. The places of footers and of taken publishes are empty. */
  private places: (PublishOperation | undefined)[] = [];
  private head = 0;

  /** The tag of the next publish on the channel. */
  get nextTag(): number {
    return this.firstTag + this.places.length - this.head;
  }

  /** The publish with the lowest tag, if `cut()` was called after the last `take()`. */
  get first(): PublishOperation | undefined {
    return this.places[this.head];
  }

  /** Adds a publish that was sent with `nextTag`. */
  add(operation: PublishOperation): void {
    this.places.push(operation);
    this.count++;
  }

  /** Adds an empty place for a footer that was sent with `nextTag`. */
  addFooter(): void {
    this.places.push(undefined);
  }

  /** Removes and returns the publish with this tag. @returns `undefined` if there is none. */
  take(tag: number): PublishOperation | undefined {
    const index = tag - this.firstTag + this.head;
    if (index < this.head || index >= this.places.length) return undefined;
    const operation = this.places[index];
    if (operation === undefined) return undefined;
    this.places[index] = undefined;
    this.count--;
    return operation;
  }

  /** Skips the empty places at the front. They are cut off when they are half of all places and at least `leastCut`. */
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

  /** Whether `isMeant` is true of one of them. */
  some(isMeant: (operation: PublishOperation) => boolean): boolean {
    return this.places.some((operation) => operation !== undefined && isMeant(operation));
  }

  /** Removes and returns all, in the order in which they were sent. To be called when their channel is closed. */
  takeAll(): PublishOperation[] {
    const all = this.places.filter((operation) => operation !== undefined);
    this.places = [];
    this.head = 0;
    this.count = 0;
    return all;
  }

  /** Counts tags from 1, because a new channel is used. */
  restart(): void {
    this.places = [];
    this.head = 0;
    this.firstTag = 1;
  }
}
