/** RabbitMQ: an empty queue name means the queue that was last declared on the channel. AMQP 0-9-1 §1.7.2.3.2. */
import { NotFound } from '@puka/errors';
import type { ServerChannel } from '../server-channel.ts';

/** @throws {NotFound} if none was declared. */
export function queueNamed(channel: ServerChannel, name: string): string {
  if (name !== '') return name;
  if (channel.lastQueue === '') throw new NotFound('no previously declared queue');
  return channel.lastQueue;
}

/** With neither queue nor routing key, the routing key is the queue's name. */
export function routingKeyFor(channel: ServerChannel, queue: string, routingKey: string): string {
  return queue === '' && routingKey === '' ? channel.lastQueue : routingKey;
}
