import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { int64 } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client.ts';
import { Scene } from './scene.ts';

async function scene() {
  const broker = await startBroker({ listen: false });
  const client = new Client('amqp://', { transport: broker.transport(), recover: { minDelay: 1 } });
  await client.connect();
  return { broker, client };
}

async function cut(broker: EmbeddedBroker, client: Client): Promise<void> {
  const back = new Promise<void>((resolve) => client.once('connected', () => resolve()));
  broker.faults.dropConnections();
  await back;
}

const interruption = (client: Client): Promise<unknown> =>
  new Promise((resolve) => client.once('interrupted', (error) => resolve(error)));

describe('a consumer of a stream', () => {
  it('goes on with what was not settled, and after the last where all was', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 's', durable: true, arguments: { 'x-queue-type': 'stream' } });
    for (let index = 0; index < 10; index++) await client.basicPublish({ routingKey: 's', body: `${index}` });
    const consumer = client.basicConsume({ queue: 's', prefetchCount: 4, arguments: { 'x-stream-offset': 'first' } });
    const seen: string[] = [];
    for (let count = 0; count < 3; count++) {
      const message = await client.wait(consumer);
      seen.push(message.text());
      if (count < 2) message.ack();
    }
    expect(seen).toEqual(['0', '1', '2']);
    await cut(broker, client);
    const after: string[] = [];
    while (after.length < 8) {
      const message = await client.wait(consumer);
      after.push(message.text());
      message.ack();
    }
    expect(after).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
    await cut(broker, client);
    await client.basicPublish({ routingKey: 's', body: '10' });
    const last = await client.wait(consumer);
    expect(last.text()).toBe('10');
    last.ack();
    await client.close();
    await broker.stop();
  });
});

describe('a queue whose messages carry the offset of a stream that they were read from', () => {
  it('is consumed again after a loss, and from then on its messages can be rejected', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'q' });
    const copy = (offset: number) =>
      client.basicPublish({ routingKey: 'q', headers: { 'x-stream-offset': int64(offset) }, body: `${offset}` });
    await copy(7);
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 10 });
    expect((await client.wait(consumer)).text()).toBe('7');
    await cut(broker, client);
    const again = await client.wait(consumer);
    expect([again.text(), again.ack()]).toEqual(['7', true]);
    await copy(8);
    const next = await client.wait(consumer);
    expect([next.text(), next.reject({ requeue: false })]).toEqual(['8', true]);
    expect(broker.queue('q')?.consumers).toHaveLength(1);
    await client.close();
    await broker.stop();
  });
});

describe('a consumer that the broker cancels', () => {
  it('subscribes again where its queue is still there and nothing was said', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'q' });
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await consumer.ready;
    const interrupted = interruption(client);
    broker.faults.cancelConsumers('q');
    expect(await interrupted).toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await client.basicPublish({ routingKey: 'q', body: 'still here' });
    expect((await client.wait(consumer)).text()).toBe('still here');
    await client.close();
    await broker.stop();
  });

  it('ends where its queue was deleted, which is not made again after a loss', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'q' });
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await consumer.ready;
    broker.faults.removeQueue('q');
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED', queue: 'q' });
    await cut(broker, client);
    expect(broker.queue('q')).toBeUndefined();
    await client.close();
    await broker.stop();
  });

  it('ends at once with resubscribe: false', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'q' });
    const consumer = client.basicConsume({ queue: 'q', resubscribe: false });
    await consumer.ready;
    broker.faults.cancelConsumers('q');
    await expect(client.wait(consumer)).rejects.toMatchObject({ code: 'CONSUMER_CANCELLED' });
    await client.close();
    await broker.stop();
  });
});

describe('a consumer whose channel the broker closes', () => {
  it('subscribes again, and what it held cannot be acked any more', async () => {
    const { broker, client } = await scene();
    await client.queueDeclare({ queue: 'q' });
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await client.basicPublish({ routingKey: 'q', body: 'slow' });
    const message = await client.wait(consumer);
    const interrupted = interruption(client);
    broker.faults.closeChannels(
      { queue: 'q' },
      406,
      'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out',
    );
    expect(await interrupted).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(message.ack()).toBe(false);
    const again = await client.wait(consumer);
    expect(again.text()).toBe('slow');
    expect(again.redelivered).toBe(true);
    expect(again.ack()).toBe(true);
    await client.close();
    await broker.stop();
  });
});

