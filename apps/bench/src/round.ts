/** One run of one contestant: prepares the queue before it, and looks at what is left after it. */
import type { Client } from '@puka/client';
import type { BenchBroker } from './brokers.ts';
import type { Contestant } from './contestants.ts';
import { type Figures, type Job, type Mode, queueNames, warmUpsOf, windowFor, workModes } from './job.ts';

/** @param client prepares the queue. */
export async function round(client: Client, contestant: Contestant, job: Job, broker: BenchBroker): Promise<Figures> {
  const { mode } = job;
  const warmUps = warmUpsOf(job);
  await prepare(client, job);
  for (const warmUp of warmUps) await prepare(client, warmUp);
  if (mode === 'many-consumers') return measureMany(client, contestant, job);
  if (!isWork(mode)) return measureKept(contestant, job, broker);
  const before = await broker.cpuMicroseconds();
  const figures = await contestant.measure(job);
  const after = await broker.cpuMicroseconds();
  await checkLeft(client, job, contestant.name);
  for (const warmUp of warmUps) await client.queueDelete({ queue: warmUp.queue });
  if (before === undefined || after === undefined) return figures;
  return { ...figures, brokerCpuMicroseconds: after - before };
}

/** Makes the queue anew, full where it is consumed from. */
async function prepare(client: Client, job: Job): Promise<void> {
  const { queue, mode } = job;
  await client.queueDelete({ queue });
  await client.queueDeclare({ queue, durable: true });
  if (mode === 'consume-ack' || mode === 'consume-no-ack') await fill(client, job, [queue]);
  // Some are held before the measurement.
  if (mode === 'held-message') await fill(client, { ...job, count: 2 * job.count }, [queue]);
}

/** The broker's CPU time goes to the publishing as well. */
async function measureMany(client: Client, contestant: Contestant, job: Job): Promise<Figures> {
  const queues = queueNames(job, job.consumers);
  await Promise.all(queues.map((queue) => client.queueDeclare({ queue, durable: true })));
  const figures = await contestant.measure(job, () => fill(client, job, queues));
  const left = await Promise.all(queues.map((queue) => client.queueDelete({ queue })));
  const messages = left.reduce((sum, { messageCount }) => sum + messageCount, 0);
  if (messages > 0) throw new Error(`${contestant.name} left ${messages} messages in the queues`);
  return figures;
}

/** A child that failed may have left the broker stopped. */
async function measureKept(contestant: Contestant, job: Job, { pid }: BenchBroker): Promise<Figures> {
  try {
    return await contestant.measure({ ...job, ...(pid !== undefined && { brokerPid: pid }) });
  } finally {
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  }
}

function isWork(mode: Mode): boolean {
  return workModes.some((each) => each === mode);
}

/** Publishes to the queues in turn. */
async function fill(client: Client, { count, size }: Job, queues: readonly string[]): Promise<void> {
  const window = windowFor(size);
  const body = new Uint8Array(size);
  for (let sent = 0; sent < count; sent += window) {
    const batch = Math.min(window, count - sent);
    await Promise.all(
      Array.from({ length: batch }, (_, index) => {
        const routingKey = queues[(sent + index) % queues.length] ?? '';
        return client.basicPublish({ routingKey, body, deliveryMode: 1 });
      }),
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
