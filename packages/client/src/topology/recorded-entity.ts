/** What the client remembers to make again, as plain data. Types only. */
import type { ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions } from './options.ts';

/** An exchange that was declared. */
export interface RecordedExchange {
  /** Distinguishes it from the other kinds. */
  readonly kind: 'exchange';
  /** As it was declared. */
  readonly options: Omit<ExchangeDeclareOptions, 'signal' | 'timeout'>;
}

/** A queue that was declared. */
export interface RecordedQueue {
  /** Distinguishes it from the other kinds. */
  readonly kind: 'queue';
  /** Its name now: of a server-named queue the one that the broker chose last. */
  readonly queue: string;
  /** As it was declared: an empty `queue` is a server-named one. */
  readonly options: Omit<QueueDeclareOptions, 'signal' | 'timeout'>;
}

/** A binding of a queue or of an exchange. */
export interface RecordedBinding {
  /** Distinguishes it from the other kinds. */
  readonly kind: 'binding';
  /** Whether it binds a queue or an exchange. */
  readonly destinationKind: 'queue' | 'exchange';
  /** The queue, or the exchange that gets the messages. */
  readonly destination: string;
  /** The exchange that the messages come from. */
  readonly source: string;
  /** What the exchange compares with the routing key of a message. */
  readonly routingKey: string;
  /** For headers exchanges: what to match. `undefined` for none. */
  readonly arguments: QueueBindOptions['arguments'] | ExchangeBindOptions['arguments'];
}

/** A consumer that is subscribed. */
export interface RecordedConsumer {
  /** Distinguishes it from the other kinds. */
  readonly kind: 'consumer';
  /** The queue it consumes. */
  readonly queue: string;
  /** Its tag, which stays the same over connections. */
  readonly consumerTag: string;
}

/** One thing that is made again after a connection was lost. */
export type RecordedEntity = RecordedExchange | RecordedQueue | RecordedBinding | RecordedConsumer;
