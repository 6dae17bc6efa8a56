/** Publishing against the real broker: whose failure it is, what is confirmed, and that it is in the queue. */
import { Client, NotFound, PublishNacked, type PublishOptions } from '@puka/client';
import { type Broker, faultProxy, isAtLeast, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSeed, seededRandom, shuffled } from '../seeded.ts';
import { fateOf, fatesOf, surprises } from './fates.ts';
import { maxMessageBytes, privateNode } from './private-node.ts';

const node = privateNode();
let broker: Broker;
let client: Client;

beforeAll(async () => {
  broker = await node.take();
  client = new Client(broker.url);
  await client.connect();
});

afterAll(async () => {
  await client.close();
  await node.giveBack();
});

/** All that is in a queue, in its order; the queue is empty then. */
async function bodiesIn(queue: string): Promise<string[]> {
  const bodies: string[] = [];
  const { messageCount } = await client.queueDeclare({ queue, passive: true });
  if (messageCount > 0) {
    for await (const message of client.basicConsume({ queue, prefetchCount: 200 })) {
      bodies.push(message.text());
      message.ack();
      if (bodies.length === messageCount) break;
    }
  }
  // The count leaves out what is on its way to the queue.
  for (;;) {
    const message = await client.basicGet({ queue, noAck: true });
    if (message === null) return bodies;
    bodies.push(message.text());
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
    name: 'an expiration of more than ten years',
    options: { expiration: '99999999999999999' },
    error: { code: 'USAGE_ERROR', outcome: 'not-sent' },
    text: '99999999999999999',
  },
  {
    name: 'a body over the limit of the broker',
    options: { body: 'x'.repeat(maxMessageBytes + 1) },
    error: { code: 'PRECONDITION_FAILED', replyCode: 406, outcome: 'refused', method: 'basic.publish' },
    text: `${maxMessageBytes}`,
  },
];

/** All orders of some things. */
function ordersOf<Thing>(things: readonly Thing[]): Thing[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((first) => ordersOf(things.filter((other) => other !== first)).map((rest) => [first, ...rest]));
}

function missing(exchange: string): Culprit {
  const error = { code: 'NOT_FOUND', replyCode: 404 };
  return { name: '', options: { exchange }, error, text: 'NOT_FOUND - no exchange' };
}

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

  // Three that the broker refuses: it closes the channel for each, and what comes after is lost and sent again.
  const refused = culprits.filter(({ error }) => 'replyCode' in error);
  const told = culprits.filter((culprit) => !refused.includes(culprit));
  for (const order of ordersOf(refused)) {
    it(`one of each kind among a thousand, in every order: ${order.map(({ name }) => name).join(', ')}`, async () => {
      const seed = newSeed();
      console.info(`seed ${seed}`);
      const random = seededRandom(seed);
      const places = shuffled([...Array(1000).keys()], random);
      const theirs = places.splice(0, order.length).sort((one, other) => one - other);
      await checkFates(new Map([...at(theirs, order), ...at(places.splice(0, told.length), told)]), 1000);
    });
  }

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