describe('first consumes that end the connection', () => {
  it('are found one by one over the next, and the others consume', async () => {
    const { broker, client } = await scene();
    client.on('unobserved', () => {});
    await client.queueDeclare({ queue: 's', durable: true, arguments: { 'x-queue-type': 'stream' } });
    await client.queueDeclare({ queue: 'q' });
    // RabbitMQ closes the connection for a stream without acks.
    const bad = [1, 2, 3].map(() => client.basicConsume({ queue: 's', prefetchCount: 1, noAck: true }));
    const good = client.basicConsume({ queue: 'q' });
    for (const { ready } of bad) await expect(ready).rejects.toMatchObject({ code: 'AMQP_NOT_IMPLEMENTED' });
    await good.ready;
    await client.basicPublish({ routingKey: 'q', body: 'x' });
    expect((await client.wait(good)).text()).toBe('x');
    await client.close();
    await broker.stop();
  });
});

describe('a subscription that is lost while basicQos makes another', () => {
  /** A consumer whose `basicQos` waits for the consume-ok of the new subscription, and who holds that back. */
  async function changing() {
    const scene = await Scene.start();
    const client = await scene.connected();
    const declared = client.queueDeclare({ queue: 'q' });
    await scene.settle();
    await declared;
    const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 });
    await scene.settle();
    scene.broker.faults.delayReplies('basic.consume', 100);
    const changed = client.basicQos(consumer, { prefetchCount: 2 });
    await scene.settle();
    return { scene, client, changed };
  }

  it('is not subscribed to a second time where the broker has cancelled it', async () => {
    const { scene, client, changed } = await changing();
    scene.broker.faults.cancelConsumers('q');
    await scene.advance(20_000);
    expect(changed.state).toBe('fulfilled');
    expect(scene.broker.queue('q')?.consumers.map(({ prefetchCount }) => prefetchCount)).toEqual([2]);
    await scene.end(client);
  });

  it('is not subscribed to a second time where its channel was closed', async () => {
    const { scene, client, changed } = await changing();
    scene.broker.faults.closeChannels({ channel: 1 });
    await scene.advance(20_000);
    expect(changed.state).toBe('fulfilled');
    expect(scene.broker.queue('q')?.consumers.map(({ prefetchCount }) => prefetchCount)).toEqual([2]);
    await scene.end(client);
  });
});

describe('basicQos of a consumer over two queues of which one is away', () => {
  it('changes the limit of the other at once, and has changed both when that one is back', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    client.on('notRestored', () => {});
    for (const queue of ['q', 'r']) client.queueDeclare({ queue, durable: true });
    await scene.settle();
    const consumer = client.basicConsumeMulti({ queues: ['q', 'r'], prefetchCount: 1 });
    await scene.settle();
    scene.broker.faults.stopQueue('q');
    await scene.cut(client);
    const changed = client.basicQos(consumer, { prefetchCount: 2 });
    await scene.settle();
    const limits = (queue: string) => scene.broker.queue(queue)?.consumers.map(({ prefetchCount }) => prefetchCount);
    expect([changed.state, limits('r')]).toEqual(['pending', [2]]);
    scene.broker.faults.startQueue('q');
    await scene.advance(5000);
    expect([changed.state, limits('q'), limits('r')]).toEqual(['fulfilled', [2], [2]]);
    await scene.end(client);
  });
});

describe('the last consumer of an auto-delete queue whose channel is closed', () => {
  it.each(['first', 'second'])('has its queue again, with its bindings, over a %s connection', async (which) => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const declared = client.queueDeclare({ autoDelete: true });
    await scene.settle();
    const { queue } = await declared;
    client.queueBind({ queue, exchange: 'amq.direct', routingKey: 'k' });
    const texts: string[] = [];
    const consumer = client.basicConsume({ queue }, (_error, message) => {
      texts.push(message?.text() ?? '');
      message?.ack();
    });
    await scene.settle();
    if (which === 'second') await scene.cut(client);
    scene.broker.faults.closeChannels();
    await scene.advance(20_000);
    client.basicPublish({ exchange: 'amq.direct', routingKey: 'k', body: 'x' });
    await scene.settle();
    expect([consumer.isEnded, texts]).toEqual([false, ['x']]);
    await scene.end(client);
  });
});
