/** Publishing against the real broker: whose failure it is, what is confirmed, and that it is in the queue. */
import { Client, type PublishOptions } from '@puka/client';
import { type Broker, launchBroker, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSeed, seededRandom, shuffled } from '../seeded.ts';

const maxMessageBytes = 4096;
let broker: Broker;
let client: Client;

beforeAll(async () => {
  broker = await launchBroker({ config: { max_message_size: maxMessageBytes } });
  client = new Client(broker.url);
  await client.connect();
});

afterAll(async () => {
  await client.close();
  await broker.stop();
});

/** All that is in a queue, in its order; the queue is empty then. */
async function bodiesIn(queue: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const messages = await Promise.all(Array.from({ length: 100 }, () => client.basicGet({ queue, noAck: true })));
    for (const message of messages) {
      if (message === null) return bodies;
      bodies.push(message.text());
    }
  }
}

/** One that must fail, and how. */
interface Culprit {
  readonly name: string;
  readonly options: Partial<PublishOptions>;
  readonly error: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const nowhere = uniqueName('nowhere');
const culprits: readonly Culprit[] = [
  {
    name: 'a missing exchange',
    options: { exchange: nowhere },
    error: { code: 'NOT_FOUND', replyCode: 404, outcome: 'refused', method: 'basic.publish' },
    text: nowhere,
  },
  {
    name: 'a foreign user id',
    options: { userId: 'somebody' },
    error: { code: 'PRECONDITION_FAILED', replyCode: 406, outcome: 'refused', method: 'basic.publish' },
    text: "'somebody'",
  },
  {
    name: 'an expiration that is no number',
    options: { expiration: '1.5' },
    error: { code: 'USAGE_ERROR', outcome: 'not-sent' },
    text: '1.5',
  },
  {
    name: 'an expiration that only the broker refuses',
    options: { expiration: '99999999999999999' },
    error: { code: 'PRECONDITION_FAILED', replyCode: 406, outcome: 'refused', method: 'basic.publish' },
    text: '99999999999999999',
  },
  {
    name: 'a body over the limit of the broker',
    options: { body: 'x'.repeat(maxMessageBytes + 1) },
    error: { code: 'PRECONDITION_FAILED', replyCode: 406, outcome: 'refused', method: 'basic.publish' },
    text: `${maxMessageBytes}`,
  },
];

/** Puts a culprit at each of the places, one kind after the other. */
function at(places: readonly number[], kinds: readonly Culprit[]): Map<number, Culprit> {
  const map = new Map<number, Culprit>();
  for (const [index, place] of places.entries()) {
    const kind = kinds[index % kinds.length];
    if (kind !== undefined) map.set(place, kind);
  }
  return map;
}

/** Publishes `count` messages in one turn, some of them culprits, and checks the fate of each. */
async function checkFates(wrong: ReadonlyMap<number, Culprit>, count: number, through: Client = client): Promise<void> {
  const queue = uniqueName('publishing');
  await client.queueDeclare({ queue, durable: true });
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, (_, index) =>
      through.basicPublish({ routingKey: queue, body: `${index}`, ...wrong.get(index)?.options }),
    ),
  );
  const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
  expect(failed).toEqual([...wrong.keys()].sort((one, other) => one - other));
  for (const [index, { error, text }] of wrong) {
    const outcome = outcomes[index];
    expect(outcome).toMatchObject({ reason: error });
    expect(outcome?.status === 'rejected' && String(outcome.reason)).toContain(text);
  }
  const wanted = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [`${index}`] : []));
  // Some may be there twice, sent again with the rest; each is there, first of all in the order of the calls.
  expect([...new Set(await bodiesIn(queue))]).toEqual(wanted);
  await client.queueDelete({ queue });
}

describe('of many publishes in flight exactly the wrong one fails', () => {
  it.each(culprits)('$name', async (culprit) => {
    await checkFates(new Map([[37, culprit]]), 300);
    await checkFates(new Map([[0, culprit]]), 300);
    await checkFates(new Map([[299, culprit]]), 300);
  });

  it('one of each kind among a thousand, in every order', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let round = 0; round < 6; round++) {
      const places = shuffled([...Array(1000).keys()], random).slice(0, culprits.length);
      await checkFates(at(places, shuffled(culprits, random)), 1000);
    }
  });

  it('side by side, in every order', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let round = 0; round < 5; round++) {
      await checkFates(at([100, 101, 102, 103, 104], shuffled(culprits, random)), 200);
    }
  });

  it('each kind several times', async () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    const places = shuffled([...Array(500).keys()], random).slice(0, 20);
    await checkFates(at(places, culprits), 500);
  });

  it('where confirms are emulated', async () => {
    const emulating = new Client(broker.url, { pubacks: false });
    await emulating.connect();
    for (const culprit of culprits) await checkFates(new Map([[60, culprit]]), 120, emulating);
    await emulating.close();
  });
});
