/** What became of the publishes of a client, in numbers. Must not know which they were. */
import { Histogram } from '../runtime/histogram.ts';

/** Counts of one client, over all its connections. */
export class PublishCounts {
  /** The broker has them. */
  confirmed = 0;
  /** Returned, because no queue took them. */
  returned = 0;
  /** RabbitMQ extension: the broker could not take them. */
  nacked = 0;
  /** Failed in another way after the call: refused by the broker, or lost with the connection. */
  failed = 0;
  /** Refused at the call. */
  refused = 0;
  /** From writing a publish to its confirm. A sample: see `RoundTripSample`. */
  readonly roundTrip: Histogram = new Histogram();
}
