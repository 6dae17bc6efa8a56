/**
 * A worker that survives lost connections. The client connects again by itself and its consumer goes on, so there is no loop
 * around `connect()`. What the worker has to bear: a job whose ack was lost comes again, and must not be done twice.
 */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

/** Ids of jobs that are kept to know them again. */
const maxRemembered = 10_000;

/** Does jobs until it has done as many as requested: `survivingWorker jobs 100`. */
export const survivingWorker: Program = async (url, print, [jobs = 'examples.jobs', count = '3']) => {
  await using client = new Client(url, { recover: { initial: true, minDelay: 100 } });
  client.on('disconnected', (_error, isRecovering) => print(isRecovering ? 'lost the connection' : 'disconnected'));
  client.on('connected', (_info, recovery) => {
    if (recovery !== undefined) print(`back, with ${recovery.restored.consumers} consumer`);
  });
  // Something did not come back: this worker goes on, but an operator should look at it.
  client.on('notRestored', (error, { kind }) => print(`the ${kind} is not back: ${error.message}`));
  await client.connect();
  await client.queueDeclare({ queue: jobs, durable: true });

  const done = new Set<string>();
  for await (const job of client.basicConsume({ queue: jobs, prefetchCount: 8 })) {
    const { messageId } = job;
    if (messageId !== undefined && done.has(messageId)) {
      print(`again: ${job.text()}`);
    } else {
      print(`done: ${job.text()}`);
      if (messageId !== undefined) remember(done, messageId);
    }
    // `false` where the connection of this delivery is gone: the job comes again, and is known then.
    if (job.ack() && done.size >= Number(count)) break;
  }
};

/** A real worker keeps the ids where its results are, in one transaction with them. */
function remember(done: Set<string>, messageId: string): void {
  done.add(messageId);
  const [oldest] = done;
  if (done.size > maxRemembered && oldest !== undefined) done.delete(oldest);
}
