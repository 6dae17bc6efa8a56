/** A server that adds, and who calls it, by each library's own means. Must not measure. */
import { Client } from '@puka/client';
import { caller, replyQueue, serve } from '@puka/rpc';
import amqplib from 'amqplib';
import { Connection } from 'rabbitmq-client';

/** What is called. */
export interface Pair {
  readonly a: number;
  readonly b: number;
}

/** Calls, and ends. */
export interface Calling {
  add(pair: Pair): Promise<number>;
  close(): Promise<void>;
}

/** One library, or one way to use it. */
export interface Contestant {
  /** Serves until the process is killed. */
  serve(url: string, queue: string): Promise<void>;
  /** @param callers so many callers over one connection, taken in turn. */
  call(url: string, queue: string, callers: number): Promise<Calling>;
}

const add = ({ a, b }: Pair): number => a + b;
const concurrency = 256;
const directReplyTo = 'amq.rabbitmq.reply-to';

function puka(isDirect: boolean): Contestant {
  return {
    async serve(url, queue) {
      const client = new Client(url);
      await client.connect();
      await serve(client, { queue, concurrency }, { add });
    },
    async call(url, queue, callers) {
      const client = new Client(url);
      await client.connect();
      const options = { queue, ...(isDirect ? {} : { replies: replyQueue }) };
      const all = Array.from({ length: callers }, () => caller<{ add: typeof add }>(client, options));
      let next = 0;
      return {
        add: (pair) => (all[next++ % callers] ?? missing()).add(pair),
        close: () => client.close(),
      };
    },
  };
}

function missing(): never {
  throw new Error('there is no caller');
}

/** What its users write by hand. Without confirms, time-outs and aborts. */
const byAmqplib: Contestant = {
  async serve(url, queue) {
    const connection = await amqplib.connect(url);
    const channel = await connection.createChannel();
    await channel.assertQueue(queue, { autoDelete: true });
    await channel.prefetch(concurrency);
    await channel.consume(queue, (message) => {
      if (message === null) return;
      const { replyTo = '', correlationId } = message.properties as { replyTo?: string; correlationId: string };
      const result = add(JSON.parse(message.content.toString()) as Pair);
      channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(result)), { correlationId });
      channel.ack(message);
    });
  },
  async call(url, queue) {
    const connection = await amqplib.connect(url);
    const channel = await connection.createChannel();
    const open = new Map<string, (result: number) => void>();
    await channel.consume(
      directReplyTo,
      (message) => {
        if (message === null) return;
        const id: string = message.properties.correlationId;
        open.get(id)?.(JSON.parse(message.content.toString()) as number);
        open.delete(id);
      },
      { noAck: true },
    );
    let lastId = 0;
    return {
      add: (pair) =>
        new Promise((resolve) => {
          const correlationId = `${++lastId}`;
          open.set(correlationId, resolve);
          const body = Buffer.from(JSON.stringify(pair));
          channel.sendToQueue(queue, body, { correlationId, replyTo: directReplyTo, contentType: 'application/json' });
        }),
      close: () => connection.close(),
    };
  },
};

const byRabbitmqClient: Contestant = {
  async serve(url, queue) {
    const connection = new Connection(url);
    const options = { queue, queueOptions: { autoDelete: true }, qos: { prefetchCount: concurrency }, concurrency };
    const consumer = connection.createConsumer(options, async (message, reply) => {
      await reply(add(message.body as Pair));
    });
    await new Promise<void>((resolve) => consumer.once('ready', resolve));
  },
  async call(url, queue) {
    const connection = new Connection(url);
    await connection.onConnect();
    const client = connection.createRPCClient({ confirm: true, timeout: 30_000 });
    return {
      add: async (pair) => (await client.send(queue, pair)).body as number,
      async close() {
        await client.close();
        await connection.close();
      },
    };
  },
};

/** By name. */
export const contestants: Readonly<Record<string, Contestant>> = {
  puka: puka(true),
  'puka-queue': puka(false),
  amqplib: byAmqplib,
  'rabbitmq-client': byRabbitmqClient,
};
