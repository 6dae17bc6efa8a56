/**
 * Runs every client in turn on one broker, round by round, and prints medians and ratios; with `--runtimes` this client on
 * each runtime instead.
 */
import { parseArgs } from 'node:util';
import { Client } from '@puka/client';
import { type BenchBroker, embedded, rabbitmq } from './brokers.ts';
import { type Contestant, librabbitmq, ownByRuntime, scripted } from './contestants.ts';
import { type Figures, type Job, type Mode, modes, windowSize } from './job.ts';
import { compileLibrabbitmq } from './librabbitmq.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  options: {
    modes: { type: 'string', default: modes.join(',') },
    sizes: { type: 'string', default: '16,4096,65536,1048576' },
    clients: { type: 'string' },
    runtimes: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    embedded: { type: 'boolean', default: false },
  },
});

/** Messages of a run, so that one takes a second or two: the first tenths go to a cold program, whatever it does. */
function countFor(mode: Mode, size: number): number {
  const scale = Number(values.scale);
  if (mode === 'declare-delete') return Math.max(100, Math.round(1000 * scale));
  if (mode === 'request-reply') {
    const perRun = size <= 8192 ? 12_000 : size <= 65_536 ? 3000 : 300;
    return Math.max(100, Math.round(perRun * scale));
  }
  const perRun = size <= 1024 ? 200_000 : size <= 8192 ? 50_000 : size <= 65_536 ? 6000 : 300;
  return Math.max(100, Math.round(perRun * scale));
}

async function fill(client: Client, job: Job): Promise<void> {
  const { queue, count, size } = job;
  const atOnce = windowSize(job);
  const body = new Uint8Array(size);
  for (let sent = 0; sent < count; sent += atOnce) {
    const batch = Math.min(atOnce, count - sent);
    await Promise.all(
      Array.from({ length: batch }, () => client.basicPublish({ routingKey: queue, body, deliveryMode: 1 })),
    );
  }
}

/** A client that lost messages, or left some behind, has not won anything. */
async function checkLeft(client: Client, { queue, mode, count }: Job, name: string): Promise<void> {
  // A purge waits for what is on its way to the queue; a passive declare overtakes it.
  const { messageCount } = await client.queuePurge({ queue });
  const isPublishing = mode === 'publish' || mode === 'publish-ignored';
  const wanted = isPublishing ? count : 0;
  if (messageCount !== wanted) throw new Error(`${name} left ${messageCount} messages in the queue, not ${wanted}`);
}

async function round(client: Client, contestant: Contestant, job: Job, broker: BenchBroker): Promise<Figures> {
  const { queue, mode } = job;
  await client.queueDelete({ queue });
  await client.queueDeclare({ queue, durable: true });
  if (mode === 'consume-ack' || mode === 'consume-no-ack') await fill(client, job);
  const before = await broker.cpuMicroseconds();
  const figures = await contestant.measure(job);
  const after = await broker.cpuMicroseconds();
  await checkLeft(client, job, contestant.name);
  if (before === undefined || after === undefined) return figures;
  return { ...figures, brokerCpuMicroseconds: after - before };
}

const wanted = values.clients?.split(',');
const contestants = (values.runtimes ? ownByRuntime() : await clients()).filter(
  ({ name }) => wanted === undefined || wanted.includes(name),
);
const broker = await (values.embedded ? embedded() : rabbitmq());
console.log(`on ${broker.name}`);
const client = new Client(broker.url);
await client.connect();
const queue = `bench-${process.pid}`;
for (const mode of modes.filter((mode) => values.modes.split(',').includes(mode))) {
  const sizes = mode === 'declare-delete' ? [0] : values.sizes.split(',').map(Number);
  for (const size of sizes) {
    const job: Job = { url: broker.url, queue, mode, size, count: countFor(mode, size) };
    const runs = new Map<Contestant, Figures[]>();
    for (const contestant of contestants) if (contestant.measures(mode)) runs.set(contestant, []);
    for (let number = 0; number < Number(values.rounds); number++) {
      for (const [contestant, figures] of runs) figures.push(await round(client, contestant, job, broker));
    }
    const what = mode === 'declare-delete' ? `${job.count} queues` : `${size} B, ${job.count} messages`;
    console.log(`\n${mode}, ${what}, median of ${values.rounds}`);
    for (const line of report(job, runs)) console.log(line);
  }
}
await client.queueDelete({ queue });
await client.close();
await broker.stop();

async function clients(): Promise<Contestant[]> {
  const compiled = await compileLibrabbitmq();
  if ('program' in compiled) return [...scripted(), librabbitmq(compiled.program)];
  console.log(compiled.missing);
  return scripted();
}
