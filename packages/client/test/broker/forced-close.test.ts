/** A broker that goes away by itself: an operator closes the connection, it shuts down, it crashes; then it is there again. */
import { Client, type PukaError } from '@puka/client';
import { type Broker, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateNode } from './private-node.ts';

const node = privateNode();
let broker: Broker;

beforeAll(async () => {
  broker = await node.take();
});

afterAll(async () => {
  await node.giveBack();
});

/** How the broker goes and comes, and what `disconnected` is called with. */
const ways = [
  {
    name: 'an operator closes the connection',
    go: () => broker.closeAllConnections('for a reason'),
    back: async () => {},
    code: 'CONNECTION_FORCED',
    text: 'for a reason',
  },
  {
    name: 'the broker shuts down',
    go: () => broker.shutdown(),
    back: () => broker.restart(),
    code: 'CONNECTION_FORCED',
    text: 'shutdown',
  },
  {
    name: 'the broker crashes',
    go: () => broker.kill(),
    back: () => broker.restart(),
    code: 'CONNECTION_BROKEN',
    text: '',
  },
];

// A node takes its time to come up.
describe.each(ways)('$name', { timeout: 120_000 }, ({ go, back, code, text }) => {
  it('all that was open is broken, and the client connects again', async () => {
    const client = new Client(broker.url, { recover: false });
    await client.connect();
    const queue = uniqueName('forced');
    await client.queueDeclare({ queue, durable: true });
    await client.basicPublish({ routingKey: queue, body: 'kept', deliveryMode: 2 });
    const consumer = client.basicConsume({ queue });
    const message = await client.wait(consumer);
    const next = consumer[Symbol.asyncIterator]().next();
    const told: (PukaError | undefined)[] = [];
    client.on('disconnected', (error) => told.push(error));
    const closed = new Promise((resolve) => client.once('closed', resolve));
    const [outcome] = await Promise.allSettled([next, go(), closed]);
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'CONNECTION_BROKEN', retryable: true, scope: 'connection' },
    });
    expect(told).toMatchObject([{ code, scope: 'connection', retryable: true }]);
    expect(String(told[0])).toContain(text);
    expect(message.ack()).toBe(false);
    await expect(client.basicPublish({ routingKey: queue, body: 'late' })).rejects.toMatchObject({
      code: 'CONNECTION_BROKEN',
      outcome: 'not-sent',
    });
    await back();
    await client.connect();
    // What a broker has written that is killed is its own affair.
    if (code === 'CONNECTION_FORCED') {
      const again = await client.basicGet({ queue });
      expect([again?.text(), again?.redelivered, again?.ack()]).toEqual(['kept', true, true]);
    }
    await client.queueDeclare({ queue, durable: true });
    await client.basicPublish({ routingKey: queue, body: 'new', mandatory: true });
    await client.queueDelete({ queue });
    await client.close();
  });
});
