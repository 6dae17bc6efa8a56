/** One measured run in a process of its own: argument 1 is the client, argument 2 the job as JSON; prints JSON in its last line. */
import { connectors, fullConnectors } from './clients/connectors.ts';
import { untilReceived } from './clients/until-received.ts';
import {
  type BenchClient,
  type Figures,
  type FullClient,
  isMemoryMode,
  type Job,
  queueNames,
  warmUpsOf,
} from './job.ts';

const [, , name = '', jobText = ''] = process.argv;
const job = JSON.parse(jobText) as Job; // `contestants.ts` starts it.

const connector = await connectors[name as keyof typeof connectors]();
for (const warmUp of warmUpsOf(job)) {
  const warm = await connector.connect(job.url);
  await run(warm, warmUp);
  await warm.close();
}
const client = await connector.connect(job.url);
let before = process.cpuUsage();
let started = performance.now();
const measured = await run(client, job);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(before);
const rssBytes = process.memoryUsage.rss();
const figures: Figures = { seconds, cpuMicroseconds: user + system, rssBytes, ...measured };
// Where the broker was stopped, much is under way that no code waits for.
if (!isMemoryMode(job.mode)) await client.close();
// Not before it is in the pipe. And not by `process.exit()`, in which Node 24 hangs now and then while V8 collects garbage.
process.stdout.write(JSON.stringify(figures), () => process.kill(process.pid, 'SIGKILL'));

/** What was before does not count. */
function startAnew(): void {
  before = process.cpuUsage();
  started = performance.now();
}

async function run(client: BenchClient | FullClient, job: Job): Promise<Partial<Figures>> {
  switch (job.mode) {
    case 'publish':
      await client.publish(job);
      return {};
    case 'consume-ack':
    case 'consume-no-ack':
      await client.consume(job);
      return {};
    default:
  }
  if (!('requestReply' in client)) throw new Error(`${name} does not do ${job.mode}`);
  switch (job.mode) {
    case 'publish-ignored':
      await client.publishIgnored(job);
      return {};
    case 'request-reply':
      return { latencies: (await client.requestReply(job)).map(Math.round) };
    case 'declare-delete':
      await client.declareDelete(job);
      return {};
    case 'many-consumers':
      await consumeFromMany(client, job);
      return {};
    case 'start':
      throw new Error('start-child.ts measures the start');
    default: {
      // Not before: what it imports is memory, too.
      const { heapBytesOf } = await import('./memory.ts');
      const { open } = await fullConnectors[name as keyof typeof fullConnectors]();
      return { heapBytes: await heapBytesOf(job.mode, client, open, job) };
    }
  }
}

/** Reports when it has subscribed; then the messages are published. */
function consumeFromMany(client: FullClient, job: Job): Promise<void> {
  return untilReceived(job.count, async (onMessage) => {
    await client.subscribe(queueNames(job, job.consumers), false, onMessage);
    startAnew();
    process.stdout.write('ready\n');
  });
}
