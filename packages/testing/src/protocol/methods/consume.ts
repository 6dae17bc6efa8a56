/** Getting and consuming messages. AMQP 0-9-1 §1.8.3. Must not hold a rule of queues: those are the model's. */
import { AmqpError, AmqpNotImplemented, NotAllowed, PreconditionFailed } from '@puka/errors';
import { type BasicConsume, MethodId } from '@puka/wire';
import type { Arguments } from '../../model/arguments.ts';
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
    // RabbitMQ: an empty name is resolved first.
    const name = queueNamed(channel, method.queue);
    if (channel.consumers.has(method.consumerTag) || channel.waitingConsumers.has(method.consumerTag)) {
      throw new NotAllowed(`attempt to reuse consumer tag '${method.consumerTag}'`);
    }
    if (method.queue === replyTo) {
      consumeReplies(channel, method);
      return;
    }
    const queue = readableQueue(channel, name);
    const consumerTag = method.consumerTag === '' ? channel.host.broker.newName('amq.ctag') : method.consumerTag;
    checkConsumerArguments(queue.resource, queue.settings.type, args);
    startConsumer({ ...{ channel, queue, consumerTag, method, args }, prefetchCount: channel.prefetchCount });
  },

  'basic.cancel': (channel, { consumerTag, noWait }) => {
    const done = (): void => {
      if (!noWait) channel.send({ type: 'basic.cancel-ok', consumerTag });
    };
    if (channel.replyConsumer?.consumerTag === consumerTag) channel.endReplies();
    const queue = channel.consumers.get(consumerTag);
    channel.consumers.delete(consumerTag);
    channel.waitingConsumers.delete(consumerTag);
    // RabbitMQ: an unknown tag is not an error.
    if (queue === undefined) done();
    else queue.cancel(channel, consumerTag, done);
  },

  'basic.get': (channel, { queue, noAck }) => {
    const got = readableQueue(channel, queue).get(channel, !noAck);
    if (got === undefined) channel.send({ type: 'basic.get-empty' });
    else channel.sendGot(got.delivery, got.messageCount, !noAck);
  },
};

/** A subscription that has passed the checks. */
interface Start {
  readonly channel: ServerChannel;
  readonly queue: Queue;
  readonly consumerTag: string;
  readonly method: BasicConsume;
  readonly args: Arguments;
  readonly prefetchCount: number;
}

/** Subscribes, unless a fault has something else happen to new consumers of the queue. */
function startConsumer(start: Start): void {
  const { channel, queue, consumerTag, method } = start;
  const ok = (): void => {
    if (!method.noWait) channel.send({ type: 'basic.consume-ok', consumerTag });
  };
  const fate = channel.host.interference.fateOfConsume(queue, {
    begin: () => beginLate(start),
    fail: (error) => {
      if (channel.state === 'running') channel.host.closeConnection(error, MethodId.basicConsume);
    },
  });
  if (fate === 'cancel-ahead-of-ok') {
    channel.consumers.set(consumerTag, queue);
    channel.consumerCancelled(consumerTag);
    ok();
    return;
  }
  if (fate === 'wait') {
    ok();
    // RabbitMQ: the channel waits for the queue and does nothing else meanwhile.
    channel.holdOutput(Number.POSITIVE_INFINITY);
    channel.waitingConsumers.add(consumerTag);
    return;
  }
  subscribe(start, ok);
  if (fate === 'cancel-behind-ok') {
    queue.cancel(channel, consumerTag, () => channel.consumerCancelled(consumerTag));
  }
}

function subscribe({ channel, queue, consumerTag, method, args, prefetchCount }: Start, ok: () => void): void {
  const { noAck, exclusive } = method;
  queue.consume({
    ...{ channel, consumerTag, noAck, exclusive, arguments: args, prefetchCount },
    started: () => {
      channel.consumers.set(consumerTag, queue);
      ok();
    },
  });
}

/** The consume-ok is out since long; now the queue agrees. */
function beginLate(start: Start): void {
  const { channel, queue, consumerTag, method } = start;
  channel.releaseOutput();
  // It may have been cancelled meanwhile.
  if (!channel.waitingConsumers.delete(consumerTag) || channel.state !== 'running') return;
  try {
    if (channel.host.vhost.queues.get(queue.name) === queue) subscribe(start, () => {});
    else {
      channel.consumers.set(consumerTag, queue);
      channel.consumerCancelled(consumerTag);
    }
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error;
    channel.refuse(error, MethodId.basicConsume, method);
  }
}

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
