/** Direct reply-to: one on RabbitMQ and on the embedded broker. */
import { uniqueName } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import { expect, inject, it } from 'vitest';
import { RawPeer } from '../raw-peer.ts';

const replyTo = 'amq.rabbitmq.reply-to';

it('answers a call straight to the channel it came from', async () => {
  const port = Number(new URL(inject('amqpUrl')).port);
  const peer = await RawPeer.open(nodeConnector, port);
  const queue = uniqueName('rpc');
  await peer.channel(1);
  await peer.channel(2);
  await peer.call(1, { type: 'queue.declare', queue, exclusive: true });
  await peer.call(1, { type: 'basic.consume', queue: replyTo, consumerTag: 'replies', noAck: true });
  peer.publish(1, { exchange: '', routingKey: queue }, 'hello', { replyTo });
  await peer.call(2, { type: 'basic.consume', queue, consumerTag: 'server', noAck: true });
  const call = await peer.next('basic.deliver');
  const address = String(call.properties?.replyTo);
  expect(address.startsWith(`${replyTo}.`)).toBe(true);
  peer.publish(2, { exchange: '', routingKey: address }, 'hello!');
  const answer = await peer.next('basic.deliver');
  expect([answer.channel, answer.body, answer.method]).toMatchObject([
    1,
    'hello!',
    { consumerTag: 'replies', exchange: '', routingKey: address },
  ]);
  peer.drop();
});
