/** One run of one contestant: prepares the queue before it, and looks at what is left after it. */
import type { Client } from '@puka/client';
import type { BenchBroker } from './brokers.ts';
import type { Contestant } from './contestants.ts';
import { type Figures, type Job, windowFor } from './job.ts';

/** @param client prepares the queue. */
export async function round(client: Client, contestant: Contestant, job: Job, broker: BenchBroker): Promise<Figures> {
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

async function fill(client: Client, { queue, count, size }: Job): Promise<void> {
  const window = windowFor(size);
  const body = new Uint8Array(size);
  for (let sent = 0; sent < count; sent += window) {
    const batch = Math.min(window, count - sent);
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
