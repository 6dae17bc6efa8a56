/** The everyday use of rabbitmq-client: one on RabbitMQ and on the embedded broker. Must not test what only Puka can do. */
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { Connection, type ReturnedMessage } from 'rabbitmq-client';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Collected } from './collected.ts';

let connection: Connection;
let queue: string;

beforeEach(() => {
  connection = open(inject('amqpUrl'));
  queue = uniqueName('rabbitmq-client');
});

afterEach(async () => {
  await connection.close();
});

function open(url: string): Connection {
  const opened = new Connection({ url, retryLow: 10 });
  opened.on('error', () => {});
  return opened;
}

describe('rabbitmq-client', () => {
  it('publishes with a confirm and gets the message', async () => {
    await connection.queueDeclare({ queue, exclusive: true });
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ routingKey: queue, correlationId: 'c', headers: { n: 1 } }, { json: true });
    const got = await connection.basicGet({ queue, noAck: true });
    expect(got).toMatchObject({ body: { json: true }, correlationId: 'c', headers: { n: 1 } });
    expect(await connection.basicGet(queue)).toBeUndefined();
    await publisher.close();
  });

  it('declares what publishers and consumers need, and binds it', async () => {
    const exchange = uniqueName('rabbitmq-client');
    const exchanges = [{ exchange, type: 'topic', autoDelete: true }];
    const heard = new Collected<unknown>();
    const consumer = connection.createConsumer(
      {
        ...{ queue, exchanges, queueOptions: { exclusive: true } },
        queueBindings: [{ exchange, routingKey: 'user.*' }],
      },
      (message) => heard.add(`${message.routingKey} ${String(message.body)}`),
    );
    await new Promise<void>((resolve) => consumer.on('ready', resolve));
    const publisher = connection.createPublisher({ confirm: true, exchanges });
    await publisher.send({ exchange, routingKey: 'order.new' }, 'not for it');
    await publisher.send({ exchange, routingKey: 'user.new' }, 'ann');
    expect(await heard.first(1)).toEqual(['user.new ann']);
    await publisher.close();
    await consumer.close();
  });

  it('consumes, acks, requeues and drops: the dropped are dead letters', async () => {
    const dead = uniqueName('dead');
    await connection.queueDeclare({ queue: dead, exclusive: true });
    const heard = new Collected<string>();
    const queueOptions = {
      exclusive: true,
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead },
    };
    const consumer = connection.createConsumer({ queue, queueOptions, qos: { prefetchCount: 1 } }, (message) => {
      heard.add(`${String(message.body)}${message.redelivered ? ' again' : ''}`);
      // 0 acks, 1 requeues, 2 drops.
      if (message.body === 'bad') return 2;
      return message.redelivered ? 0 : 1;
    });
    await new Promise<void>((resolve) => consumer.on('ready', resolve));
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send(queue, 'good');
    expect(await heard.first(2)).toEqual(['good', 'good again']);
    await publisher.send(queue, 'bad');
    await heard.first(3);
    await waitFor(async () => (await connection.queueDeclare({ queue: dead, passive: true })).messageCount === 1);
    await publisher.close();
    await consumer.close();
    expect(await connection.queueDeclare({ queue, passive: true })).toMatchObject({ messageCount: 0 });
  });

  it('hears of a mandatory message that no queue takes', async () => {
    const returned = new Collected<ReturnedMessage>();
    const publisher = connection.createPublisher({ confirm: true });
    publisher.on('basic.return', returned.add);
    await publisher.send({ routingKey: uniqueName('none'), mandatory: true }, 'back');
    expect(await returned.first(1)).toMatchObject([{ body: 'back', replyCode: 312, replyText: 'NO_ROUTE' }]);
    await publisher.close();
  });

  it('calls and is answered by direct reply-to', async () => {
    const queueOptions = { exclusive: true };
    await connection.queueDeclare({ queue, ...queueOptions });
    const server = connection.createConsumer({ queue, queueOptions }, async (message, reply) => {
      await reply(`${String(message.body)}!`);
    });
    const client = connection.createRPCClient({ confirm: true });
    const answers = await Promise.all(['a', 'b', 'c'].map(async (body) => (await client.send(queue, body)).body));
    expect(answers).toEqual(['a!', 'b!', 'c!']);
    await client.close();
    await server.close();
  });

  it('is refused with the code of what is wrong, and goes on', async () => {
    await connection.queueDeclare({ queue, exclusive: true });
    const missing = connection.queueDeclare({ queue: uniqueName('none'), passive: true });
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const unlike = connection.queueDeclare({ queue, exclusive: true, autoDelete: true });
    await expect(unlike).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    const publisher = connection.createPublisher({ confirm: true });
    await expect(publisher.send({ exchange: uniqueName('none') }, '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await publisher.send(queue, 'goes on');
    await publisher.close();
  });

  it('connects again by itself: consumers go on, and what was not acked comes again', async () => {
    const { hostname: host, port } = new URL(inject('amqpUrl'));
    await using proxy = await faultProxy({ target: { host, port: Number(port) } });
    const broken = open(proxy.urlFor(inject('amqpUrl')));
    await connection.queueDeclare({ queue, autoDelete: false });
    const heard = new Collected<string>();
    const lost = new Promise((resolve) => broken.once('error', resolve));
    const consumer = broken.createConsumer({ queue, qos: { prefetchCount: 1 } }, async (message) => {
      heard.add(`${String(message.body)}${message.redelivered ? ' again' : ''}`);
      if (message.body === '1' && !message.redelivered) await lost;
    });
    consumer.on('error', () => {});
    const publisher = connection.createPublisher({ confirm: true });
    for (const body of ['1', '2']) await publisher.send(queue, body);
    await heard.first(1);
    // Until the queue has back what was not acked: who comes sooner gets the next message first.
    await proxy.refuse();
    proxy.reset();
    await waitFor(async () => (await connection.queueDeclare({ queue, passive: true })).consumerCount === 0);
    await proxy.restore();
    expect(await heard.first(3)).toEqual(['1', '1 again', '2']);
    await consumer.close();
    await broken.close();
    await publisher.close();
    await connection.queueDelete(queue);
  });
});
