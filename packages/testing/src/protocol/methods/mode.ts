/** The modes of a channel: confirms, transactions, flow. AMQP 0-9-1 §1.9, RabbitMQ: docs/confirms, docs/semantics. */
import { AmqpNotImplemented, PreconditionFailed } from '@puka/errors';
import type { ServerChannel } from '../server-channel.ts';
import { Transaction } from '../transaction.ts';
import type { Handlers } from './handlers.ts';
import { deliverPublish } from './publish.ts';

export const modeMethods: Handlers = {
  'confirm.select': (channel, { noWait }) => {
    if (channel.transaction !== undefined) throw new PreconditionFailed('cannot switch from tx to confirm mode');
    channel.confirms.isEnabled = true;
    if (!noWait) channel.send({ type: 'confirm.select-ok' });
  },

  'tx.select': (channel) => {
    if (channel.confirms.isEnabled) throw new PreconditionFailed('cannot switch from confirm to tx mode');
    channel.transaction ??= new Transaction();
    channel.send({ type: 'tx.select-ok' });
  },

  'tx.commit': (channel) => {
    const { publishes, settlements } = transactionOf(channel).take();
    let isRejected = false;
    for (const publish of publishes) isRejected = deliverPublish(channel, publish).isRejected || isRejected;
    for (const { settlement, deliveries } of settlements) channel.settle(deliveries, settlement);
    if (isRejected) throw new PreconditionFailed('partial tx completion');
    channel.send({ type: 'tx.commit-ok' });
  },

  'tx.rollback': (channel) => {
    const { settlements } = transactionOf(channel).take();
    channel.unacked.putBack(settlements.flatMap(({ deliveries }) => deliveries));
    channel.send({ type: 'tx.rollback-ok' });
  },

  'channel.flow': (channel, { active }) => {
    if (!active) throw new AmqpNotImplemented('active=false');
    channel.send({ type: 'channel.flow-ok', active: true });
  },
};

function transactionOf({ transaction }: ServerChannel): Transaction {
  if (transaction === undefined) throw new PreconditionFailed('channel is not transactional');
  return transaction;
}
