/** Acks, nacks, rejects and recovers. AMQP 0-9-1 §1.8.3, RabbitMQ: docs/confirms. Must not hold a rule of queues. */
import { AmqpNotImplemented } from '@puka/errors';
import type { Settlement } from '../../model/queues/queue.ts';
import { ConnectionDropped } from '../decoded-method.ts';
import type { ServerChannel } from '../server-channel.ts';
import type { Handlers } from './handlers.ts';

export const settleMethods: Handlers = {
  'basic.ack': (channel, { deliveryTag, multiple }) => settle(channel, deliveryTag, multiple, 'ack'),

  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    settle(channel, deliveryTag, multiple, requeue ? 'requeue' : 'discard'),

  'basic.reject': (channel, { deliveryTag, requeue }) =>
    settle(channel, deliveryTag, false, requeue ? 'requeue' : 'discard'),

  'basic.recover': (channel, { requeue }) => {
    recover(channel, requeue);
    channel.send({ type: 'basic.recover-ok' });
  },

  'basic.recover-async': (channel, { requeue }) => recover(channel, requeue),
};

function settle(channel: ServerChannel, deliveryTag: number | bigint, multiple: boolean, settlement: Settlement): void {
  const fate = channel.host.interference.fateOfSettlement();
  if (fate === 'drop-connection')
    throw new ConnectionDropped('the connection ends before an ack', { isMistake: false });
  if (fate === 'lose') return;
  const deliveries = channel.unacked.take(Number(deliveryTag), multiple);
  if (channel.transaction === undefined) channel.settle(deliveries, settlement);
  else channel.transaction.addSettlement(settlement, deliveries);
}

function recover(channel: ServerChannel, requeue: boolean): void {
  if (!requeue) throw new AmqpNotImplemented('requeue=false');
  channel.settle(channel.unacked.takeAll(), 'requeue');
}
