/** What becomes of messages where a mistake on one of several channels ends the connection: one on both brokers. */
import { uniqueName } from '@puka/testkit';
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
