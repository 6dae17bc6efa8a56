/** Mandatory publishes against the real broker: exactly those without a route are returned, whatever else is in flight. */
import { Client, NoRoute, type PublishOptions } from '@puka/client';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newSeed, seededRandom } from '../seeded.ts';
import { countOf, fateOf, fatesOf, surprises } from './fates.ts';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
const direct = new Client(url);
const confirming = new Client(url);
const emulating = new Client(url, { pubacks: false });
const both = [
  ['confirmed by the broker', confirming],
  ['with pubacks: false', emulating],
] as const;

beforeAll(async () => {
  await Promise.all([direct, confirming, emulating].map((client) => client.connect()));
});

afterAll(async () => {
  await Promise.all([direct, confirming, emulating].map((client) => client.close()));
});

describe.each(both)('%s', (_name, client) => {
  it('hundreds in flight, mandatory and not, with a route and without: exactly the mandatory ones without one reject', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    const { queue } = await client.queueDeclare({ exclusive: true });
    const nowhere = uniqueName('nowhere');
    const plans = Array.from({ length: 800 }, (_, index) => ({
      mandatory: random() < 0.6,
      routingKey: random() < 0.5 ? queue : nowhere,
      // Some equal, some not; some of the same size, some not.
      body: random() < 0.3 ? 'alike' : `${index}`,
    }));
    const fates = await fatesOf(plans.map((plan) => client.basicPublish(plan)));
    const wanted = plans.map(({ mandatory, routingKey }) =>
      mandatory && routingKey === nowhere ? 'NO_ROUTE' : 'confirmed',
    );
    expect(surprises(fates, wanted)).toEqual([]);
    const routed = plans.filter(({ routingKey }) => routingKey === queue).length;
    expect(await countOf(client, queue)).toBe(routed);
  });

  it('reports what the broker reported of it', async () => {
    const routingKey = uniqueName('nowhere');
    const error: unknown = await client
      .basicPublish({ routingKey, mandatory: true })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoRoute);
    expect(error).toMatchObject({
      replyCode: 312,
      replyText: 'NO_ROUTE',
      method: 'basic.publish',
      scope: 'operation',
      outcome: 'refused',
    });
  });

  it('each by its own content: body, properties, headers', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const exchange = uniqueName('headers');
    await client.exchangeDeclare({ exchange, type: 'headers', autoDelete: true });
    await client.queueBind({ queue, exchange, arguments: { 'x-match': 'all', way: 'in' } });
    const plans = Array.from({ length: 200 }, (_, index): PublishOptions => {
      const way = index % 3 === 0 ? 'in' : 'no';
      return { exchange, routingKey: 'k', mandatory: true, body: 'same', headers: { way, index: index % 10 } };
    });
    const fates = await fatesOf(plans.map((plan) => client.basicPublish(plan)));
    const wanted = plans.map((_, index) => (index % 3 === 0 ? 'confirmed' : 'NO_ROUTE'));
    expect(surprises(fates, wanted)).toEqual([]);
  });

  it('also those with a BCC header, which RabbitMQ takes out before it returns them', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const nowhere = uniqueName('nowhere');
    const headers = { BCC: [nowhere], other: 1 };
    const fates = await fatesOf([
      client.basicPublish({ routingKey: nowhere, mandatory: true, body: 'a', headers }),
      client.basicPublish({ routingKey: queue, mandatory: true, body: 'a', headers }),
      client.basicPublish({ routingKey: nowhere, mandatory: true, body: 'a' }),
      client.basicPublish({ routingKey: nowhere, mandatory: true, body: 'b', headers: { BCC: [queue] } }),
    ]);
    expect(fates).toEqual(['NO_ROUTE', 'confirmed', 'NO_ROUTE', 'confirmed']);
  });

  it('an alternate exchange that takes it makes it no return', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const [exchange, alternate] = [uniqueName('main'), uniqueName('alternate')];
    await client.exchangeDeclare({ exchange: alternate, type: 'fanout' });
    await client.exchangeDeclare({ exchange, arguments: { 'alternate-exchange': alternate } });
    await client.queueBind({ queue, exchange: alternate });
    await client.basicPublish({ exchange, routingKey: 'nowhere', mandatory: true });
    await client.exchangeDelete({ exchange });
    await client.exchangeDelete({ exchange: alternate });
    expect(await countOf(client, queue)).toBe(1);
  });

  it('adds nothing that a consumer could see', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const plan: PublishOptions = { routingKey: queue, mandatory: true, body: 'x' };
    const publishes = [plan, plan, { ...plan, headers: { a: 1 } }, { ...plan, messageId: 'm' }];
    await Promise.all(publishes.map((each) => client.basicPublish(each)));
    const seen = await Promise.all(publishes.map(() => client.basicGet({ queue, noAck: true })));
    expect(seen.map((message) => message?.properties)).toEqual([
      { deliveryMode: 2 },
      { deliveryMode: 2 },
      { deliveryMode: 2, headers: Object.assign(Object.create(null), { a: 1 }) },
      { deliveryMode: 2, messageId: 'm' },
    ]);
    expect(await client.basicGet({ queue })).toBeNull();
  });

  it('among many publishes that one is refused for', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const nowhere = uniqueName('nowhere');
    const plans = Array.from({ length: 300 }, (_, index): PublishOptions => {
      const routingKey = index % 7 === 0 ? nowhere : queue;
      return { routingKey, mandatory: index % 2 === 0, body: 'same', ...(index === 151 ? { exchange: nowhere } : {}) };
    });
    const fates = await fatesOf(plans.map((plan) => client.basicPublish(plan)));
    const wanted = plans.map((_, index) => (index === 151 ? 'NOT_FOUND' : index % 14 === 0 ? 'NO_ROUTE' : 'confirmed'));
    expect(surprises(fates, wanted)).toEqual([]);
  });

  it('thousands in flight that differ in the body alone', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const nowhere = uniqueName('nowhere');
    const plans = Array.from({ length: 20_000 }, (_, index): PublishOptions => {
      return { routingKey: index % 2 === 0 ? nowhere : queue, mandatory: true, body: String(index).padStart(8, '0') };
    });
    const fates = await fatesOf(plans.map((plan) => client.basicPublish(plan)));
    expect(
      fates.flatMap((fate, index) => (fate === (index % 2 === 0 ? 'NO_ROUTE' : 'confirmed') ? [] : [index])),
    ).toEqual([]);
  });
});

