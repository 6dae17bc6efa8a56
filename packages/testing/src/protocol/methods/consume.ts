/** Getting and consuming messages. AMQP 0-9-1 §1.8.3. Must not hold a rule of queues: those are the model's. */
import { AmqpNotImplemented, NotAllowed, PreconditionFailed } from '@puka/errors';
import type { BasicConsume } from '@puka/wire';
import { findQueue } from '../../model/declare-queue.ts';
import { checkConsumerArguments } from '../../model/queue-arguments.ts';
import type { Queue } from '../../model/queues/queue.ts';
import type { ServerChannel } from '../server-channel.ts';
import type { Handlers } from './handlers.ts';
import { queueNamed } from './last-queue.ts';
import { replyTo } from './reply-to.ts';

export const consumeMethods: Handlers = {
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw new AmqpNotImplemented(`prefetch_size!=0 (${prefetchSize})`);
    const wasActive = channel.limit.isActive;
    if (global && prefetchCount > 0) channel.limit.limit(prefetchCount, channel.unacked.size);
    // RabbitMQ: asking for a limit for each consumer takes the one of the channel away.
    else channel.limit.unlimit();
    if (!global) channel.prefetchCount = prefetchCount;
    if (channel.limit.isActive !== wasActive) {
      for (const queue of new Set(channel.consumers.values())) queue.limitChannel(channel, !wasActive);
    }
    channel.send({ type: 'basic.qos-ok' });
  },

  'basic.consume': (channel, method, args) => {
    // RabbitMQ: what an empty name stands for comes before all else.
    const name = queueNamed(channel, method.queue);
    if (channel.consumers.has(method.consumerTag)) {
      throw new NotAllowed(`attempt to reuse consumer tag '${method.consumerTag}'`);
    }
    if (method.queue === replyTo) {
      consumeReplies(channel, method);
      return;
    }
    const queue = readableQueue(channel, name);
    const consumerTag = method.consumerTag === '' ? channel.host.broker.newName('amq.ctag') : method.consumerTag;
    checkConsumerArguments(queue.resource, queue.settings.type, args);
    queue.consume({
      ...{ channel, consumerTag, noAck: method.noAck, exclusive: method.exclusive, arguments: args },
      prefetchCount: channel.prefetchCount,
      started: () => {
        channel.consumers.set(consumerTag, queue);
        if (!method.noWait) channel.send({ type: 'basic.consume-ok', consumerTag });
      },
    });
  },

  'basic.cancel': (channel, { consumerTag, noWait }) => {
    const done = (): void => {
      if (!noWait) channel.send({ type: 'basic.cancel-ok', consumerTag });
    };
    if (channel.replyConsumer?.consumerTag === consumerTag) channel.endReplies();
    const queue = channel.consumers.get(consumerTag);
    channel.consumers.delete(consumerTag);
    // RabbitMQ: a tag that nobody has is no mistake.
    if (queue === undefined) done();
    else queue.cancel(channel, consumerTag, done);
  },

  'basic.get': (channel, { queue, noAck }) => {
    const got = readableQueue(channel, queue).get(channel, !noAck);
    if (got === undefined) channel.send({ type: 'basic.get-empty' });
    else channel.sendGot(got.delivery, got.messageCount, !noAck);
  },
};

function readableQueue(channel: ServerChannel, asked: string): Queue {
  const { host } = channel;
  const name = queueNamed(channel, asked);
  host.broker.users.check(host.username, { kind: 'queue', vhost: host.vhost.name, name }, 'read');
  return findQueue(host.vhost, host, name);
}

/** RabbitMQ: docs/direct-reply-to. */
function consumeReplies(channel: ServerChannel, { consumerTag, noAck, noWait }: BasicConsume): void {
  const { broker } = channel.host;
  if (!noAck) throw new PreconditionFailed('reply consumer cannot acknowledge');
  if (channel.replyConsumer !== undefined) throw new PreconditionFailed('reply consumer already set');
  const tag = consumerTag === '' ? broker.newName('amq.ctag') : consumerTag;
  const address = broker.newName(`${replyTo}.g1h2`);
  channel.replyConsumer = { consumerTag: tag, address };
  broker.replyReceivers.set(address, channel);
  if (!noWait) channel.send({ type: 'basic.consume-ok', consumerTag: tag });
}
