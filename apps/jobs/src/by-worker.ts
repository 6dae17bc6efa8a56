/** A worker with retries and dead letters by `@puka/worker`: what `by-amqplib.ts` does by hand. */
import { Client } from '@puka/client';
import { startWorker } from '@puka/worker';

/** What both do. */
export interface JobPlan {
  readonly queue: string;
  readonly concurrency: number;
  readonly attempts: number;
  /** In milliseconds; the last one holds for all further attempts. */
  readonly delays: readonly number[];
}

/** One at work. */
export interface Started {
  stop(): Promise<void>;
}

/** Starts it. */
export async function startByWorker(
  url: string,
  { queue, concurrency, attempts, delays }: JobPlan,
  handler: (text: string, attempt: number) => Promise<void>,
): Promise<Started> {
  const client = new Client(url);
  await client.connect();
  const options = { queue, concurrency, attempts, delay: delays };
  const worker = await startWorker(client, options, (message, { attempt }) => handler(message.text(), attempt));
  return {
    async stop() {
      await worker.stop();
      await client.close();
    },
  };
}