describe('publishes that are equal in all', () => {
  it.each([
    ['confirmed by the broker', undefined],
    ['with pubacks: false', false],
  ] as const)(
    'fare each as it was routed, though none has its outcome before the last is sent: %s',
    async (_name, pubacks) => {
      await using proxy = await faultProxy({ target });
      const client = new Client(proxy.urlFor(url), { recover: false, pubacks });
      await client.connect();
      const queue = uniqueName('flicker');
      const alike = { mandatory: true, deliveryMode: 2, body: 'same' };
      const marks = (await direct.queueDeclare({ exclusive: true })).queue;
      await client.basicPublish({ routingKey: marks });
      // From here on the client hears nothing until all is decided.
      proxy.blackHole('serverToClient');
      const fates: Promise<string>[] = [];
      const wanted: string[] = [];
      let marksSent = 1;
      for (const isThere of [false, true, false, true, true, false]) {
        if (isThere) await direct.queueDeclare({ queue, durable: true });
        else await direct.queueDelete({ queue });
        for (let index = 0; index < 25; index++) {
          // Persistent ones are confirmed late, after what is returned after them.
          fates.push(fateOf(client.basicPublish({ ...alike, routingKey: queue })));
          wanted.push(isThere ? 'confirmed' : 'NO_ROUTE');
        }
        fates.push(fateOf(client.basicPublish({ routingKey: marks })));
        wanted.push('confirmed');
        marksSent++;
        await waitFor(
          async () => (await direct.queueDeclare({ queue: marks, passive: true })).messageCount === marksSent,
        );
      }
      await proxy.restore();
      expect(surprises(await Promise.all(fates), wanted)).toEqual([]);
      await client.close();
    },
  );

  it.each(both)(
    'as many are in the queue as were not returned, while its binding comes and goes: %s',
    async (_name, client) => {
      const { queue } = await direct.queueDeclare({ exclusive: true });
      const exchange = uniqueName('toggled');
      await direct.exchangeDeclare({ exchange, type: 'fanout' });
      const told: Promise<string>[] = [];
      for (let round = 0; round < 10; round++) {
        const publish = (): void => {
          for (let index = 0; index < 20; index++) {
            told.push(fateOf(client.basicPublish({ exchange, routingKey: '', mandatory: true, body: 'same' })));
          }
        };
        publish();
        const bound = direct.queueBind({ queue, exchange });
        publish();
        await bound;
        publish();
        const unbound = direct.queueUnbind({ queue, exchange });
        publish();
        await unbound;
        await Promise.all(told);
      }
      const fates = await Promise.all(told);
      expect(fates.filter((fate) => fate !== 'confirmed' && fate !== 'NO_ROUTE')).toEqual([]);
      const confirmed = fates.filter((fate) => fate === 'confirmed').length;
      expect(await countOf(direct, queue)).toBe(confirmed);
      await direct.exchangeDelete({ exchange });
    },
  );
});
