/**
 * A worker that is meant to be killed: it takes jobs by numbers, writes to its output what begins and what is done, and works on for
 * as long as it lives. Arguments: URL, queue, attempts, concurrency.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@puka/client';
import { Discard, startWorker } from '@puka/worker';
import { fateOf } from './run-jobs.ts';

const [, , url = '', queue = '', attempts = '', concurrency = ''] = process.argv;

/** At once, for what waits in memory dies with the process. */
function tell(word: string, job: number, attempt: number): void {
  writeSync(1, `${word} ${job} ${attempt}\n`);
}

async function workUntilLost(): Promise<void> {
  const client = new Client(url, { recover: { minDelay: 50, maxDelay: 500 } });
  client.on('unobserved', () => undefined);
  await client.connect();
  const options = {
    ...{ queue, attempts: Number(attempts), concurrency: Number(concurrency), delay: [20, 50, 100] },
    key: ({ headers }: { headers: { readonly key?: unknown } }) => String(headers.key),
  };
  const worker = await startWorker(client, options, async (message, { attempt }) => {
    const job = Number(message.text());
    tell('begun', job, attempt);
    await sleep(Math.random() * 20);
    const fate = fateOf(job);
    if (fate === 'unwanted') throw new Discard('nobody wants it');
    if (fate === 'hopeless' || (fate === 'flaky' && attempt === 1)) throw new Error('not this time');
    tell('done', job, attempt);
  });
  await worker.ended;
  await client.close();
}

for (;;) {
  await workUntilLost().catch(() => undefined);
  await sleep(50);
}
