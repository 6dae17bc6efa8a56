/** One measured run in a process of its own: argument 1 is the client, argument 2 the job as JSON; prints JSON. */
import { connectors } from './clients/connectors.ts';
import type { BenchClient, Figures, FullClient, Job } from './job.ts';

const name = process.argv[2] as keyof typeof connectors; // `measure.ts` starts it.
const job = JSON.parse(process.argv[3] ?? '') as Job;

const client: BenchClient | FullClient = await (await connectors[name]()).connect(job.url);
const before = process.cpuUsage();
const started = performance.now();
const latencies = await run(client);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(before);
const figures: Figures = {
  seconds,
  cpuMicroseconds: cpu.user + cpu.system,
  rssBytes: process.memoryUsage.rss(),
  ...(latencies === undefined ? {} : { latencies: latencies.map(Math.round) }),
};
await client.close();
// What is still on its way through a pipe is lost by an exit.
process.stdout.write(JSON.stringify(figures), () => process.exit(0));

async function run(client: BenchClient | FullClient): Promise<number[] | undefined> {
  switch (job.mode) {
    case 'publish':
      await client.publish(job);
      return undefined;
    case 'consume-ack':
    case 'consume-no-ack':
      await client.consume(job);
      return undefined;
    default:
  }
  if (!('requestReply' in client)) throw new Error(`${name} does not do ${job.mode}`);
  switch (job.mode) {
    case 'publish-ignored':
      await client.publishIgnored(job);
      return undefined;
    case 'request-reply':
      return await client.requestReply(job);
    case 'declare-delete':
      await client.declareDelete(job);
      return undefined;
  }
}
