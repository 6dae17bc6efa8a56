/**
 * A hundred jobs, some of which fail, through a worker, with a picture of it: `node dist/index.js [COUNT]`. On the broker of AMQP_URL,
 * else on the embedded one.
 */
import { startBroker } from '@puka/testing';
import { Screen } from './picture.ts';
import { runJobs } from './run-jobs.ts';

const [, , count = '100'] = process.argv;
const given = process.env.AMQP_URL ?? '';
const embedded = given === '' ? await startBroker() : undefined;
try {
  const screen = new Screen((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const plan = { count: Number(count), concurrency: 8, workMs: 100, delayMs: 500 };
  const outcome = await runJobs(embedded?.url ?? given, plan, (progress) => screen.show(progress));
  console.log(
    `\n${outcome.done} done, ${outcome.dead} among the dead letters, ${outcome.redriven} of them sent back at the end`,
  );
} finally {
  await embedded?.stop();
}
