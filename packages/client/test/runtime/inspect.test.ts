import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

/** Words of what lies after the face. */
const inner = /host|session|promise|settlement|Bytes|Watcher/i;

it('what the client hands out shows its face alone, in a console and as JSON', async () => {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  const consumer = client.basicConsume({ queue: 'jobs', consumerTag: 'c' });
  const publish = client.basicPublish({ routingKey: 'jobs', body: 'x' });
  await broker.pump();
  broker.say(broker.delivery(broker.last('basic.consume').channel, 'c', 1, 'hello'));
  await broker.pump();
  const message = await client.wait(consumer);

  expect(JSON.parse(JSON.stringify({ client, consumer, publish, message }))).toEqual({
    client: {},
    consumer: { consumerTag: 'c', queues: ['jobs'], isEnded: false },
    publish: { number: publish.number, method: 'basic.publish', state: 'fulfilled' },
    message: {
      deliveryTag: 1,
      consumerTag: 'c',
      queue: 'jobs',
      exchange: '',
      routingKey: 'q',
      redelivered: false,
      bodySize: 5,
    },
  });
  for (const one of [client, consumer, publish, message]) {
    expect(inspect(one, { depth: 9 })).not.toMatch(inner);
    expect(inspect(one)).toContain(one.constructor.name.replace('Publish', ''));
  }
  expect(inspect(message)).toContain('properties: {}');
  expect(inspect(message)).toContain('Uint8Array(5)');
});
