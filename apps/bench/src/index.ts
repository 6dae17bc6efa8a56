/** Runs every client in turn on one broker, round by round, and prints medians and ratios. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Client } from '@puka/client';
import { ensureBroker } from '@puka/testkit';
import type { Job, Mode } from './job.ts';

const run = promisify(execFile);
const names = ['puka', 'amqplib', 'rabbitmq-client', 'cloudamqp'] as const;
const { values } = parseArgs({
  options: {
    modes: { type: 'string', default: 'publish,consume-ack,consume-no-ack' },
    sizes: { type: 'string', default: '16,4096,65536,1048576' },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
  },
});

interface Figures {
  readonly seconds: number;
  readonly cpuMicroseconds: number;
  readonly rssBytes: number;
}

/** Messages of a run, so that one takes about a second. */
function countFor(size: number): number {
  const count = size <= 1024 ? 50_000 : size <= 8192 ? 20_000 : size <= 65_536 ? 4000 : 300;
  return Math.max(100, Math.round(count * Number(values.scale)));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function measure(name: string, job: Job): Promise<Figures> {
  const child = fileURLToPath(new URL('./child.js', import.meta.url));
  const { stdout } = await run(process.execPath, [child, name, JSON.stringify(job)]);
  return JSON.parse(stdout) as Figures; // `child.ts` printed it.
}

async function fill(client: Client, { queue, count, size }: Job): Promise<void> {
  const body = new Uint8Array(size);
  for (let sent = 0; sent < count; sent += 200) {
    const batch = Math.min(200, count - sent);
    await Promise.all(Array.from({ length: batch }, () => client.basicPublish({ routingKey: queue, body })));
  }
}

const broker = await ensureBroker();
const client = new Client(broker.url);
await client.connect();
for (const mode of values.modes.split(',') as Mode[]) {
  for (const size of values.sizes.split(',').map(Number)) {
    const count = countFor(size);
    const job: Job = { url: broker.url, queue: `bench-${process.pid}`, mode, size, count };
    const results = new Map<string, Figures[]>(names.map((name) => [name, []]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const name of names) {
        await client.queueDelete({ queue: job.queue });
        await client.queueDeclare({ queue: job.queue, durable: true });
        if (mode !== 'publish') await fill(client, job);
        results.get(name)?.push(await measure(name, job));
      }
    }
    console.log(`\n${mode}, ${size} B, ${count} messages, median of ${values.rounds}`);
    const cpuOf = (name: string): number =>
      median((results.get(name) ?? []).map(({ cpuMicroseconds }) => cpuMicroseconds / count));
    const own = cpuOf('puka');
    for (const name of names) {
      const figures = results.get(name) ?? [];
      const rate = median(figures.map(({ seconds }) => count / seconds));
      const memory = median(figures.map(({ rssBytes }) => rssBytes)) / 1_048_576;
      console.log(
        `${name.padEnd(16)} ${rate.toFixed(0).padStart(8)}/s  ${cpuOf(name).toFixed(2).padStart(9)} us CPU  ${memory.toFixed(0).padStart(4)} MiB` +
          (name === 'puka' ? '' : `  puka takes ${(own / cpuOf(name)).toFixed(2)} of it`),
      );
    }
  }
}
await client.queueDelete({ queue: `bench-${process.pid}` });
await client.close();
await broker.stop();
