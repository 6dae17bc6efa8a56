/** What a client has declared is there again after a lost connection, with all its kinds, names and bindings. */
import { Client, type ClientOptions, type Consumer, type Message, type RecordedEntity } from '@puka/client';
import { type Broker, type FaultProxy, faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { privateNode } from './private-node.ts';
import { soon, untilOneSubscription } from './recovery-load.ts';

const node = privateNode();
let broker: Broker;
let proxy: FaultProxy;
let target: { readonly host: string; readonly port: number };
const clients: Client[] = [];

beforeAll(async () => {
  broker = await node.take();
  target = { host: broker.host, port: broker.port };
});

beforeEach(async () => {
  proxy = await faultProxy({ target });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await proxy.stop();
});

afterAll(() => node.giveBack());

async function connected(urls: string | readonly string[], options: ClientOptions = {}): Promise<Client> {
  const client = new Client(urls, { ...soon, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

const backAgain = (client: Client): Promise<unknown> => new Promise((resolve) => client.once('connected', resolve));

/** Lets the client in again when the broker has seen the loss: until then it may delete what was just declared again. */
async function cut(client: Client): Promise<void> {
  const back = backAgain(client);
  await proxy.refuse();
  proxy.reset();
  await waitFor(async () => (await broker.evaluate('length(rabbit_networking:connections())')) === '0');
  await proxy.restore();
  await back;
}

async function next(consumer: Consumer): Promise<Message> {
  const result = await consumer[Symbol.asyncIterator]().next();
  if (result.done === true) throw new Error('the consumer has ended');
  result.value.ack();
  return result.value;
}

it('every kind of thing is made again, three times in a row', async () => {
  const client = await connected(proxy.urlFor(broker.url));
  const refusals: unknown[] = [];
  client.on('notRestored', (error) => refusals.push(error));
  const [transient, headers, fading, named, auto, durable] = [
    ...['transient', 'headers', 'fading', 'named', 'auto', 'durable'],
  ].map(uniqueName) as [string, string, string, string, string, string];
  await client.exchangeDeclare({ exchange: transient, type: 'topic', durable: false });
  await client.exchangeDeclare({ exchange: headers, type: 'headers', durable: false });
  await client.exchangeDeclare({ exchange: fading, type: 'fanout', autoDelete: true });
  await client.exchangeBind({ destination: headers, source: transient, routingKey: 'to.headers.#' });
  await client.exchangeBind({ destination: fading, source: transient, routingKey: 'to.fading' });
  const server = await client.queueDeclare({ exclusive: true });
  const first = server.queue;
  await client.queueDeclare({ queue: named, exclusive: true, arguments: { 'x-max-length': 1000 } });
  await client.queueDeclare({ queue: auto, autoDelete: true });
  await client.queueDeclare({ queue: durable, durable: true });
  await client.queueBind({ queue: first, exchange: headers, arguments: { 'x-match': 'all', kind: 'server' } });
  await client.queueBind({ queue: named, exchange: headers, arguments: { 'x-match': 'all', kind: 'named' } });
  await client.queueBind({ queue: auto, exchange: fading });
  await client.queueBind({ queue: durable, exchange: transient, routingKey: 'to.durable' });
  await client.queueBind({ queue: durable, exchange: 'amq.direct', routingKey: durable });
  const consumers = [first, named, auto, durable].map((queue) => client.basicConsume({ queue, prefetchCount: 7 }));
  await Promise.all(consumers.map(({ ready }) => ready));
  const [ofServer, ofNamed, ofAuto, ofDurable] = consumers as [Consumer, Consumer, Consumer, Consumer];
  const renames: string[][] = [];
  client.on('queueRenamed', (...names) => renames.push(names));
  for (let round = 1; round <= 3; round++) {
    await cut(client);
    const publish = (routingKey: string, kind: string): PromiseLike<void> =>
      client.basicPublish({ exchange: transient, routingKey, headers: { kind }, body: `${round}`, mandatory: true });
    await Promise.all([publish('to.headers.1', 'server'), publish('to.headers.2', 'named')]);
    await Promise.all([publish('to.fading', ''), publish('to.durable', '')]);
    expect((await next(ofServer)).routingKey).toBe('to.headers.1');
    expect((await next(ofNamed)).routingKey).toBe('to.headers.2');
    expect((await next(ofAuto)).text()).toBe(`${round}`);
    expect((await next(ofDurable)).text()).toBe(`${round}`);
    await client.basicPublish({ exchange: 'amq.direct', routingKey: durable, body: 'direct', mandatory: true });
    expect((await next(ofDurable)).text()).toBe('direct');
    await client.basicPublish({ routingKey: first, body: 'by its first name', mandatory: true });
    expect((await next(ofServer)).text()).toBe('by its first name');
    expect(renames).toHaveLength(round);
    expect([server.queue, ofServer.queue]).toEqual([renames.at(-1)?.[1], renames.at(-1)?.[1]]);
  }
  for (const queue of [server.queue, named, auto, durable]) await untilOneSubscription(broker, queue, 7);
  expect(refusals).toEqual([]);
  await client.queueDelete({ queue: durable });
});

it('a server-named queue is used by its first name in each call, and what was done so stays done', async () => {
  const client = await connected(proxy.urlFor(broker.url));
  const exchange = uniqueName('named');
  await client.exchangeDeclare({ exchange, type: 'direct', durable: false });
  const [server, deleted] = [
    await client.queueDeclare({ exclusive: true }),
    await client.queueDeclare({ exclusive: true }),
  ];
  const [first, firstOfDeleted] = [server.queue, deleted.queue];
  await client.queueBind({ queue: first, exchange, routingKey: 'from before' });
  await cut(client);
  await client.queueUnbind({ queue: first, exchange, routingKey: 'from before' });
  await client.queueBind({ queue: first, exchange, routingKey: 'k' });
  await client.queueDelete({ queue: firstOfDeleted });
  const consumer = client.basicConsume({ queue: first });
  await consumer.ready;
  expect(client.recovery.recorded).toEqual({ exchanges: 1, queues: 1, bindings: 1 });
  await cut(client);
  await client.basicPublish({ exchange, routingKey: 'k', body: 'bound', mandatory: true });
  expect((await next(consumer)).text()).toBe('bound');
  await expect(client.basicPublish({ exchange, routingKey: 'from before', mandatory: true })).rejects.toMatchObject({
    code: 'NO_ROUTE',
  });
  expect(client.recovery.recorded).toEqual({ exchanges: 1, queues: 1, bindings: 1 });
  expect(consumer.queue).toBe(server.queue);
});

it('many server-named queues are reached by their first names and by their bindings', async () => {
  const client = await connected(proxy.urlFor(broker.url));
  const exchange = uniqueName('many');
  await client.exchangeDeclare({ exchange, type: 'direct', durable: false });
  const queues = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const declared = await client.queueDeclare({ exclusive: true });
      const first = declared.queue;
      await client.queueBind({ queue: first, exchange, routingKey: `${index}` });
      const consumer = client.basicConsume({ queue: first });
      await consumer.ready;
      return { declared, first, consumer, index };
    }),
  );
  await cut(client);
  for (const { declared, first, consumer, index } of queues) {
    expect(declared.queue).not.toBe(first);
    expect(consumer.queue).toBe(declared.queue);
    await client.basicPublish({ routingKey: first, body: 'by its first name', mandatory: true });
    await client.basicPublish({ exchange, routingKey: `${index}`, body: 'by its binding', mandatory: true });
    expect((await next(consumer)).text()).toBe('by its first name');
    expect((await next(consumer)).text()).toBe('by its binding');
  }
});

it('what was deleted or unbound does not come back, what an operator deleted meanwhile does', async () => {
  const client = await connected(proxy.urlFor(broker.url));
  const [deleted, kept, exchange] = [uniqueName('deleted'), uniqueName('kept'), uniqueName('exchange')];
  await client.exchangeDeclare({ exchange, type: 'direct', durable: true });
  for (const queue of [deleted, kept]) {
    await client.queueDeclare({ queue, durable: true });
    await client.queueBind({ queue, exchange, routingKey: 'both' });
  }
  await client.queueBind({ queue: kept, exchange, routingKey: 'unbound' });
  await client.queueUnbind({ queue: kept, exchange, routingKey: 'unbound' });
  await client.queueDelete({ queue: deleted });
  await proxy.refuse();
  proxy.reset();
  await waitFor(() => client.state === 'recovering');
  const operator = await connected(broker.url);
  await operator.queueDelete({ queue: kept });
  const back = backAgain(client);
  await proxy.restore();
  await back;
  await client.basicPublish({ exchange, routingKey: 'both', mandatory: true });
  await expect(client.basicPublish({ exchange, routingKey: 'unbound', mandatory: true })).rejects.toMatchObject({
    code: 'NO_ROUTE',
  });
  await expect(operator.queueDeclare({ queue: deleted, passive: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await client.queueDelete({ queue: kept })).toEqual({ messageCount: 1 });
  await client.exchangeDelete({ exchange });
});

it('an exclusive queue that the broker takes for the dead connection’s is waited for, and nothing waits with it', async () => {
  // The outer proxy cuts the client off; the inner one keeps the broker from hearing of it.
  await using outer = await faultProxy({ target: { host: proxy.host, port: proxy.port } });
  const client = await connected([outer.urlFor(broker.url), broker.url], { heartbeat: 2 });
  const [named, other] = [uniqueName('named'), uniqueName('other')];
  const events: [string, string, boolean][] = [];
  client.on('notRestored', (error, entity: RecordedEntity, isRetrying) =>
    events.push([error.code, entity.kind, isRetrying]),
  );
  await client.queueDeclare({ queue: named, exclusive: true });
  await client.queueBind({ queue: named, exchange: 'amq.topic', routingKey: `${named}.#` });
  await client.queueDeclare({ queue: other, autoDelete: true });
  const ofNamed = client.basicConsume({ queue: named, prefetchCount: 3 });
  const ofOther = client.basicConsume({ queue: other });
  await Promise.all([ofNamed.ready, ofOther.ready]);
  const back = backAgain(client);
  proxy.blackHole();
  // An end, not a reset: a proxy that reads nothing may still see a reset.
  outer.close();
  await back;
  await client.basicPublish({ routingKey: other, body: 'meanwhile', mandatory: true });
  expect((await next(ofOther)).text()).toBe('meanwhile');
  expect(events).toEqual([['RESOURCE_LOCKED', 'queue', true]]);
  expect(client.recovery.retrying).toMatchObject([{ entity: { kind: 'queue', queue: named } }]);
  await waitFor(() => client.recovery.retrying.length === 0);
  await untilOneSubscription(broker, named, 3);
  await client.basicPublish({ exchange: 'amq.topic', routingKey: `${named}.x`, body: 'again', mandatory: true });
  expect((await next(ofNamed)).text()).toBe('again');
  expect(events).toHaveLength(1);
});

it('an exclusive consumer waits for the dead connection’s in the same way', async () => {
  await using outer = await faultProxy({ target: { host: proxy.host, port: proxy.port } });
  const client = await connected([outer.urlFor(broker.url), broker.url], { heartbeat: 2 });
  const queue = uniqueName('one-reader');
  await client.queueDeclare({ queue, durable: true });
  const events: [string, string, boolean][] = [];
  client.on('notRestored', (error, entity, isRetrying) => events.push([error.code, entity.kind, isRetrying]));
  const consumer = client.basicConsume({ queue, exclusive: true, prefetchCount: 5 });
  await consumer.ready;
  const back = backAgain(client);
  proxy.blackHole();
  // An end, not a reset: a proxy that reads nothing may still see a reset.
  outer.close();
  await back;
  await client.basicPublish({ routingKey: queue, body: 'work', mandatory: true });
  expect((await next(consumer)).text()).toBe('work');
  expect(events).toEqual([['ACCESS_REFUSED', 'consumer', true]]);
  await untilOneSubscription(broker, queue, 5);
  await client.queueDelete({ queue });
});

it('an auto-delete queue that the broker deletes late, for the dead connection, is made again with all its bindings', async () => {
  const client = await connected(proxy.urlFor(broker.url), { recover: { minDelay: 0, maxDelay: 0 } });
  const [queue, exchange, first] = [uniqueName('auto'), uniqueName('fading'), uniqueName('first')];
  // The whole way to the queue goes with it.
  await client.exchangeDeclare({ exchange: first, type: 'topic', autoDelete: true });
  await client.exchangeDeclare({ exchange, type: 'direct', autoDelete: true });
  await client.exchangeBind({ destination: exchange, source: first, routingKey: '#' });
  await client.queueDeclare({ queue, autoDelete: true });
  const keys = ['a', 'b', 'c', 'd'];
  await Promise.all(keys.map((routingKey) => client.queueBind({ queue, exchange, routingKey })));
  const consumer = client.basicConsume({ queue, prefetchCount: 9 });
  await consumer.ready;
  for (let round = 1; round <= 10; round++) {
    const back = backAgain(client);
    proxy.reset();
    await back;
    await untilOneSubscription(broker, queue, 9);
    for (const routingKey of keys) {
      // While the queue is away a publish has no route, as for anyone else.
      await waitFor(() => client.basicPublish({ exchange: first, routingKey, mandatory: true }).then(() => true));
      await waitFor(async () => (await next(consumer)).routingKey === routingKey);
    }
  }
});
