/** A server that denies what RabbitMQ has deprecated: what Puka does by default works, what it was asked to do is refused. */
import { Client } from '@puka/client';
import { type Broker, isAtLeast, launchBroker, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** RabbitMQ knows the setting since 3.12 (global_qos: 3.13); a server that does not goes by it as if it were not there. */
const advanced =
  '[{rabbit, [{permit_deprecated_features, #{transient_nonexcl_queues => false, global_qos => false}}]}].';
let broker: Broker;

beforeAll(async () => {
  broker = await launchBroker({ advanced });
});

afterAll(() => broker?.stop());

async function connected(): Promise<Client> {
  const client = new Client(broker.url);
  await client.connect();
  return client;
}

async function isDurable(name: string): Promise<boolean> {
  const queue = `{resource, <<"/">>, queue, <<"${name}">>}`;
  const rows = 'rabbit_amqqueue:info_all(<<"/">>, [name, durable])';
  return (await broker.evaluate(`lists:member([{name, ${queue}}, {durable, true}], ${rows})`)) === 'true';
}

describe('a queue', () => {
  it('that is said to be durable or exclusive is declared', async () => {
    const client = await connected();
    await client.queueDeclare({ queue: uniqueName('denied'), durable: true });
    await client.queueDeclare({ queue: uniqueName('denied'), exclusive: true });
    await client.queueDeclare({ exclusive: true });
    await client.close();
  });

  it('of which nothing is said is what the server takes where its version tells', async () => {
    const client = await connected();
    const queue = uniqueName('denied');
    const declare = client.queueDeclare({ queue });
    const isDenied = isAtLeast(broker.version, '4.0');
    if (isDenied && !isAtLeast(broker.version, '4.3')) {
      await expect(declare).rejects.toMatchObject({ code: 'INTERNAL_ERROR', method: 'queue.declare' });
      await expect(declare).rejects.toThrow(/transient_nonexcl_queues/);
      await client.connect();
    } else {
      expect((await declare).queue).toBe(queue);
      expect(await isDurable(queue)).toBe(isDenied);
      expect((await client.queueDeclare()).queue).toMatch(/^amq\.gen-/);
      expect((await client.queueDeclare({ exclusive: false })).queue).toMatch(/^amq\.gen-/);
    }
    await client.close();
  });

  it('that is said to be transient and shared is refused to its declare, in the words of the server', async () => {
    const client = await connected();
    const declare = client.queueDeclare({ queue: uniqueName('denied'), durable: false, exclusive: false });
    if (isAtLeast(broker.version, '4.0')) {
      await expect(declare).rejects.toMatchObject({ code: 'INTERNAL_ERROR', method: 'queue.declare' });
      await expect(declare).rejects.toThrow(/transient_nonexcl_queues/);
    } else await declare;
    await client.close();
  });
});

it('a consumer of many queues gets no more than its prefetch, without a global qos', async () => {
  const client = await connected();
  const queues = await Promise.all([0, 1, 2].map(() => client.queueDeclare({ exclusive: true })));
  for (const { queue } of queues) {
    await Promise.all([1, 2, 3, 4].map((body) => client.basicPublish({ routingKey: queue, body: `${body}` })));
  }
  const consumer = client.basicConsumeMulti({ queues: queues.map(({ queue }) => queue), prefetchCount: 2 });
  let held = 0;
  let most = 0;
  let seen = 0;
  for await (const message of consumer) {
    held++;
    most = Math.max(most, held);
    setImmediate(() => {
      held--;
      message.ack();
    });
    if (++seen === 12) break;
  }
  expect(most).toBeLessThanOrEqual(2);
  await client.close();
});
