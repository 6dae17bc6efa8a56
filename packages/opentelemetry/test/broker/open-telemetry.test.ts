import { Client } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import { startWorker } from '@puka/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { register, telemetry } from '../telemetry.ts';

let unregister = (): void => {};
beforeAll(() => {
  unregister = register();
});
afterAll(() => unregister());

it('a publisher and a worker of two clients make one trace, over RabbitMQ', async () => {
  const { listener, tree, points, stop } = telemetry();
  const [publisher, consumer] = [0, 1].map(() => new Client(inject('amqpUrl'), { diagnostics: listener }));
  if (publisher === undefined || consumer === undefined) throw new Error('there are two');
  await Promise.all([publisher.connect(), consumer.connect()]);
  const queue = uniqueName('traced');
  await publisher.queueDeclare({ queue, durable: true });
  const worker = await startWorker(consumer, { queue, deadLetter: false, concurrency: 2 }, async (job) => {
    await consumer.basicPublish({ exchange: 'amq.fanout', routingKey: 'x', body: job.body });
  });
  const done = new Promise<void>((resolve) => {
    worker.on('done', () => {
      if (worker.stats.done === 3) resolve();
    });
  });
  const publishes = ['a', 'b', 'c'].map((body) => publisher.basicPublish({ routingKey: queue, body }));
  await Promise.all([...publishes, done]);
  await worker.stop();
  const trace = [
    ...[`publish ${queue} PRODUCER`, `  process ${queue} CONSUMER → publish ${queue}`],
    ...[`    ack ${queue} CLIENT → publish ${queue}`, '    publish amq.fanout PRODUCER'],
  ];
  expect(tree()).toEqual([...trace, ...trace, ...trace]);
  const sent = (await points()).get('messaging.client.sent.messages {message}') ?? [];
  expect(sent.map((point) => point.split(': ').at(-1))).toEqual(['3', '3']);
  await publisher.queueDelete({ queue });
  await Promise.all([publisher.close(), consumer.close()]);
  await stop();
});
