/** The two ends. Must not read the command line. */
import { type Client, OperationTimeout } from '@puka/client';
import { caller, RemoteError, type Service, serve } from '@puka/rpc';
import { primes } from './primes.ts';

const queue = 'apps.primes';

/** Serves until it is stopped. The client is the caller's to close. */
export function startServer(client: Client): Promise<Service<typeof primes>> {
  return serve(client, { queue, concurrency: 4 }, primes);
}

/** Asks for all the numbers at once, each for no longer than `timeout` milliseconds. */
export async function ask(
  client: Client,
  numbers: readonly number[],
  timeout: number,
  print: (line: string) => void,
): Promise<void> {
  await using remote = caller<typeof primes>(client, { queue, timeout, idempotent: true });
  const lines = numbers.map(async (below) => {
    try {
      return `${await remote.count(below)} primes below ${below}`;
    } catch (error) {
      if (error instanceof OperationTimeout) return `no answer in ${timeout} ms for ${below}`;
      if (error instanceof RemoteError) return `${error.remoteCode}: ${error.message}, ${JSON.stringify(error.data)}`;
      throw error;
    }
  });
  for (const line of lines) print(await line);
}
