/** Everything at once, at random, over a line that splits and delays: each operation settles once, and nothing is left. */
import { Client, isPukaError, type Operation } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newSeed, picked, seededRandom } from '../seeded.ts';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
const direct = new Client(url);

beforeAll(async () => {
  await direct.connect();
});

afterAll(async () => {
  await direct.close();
});

/** What one operation must end in: `ok`, or the codes it may end in. */
type Fate = 'ok' | readonly string[];

interface Plan {
  readonly name: string;
  readonly fate: Fate;
  readonly start: (signal: AbortSignal | undefined) => Operation<unknown>;
}

function plans(client: Client, queue: string): readonly Plan[] {
  const nowhere = uniqueName('nowhere');
  const publish = (name: string, fate: Fate, options: object): Plan => ({
    name,
    fate,
    start: (signal) => client.basicPublish(Object.assign({ routingKey: queue, body: 'x', signal }, options)),
  });
  return [
    publish('publish', 'ok', {}),
    publish('mandatory', 'ok', { mandatory: true }),
    publish('large', 'ok', { body: new Uint8Array(40_000), mandatory: true }),
    publish('returned', ['NO_ROUTE'], { mandatory: true, routingKey: nowhere }),
    publish('dropped', 'ok', { routingKey: nowhere }),
    publish('to nothing', ['NOT_FOUND'], { exchange: nowhere }),
    publish('as another', ['PRECONDITION_FAILED'], { userId: 'somebody' }),
    publish('malformed', ['USAGE_ERROR'], { expiration: 'x' }),
    { name: 'declare', fate: 'ok', start: (signal) => client.queueDeclare({ exclusive: true, signal }) },
    { name: 'look', fate: 'ok', start: (signal) => client.queueDeclare({ queue, passive: true, signal }) },
    { name: 'miss', fate: ['NOT_FOUND'], start: (signal) => client.queuePurge({ queue: nowhere, signal }) },
    { name: 'get nothing', fate: ['NOT_FOUND'], start: (signal) => client.basicGet({ queue: nowhere, signal }) },
    {
      name: 'get',
      fate: 'ok',
      start: (signal) =>
        client.basicGet({ queue, signal }, (_error, message) => {
          message?.ack();
        }),
    },
    {
      name: 'consume nothing',
      fate: ['NOT_FOUND'],
      start: (signal) => client.basicConsume({ queue: nowhere, signal }).ready,
    },
  ];
}

const abortReason = new Error('given up');

function codeOf(error: unknown): string {
  if (error === abortReason) return 'given up';
  return isPukaError(error) ? error.code : String(error);
}

