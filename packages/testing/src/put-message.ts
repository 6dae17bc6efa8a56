/** A message that a test puts into its broker without a client. Must not pass over what RabbitMQ would refuse of it. */
import { type BasicProperties, encodeProperties, PropertiesReader } from '@puka/wire';
import type { BrokerModel } from './model/broker-model.ts';
import { findExchange } from './model/declare-exchange.ts';
import { checkExpiration, messageOf } from './model/publish-checks.ts';
import type { VirtualHost } from './model/vhost.ts';

/** A message for `broker.publish()`, with the fourteen properties beside. */
export interface TestMessage extends BasicProperties {
  /** Default: the default exchange, whose routing keys are names of queues. */
  readonly exchange?: string;
  /** To the default exchange: the name of the queue. Default empty. */
  readonly routingKey?: string;
  /** Text goes as UTF-8. Default: empty. */
  readonly body?: string | Uint8Array;
}

/**
 * Publishes without a client.
 *
 * @returns how many queues it came to.
 * @throws {NotFound} if there is no such exchange. @throws {PreconditionFailed} for a property RabbitMQ refuses.
 */
export function putMessage(
  broker: BrokerModel,
  vhost: VirtualHost,
  { exchange: name = '', routingKey = '', body = '', ...properties }: TestMessage,
): number {
  const exchange = findExchange(vhost, name);
  checkExpiration(properties.expiration);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body.slice();
  const message = messageOf(name, routingKey, new PropertiesReader(encodeProperties(properties)), bytes);
  const { routed } = vhost.deliver(vhost.route(exchange, message), message);
  if (routed === 0) broker.unrouted(message);
  return routed;
}
