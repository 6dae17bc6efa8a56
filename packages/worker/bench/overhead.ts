/**
 * What a worker costs over a bare consumer: CPU time of this process for each job of 16 bytes, with handlers that return at once and
 * with such that return a promise. Each run has a process of its own; the broker is the one of AMQP_URL, or launched.
 *
 *     npm run bench -- [JOBS] [ROUNDS]
 *
 * Prints the middle of the rounds.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@puka/client';
import { ensureBroker, uniqueName } from '@puka/testkit';
import { startWorker } from '@puka/worker';

const execute = promisify(execFile);
const prefetch = 500;
const kinds = ['bare', 'worker'] as const;
const handlers = ['sync', 'async'] as const;
type Kind = (typeof kinds)[number];
type HandlerKind = (typeof handlers)[number];

/** Consumes `count` messages. @returns microseconds of CPU time for each. */
async function run(url: string, queue: string, kind: Kind, handlerKind: HandlerKind, count: number): Promise<number> {
  const client = new Client(url);
  await client.connect();
  let left = count;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const work = (): void => {
    if (--left === 0) finish();
  };
  const workLater = async (): Promise<void> => {
    work();
  };
  const before = process.cpuUsage();
  if (kind === 'worker') {
    const handler = handlerKind === 'sync' ? work : workLater;
    await startWorker(client, { queue, concurrency: 100, prefetch, deadLetter: false, delay: () => 1 }, handler);
  } else if (handlerKind === 'sync') {
    client.basicConsume({ queue, prefetchCount: prefetch }, (_error, message) => {
      work();
      message?.ack();
    });
  } else {
    client.basicConsume({ queue, prefetchCount: prefetch }, async (_error, message) => {
      await workLater();
      message?.ack();
    });
  }
  await finished;
  const { user, system } = process.cpuUsage(before);
  await client.shutdown();
  return (user + system) / count;
}

async function fill(client: Client, queue: string, count: number): Promise<void> {
  const body = new Uint8Array(16);
  for (let sent = 0; sent < count; sent++) {
    client.basicPublish({ routingKey: queue, body, deliveryMode: 1 });
    if (client.needsDrain) await client.drained();
  }
  await client.basicPublish({ routingKey: queue, body, deliveryMode: 1 });
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function compare(count: number, rounds: number): Promise<void> {
  const broker = await ensureBroker({ url: process.env.AMQP_URL ?? '' });
  const client = new Client(broker.url);
  await client.connect();
  const figures = new Map<string, number[]>();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const handler of handlers) {
        for (const kind of kinds) {
          const queue = uniqueName('overhead');
          await client.queueDeclare({ queue, durable: true });
          await fill(client, queue, count);
          const args = [...process.execArgv, fileURLToPath(import.meta.url), 'run', broker.url, queue, kind, handler];
          const { stdout } = await execute(process.execPath, [...args, `${count}`]);
          const name = `${kind} ${handler}`;
          figures.set(name, [...(figures.get(name) ?? []), Number(stdout)]);
          await client.queueDelete({ queue });
        }
      }
    }
  } finally {
    await client.close();
    await broker.stop();
  }
  console.log(`${count} jobs of 16 B, prefetch ${prefetch}, ${rounds} rounds: µs of CPU a job`);
  for (const handler of handlers) {
    const [bare = Number.NaN, worker = Number.NaN] = kinds.map((kind) =>
      middle(figures.get(`${kind} ${handler}`) ?? []),
    );
    const ratio = (worker / bare).toFixed(2);
    console.log(`${handler.padEnd(6)} bare ${bare.toFixed(2)}  worker ${worker.toFixed(2)}  ratio ${ratio}`);
  }
}

const [command = '', url = '', queue = '', kind = 'bare', handler = 'sync', count = '0'] = process.argv.slice(2);
if (command === 'run') {
  console.log(await run(url, queue, kind as Kind, handler as HandlerKind, Number(count)));
} else {
  await compare(Number(command || 100_000), Number(url || 5));
}
