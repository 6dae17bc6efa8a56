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
    const client = new Client(proxy.urlFor(url), { pubacks, channelMax: 4 + Math.floor(random() * 60) });
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
    // What was given up is answered by now, and nothing of it stands in the way.
    await client.basicPublish({ routingKey: queue, mandatory: true });
    await client.queuePurge({ queue });
    await client.shutdown();
  });
});
