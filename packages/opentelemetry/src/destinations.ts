/** What exchanges, routing keys and queues are called in spans and metrics. Must not know messages. */
import type { Attributes } from '@opentelemetry/api';
import { attribute } from './conventions.ts';

/** A place that messages go to or come from. */
export interface Destination {
  /** For spans: by the conventions for RabbitMQ. */
  readonly name: string;
  /**
   * For the names of spans and for metrics, of which there have to be few: the exchange or the queue. `undefined` for a
   * queue whose name the broker made up.
   */
  readonly label: string | undefined;
}

/** Where a publish goes: `exchange:routing key`, or the one that is not empty, or `amq.default`. */
export function publishDestination(exchange: string, routingKey: string): Destination {
  const name = [exchange, routingKey].filter((part) => part !== '').join(':');
  if (name === '') return { name: 'amq.default', label: 'amq.default' };
  return { name, label: exchange === '' ? queueLabel(routingKey) : exchange };
}

/** Where a message comes from: `exchange:routing key:queue`, without what is empty, and a queue that is the routing key once. */
export function deliveryDestination(exchange: string, routingKey: string, queue: string): Destination {
  const parts = [exchange, routingKey, queue === routingKey ? '' : queue].filter((part) => part !== '');
  return { name: parts.join(':'), label: queueLabel(queue) };
}

/** A queue by itself: of a get, and of a batch. */
export function queueDestination(queue: string): Destination {
  return { name: queue, label: queueLabel(queue) };
}

/** RabbitMQ keeps names that begin with `amq.` for those that it makes up. */
function queueLabel(queue: string): string | undefined {
  return queue.startsWith('amq.') ? undefined : queue;
}

/** The attributes of a span. */
export function destinationAttributes({ name, label }: Destination): Attributes {
  const known = { [attribute.destination]: name };
  if (label !== undefined) return known;
  return { ...known, [attribute.destinationAnonymous]: true, [attribute.destinationTemporary]: true };
}
