/** A broker that allows little: ten channels, and a user who may not write everywhere. */
import { AccessRefused, Client, type PublishOptions } from '@puka/client';
import { type Broker, faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countOf, fateOf, fatesOf, surprises } from './fates.ts';
import { privateNode } from './private-node.ts';

const node = privateNode({ limits: { channel_max: 10 } });
let broker: Broker;
let admin: Client;

beforeAll(async () => {
  broker = await node.take();
  await broker.addUser('narrow', 'narrow');
  await broker.setPermissions('narrow', { write: '^(?!amq\\.default).*' });
  admin = new Client(broker.url);
  await admin.connect();
});

afterAll(async () => {
  await admin.close();
  await node.giveBack();
});

describe('a server that allows ten channels', () => {
  it('serves 1000 declares beside publishes, gets and consumers', async () => {
    const client = new Client(broker.url);
    expect(await client.connect()).toMatchObject({ channelMax: 10 });
    const prefix = uniqueName('restricted');
    // Each four times: RabbitMQ takes its time to make one.
    const names = Array.from({ length: 1000 }, (_, index) => `${prefix}.${index % 250}`);
    const declared = await Promise.all(names.map((queue) => client.queueDeclare({ queue, exclusive: true })));
    expect(declared.map(({ queue }) => queue)).toEqual(names);
    const queues = declared.slice(0, 250);
    const some = queues.slice(0, 30).map(({ queue }) => queue);
    const consumers = some.map((queue) => client.basicConsume({ queue }));
    await Promise.all(consumers.map(({ ready }) => ready));
    await Promise.all(
      queues.map(({ queue }, index) => client.basicPublish({ routingKey: queue, body: `${index}`, mandatory: true })),
    );
    const [gets, declares] = await Promise.all([
      Promise.all(queues.slice(30).map(({ queue }) => client.basicGet({ queue }))),
      Promise.all(Array.from({ length: 100 }, () => client.queueDeclare({ exclusive: true }))),
    ]);
    expect(declares).toHaveLength(100);
    expect(gets.map((message) => message?.text())).toEqual(Array.from({ length: 220 }, (_, index) => `${index + 30}`));
    for (const message of gets) message?.ack();
    for (const [index, consumer] of consumers.entries()) {
      for await (const message of consumer) {
        expect(message.text()).toBe(`${index}`);
        message.ack();
        break;
      }
    }
    await client.close();
  });

  it('serves 5000 declares at once', async () => {
    const client = new Client(broker.url);
    await client.connect();
    const queues = await Promise.all(Array.from({ length: 100 }, () => client.queueDeclare({ exclusive: true })));
    const again = Array.from({ length: 50 }, () => queues).flat();
    const found = await Promise.all(again.map(({ queue }) => client.queueDeclare({ queue, passive: true })));
    expect(found).toEqual(again);
    await client.close();
  });

  it('survives refusals: a channel lost is another opened, never one too many', async () => {
    const client = new Client(broker.url);
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 40 }, () => client.queueDeclare({ queue: uniqueName('nowhere'), passive: true })),
        ...Array.from({ length: 40 }, () => client.queueDeclare({ queue, passive: true })),
        ...Array.from({ length: 40 }, (_, index) =>
          client.basicPublish({ exchange: index % 20 === 0 ? 'nowhere' : '', routingKey: queue }),
        ),
      ]);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(40 + 2);
    }
    await client.close();
  });
});

describe('a user who may not write to the default exchange, where footers go', () => {
  it.each([
    ['confirmed by the broker', undefined],
    ['with pubacks: false', false],
  ] as const)('publishes, is told what was returned and what refused: %s', async (_name, pubacks) => {
    const client = new Client(broker.urlFor({ user: 'narrow', password: 'narrow' }), { pubacks });
    await client.connect();
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.queueBind({ queue, exchange: 'amq.direct', routingKey: queue });
    const nowhere = uniqueName('nowhere');
    for (let round = 0; round < 3; round++) {
      const plans = Array.from({ length: 100 }, (_, index): PublishOptions => {
        const route = { exchange: 'amq.direct', routingKey: index % 5 === 0 ? nowhere : queue };
        return { ...route, mandatory: index % 2 === 0, body: index % 3 === 0 ? 'same' : `${index}` };
      });
      const fates = await fatesOf(plans.map((plan) => client.basicPublish(plan)));
      const wanted = plans.map((_, index) => (index % 10 === 0 ? 'NO_ROUTE' : 'confirmed'));
      expect(surprises(fates, wanted)).toEqual([]);
    }
    await expect(client.basicPublish({ routingKey: queue })).rejects.toBeInstanceOf(AccessRefused);
    await client.basicPublish({ exchange: 'amq.direct', routingKey: queue, mandatory: true });
    await client.close();
  });

  it.each([
    ['confirmed by the broker', undefined],
    ['with pubacks: false', false],
  ] as const)('gets the fate of each of those that are equal: %s', async (_name, pubacks) => {
    await using proxy = await faultProxy({ target: broker });
    const client = new Client(proxy.urlFor(broker.urlFor({ user: 'narrow', password: 'narrow' })), { pubacks });
    await client.connect();
    const marks = (await admin.queueDeclare({ exclusive: true })).queue;
    await admin.queueBind({ queue: marks, exchange: 'amq.direct', routingKey: marks });
    const { queue } = await admin.queueDeclare({ exclusive: true });
    const exchange = uniqueName('toggled');
    await admin.exchangeDeclare({ exchange, type: 'fanout' });
    const publish = (): PromiseLike<void> => client.basicPublish({ exchange, routingKey: '', mandatory: true });
    // The first ones find out that footers are refused.
    expect(await fatesOf([publish(), publish(), publish()])).toEqual(['NO_ROUTE', 'NO_ROUTE', 'NO_ROUTE']);
    proxy.blackHole('serverToClient');
    const fates: Promise<string>[] = [];
    const wanted: string[] = [];
    let marksSent = 0;
    for (const isBound of [true, false, true]) {
      if (isBound) await admin.queueBind({ queue, exchange });
      else await admin.queueUnbind({ queue, exchange });
      for (let index = 0; index < 10; index++) {
        fates.push(fateOf(publish()));
        wanted.push(isBound ? 'confirmed' : 'NO_ROUTE');
      }
      fates.push(fateOf(client.basicPublish({ exchange: 'amq.direct', routingKey: marks })));
      wanted.push('confirmed');
      marksSent++;
      await waitFor(async () => (await admin.queueDeclare({ queue: marks, passive: true })).messageCount === marksSent);
    }
    await proxy.restore();
    expect(surprises(await Promise.all(fates), wanted)).toEqual([]);
    expect(await countOf(admin, queue)).toBe(20);
    await client.close();
  });
});
