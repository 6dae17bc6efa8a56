/** The topology of a shop, and what became of it a year later. Data only. */
import { classicQueue, defineTopology, quorumQueue, streamQueue } from '@puka/topology';

const exchanges = {
  orders: { type: 'topic', alternateExchange: 'orders.lost' },
  'orders.lost': { type: 'fanout' },
  'orders.dead': { type: 'fanout' },
} as const;

const others = {
  audit: streamQueue({ maxAge: '30D', maxLengthBytes: 20_000_000_000 }),
  lost: quorumQueue({ maxLength: 100_000 }),
  'billing.dead': quorumQueue(),
};

const bindings = [
  { exchange: 'orders', queue: 'billing', routingKey: ['order.placed', 'order.paid'] },
  { exchange: 'orders', queue: 'audit', routingKey: '#' },
  { exchange: 'orders.lost', queue: 'lost' },
  { exchange: 'orders.dead', queue: 'billing.dead' },
] as const;

/** As it began. */
export const firstShop = defineTopology({
  exchanges,
  queues: { ...others, billing: classicQueue({ deadLetter: { exchange: 'orders.dead' } }) },
  bindings,
});

/** The queue of bills is replicated now, and a message that fails five times is put aside. */
export const shop = defineTopology({
  exchanges,
  queues: { ...others, billing: quorumQueue({ deliveryLimit: 5, deadLetter: { exchange: 'orders.dead' } }) },
  bindings,
});
