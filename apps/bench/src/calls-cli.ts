/**
 * Calls of each library on one RabbitMQ: rate, and CPU time a call of the caller's and of the server's process.
 *
 *     node dist/calls-cli.js [CALLS] [CALLERS] [NAME]...
 *     node dist/calls-cli.js kill [CALLS] [CALLERS]
 *
 * A thousand calls are under way at any time. `kill` has two servers of Puka and kills one of them with SIGKILL when a third of the calls is done.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ensureBroker, uniqueName } from '@puka/testkit';
import { type Contestant, contestants } from './calls/contestants.ts';

const atOnce = 1000;

/** What a process took, in microseconds. */
interface Taken {
  readonly cpu: number;
}

interface Called extends Taken {
  readonly ms: number;
  readonly right: number;
  /** Calls that failed, by the outcome in their error. */
  readonly failed: Readonly<Record<string, number>>;
}

const words = process.argv.slice(2);
if (words[0] === 'serve') await serving(words[1] ?? '', words[2] ?? '', words[3] ?? '');
else if (words[0] === 'call') await calling(words[1] ?? '', words[2] ?? '', words[3] ?? '', words.slice(4).map(Number));
else if (words[0] === 'kill') await kill(Number(words[1] ?? 100_000), Number(words[2] ?? 1000));
else await compare(Number(words[0] ?? 100_000), Number(words[1] ?? 1), words.slice(2));

function named(name: string): Contestant {
  const contestant = contestants[name];
  if (contestant === undefined)
    throw new Error(`there is no ${name}; there are ${Object.keys(contestants).join(', ')}`);
  return contestant;
}

async function serving(name: string, url: string, queue: string): Promise<void> {
  await named(name).serve(url, queue);
  const before = process.cpuUsage();
  process.on('message', () => process.send?.({ cpu: microseconds(before) } satisfies Taken));
  process.send?.('serving');
}

async function calling(name: string, url: string, queue: string, [count = 0, callers = 1]: number[]): Promise<void> {
  const remote = await named(name).call(url, queue, callers);
  const failed: Record<string, number> = {};
  let right = 0;
  let next = 0;
  const before = process.cpuUsage();
  const began = performance.now();
  const work = async (): Promise<void> => {
    for (let a = next++; a < count; a = next++) {
      try {
        if ((await remote.add({ a, b: 1 })) === a + 1) right++;
      } catch (error) {
        const outcome = error instanceof Error && 'outcome' in error ? String(error.outcome) : String(error);
        failed[outcome] = (failed[outcome] ?? 0) + 1;
      }
      if (a === Math.floor(count / 3)) process.send?.('a third');
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  const ms = performance.now() - began;
  process.send?.({ cpu: microseconds(before), ms, right, failed } satisfies Called);
  await remote.close();
  process.disconnect?.();
}

function microseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function start(...args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv });
}

async function startServer(name: string, url: string, queue: string): Promise<ChildProcess> {
  const server = start('serve', name, url, queue);
  await once(server, 'message');
  return server;
}

/** @param onThird called when a third of the calls is done. */
async function callAll(args: readonly string[], onThird: () => void = () => undefined): Promise<Called> {
  const child = start('call', ...args);
  for (;;) {
    const [message]: unknown[] = await once(child, 'message');
    if (message === 'a third') onThird();
    else return message as Called; // `calling` sends nothing else.
  }
}

async function compare(count: number, callers: number, names: readonly string[]): Promise<void> {
  const broker = await ensureBroker();
  try {
    for (const name of names.length > 0 ? names : Object.keys(contestants)) {
      const queue = uniqueName('calls');
      const server = await startServer(name, broker.url, queue);
      const called = await callAll([name, broker.url, queue, `${count}`, `${callers}`]);
      server.send('usage');
      const [{ cpu }] = (await once(server, 'message')) as [Taken];
      server.kill('SIGKILL');
      const rate = Math.round((count / called.ms) * 1000);
      const cpus = `caller ${(called.cpu / count).toFixed(1)} µs, server ${(cpu / count).toFixed(1)} µs of CPU a call`;
      const outcome = called.right === count ? '' : `  ${JSON.stringify({ right: called.right, ...called.failed })}`;
      console.log(`${name.padEnd(16)} ${count} calls  ${rate}/s  ${cpus}${outcome}`);
    }
  } finally {
    await broker.stop();
  }
}

async function kill(count: number, callers: number): Promise<void> {
  const broker = await ensureBroker();
  try {
    const queue = uniqueName('calls');
    const servers = await Promise.all(['1', '2'].map(() => startServer('puka', broker.url, queue)));
    const called = await callAll(['puka', broker.url, queue, `${count}`, `${callers}`], () => {
      servers[0]?.kill('SIGKILL');
    });
    servers[1]?.kill('SIGKILL');
    const { right, failed, ms } = called;
    console.log(`${count} calls of ${callers} callers in ${Math.round(ms)} ms, one of two servers killed:`, {
      right,
      failed,
    });
    if (right + Object.values(failed).reduce((sum, each) => sum + each, 0) !== count) process.exitCode = 1;
  } finally {
    await broker.stop();
  }
}
