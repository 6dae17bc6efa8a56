/** Publishing: the checks in RabbitMQ's order, then routing, returns and confirms. AMQP 0-9-1 §1.8.3.7. */
import { AccessRefused, AmqpNotImplemented, PreconditionFailed } from '@puka/errors';
import type { PropertiesReader } from '@puka/wire';
import { findExchange } from '../../model/declare-exchange.ts';
import type { Exchange } from '../../model/exchanges/exchange.ts';
import { encodedProperties, type Message } from '../../model/message.ts';
import { checkExpiration, checkMessageSize, checkProperties, messageOf } from '../../model/publish-checks.ts';
import { resourceText } from '../../model/resource.ts';
import type { PublishOutcome } from '../../model/vhost.ts';
import type { ChannelHost } from '../channel-host.ts';
import type { PublishedContent } from '../content-reader.ts';
import type { ServerChannel } from '../server-channel.ts';
import type { HeldPublish } from '../transaction.ts';
import { replyTo } from './reply-to.ts';

/** Takes a message, or refuses it. @throws {AmqpError} which is sent to the client. */
export function publish(channel: ServerChannel, { method, properties, body }: PublishedContent): void {
  const { host, confirms, transaction } = channel;
  if (method.immediate) throw new AmqpNotImplemented('immediate=true');
  checkMessageSize(body.length, host.settings.maxMessageBytes);
  const exchange = writableExchange(host, method.exchange, method.routingKey);
  checkProperties(properties);
  const addressed = withReplyAddress(channel, properties);
  checkUserId(host, addressed.userId);
  checkExpiration(addressed.expiration);
  const tag = confirms.isEnabled ? confirms.take() : 0;
  const message = messageOf(exchange.name, method.routingKey, addressed, body);
  const held: HeldPublish = { message, queues: host.vhost.route(exchange, message), mandatory: method.mandatory };
  // RabbitMQ: replies go out while the message is routed, in a transaction too, and count as no queue.
  if (exchange.name === '') sendReplies(host, message);
  if (transaction !== undefined) {
    transaction.addPublish(held);
    return;
  }
  const { routed, isRejected } = deliverPublish(channel, held);
  if (confirms.isEnabled) tellOutcome(channel, tag, !isRejected, routed === 0);
}

/** Hands a routed message to its queues, or returns it. */
export function deliverPublish(channel: ServerChannel, { message, queues, mandatory }: HeldPublish): PublishOutcome {
  const fate = channel.host.interference.fateOfPublish(message);
  if (fate === 'nack') return { routed: 1, isRejected: true };
  const outcome =
    fate === 'return' ? { routed: 0, isRejected: false } : channel.host.vhost.deliver(queues, message, channel);
  if (outcome.routed > 0) return outcome;
  channel.host.broker.unrouted(message);
  if (mandatory) channel.sendReturn(message);
  return outcome;
}

function tellOutcome(channel: ServerChannel, tag: number, isConfirmed: boolean, isAtOnce: boolean): void {
  const { host, confirms } = channel;
  const send = (): void => {
    confirms.settle(tag, isConfirmed);
    host.outputWaiting();
  };
  const fate = host.interference.fateOfConfirm(send);
  if (fate === 'lose') confirms.forget(tag);
  if (fate !== 'send') return;
  send();
  // RabbitMQ: what goes to no queue is confirmed by the channel itself, at once.
  if (isAtOnce) channel.flushConfirms();
}

function writableExchange(host: ChannelHost, name: string, routingKey: string): Exchange {
  const { broker, vhost, username } = host;
  const resource = { kind: 'exchange', vhost: vhost.name, name } as const;
  broker.users.check(username, resource, 'write');
  const exchange = findExchange(vhost, name);
  if (exchange.settings.internal) throw new AccessRefused(`cannot publish to internal ${resourceText(resource)}`);
  if (exchange.settings.type === 'topic') broker.users.checkTopic(username, resource, routingKey, 'write');
  return exchange;
}

/** RabbitMQ: puts the address of the channel's replies if the client has asked for it. docs/direct-reply-to. */
function withReplyAddress({ replyConsumer }: ServerChannel, properties: PropertiesReader): PropertiesReader {
  if (properties.replyTo !== replyTo) return properties;
  if (replyConsumer === undefined) throw new PreconditionFailed('fast reply consumer does not exist');
  const headers = properties.taggedHeaders;
  return encodedProperties({ ...properties.toObject(), headers, replyTo: replyConsumer.address });
}

/** Delivers a message to those that wait for it as a direct reply. */
function sendReplies({ broker }: ChannelHost, message: Message): void {
  if (broker.replyReceivers.size === 0) return;
  for (const key of new Set(message.routingKeys)) broker.replyReceivers.get(key)?.reply(message);
}

/** RabbitMQ: docs/validated-user-id. */
function checkUserId({ user }: ChannelHost, userId: string | undefined): void {
  if (userId === undefined || userId === user.name || user.tags.includes('impersonator')) return;
  throw new PreconditionFailed(`user_id property set to '${userId}' but authenticated user was '${user.name}'`);
}