describe('refusals whose words are hard to read', () => {
  it.each([
    ['has quotes in it', "o'brien' in vhost"],
    ['is cut off in the text of the broker', 'L'.repeat(255)],
  ])('a missing exchange whose name %s', async (_name, exchange) => {
    await checkFates(at([20, 40, 41, 99], [missing(exchange)]), 100);
  });

  it('a missing exchange whose name is cut off within a character', async () => {
    const exchange = 'ü'.repeat(127);
    if (!isAtLeast(broker.version, '4.0')) return checkFates(at([20, 40, 41, 99], [missing(exchange)]), 100);
    // RabbitMQ: 4.0.5 and later count characters where they cut, not bytes, cannot send what comes of it, and end the
    // connection with 541 instead. The others are sent again; the one that does it each time fails.
    const brief = new Client(broker.url, { recover: { minDelay: 50, maxDelay: 100 } });
    await brief.connect();
    const { queue } = await brief.queueDeclare({ exclusive: true });
    const plans = Array.from({ length: 100 }, (_, index) => (index === 40 ? { exchange } : {}));
    const publishes = plans.map((plan) => brief.basicPublish({ routingKey: queue, ...plan }));
    const outcomes = await Promise.allSettled(publishes);
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([40]);
    expect(outcomes[40]).toMatchObject({ reason: { code: 'INTERNAL_ERROR' } });
    await brief.connect();
    await brief.close();
  });

  it('an exchange that is missing fails no publish whose exchange has a name that begins the same way', async () => {
    const [there = '', missing = ''] = ['a', 'b'].map((end) => 'L'.repeat(254) + end);
    const { queue } = await client.queueDeclare({ exclusive: true });
    await client.exchangeDeclare({ exchange: there, type: 'fanout', autoDelete: true });
    await client.queueBind({ queue, exchange: there });
    const isWrong = (index: number): boolean => index === 0 || index === 31 || index === 32 || index === 99;
    const plans = Array.from({ length: 100 }, (_, index) => ({ exchange: isWrong(index) ? missing : there, index }));
    const fates = await fatesOf(
      plans.map(({ exchange, index }) => client.basicPublish({ exchange, routingKey: 'k', body: `${index}` })),
    );
    expect(
      surprises(
        fates,
        plans.map(({ index }) => (isWrong(index) ? 'NOT_FOUND' : 'confirmed')),
      ),
    ).toEqual([]);
    const wanted = plans.flatMap(({ index }) => (isWrong(index) ? [] : [`${index}`]));
    expect([...new Set(await bodiesIn(queue))]).toEqual(wanted);
  });

  it('what is known at the call is refused at the call: a CC header that is no list, a direct reply no code waits for', async () => {
    const error = { code: 'USAGE_ERROR' };
    const cc = { name: '', options: { headers: { CC: 'text' } }, error, text: 'CC' };
    const reply = { name: '', options: { replyTo: 'amq.rabbitmq.reply-to' }, error, text: 'needs a consumer' };
    const mode = { name: '', options: { deliveryMode: 3 }, error, text: 'deliveryMode' };
    await checkFates(at([20, 40, 41, 99], [cc, reply, mode]), 100);
  });

  it('of 300 publishes the one to a missing exchange fails, and no other comes twice', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const own = new Client(broker.url);
    await own.connect();
    const publishes = Array.from({ length: 300 }, (_, index) =>
      own.basicPublish({ routingKey: queue, body: `${index}`, ...(index === 150 ? { exchange: 'not there' } : {}) }),
    );
    const outcomes = await Promise.allSettled(publishes);
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([150]);
    await expect(publishes[150]).rejects.toMatchObject({ code: 'NOT_FOUND', method: 'basic.publish' });
    expect(await client.queueDeclare({ queue, passive: true })).toMatchObject({ messageCount: 299 });
    await own.close();
  });

  it('a topic that the user may not write fails no publish to another topic of its exchange', async () => {
    await broker.addUser('topical', 'topical');
    const permission = { user: 'topical', vhost: '/', exchange: 'amq.topic', write: '^ok', read: '.*' };
    await broker.define({ topic_permissions: [permission] });
    const topical = new Client(broker.urlFor({ user: 'topical', password: 'topical' }));
    await topical.connect();
    const { queue } = await topical.queueDeclare({ exclusive: true });
    await topical.queueBind({ queue, exchange: 'amq.topic', routingKey: '#' });
    const keys = ['ok.1', 'no.1', 'ok.2', 'ok.3', 'no.2', 'no.1', 'ok.4'];
    const outcomes = await Promise.allSettled(
      keys.map((routingKey) => topical.basicPublish({ exchange: 'amq.topic', routingKey, body: routingKey })),
    );
    const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [keys[index]] : []));
    expect(failed).toEqual(['no.1', 'no.2', 'no.1']);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ACCESS_REFUSED' });
    }
    const consumer = topical.basicConsume({ queue, noAck: true });
    const seen = new Set<string>();
    for await (const message of consumer) {
      seen.add(message.text());
      if (seen.size === 4) break;
    }
    expect([...seen]).toEqual(['ok.1', 'ok.2', 'ok.3', 'ok.4']);
    await topical.close();
  });
});

