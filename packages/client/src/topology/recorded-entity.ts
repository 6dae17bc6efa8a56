/** What the client remembers to make again, as plain data. Types only. */
import type { ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions } from './options.ts';

/** An exchange that was declared. */
export interface RecordedExchange {
  readonly kind: 'exchange';
  readonly options: Omit<ExchangeDeclareOptions, 'signal' | 'timeout'>;
}

/** A queue that was declared. */
export interface RecordedQueue {
  readonly kind: 'queue';
  /** Its name now: of a server-named queue the one that the broker chose last. */
  readonly queue: string;
  /** As it was declared: an empty `queue` is a server-named one. */
  readonly options: Omit<QueueDeclareOptions, 'signal' | 'timeout'>;
}

/** A binding of a queue or of an exchange. */
export interface RecordedBinding {
  readonly kind: 'binding';
  readonly destinationKind: 'queue' | 'exchange';
  /** The queue, or the exchange that gets the messages. */
  readonly destination: string;
  /** The exchange that the messages come from. */
  readonly source: string;
  readonly routingKey: string;
  readonly arguments: QueueBindOptions['arguments'] | ExchangeBindOptions['arguments'];
}

/** A consumer that is subscribed. */
export interface RecordedConsumer {
  readonly kind: 'consumer';
  readonly queue: string;
  readonly consumerTag: string;
}

/** One thing that is made again after a connection was lost. */
export type RecordedEntity = RecordedExchange | RecordedQueue | RecordedBinding | RecordedConsumer;
