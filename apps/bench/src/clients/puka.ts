/** This client, by callbacks. */
import { Client, type Message } from '@puka/client';
import { type Closable, type FullClient, type Job, prefetchCount, queueNames } from '../job.ts';
import { untilReceived } from './until-received.ts';

export async function open(url: string): Promise<Closable> {
  const client = new Client(url);
  await client.connect();
  return client;
}

/** With bodies that are lent until the message is settled. */
export const lending = { connect: (url: string): Promise<FullClient> => connect(url, { bodies: 'lent' }) };

/** Without publisher confirms, as its peers publish where they do not wait for one. */
export const unconfirmed = { connect: (url: string): Promise<FullClient> => connect(url, { pubacks: false }) };

export async function connect(
  url: string,
  { bodies = 'kept', pubacks }: { readonly bodies?: Bodies; readonly pubacks?: boolean } = {},
): Promise<FullClient> {
  const client = new Client(url, { pubacks });
  await client.connect();
  return {
    publish: (job) => publish(client, job),
    publishIgnored: (job) => publishIgnored(client, job),
    consume: (job) => consume(client, job, bodies),
    subscribe: (queues, noAck, onMessage) => subscribe(client, queues, { noAck, bodies }, onMessage),
    hold: (job) => hold(client, job),
    requestReply: (job) => requestReply(client, job),
    declareDelete: (job) => declareDelete(client, job),
    close: async () => {
      await client.close();
    },
  };
}

function publish(client: Client, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  return new Promise((resolve, reject) => {
    const options = { routingKey: queue, body: new Uint8Array(size).fill(1), deliveryMode: 1 as const };
    let sent = 0;
    let confirmed = 0;
    const done = (error: unknown): void => {
      if (error !== undefined) reject(error);
      if (++confirmed === count) resolve();
      fill();
    };
    const fill = (): void => {
      while (sent < count && sent - confirmed < window) {
        sent++;
        client.basicPublish(options, done);
      }
    };
    fill();
  });
}

async function publishIgnored(client: Client, { queue, count, size }: Job): Promise<void> {
  const options = { routingKey: queue, body: new Uint8Array(size).fill(1), deliveryMode: 1 as const };
  for (let sent = 1; sent < count; sent++) {
    client.basicPublish(options);
    if (client.needsDrain) await client.drained();
  }
  await client.basicPublish(options);
}

type Bodies = 'kept' | 'lent';

function consume(client: Client, { queue, count, mode }: Job, bodies: Bodies): Promise<void> {
  const noAck = mode === 'consume-no-ack';
  return untilReceived(count, (onMessage) => subscribe(client, [queue], { noAck, bodies }, onMessage));
}

async function subscribe(
  client: Client,
  queues: readonly string[],
  { noAck, bodies }: { readonly noAck: boolean; readonly bodies: Bodies },
  onMessage: () => void,
): Promise<void> {
  const options = { noAck, bodies, prefetchCount: noAck ? 0 : prefetchCount };
  const consumers = queues.map((queue) =>
    client.basicConsume({ queue, ...options }, (error, message) => {
      if (message === undefined) throw error;
      onMessage();
      if (!noAck) message.ack();
    }),
  );
  await Promise.all(consumers.map(({ ready }) => ready));
}

async function hold(client: Client, { queue, count }: Job): Promise<Message[]> {
  const messages: Message[] = [];
  await untilReceived(count, async (onMessage) => {
    const consumer = client.basicConsume({ queue, prefetchCount: count }, (error, message) => {
      if (message === undefined) throw error;
      messages.push(message);
      onMessage();
    });
    await consumer.ready;
  });
  return messages;
}

async function requestReply(client: Client, { queue, count, size }: Job): Promise<number[]> {
  const latencies: number[] = [];
  const body = new Uint8Array(size).fill(1);
  const replyTo = (await client.queueDeclare({ exclusive: true })).queue;
  const server = client.basicConsume({ queue, noAck: true }, (_error, request) => {
    if (request === undefined) return;
    const { replyTo = '', correlationId } = request;
    client.basicPublish({ routingKey: replyTo, correlationId, body: request.body, deliveryMode: 1 });
  });
  await server.ready;
  return new Promise((resolve, reject) => {
    let asked = 0;
    const ask = (): void => {
      asked = performance.now();
      client.basicPublish({
        routingKey: queue,
        replyTo,
        correlationId: String(latencies.length),
        body,
        deliveryMode: 1,
      });
    };
    const asker = client.basicConsume({ queue: replyTo, noAck: true }, (error, reply) => {
      if (reply === undefined || reply.correlationId !== String(latencies.length)) {
        reject(error ?? new Error('a reply to another request'));
        return;
      }
      latencies.push((performance.now() - asked) * 1000);
      if (latencies.length === count) resolve(latencies);
      else ask();
    });
    asker.ready.then(ask, reject);
  });
}

async function declareDelete(client: Client, job: Job): Promise<void> {
  const names = queueNames(job, job.count);
  await Promise.all(names.map((queue) => client.queueDeclare({ queue, exclusive: true })));
  await Promise.all(names.map((queue) => client.queueDelete({ queue })));
}
