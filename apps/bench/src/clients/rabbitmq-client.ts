/** rabbitmq-client by its low-level channel. */
import { type AsyncMessage, type Channel, Connection } from 'rabbitmq-client';
import { type Closable, type FullClient, type Job, prefetchCount, queueNames } from '../job.ts';
import { untilReceived } from './until-received.ts';

export async function open(url: string): Promise<Closable> {
  const connection = new Connection(url);
  await connection.onConnect();
  return connection;
}

export async function connect(url: string): Promise<FullClient> {
  const connection = new Connection(url);
  await connection.onConnect();
  const confirmChannel = await connection.acquire();
  await confirmChannel.confirmSelect();
  const channel = await connection.acquire();
  return {
    publish: (job) => publish(confirmChannel, job),
    publishIgnored: (job) => publishIgnored(channel, job),
    consume: (job) => consume(channel, job),
    subscribe: (queues, noAck, onMessage) => subscribe(channel, queues, noAck, onMessage),
    hold: (job) => hold(channel, job),
    requestReply: (job) => requestReply(channel, job),
    declareDelete: (job) => declareDelete(channel, job),
    close: async () => {
      await channel.close();
      await confirmChannel.close();
      await connection.close();
    },
  };
}

async function publish(channel: Channel, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const body = Buffer.alloc(size, 1);
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
        channel.basicPublish(queue, body).then(done, reject);
      }
    };
    fill();
  });
}

/** Its promise settles when the socket has taken the bytes: one in a window is awaited. */
async function publishIgnored(channel: Channel, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const body = Buffer.alloc(size, 1);
  for (let sent = 1; sent <= count; sent++) {
    const written = channel.basicPublish(queue, body);
    if (sent % window === 0) await written;
  }
  await channel.queueDeclare({ queue, passive: true });
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
  if (!noAck) await channel.basicQos({ prefetchCount });
  const onDelivery = ({ deliveryTag }: AsyncMessage): void => {
    onMessage();
    if (!noAck) channel.basicAck({ deliveryTag });
  };
  await Promise.all(queues.map((queue) => channel.basicConsume({ queue, noAck }, onDelivery)));
}

async function hold(channel: Channel, { queue, count }: Job): Promise<AsyncMessage[]> {
  const messages: AsyncMessage[] = [];
  await channel.basicQos({ prefetchCount: count });
  await untilReceived(count, async (onMessage) => {
    await channel.basicConsume({ queue }, (message) => {
      messages.push(message);
      onMessage();
    });
  });
  return messages;
}

async function requestReply(channel: Channel, { queue, count, size }: Job): Promise<number[]> {
  const latencies: number[] = [];
  const body = Buffer.alloc(size, 1);
  const { queue: replyTo } = await channel.queueDeclare({ exclusive: true });
  await channel.basicConsume({ queue, noAck: true }, (request) => {
    const { replyTo: routingKey = '', correlationId = '' } = request;
    void channel.basicPublish({ routingKey, correlationId }, Buffer.from(request.body));
  });
  return new Promise((resolve, reject) => {
    let asked = 0;
    const ask = (): void => {
      asked = performance.now();
      const correlationId = String(latencies.length);
      channel.basicPublish({ routingKey: queue, replyTo, correlationId }, body).catch(reject);
    };
    channel
      .basicConsume({ queue: replyTo, noAck: true }, (reply) => {
        if (reply.correlationId !== String(latencies.length)) {
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
  await Promise.all(names.map((queue) => channel.queueDeclare({ queue, exclusive: true })));
  await Promise.all(names.map((queue) => channel.queueDelete({ queue })));
}
