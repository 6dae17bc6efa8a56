import { ConnectionForced, replyError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { isUnnamedError } from '../../src/operations/unnamed-error.ts';
import { endOf } from '../recovery/scene.ts';
import { type Answer, ScriptedBroker } from '../scripted-broker.ts';

/** RabbitMQ: a channel that crashes ends the connection, and no method is named. */
const crash: ReturnType<Answer> = [
  [0, { type: 'connection.close', replyCode: 541, replyText: 'INTERNAL_ERROR', classId: 0, methodId: 0 }],
];

/** A broker that crashes at each method with such a name in it. */
async function scene(isPoison: (method: Parameters<Answer>[1]) => boolean) {
  const broker = new ScriptedBroker();
  let connections = 0;
  const methods = ['exchange.declare', 'queue.declare', 'queue.bind', 'basic.publish', 'basic.consume'] as const;
  for (const type of methods) {
    broker.answers.set(type, (channel, method) => (isPoison(method) ? crash : broker.usual(channel, method)));
  }
  const client = await broker.connected({ recover: { minDelay: 10, maxDelay: 10 } });
  client.on('connected', () => {
    connections++;
  });
  client.on('unobserved', () => {});
  client.on('notRestored', () => {});
  return {
    broker,
    client,
    connections: () => connections,
    settle: async () => {
      await broker.pump();
      for (let round = 0; round < 100; round++) await broker.advance(10);
    },
  };
}

describe('an operation that makes the broker close the connection without naming it', () => {
  it('is not looked up for ever: the publish to such an exchange fails, the others are confirmed', async () => {
    const { client, connections, settle } = await scene(
      (method) => method.type === 'exchange.declare' && method.exchange === 'poison',
    );
    const publishes = ['a', 'b', 'poison', 'c', 'd'].map((exchange) =>
      client.basicPublish({ exchange, routingKey: 'k', body: 'x' }),
    );
    publishes.push(client.basicPublish({ routingKey: 'q', body: 'x' }));
    await settle();
    const other = 'fulfilled';
    expect(publishes.map(endOf)).toEqual([other, other, expect.stringMatching(/^INTERNAL_ERROR/), other, other, other]);
    expect(connections()).toBeLessThanOrEqual(3);
    expect(client.state).toBe('connected');
  });

  it('is not published for ever, and is found among others', async () => {
    const { client, connections, settle } = await scene(
      (method) => method.type === 'basic.publish' && method.routingKey === 'poison',
    );
    const keys = ['a', 'b', 'poison', 'c', 'd'];
    const publishes = keys.map((routingKey) => client.basicPublish({ routingKey, body: 'x' }));
    await settle();
    const ends = publishes.map(endOf);
    expect(ends[2]).toBe('INTERNAL_ERROR unknown');
    expect(ends.filter((end) => end === 'fulfilled')).toHaveLength(4);
    expect(connections()).toBeLessThanOrEqual(3);
  });

  it('is not requested for ever, and is found among others', async () => {
    const { client, connections, settle } = await scene(
      (method) => method.type === 'queue.declare' && method.queue === 'poison',
    );
    const declares = ['a', 'b', 'poison', 'c'].map((queue) => client.queueDeclare({ queue }));
    await settle();
    expect(declares.map(endOf)).toEqual(['fulfilled', 'fulfilled', 'INTERNAL_ERROR unknown', 'fulfilled']);
    expect(connections()).toBeLessThanOrEqual(3);
  });

  it('is not consumed for ever', async () => {
    const { client, connections, settle } = await scene(
      (method) => method.type === 'basic.consume' && method.queue === 'poison',
    );
    const consumer = client.basicConsume({ queue: 'poison' });
    await settle();
    expect(endOf(consumer.ready)).toBe('INTERNAL_ERROR unknown');
    expect(consumer.isEnded).toBe(true);
    expect(connections()).toBeLessThanOrEqual(3);
  });
});

describe('what makes the broker close the connection while it is restored', () => {
  it('costs that entity: the others are made again, and the connection lives', async () => {
    let isOn = false;
    const { broker, client, connections, settle } = await scene(
      (method) => isOn && method.type === 'queue.declare' && method.queue === 'poison',
    );
    const lost: unknown[] = [];
    client.on('notRestored', (_error, entity) => lost.push(entity));
    for (const queue of ['a', 'poison', 'b']) client.queueDeclare({ queue });
    await settle();
    isOn = true;
    broker.sent();
    broker.reset();
    await settle();
    expect(client.state).toBe('connected');
    expect(lost).toMatchObject([{ kind: 'queue', queue: 'poison' }]);
    expect(broker.sent().filter((name) => name.endsWith('connection.open')).length).toBeLessThanOrEqual(4);
    expect(connections()).toBe(1);
    expect(endOf(client.basicPublish({ routingKey: 'a', body: 'x' }))).toBe('pending');
  });
});

describe('a consume that makes the broker close the connection without naming it', () => {
  it('is not repeated forever if it succeeded before: that consumer ends, the others continue', async () => {
    let isOn = false;
    const { broker, client, connections, settle } = await scene(
      (method) => isOn && method.type === 'basic.consume' && method.queue === 'poison',
    );
    const lost: unknown[] = [];
    client.on('notRestored', (error, entity, isRetrying) => lost.push([error.code, entity, isRetrying]));
    const consumers = ['a', 'poison', 'b'].map((queue) => client.basicConsume({ queue }));
    await settle();
    expect(consumers.map(({ ready }) => endOf(ready))).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    isOn = true;
    broker.reset();
    await settle();
    expect(consumers.map(({ isEnded }) => isEnded)).toEqual([false, true, false]);
    expect(lost).toMatchObject([['INTERNAL_ERROR', { kind: 'consumer', queue: 'poison' }, false]]);
    const [, poison] = consumers;
    if (poison === undefined) expect.unreachable();
    await expect(client.wait(poison)).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'poison' });
    expect(client.state).toBe('connected');
    expect(connections()).toBeLessThanOrEqual(5);
    broker.sent();
    broker.reset();
    await settle();
    expect(broker.sent().filter((name) => name.endsWith('basic.consume'))).toHaveLength(2);
  });

  it('is found among several that are new', async () => {
    const { client, connections, settle } = await scene(
      (method) => method.type === 'basic.consume' && method.queue === 'poison',
    );
    const consumers = ['a', 'poison', 'b'].map((queue) => client.basicConsume({ queue }));
    await settle();
    expect(consumers.map(({ ready }) => endOf(ready))).toEqual(['fulfilled', 'INTERNAL_ERROR unknown', 'fulfilled']);
    expect(connections()).toBeLessThanOrEqual(5);
  });
});

describe('an error without a name', () => {
  it('is one of the broker’s own that ends the connection and names no method', () => {
    const connection = { scope: 'connection' } as const;
    expect(isUnnamedError(replyError(541, 'INTERNAL_ERROR', connection))).toBe(true);
    expect(isUnnamedError(replyError(541, 'x', { ...connection, method: 'basic.consume' }))).toBe(false);
    expect(isUnnamedError(new ConnectionForced('CONNECTION_FORCED'))).toBe(false);
    expect(isUnnamedError(new Error('x'))).toBe(false);
  });
});
