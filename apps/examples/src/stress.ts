/**
 * Keeps many queues busy: each message taken is sent on to its own queue, so that as many as the first bursts stay under way.
 * Prints rate and latency each second.
 */
import { Client, type Message } from '@puka/client';
import type { Program } from './program.ts';

export const stress: Program = async (url, print, args) => {
  const [messages = '100000', queueCount = '32', burst = '20', reportMs = '1000'] = args;
  await using client = new Client(url);
  await client.connect();
  const queues = Array.from({ length: Number(queueCount) }, (_, at) => `examples.stress.${at}`);
  await Promise.all(queues.map((queue) => client.queueDeclare({ queue, exclusive: true })));

  let taken = 0;
  let latencyMs = 0;
  let takenBefore = 0;
  let reportedAt = performance.now();
  const report = setInterval(() => {
    const now = performance.now();
    const count = taken - takenBefore;
    const rate = Math.round((count * 1000) / (now - reportedAt));
    print(`${rate} messages a second, ${(latencyMs / Math.max(count, 1)).toFixed(1)} ms from publish to handler`);
    [takenBefore, reportedAt, latencyMs] = [taken, now, 0];
  }, Number(reportMs));

  const publish = (queue: string): void => {
    client.basicPublish({ routingKey: queue, body: String(performance.now()) });
  };
  await new Promise<void>((done) => {
    const handle = (_error: unknown, message: Message | undefined): void => {
      if (message === undefined || taken === Number(messages)) return;
      latencyMs += performance.now() - Number(message.text());
      message.ack();
      if (++taken === Number(messages)) done();
      if (taken < Number(messages)) publish(message.queue);
    };
    for (const queue of queues) {
      client.basicConsume({ queue, prefetchCount: 1 }, handle);
      for (let sent = 0; sent < Number(burst); sent++) publish(queue);
    }
  });
  clearInterval(report);
  print(`${taken} messages over ${queues.length} queues`);
};
