/** Makes things, keeps them, and measures the memory that they take. For a process that does nothing else. */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { collectGarbage } from '@puka/testkit';
import type { Closable, FullClient, Job, MemoryMode } from './job.ts';

/** What connections are made by. */
export type Open = (url: string) => Promise<Closable>;

const connectingAtOnce = 20;
/** Until what is written has gone into the socket. */
const flushMs = 300;

/** Messages that stay in memory until it has been measured. */
const held: (readonly unknown[])[] = [];

/**
 * @returns bytes of heap and buffers that the job's `count` things take.
 * @throws {Error} if things have to wait for the broker and its process is not known.
 */
export async function heapBytesOf(mode: MemoryMode, client: FullClient, open: Open, job: Job): Promise<number> {
  // So that what is made once is there before: compiled code, tables.
  const first = await make(mode, client, open, { ...job, count: job.count / 10 });
  const before = await usedBytes();
  const isWaiting = mode === 'open-publish' || mode === 'waiting-declare';
  const broker = isWaiting ? stopBroker(job) : undefined;
  const making = make(mode, client, open, job);
  if (isWaiting) await pause(flushMs);
  else await making;
  const after = await usedBytes();
  broker?.goOn();
  if (!isWaiting) for (const connection of [...first, ...(await making)]) await connection.close();
  return after - before;
}

/** @returns the connections that it made. Resolves when all is there; what waits for the broker is there at once. */
async function make(mode: MemoryMode, client: FullClient, open: Open, job: Job): Promise<Closable[]> {
  const { url, queue, count } = job;
  switch (mode) {
    case 'idle-client': {
      const connections: Closable[] = [];
      while (connections.length < count) {
        const batch = Math.min(connectingAtOnce, count - connections.length);
        connections.push(...(await Promise.all(Array.from({ length: batch }, () => open(url)))));
      }
      return connections;
    }
    case 'idle-consumer':
      await client.subscribe(
        Array.from({ length: count }, () => queue),
        false,
        () => {},
      );
      return [];
    case 'held-message':
      held.push(await client.hold(job));
      return [];
    case 'open-publish':
      await client.publish({ ...job, window: count });
      return [];
    case 'waiting-declare':
      await client.declareDelete(job);
      return [];
  }
}

async function usedBytes(): Promise<number> {
  // What a collection sets free may set free more: finalizers, closed handles.
  for (let time = 0; time < 3; time++) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function stopBroker({ brokerPid }: Job): { goOn(): void } {
  if (brokerPid === undefined) throw new Error('to let things wait takes a broker that runs on this machine');
  process.kill(brokerPid, 'SIGSTOP');
  return { goOn: () => process.kill(brokerPid, 'SIGCONT') };
}
