/**
 * A worker that loses no job: jobs are persistent, acked when done, tried again a little later when they fail, and put aside
 * when they have failed three times. The delay is a queue whose messages expire and are dead-lettered to the first.
 */
import { Client, type Message } from '@puka/client';
import type { Program } from './program.ts';

const attempts = 3;

export const worker: Program = async (url, print, [jobs = 'examples.jobs', count = '3', delayMs = '50']) => {
  await using client = new Client(url);
  await client.connect();
  const later = `${jobs}.later`;
  const failed = `${jobs}.failed`;
  await Promise.all([
    client.queueDeclare({ queue: jobs, durable: true }),
    client.queueDeclare({ queue: failed, durable: true }),
    client.queueDeclare({
      queue: later,
      durable: true,
      arguments: {
        'x-message-ttl': Number(delayMs),
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': jobs,
      },
    }),
  ]);

  let left = Number(count);
  for await (const message of client.basicConsume({ queue: jobs, prefetchCount: 1 })) {
    const attempt = Number(message.headers.attempt ?? 1);
    try {
      await work(message);
      print(`done: ${message.text()} at attempt ${attempt}`);
    } catch (error) {
      // First the copy is safe with the broker, then the job is acked: a crash between the two repeats it, but never loses it.
      const routingKey = attempt < attempts ? later : failed;
      const headers = { ...message.headers, attempt: attempt + 1 };
      await client.basicPublish({ ...message.properties, routingKey, headers, body: message.body, mandatory: true });
      print(`${attempt < attempts ? 'later' : 'given up'}: ${message.text()} (${String(error)})`);
    }
    message.ack();
    if (--left === 0) break;
  }
};

/** The work of this example: some jobs always fail, some only once. */
async function work(message: Message): Promise<void> {
  const job = message.text();
  if (job === 'hopeless') throw new Error('it cannot be done');
  if (job === 'flaky' && message.headers.attempt === undefined) throw new Error('it failed this once');
}
