/** The methods of class queue. AMQP 0-9-1 §1.7. Must not hold a rule of queues: those are the model's. */
import { NotFound } from '@puka/errors';
import type { QueueDeclare } from '@puka/wire';
import type { Arguments } from '../../model/arguments.ts';
import { bind, unbind } from '../../model/bind.ts';
import { declareQueue, deleteQueue, findQueue, purgeQueue } from '../../model/declare-queue.ts';
import { resourceText, withoutLineBreaks } from '../../model/resource.ts';
import type { ServerChannel } from '../server-channel.ts';
import type { Handlers } from './handlers.ts';
import { queueNamed, routingKeyFor } from './last-queue.ts';
import { replyTo } from './reply-to.ts';

export const queueMethods: Handlers = {
  'queue.declare': (channel, method, args) => {
    const ok = method.queue.startsWith(replyTo) ? replyQueue(channel, method.queue) : declared(channel, method, args);
    channel.lastQueue = ok.queue;
    if (!method.noWait) channel.send({ type: 'queue.declare-ok', ...ok });
  },

  'queue.bind': (channel, method, args) => {
    const { broker, vhost } = channel.host;
    const destination = queueNamed(channel, method.queue);
    const routingKey = routingKeyFor(channel, method.queue, method.routingKey);
    const request = { source: method.exchange, destination, destinationKind: 'queue', routingKey } as const;
    bind(broker, vhost, channel.host, { ...request, arguments: args });
    if (!method.noWait) channel.send({ type: 'queue.bind-ok' });
  },

  'queue.unbind': (channel, method, args) => {
    const { broker, vhost } = channel.host;
    const destination = queueNamed(channel, method.queue);
    const routingKey = routingKeyFor(channel, method.queue, method.routingKey);
    const request = { source: method.exchange, destination, destinationKind: 'queue', routingKey } as const;
    unbind(broker, vhost, channel.host, { ...request, arguments: args });
    channel.send({ type: 'queue.unbind-ok' });
  },

  'queue.purge': (channel, method) => {
    const { broker, vhost } = channel.host;
    const messageCount = purgeQueue(broker, vhost, channel.host, queueNamed(channel, method.queue));
    if (!method.noWait) channel.send({ type: 'queue.purge-ok', messageCount });
  },

  'queue.delete': (channel, method) => {
    const { broker, vhost } = channel.host;
    const queue = queueNamed(channel, method.queue);
    const messageCount = deleteQueue(broker, vhost, channel.host, { ...method, queue });
    if (!method.noWait) channel.send({ type: 'queue.delete-ok', messageCount });
  },
};

interface Declared {
  readonly queue: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}

function declared(channel: ServerChannel, method: QueueDeclare, args: Arguments): Declared {
  const { host } = channel;
  const queue = method.passive
    ? findQueue(host.vhost, host, withoutLineBreaks(method.queue))
    : declareQueue(host.broker, host.vhost, host, { ...method, arguments: args });
  if (!method.noWait) queue.touch();
  return { queue: queue.name, messageCount: queue.readyCount, consumerCount: queue.consumerCount };
}

/** RabbitMQ: declaring the address of direct replies returns whether a consumer still waits for them. docs/direct-reply-to. */
function replyQueue({ host }: ServerChannel, name: string): Declared {
  if (name !== replyTo && !host.broker.replyReceivers.has(name)) {
    throw new NotFound(`no ${resourceText({ kind: 'queue', vhost: host.vhost.name, name })}`);
  }
  return { queue: name, messageCount: 0, consumerCount: 1 };
}
