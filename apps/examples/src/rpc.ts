/** Request and reply: the server answers to the queue that the request names, the client knows its answer by correlation id. */
import { Client, type Message, OperationTimeout } from '@puka/client';
import type { Program } from './program.ts';

const requests = 'examples.square';

/** Serves requests, until it has served as many as requested. */
export const rpcServer: Program = async (url, print, [count = '1']) => {
  await using client = new Client(url);
  await client.connect();
  await client.queueDeclare({ queue: requests, durable: true });
  print('serving');

  let left = Number(count);
  for await (const message of client.basicConsume({ queue: requests, prefetchCount: 10 })) {
    const { replyTo = '', correlationId } = message;
    const value = message.json<number>();
    // The caller may be gone: then the error has no receiver.
    await client.basicPublish({ routingKey: replyTo, correlationId, json: value * value });
    message.ack();
    if (--left === 0) break;
  }
};

/** Asks for the squares of numbers, all at once: `rpcClient 3 4`. */
export const rpcClient: Program = async (url, print, numbers) => {
  await using client = new Client(url);
  await client.connect();
  const { queue: replyTo } = await client.queueDeclare({ exclusive: true });
  const waiting = new Map<string, (reply: Message) => void>();
  client.basicConsume({ queue: replyTo, noAck: true }, (_error, reply) => {
    if (reply !== undefined) waiting.get(reply.correlationId ?? '')?.(reply);
  });

  const ask = async (value: number): Promise<number> => {
    const correlationId = `${value}.${waiting.size}`;
    const answer = new Promise<Message>((resolve, reject) => {
      waiting.set(correlationId, resolve);
      setTimeout(() => reject(new OperationTimeout(`no answer to ${value} in 10 s`)), 10_000).unref();
    });
    // `mandatory`: without a server this fails at once with NoRoute.
    await client.basicPublish({ routingKey: requests, replyTo, correlationId, json: value, mandatory: true });
    return (await answer).json<number>();
  };
  const squares = await Promise.all(numbers.map((value) => ask(Number(value))));
  print(squares.join(' '));
};
