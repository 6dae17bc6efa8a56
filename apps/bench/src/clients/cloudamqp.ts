/** @cloudamqp/amqp-client by its channel. */
import { AMQPClient, type AMQPMessage } from '@cloudamqp/amqp-client';
import { type Closable, type FullClient, type Job, prefetchCount, queueNames } from '../job.ts';
import { untilReceived } from './until-received.ts';

type Channel = Awaited<ReturnType<AMQPClient['channel']>>;

export function open(url: string): Promise<Closable> {
  return new AMQPClient(url).connect();
}

export async function connect(url: string): Promise<FullClient> {
  const connection = await new AMQPClient(url).connect();
  const confirmChannel = await connection.channel();
  await confirmChannel.confirmSelect();
  const channel = await connection.channel();
  return {
    publish: (job) => publish(confirmChannel, job),
    publishIgnored: (job) => publishIgnored(channel, job),
    consume: (job) => consume(channel, job),
    subscribe: (queues, noAck, onMessage) => subscribe(channel, queues, noAck, onMessage),
    hold: (job) => hold(channel, job),
    requestReply: (job) => requestReply(channel, job),
    declareDelete: (job) => declareDelete(channel, job),
    close: async () => {
      await connection.close();
    },
  };
}

async function publish(channel: Channel, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const body = new Uint8Array(size).fill(1);
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let confirmed = 0;
    const done = (): void => {
      if (++confirmed === count) resolve();
      fill();
    };
    const fill = (): void => {
      while (sent < count && sent - confirmed < window) {
        sent++;
        channel.basicPublish('', queue, body).then(done, reject);
      }
    };
    fill();
  });
}

/** Its promise settles when the socket has taken the bytes: one in a window is awaited. */
async function publishIgnored(channel: Channel, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const body = new Uint8Array(size).fill(1);
  for (let sent = 1; sent <= count; sent++) {
    const written = channel.basicPublish('', queue, body);
    if (sent % window === 0) await written;
  }
  await channel.queueDeclare(queue, { passive: true });
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
  const onDelivery = (message: AMQPMessage): void => {
    onMessage();
    if (!noAck) void message.ack();
  };
  await Promise.all(queues.map((queue) => channel.basicConsume(queue, { noAck }, onDelivery)));
}

async function hold(channel: Channel, { queue, count }: Job): Promise<AMQPMessage[]> {
  const messages: AMQPMessage[] = [];
  await channel.prefetch(count);
  await untilReceived(count, async (onMessage) => {
    await channel.basicConsume(queue, { noAck: false }, (message) => {
      messages.push(message);
      onMessage();
    });
  });
  return messages;
}

async function requestReply(channel: Channel, { queue, count, size }: Job): Promise<number[]> {
  const latencies: number[] = [];
  const body = new Uint8Array(size).fill(1);
  const { name: replyTo } = await channel.queueDeclare('', { exclusive: true });
  await channel.basicConsume(queue, { noAck: true }, (request) => {
    const { replyTo = '', correlationId = '' } = request.properties;
    void channel.basicPublish('', replyTo, request.body, { correlationId });
  });
  return new Promise((resolve, reject) => {
    let asked = 0;
    const ask = (): void => {
      asked = performance.now();
      const properties = { replyTo, correlationId: String(latencies.length) };
      channel.basicPublish('', queue, body, properties).catch(reject);
    };
    channel
      .basicConsume(replyTo, { noAck: true }, (reply) => {
        if (reply.properties.correlationId !== String(latencies.length)) {
          reject(new Error('a reply to another request'));
          return;
        }
        latencies.push((performance.now() - asked) * 1000);
        if (latencies.length === count) resolve(latencies);
        else ask();
      })
      .then(ask, reject);
  });
}

async function declareDelete(channel: Channel, job: Job): Promise<void> {
  const names = queueNames(job, job.count);
  await Promise.all(names.map((queue) => channel.queueDeclare(queue, { durable: false, exclusive: true })));
  await Promise.all(names.map((queue) => channel.queueDelete(queue)));
}
