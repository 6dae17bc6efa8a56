/** A topology on a RabbitMQ without the management API, which other tests use too: on every runtime. */
import { Client } from '@puka/client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { classicQueue, defineTopology, quorumQueue } from '@puka/topology';
import { expect, inject, it, onTestFinished } from 'vitest';

async function connected(url: string = inject('amqpUrl')): Promise<Client> {
  const client = new Client(url, { recover: { minDelay: 10, maxDelay: 100 } });
  await client.connect();
  onTestFinished(() => client.close());
  return client;
}

const exchange = uniqueName('topology');
const queue = uniqueName('topology');
const before = defineTopology({
  exchanges: { [exchange]: { type: 'topic' } },
  queues: { [queue]: classicQueue({ maxLength: 10_000 }), [`${queue}.dead`]: classicQueue() },
  bindings: [{ exchange, queue, routingKey: 'job.#' }],
});
const after = defineTopology({
  exchanges: { [exchange]: { type: 'topic' } },
  queues: { [queue]: quorumQueue({ deliveryLimit: 7 }), [`${queue}.dead`]: classicQueue() },
  bindings: [{ exchange, queue, routingKey: 'job.#' }],
});

it('is applied, compared with both sides, brought to other arguments over a line that is cut, and removed', async () => {
  const client = await connected();
  onTestFinished(() => after.remove(client).then(() => undefined));
  await before.apply(client);
  await before.apply(client);
  expect((await before.check(client, { redeclare: true })).differences).toEqual([]);
  const { differences } = await after.check(client, { redeclare: true });
  expect(differences.map(({ text }) => text).join('\n')).toContain(queue);

  const bodies = Array.from({ length: 300 }, (_, index) => `${index}`);
  await Promise.all(bodies.map((body) => client.basicPublish({ exchange, routingKey: `job.${body}`, body })));
  const url = inject('amqpUrl');
  const { hostname, port } = new URL(url);
  const proxy = await faultProxy({ target: { host: hostname, port: Number(port || 5672) } });
  onTestFinished(() => proxy.stop());
  const mover = await connected(proxy.urlFor(url));
  let cuts = 0;
  const onProgress = ({ moved }: { readonly moved: number }): void => {
    if (moved < 100 * (cuts + 1) || cuts === 2) return;
    cuts++;
    proxy.reset();
  };
  await waitFor(
    () =>
      after.migrate(mover, queue, { onProgress }).then(
        () => true,
        () => false,
      ),
    { timeoutMs: 60_000 },
  );
  expect(cuts).toBeGreaterThan(0);
  expect((await after.check(client, { redeclare: true })).differences).toEqual([]);

  const left = new Set(bodies);
  for (let message = await client.basicGet({ queue, noAck: true }); message !== null; ) {
    left.delete(message.text());
    message = await client.basicGet({ queue, noAck: true });
  }
  expect([...left]).toEqual([]);
});
