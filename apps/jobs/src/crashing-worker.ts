/**
 * A worker that is meant to be killed: it takes jobs by numbers, writes to its output what begins and what ends, and works on for
 * as long as it lives. Arguments: URL, queue, attempts, concurrency, type of its queues.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@puka/client';
import { Discard, startWorker, type WorkerOptions } from '@puka/worker';
import { fateOf } from './run-jobs.ts';

const [, , url = '', queue = '', attempts = '', concurrency = '', type = ''] = process.argv;

/** At once, because what waits in memory dies with the process. With a time that all processes share, in microseconds. */
function report(word: string, job: number, attempt: number): void {
  writeSync(1, `${word} ${job} ${attempt} ${process.hrtime.bigint() / 1000n}\n`);
}

async function workUntilLost(): Promise<void> {
  const client = new Client(url, { recover: { minDelay: 50, maxDelay: 500 } });
  client.on('unobserved', () => undefined);
  await client.connect();
  const options: WorkerOptions = {
    ...{ queue, attempts: Number(attempts), concurrency: Number(concurrency), delay: [20, 50, 100] },
    queueType: type === 'quorum' ? type : 'classic',
    key: ({ headers }) => String(headers.key),
  };
  const worker = await startWorker(client, options, async (message, { attempt }) => {
    const job = Number(message.text());
    report('begun', job, attempt);
    await sleep(Math.random() * 20);
    const fate = fateOf(job);
    const isDone = fate === 'easy' || (fate === 'flaky' && attempt > 1);
    report(isDone ? 'done' : 'failed', job, attempt);
    if (fate === 'unwanted') throw new Discard('nobody wants it');
    if (!isDone) throw new Error('not this time');
  });
  await worker.ended;
  await client.close();
}

for (;;) {
  await workUntilLost().catch(() => undefined);
  await sleep(50);
}
