/** What becomes of messages where a mistake on one of several channels ends the connection: one on both brokers. */
import { uniqueName, waitFor } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import { afterEach, expect, inject, it } from 'vitest';
import { RawPeer } from '../raw-peer.ts';

const port = Number(new URL(inject('amqpUrl')).port);
const queue = uniqueName('ends');

async function open(): Promise<RawPeer> {
  const peer = await RawPeer.open(nodeConnector, port);
  for (const id of [1, 2]) await peer.channel(id);
  return peer;
}

afterEach(async () => {
  const peer = await open();
  await peer.call(1, { type: 'queue.delete', queue });
  peer.drop();
});

it.each([
  { wrong: 1, other: 2 },
  { wrong: 2, other: 1 },
])(
  'channel $wrong gives back what it holds while a consumer on channel $other still takes',
  async ({ wrong, other }) => {
    const peer = await open();
    await peer.call(1, { type: 'queue.declare', queue });
    await peer.call(other, { type: 'basic.consume', queue, noAck: true });
    await peer.call(wrong, { type: 'basic.consume', queue, arguments: { 'x-priority': 5 } });
    for (const body of ['a', 'b']) peer.publish(1, { exchange: '', routingKey: queue }, body);
    expect((await peer.deliveries(2)).map(({ channel }) => channel)).toEqual([wrong, wrong]);
    peer.send(wrong, { type: 'basic.qos', prefetchSize: 5 });
    await peer.next('connection.close');
    const onlooker = await open();
    const { method } = await onlooker.call(1, { type: 'queue.declare', queue, passive: true });
    expect(method).toMatchObject({ messageCount: 0, consumerCount: 0 });
    onlooker.drop();
  },
);

// Where a mistake ends the connection, the quorum queue of RabbitMQ hears of channel 1 before channel 2, and now and then soon
// enough to give the message to it: what the embedded broker does then is in `mistakes.test.ts`.
it.each(['line', 'connection'])(
  'a quorum queue keeps what channel 1 held, though a consumer on channel 2 asks for no acks: %s',
  async (what) => {
    const peer = await open();
    const types = { 'x-queue-type': 'quorum' };
    await peer.call(1, { type: 'queue.declare', queue, durable: true, arguments: types });
    await peer.call(1, { type: 'confirm.select' });
    peer.publish(1, { exchange: '', routingKey: queue }, 'held');
    await peer.next('basic.ack');
    await peer.call(1, { type: 'basic.get', queue });
    await peer.call(2, { type: 'basic.consume', queue, noAck: true });
    if (what === 'line') peer.drop();
    else peer.send(0, { type: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    const onlooker = await open();
    await waitFor(async () => {
      const { method } = await onlooker.call(1, { type: 'queue.declare', queue, passive: true });
      return method.type === 'queue.declare-ok' && method.consumerCount === 0;
    });
    const { method } = await onlooker.call(1, { type: 'basic.get', queue });
    expect(method).toMatchObject({ type: 'basic.get-ok', redelivered: true });
    onlooker.drop();
  },
);
