/**
 * Which publishers a quorum queue with `reject-publish` turns away. RabbitMQ: all of them once the queue is over its limit,
 * until it is down to four fifths of it; a publisher that comes in between is let in. Must not count messages.
 */

/** Which publishers a quorum queue with `reject-publish` turns away. */
export class PublisherGate {
  private readonly arrivals = new WeakMap<object, { readonly isShut: boolean; readonly at: number }>();
  private isShut = false;
  private changes = 0;

  /** Whether a publisher is let in. @param isOver whether the queue is over its limit, which counts for new publishers. */
  admits(publisher: object, isOver: boolean): boolean {
    let arrival = this.arrivals.get(publisher);
    if (arrival === undefined) {
      arrival = { isShut: isOver, at: this.changes };
      this.arrivals.set(publisher, arrival);
    }
    return !(arrival.at < this.changes ? this.isShut : arrival.isShut);
  }

  /** Refuses the publishers that are there. */
  shut(): void {
    this.isShut = true;
    this.changes++;
  }

  /** Lets in the publishers that are there. */
  open(): void {
    this.isShut = false;
    this.changes++;
  }
}
