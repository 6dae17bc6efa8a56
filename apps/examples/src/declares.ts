/** A thousand queues, declared at once and then one by one: the same calls, with and without waiting between them. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const declaresInParallel: Program = async (url, print, [count = '1000']) => {
  await using client = new Client(url);
  await client.connect();
  const names = Array.from({ length: Number(count) }, (_, at) => `examples.many.${at}`);

  const startedAt = performance.now();
  await Promise.all(names.map((queue) => client.queueDeclare({ queue, exclusive: true })));
  print(`declared ${names.length} in ${Math.round(performance.now() - startedAt)} ms, all at once`);
  await Promise.all(names.map((queue) => client.queueDelete({ queue })));
};

export const declaresOneByOne: Program = async (url, print, [count = '1000']) => {
  await using client = new Client(url);
  await client.connect();
  const names = Array.from({ length: Number(count) }, (_, at) => `examples.many.${at}`);

  const startedAt = performance.now();
  for (const queue of names) await client.queueDeclare({ queue, exclusive: true });
  print(`declared ${names.length} in ${Math.round(performance.now() - startedAt)} ms, one by one`);
  for (const queue of names) await client.queueDelete({ queue });
};