describe('confirms', () => {
  it('refuse what does not fit a queue that rejects publishes: PublishNacked, the others are confirmed', async () => {
    const { queue } = await client.queueDeclare({
      exclusive: true,
      arguments: { 'x-max-length': 10, 'x-overflow': 'reject-publish' },
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) => client.basicPublish({ routingKey: queue, body: `${index}` })),
    );
    const confirmed = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [`${index}`] : []));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(PublishNacked);
      expect(outcome.reason).toMatchObject({ outcome: 'refused', retryable: true, method: 'basic.publish' });
    }
    expect(confirmed.length).toBeGreaterThanOrEqual(10);
    expect(confirmed.length).toBeLessThan(200);
    // The broker may confirm one or two more than the queue keeps for sure; none that was nacked is there.
    const found = await bodiesIn(queue);
    expect(found.filter((body) => !confirmed.includes(body))).toEqual([]);
    expect(found.length).toBe(confirmed.length);
    await client.basicPublish({ routingKey: queue, body: 'fits again' });
  });

  it('come out of order, for one and for many, good and bad: each publish has its own', async () => {
    await using proxy = await faultProxy({ target: broker, record: true });
    const through = new Client(proxy.urlFor(broker.url), { recover: false });
    await through.connect();
    const slow = await through.queueDeclare({
      queue: uniqueName('slow'),
      durable: true,
      arguments: { 'x-queue-type': 'quorum' },
    });
    const fast = await through.queueDeclare({ exclusive: true });
    const full = await through.queueDeclare({
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    // Until it is full: from here on it takes nothing.
    while ((await fateOf(through.basicPublish({ routingKey: full.queue }))) === 'confirmed');
    const kinds = [slow, fast, full, fast];
    const settled: number[] = [];
    const fates = await fatesOf(
      Array.from({ length: 2000 }, (_, index) =>
        through
          .basicPublish({ routingKey: kinds[index % kinds.length]?.queue ?? '', body: `${index}`, deliveryMode: 2 })
          .finally(() => settled.push(index)),
      ),
    );
    expect(
      surprises(
        fates,
        fates.map((_, index) => (index % 4 === 2 ? 'PUBLISH_NACKED' : 'confirmed')),
      ),
    ).toEqual([]);
    expect(settled).toHaveLength(2000);
    // So that what was to be tried was tried.
    expect(settled).not.toEqual([...settled].sort((one, other) => one - other));
    expect(multiples(proxy.recorded('serverToClient'))).toMatchObject({ one: true, many: true });
    for (const [kind, { queue }] of [slow, fast].entries()) {
      const wanted = fates.flatMap((_, index) => (index % 2 === kind && index % 4 !== 2 ? [`${index}`] : []));
      const bodies: string[] = [];
      for await (const message of through.basicConsume({ queue, noAck: true })) {
        bodies.push(message.text());
        if (bodies.length === wanted.length) break;
      }
      expect(bodies).toEqual(wanted);
    }
    await through.queueDelete({ queue: slow.queue });
    await through.close();
  });

  it('of durable, lazy and transient queues come mixed: each publish has its own', async () => {
    const kinds = [
      { durable: true },
      { durable: true, arguments: { 'x-queue-mode': 'lazy' } },
      { durable: true, arguments: { 'x-queue-type': 'quorum' } },
      { exclusive: true },
    ];
    const queues = await Promise.all(kinds.map((kind) => client.queueDeclare({ queue: uniqueName('mixed'), ...kind })));
    const publishes = Array.from({ length: 1000 }, (_, index) => {
      const { queue } = queues[index % queues.length] ?? { queue: '' };
      return client.basicPublish({ routingKey: queue, body: `${index}`, deliveryMode: index % 3 === 0 ? 2 : 1 });
    });
    await Promise.all(publishes);
    for (const [kind, { queue }] of queues.entries()) {
      const wanted = Array.from({ length: 250 }, (_, index) => `${index * queues.length + kind}`);
      expect(await bodiesIn(queue)).toEqual(wanted);
      await client.queueDelete({ queue });
    }
  });
});

