/** What became of publishes, in their promises and in the queue, for tests that compare many. Must not publish. */
import { type Client, isPukaError } from '@puka/client';

/** What becomes of a publish: `confirmed`, or the code of its error. */
export async function fateOf(publish: PromiseLike<void>): Promise<string> {
  try {
    await publish;
    return 'confirmed';
  } catch (error) {
    return isPukaError(error) ? error.code : String(error);
  }
}

/** What becomes of each. */
export function fatesOf(publishes: readonly PromiseLike<void>[]): Promise<string[]> {
  return Promise.all(publishes.map(fateOf));
}

/** Where they are not as wanted: the first few, because thousands are compared. */
export function surprises(fates: readonly string[], wanted: readonly string[]): string[] {
  if (fates.length !== wanted.length) return [`${fates.length} fates, not ${wanted.length}`];
  return fates.flatMap((fate, at) => (fate === wanted[at] ? [] : [`${at}: ${fate}, not ${wanted[at]}`])).slice(0, 10);
}

/**
 * How many messages have come to a queue; they are gone from it then. A purge waits for what is on its way to the
 * queue. A passive declare does not (RabbitMQ 3.10 answers it before the messages that it has taken from a channel),
 * so it counts too few if no confirm of the broker shows that they are there.
 */
export async function countOf(client: Client, queue: string): Promise<number> {
  return (await client.queuePurge({ queue })).messageCount;
}
