import { waitFor } from '@puka/testkit';
import { describe, it } from 'vitest';
import { caller, serve } from '../src/index.ts';
import { scene } from './scene.ts';

const hang = (): Promise<void> => new Promise(() => {});

/** Those that keep the process running. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

describe('a handler that never comes back', () => {
  it.each(['the client of the server is closed', 'the service is stopped'])(
    'does not keep the process running when %s',
    async (how) => {
      const { server, client, another } = await scene();
      const asleep = await another();
      const before = timers();
      const service = await serve(server, { queue: 'q' }, { hang });
      const remote = caller<typeof service>(client, { queue: 'q' });
      const calls = [remote.hang(), remote.hang()].map((call) => call.catch((error: unknown) => error));
      await waitFor(() => service.stats.running === 2);
      if (how.includes('stopped')) await service.stop({ timeout: 1 });
      await server.close();
      await client.close();
      await Promise.all(calls);
      // What is left is of the other client, and of the test itself.
      await waitFor(() => timers() <= before);
      await asleep.close();
    },
  );
});