/** Which kinds of `basic.ack` there are among these bytes: for one publish, for many. */
function multiples(bytes: Uint8Array): { one: boolean; many: boolean } {
  const frame = Buffer.from('0000000d003c0050', 'hex'); // size 13, method 60.80: a tag of 8 octets and a bit follow
  const buffer = Buffer.from(bytes);
  const seen = new Set<number | undefined>();
  for (let at = buffer.indexOf(frame); at >= 0; at = buffer.indexOf(frame, at + 1)) seen.add(buffer[at + 16]);
  return { one: seen.has(0), many: seen.has(1) };
}

describe('order and place of the calls', () => {
  it('publishes reach the queue in the order of the calls, of whatever size, over many turns', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const publishes: PromiseLike<void>[] = [];
    const wanted: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      for (let index = 0; index < 25; index++) {
        const body = `${turn}.${index}${'-'.repeat(((turn * 25 + index) * 37) % 3000)}`;
        wanted.push(body);
        publishes.push(client.basicPublish({ routingKey: queue, body, mandatory: index % 5 === 0 }));
      }
      await Promise.resolve();
      if (turn % 4 === 0) await client.queueDeclare({ queue, passive: true });
    }
    await Promise.all(publishes);
    expect(await bodiesIn(queue)).toEqual(wanted);
  });

  it('publishing from inside a consumer callback, and from what follows its promise', async () => {
    const [from, to] = await Promise.all([
      client.queueDeclare({ exclusive: true }),
      client.queueDeclare({ exclusive: true }),
    ]);
    const count = 500;
    let done: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    let forwarded = 0;
    const consumer = client.basicConsume({ queue: from.queue, prefetchCount: 50 }, (_error, message) => {
      if (message === undefined) return;
      client.basicPublish({ routingKey: to.queue, body: message.body }, (error) => {
        if (error === undefined) message.ack();
        else message.nack();
        if (++forwarded === count) done();
      });
    });
    await Promise.all(
      Array.from({ length: count }, (_, index) => client.basicPublish({ routingKey: from.queue, body: `${index}` })),
    );
    await all;
    await consumer.cancel();
    expect((await client.queueDeclare({ queue: from.queue, passive: true })).messageCount).toBe(0);
    expect(await bodiesIn(to.queue)).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  });

  it('a body is sent as it was at the call, though the caller changes its headers afterwards', async () => {
    const { queue } = await client.queueDeclare({ exclusive: true });
    const headers = { step: 1 };
    const options = { routingKey: queue, body: 'x', headers };
    const publish = client.basicPublish(options);
    headers.step = 2;
    options.routingKey = 'nowhere';
    await publish;
    expect((await client.basicGet({ queue, noAck: true }))?.headers.step).toBe(1);
  });
});

describe('the end', () => {
  it('shutdown() comes soon where publishes under way are refused', async () => {
    for (const pubacks of [undefined, false]) {
      const brief = new Client(broker.url, { pubacks });
      await brief.connect();
      const { queue } = await brief.queueDeclare({ queue: uniqueName('shutdown'), durable: true });
      const outcomes = Promise.allSettled([
        brief.basicPublish({ exchange: nowhere, routingKey: 'x' }),
        brief.basicPublish({ routingKey: queue, body: 'kept' }),
        brief.basicPublish({ exchange: nowhere, routingKey: 'y' }),
      ]);
      // The test's own time is less than the 30 s after which it would give up.
      await brief.shutdown();
      expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
      expect(await client.queueDelete({ queue })).toEqual({ messageCount: 1 });
    }
  }, 20_000);

  it('shutdown() comes soon where the last thing to settle is a refusal', async () => {
    const brief = new Client(broker.url);
    await brief.connect();
    const refused = expect(brief.basicPublish({ exchange: nowhere, routingKey: 'x' })).rejects.toBeInstanceOf(NotFound);
    await brief.shutdown();
    await refused;
  }, 20_000);

  it('drained() resolves when the publishes that filled the buffer are refused', async () => {
    const brief = new Client(broker.url, { maxBufferedBytes: 1000 });
    await brief.connect();
    const publish = brief.basicPublish({ exchange: nowhere, routingKey: 'x', body: 'x'.repeat(1500) });
    expect(brief.needsDrain).toBe(true);
    const drained = brief.drained();
    await expect(publish).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await drained;
    expect(brief.needsDrain).toBe(false);
    await brief.close();
  });
});