describe.each([
  ['confirmed by the broker', undefined],
  ['with pubacks: false', false],
] as const)('%s', (_name, pubacks) => {
  it('each of two thousand operations ends as it must, and the client is left as it was', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), {
      recover: false,
      pubacks,
      channelMax: 4 + Math.floor(random() * 60),
    });
    await client.connect();
    const { queue } = await direct.queueDeclare({ queue: uniqueName('mixed'), autoDelete: true });
    const kinds = plans(client, queue);
    const surprises: string[] = [];
    const waiting: Promise<void>[] = [];
    for (let index = 0; index < 2000; index++) {
      const { name, fate, start } = picked(kinds, random);
      const given = random() < 0.1 ? new AbortController() : undefined;
      let settlements = 0;
      const expected = fate === 'ok' ? ['ok'] : fate;
      waiting.push(
        start(given?.signal)
          .then(
            () => 'ok',
            (error: unknown) => codeOf(error),
          )
          .then((outcome) => {
            const isExpected = expected.includes(outcome) || (given !== undefined && outcome === 'given up');
            if (!isExpected || ++settlements > 1) surprises.push(`${index} ${name}: ${outcome}`);
          }),
      );
      if (random() < 0.02) proxy.split(1 + Math.floor(random() * 3000));
      if (random() < 0.02) proxy.latency(Math.floor(random() * 3));
      if (random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
      if (given !== undefined && random() < 0.7) given.abort(abortReason);
    }
    await proxy.restore();
    await Promise.all(waiting);
    expect(surprises).toEqual([]);
    expect(client.needsDrain).toBe(false);
    // What was given up is answered by now, and nothing of it is in the way.
    await client.basicPublish({ routingKey: queue, mandatory: true });
    await client.queuePurge({ queue });
    await client.shutdown();
  });

  it('each operation ends once, wherever the connection breaks or the client is closed', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    const { queue } = await direct.queueDeclare({ queue: uniqueName('mixed'), durable: true });
    for (let round = 0; round < 12; round++) {
      await using proxy = await faultProxy({ target });
      const client = new Client(proxy.urlFor(url), { recover: false, pubacks, closeTimeout: 2000 });
      client.on('unobserved', () => {});
      await client.connect();
      const kinds = plans(client, queue);
      const surprises: string[] = [];
      const waiting: Promise<void>[] = [];
      const endAt = Math.floor(random() * 300);
      const end = picked(['reset', 'drop', 'close', 'shutdown'], random);
      for (let index = 0; index < 300; index++) {
        if (index === endAt && end === 'reset') proxy.reset();
        if (index === endAt && end === 'drop') proxy.dropAfter(Math.floor(random() * 2000), 'serverToClient');
        if (index === endAt && end === 'close') void client.close();
        if (index === endAt && end === 'shutdown') void client.shutdown();
        const { name, fate, start } = picked(kinds, random);
        const expected = ['CONNECTION_BROKEN', 'USAGE_ERROR', ...(fate === 'ok' ? ['ok'] : fate)];
        waiting.push(
          start(undefined)
            .then(
              () => 'ok',
              (error: unknown) => codeOf(error),
            )
            .then((outcome) => {
              if (!expected.includes(outcome)) surprises.push(`${end} at ${endAt}, ${index} ${name}: ${outcome}`);
            }),
        );
        if (random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
      }
      if (end === 'drop') proxy.reset();
      await Promise.all(waiting);
      expect(surprises).toEqual([]);
      await client.close();
      await proxy.restore();
      await client.connect();
      await client.basicPublish({ routingKey: queue, mandatory: true });
      await client.close();
    }
    await direct.queueDelete({ queue });
  });

  it('what was confirmed is in the queue, and what was not sent is not, wherever the connection breaks', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let round = 0; round < 15; round++) {
      await using proxy = await faultProxy({ target });
      const client = new Client(proxy.urlFor(url), { recover: false, pubacks });
      await client.connect();
      const queue = uniqueName('broken');
      await direct.queueDeclare({ queue, durable: true });
      const limit = Math.floor(random() * 60_000);
      proxy.dropAfter(limit, picked(['clientToServer', 'serverToClient'] as const, random));
      const outcomes: Promise<string>[] = [];
      for (let index = 0; index < 400; index++) {
        const body = `${index}${'.'.repeat(Math.floor(random() * 300))}`;
        outcomes.push(
          client.basicPublish({ routingKey: queue, body, mandatory: index % 3 === 0 }).then(
            () => 'confirmed',
            (error: unknown) => (isPukaError(error) ? error.outcome : String(error)),
          ),
        );
        if (random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
      }
      proxy.reset();
      const known = await Promise.all(outcomes);
      expect(new Set([...known, 'confirmed', 'unknown', 'not-sent']).size).toBe(3);
      const found = new Set<number>();
      for (let message = await direct.basicGet({ queue, noAck: true }); message !== null; ) {
        found.add(Number.parseInt(message.text(), 10));
        message = await direct.basicGet({ queue, noAck: true });
      }
      const wrong = known.flatMap((outcome, index) => {
        const isWrong = outcome === 'confirmed' ? !found.has(index) : outcome === 'not-sent' && found.has(index);
        return isWrong ? [`${index} ${outcome}`] : [];
      });
      expect(wrong).toEqual([]);
      await client.close();
      await direct.queueDelete({ queue });
    }
  });
});
