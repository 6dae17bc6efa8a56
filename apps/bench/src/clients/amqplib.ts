/** amqplib: a confirm channel and `publish` with a callback; else a plain channel. */
import amqplib, { type Channel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { type Closable, type FullClient, type Job, prefetchCount, queueNames } from '../job.ts';
import { untilReceived } from './until-received.ts';

export function open(url: string): Promise<Closable> {
  return amqplib.connect(url);
}

export async function connect(url: string): Promise<FullClient> {
  const connection = await amqplib.connect(url);
  const confirmChannel = await connection.createConfirmChannel();
  const channel = await connection.createChannel();
  return {
    publish: (job) => publish(confirmChannel, job),
    publishIgnored: (job) => publishIgnored(channel, job),
    consume: (job) => consume(channel, job),
    subscribe: (queues, noAck, onMessage) => subscribe(channel, queues, noAck, onMessage),
    hold: (job) => hold(channel, job),
    requestReply,
    declareDelete: (job) => declareDelete(channel, job),
    close: async () => {
      // Before the connection, which does not wait for acks that are under way.
      await channel.close();
      await connection.close();
    },
  };
}

async function publish(channel: ConfirmChannel, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const body = Buffer.alloc(size, 1);
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let confirmed = 0;
    const done = (error: unknown): void => {
      if (error) reject(error);
      if (++confirmed === count) resolve();
      fill();
    };
    const fill = (): void => {
      while (sent < count && sent - confirmed < window) {
        sent++;
        channel.publish('', queue, body, {}, done);
      }
    };
    fill();
  });
}

async function publishIgnored(channel: Channel, { queue, count, size }: Job): Promise<void> {
  const body = Buffer.alloc(size, 1);
  for (let sent = 0; sent < count; sent++) {
    if (!channel.publish('', queue, body, {})) await new Promise((resolve) => channel.once('drain', resolve));
  }
  await channel.checkQueue(queue);
}

function consume(channel: Channel, { queue, count, mode }: Job): Promise<void> {
  return untilReceived(count, (onMessage) => subscribe(channel, [queue], mode === 'consume-no-ack', onMessage));
}

async function subscribe(
  channel: Channel,
  queues: readonly string[],
  noAck: boolean,
  onMessage: () => void,
): Promise<void> {
  if (!noAck) await channel.prefetch(prefetchCount);
  const onDelivery = (message: ConsumeMessage | null): void => {
    if (message === null) return;
    onMessage();
    if (!noAck) channel.ack(message);
  };
  await Promise.all(queues.map((queue) => channel.consume(queue, onDelivery, { noAck })));
}

async function hold(channel: Channel, { queue, count }: Job): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  await channel.prefetch(count);
  await untilReceived(count, async (onMessage) => {
    await channel.consume(queue, (message) => {
      if (message === null) return;
      messages.push(message);
      onMessage();
    });
  });
  return messages;
}

async function requestReply({ url, queue, count, size }: Job): Promise<number[]> {
  // By default it leaves Nagle's algorithm on, and a request of 4 KiB or more takes 88 ms.
  const connection = await amqplib.connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const latencies = await ask(channel, queue, count, size);
  await connection.close();
  return latencies;
}

async function ask(channel: Channel, queue: string, count: number, size: number): Promise<number[]> {
  const latencies: number[] = [];
  const body = Buffer.alloc(size, 1);
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
  await channel.consume(
    queue,
    (request) => {
      if (request === null) return;
      const { replyTo = '', correlationId } = request.properties;
      channel.publish('', replyTo, request.content, { correlationId });
    },
    { noAck: true },
  );
  return new Promise((resolve, reject) => {
    let asked = 0;
    const next = (): void => {
      asked = performance.now();
      channel.publish('', queue, body, { replyTo, correlationId: String(latencies.length) });
    };
    channel
      .consume(
        replyTo,
        (reply) => {
          if (reply?.properties.correlationId !== String(latencies.length)) {
            reject(new Error('a reply to another request'));
            return;
          }
          latencies.push((performance.now() - asked) * 1000);
          if (latencies.length === count) resolve(latencies);
          else next();
        },
        { noAck: true },
      )
      .then(next, reject);
  });
}

async function declareDelete(channel: Channel, job: Job): Promise<void> {
  const names = queueNames(job, job.count);
  await Promise.all(names.map((queue) => channel.assertQueue(queue, { durable: false, exclusive: true })));
  await Promise.all(names.map((queue) => channel.deleteQueue(queue)));
}
