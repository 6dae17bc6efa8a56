/** A client that comes back and is not let in any more, or not to everything. */
import { AuthenticationFailed, Client, type ClientOptions, type PukaError } from '@puka/client';
import { type Broker, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { privateNode, shortConsumerTimeout } from './private-node.ts';
import { soon } from './recovery-load.ts';

const node = privateNode(shortConsumerTimeout);
let broker: Broker;
const clients: Client[] = [];

beforeAll(async () => {
  broker = await node.take();
});

afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

afterAll(() => node.giveBack());

async function connected(url: string, options: ClientOptions = {}): Promise<Client> {
  const client = new Client(url, { ...soon, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

const endOf = (client: Client): Promise<PukaError | undefined> =>
  new Promise((resolve) => client.once('closed', resolve));
const backAgain = (client: Client): Promise<unknown> => new Promise((resolve) => client.once('connected', resolve));

it('a password that is not valid any more ends the recovery, and all that waits for it', async () => {
  const user = uniqueName('user');
  await broker.addUser(user, 'old');
  const client = await connected(broker.urlFor({ user, password: 'old' }));
  const { queue } = await client.queueDeclare({ exclusive: true });
  const consumer = client.basicConsume({ queue });
  await consumer.ready;
  await broker.addUser(user, 'new');
  const end = endOf(client);
  const attempts: number[] = [];
  client.on('recovering', ({ attempt }) => attempts.push(attempt));
  const recovering = waitFor(() => client.state === 'recovering', { intervalMs: 1 });
  await broker.closeAllConnections();
  await recovering;
  const publish = client.basicPublish({ routingKey: queue, body: 'held' });
  const outcomes = await Promise.allSettled([publish, consumer[Symbol.asyncIterator]().next()]);
  expect(await end).toBeInstanceOf(AuthenticationFailed);
  expect(attempts).toEqual([1]);
  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'CONNECTION_BROKEN', outcome: 'not-sent' } },
    { status: 'rejected', reason: { code: 'CONNECTION_BROKEN' } },
  ]);
  expect(client.state).toBe('idle');
});

it('a function that still gives the old password is asked again', async () => {
  const username = uniqueName('user');
  await broker.addUser(username, 'old');
  let calls = 0;
  const client = await connected(`amqp://${broker.host}:${broker.port}`, {
    credentials: () => ({ username, password: ++calls <= 2 ? 'old' : 'new' }),
  });
  const { queue } = await client.queueDeclare({ exclusive: true });
  await broker.addUser(username, 'new');
  const back = backAgain(client);
  await broker.closeAllConnections();
  await back;
  expect(calls).toBe(3);
  await client.basicPublish({ routingKey: queue, mandatory: true });
});

it('a right that was taken costs what it was for, and nothing else', async () => {
  const user = uniqueName('user');
  await broker.addUser(user, 'pw');
  const client = await connected(broker.urlFor({ user, password: 'pw' }));
  const [mine, other] = [uniqueName('mine'), uniqueName('other')];
  for (const queue of [mine, other]) await client.queueDeclare({ queue, durable: true });
  const consumers = [mine, other].map((queue) => client.basicConsume({ queue }));
  await Promise.all(consumers.map(({ ready }) => ready));
  const events: [string, string, boolean][] = [];
  client.on('notRestored', (error, entity, isRetrying) => {
    const name = 'queue' in entity ? entity.queue : '';
    events.push([`${error.code} ${entity.kind}`, name, isRetrying]);
  });
  await broker.setPermissions(user, { configure: `^${other}$`, read: `^${other}$` });
  const back = backAgain(client);
  await broker.closeAllConnections();
  await back;
  await client.basicPublish({ routingKey: other, body: 'still here', mandatory: true });
  const [ofMine, ofOther] = consumers.map((consumer) => consumer[Symbol.asyncIterator]());
  expect((await ofOther?.next())?.value?.text()).toBe('still here');
  await expect(ofMine?.next()).rejects.toMatchObject({
    code: 'CONSUMER_CANCELLED',
    cause: { code: 'ACCESS_REFUSED' },
  });
  expect(events).toEqual([
    ['ACCESS_REFUSED queue', mine, false],
    ['ACCESS_REFUSED consumer', mine, false],
  ]);
});

it('a virtual host that is deleted and made again is waited for, and everything is made in it', async () => {
  const vhost = uniqueName('vhost');
  await broker.addVhost(vhost);
  const client = await connected(broker.urlFor({ vhost }));
  const [queue, exchange] = [uniqueName('queue'), uniqueName('exchange')];
  await client.exchangeDeclare({ exchange, type: 'fanout', durable: true });
  await client.queueDeclare({ queue, durable: true });
  await client.queueBind({ queue, exchange });
  const errors: string[] = [];
  client.on('recovering', ({ error }) => errors.push(error.code));
  const back = backAgain(client);
  await broker.evaluate(`rabbit_vhost:delete(<<"${vhost}">>, <<"a test">>)`);
  await waitFor(() => errors.includes('NOT_ALLOWED'));
  await broker.addVhost(vhost);
  await back;
  await client.basicPublish({ exchange, routingKey: '', body: 'in the new one', mandatory: true });
  expect((await client.basicGet({ queue, noAck: true }))?.text()).toBe('in the new one');
});

it('a connection that dies at once is tried again, and its attempts are counted on', async () => {
  const client = await connected(broker.urlFor({}));
  const attempts: number[] = [];
  client.on('recovering', ({ attempt }) => attempts.push(attempt));
  const back = backAgain(client);
  await broker.closeAllConnections();
  await back;
  const again = backAgain(client);
  await broker.closeAllConnections();
  await again;
  // It has not been open for `stableAfter`: the count goes on.
  expect(attempts).toEqual([1, 2]);
});
