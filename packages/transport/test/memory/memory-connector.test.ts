import { Recorder } from '@puka/testkit/transport-contract';
import type { MemoryTransport } from '@puka/transport/memory';
import { memoryConnector } from '@puka/transport/memory';
import { describe, expect, it } from 'vitest';

const address = { host: 'somewhere', port: 1 };

describe('memoryConnector', () => {
  it('shows the server what the client asked for', async () => {
    const asked: unknown[] = [];
    const connector = memoryConnector((_server, options) => {
      asked.push(options);
      return new Recorder();
    });
    const options = { ...address, tls: { serverName: 'name' } };
    await connector.connect(options, new Recorder());
    expect(asked).toEqual([options]);
  });

  it('turns what accept throws into the cause of a ConnectionBroken', async () => {
    const cause = new Error('full');
    const connector = memoryConnector(() => {
      throw cause;
    });
    await expect(connector.connect(address, new Recorder())).rejects.toMatchObject({
      name: 'ConnectionBroken',
      outcome: 'not-sent',
      message: 'could not connect to somewhere:1: full',
      cause,
    });
  });

  it('does not ask the server when aborted before its task runs', async () => {
    let accepted = 0;
    const tasks: (() => void)[] = [];
    const connector = memoryConnector(
      () => {
        accepted += 1;
        return new Recorder();
      },
      { schedule: (task) => tasks.push(task) },
    );
    const controller = new AbortController();
    const attempt = connector.connect({ ...address, signal: controller.signal }, new Recorder());
    controller.abort('given up');
    await expect(attempt).rejects.toBe('given up');
    for (const task of tasks) task();
    expect(accepted).toBe(0);
  });

  it("uses the client's mode for the client, and the connector's for the server", async () => {
    const servers: MemoryTransport[] = [];
    const serverSide = new Recorder();
    const connector = memoryConnector(
      (server) => {
        servers.push(server);
        return serverSide;
      },
      { serverMode: 'pull' },
    );
    const clientSide = new Recorder();
    const client = await connector.connect({ ...address, mode: 'pull' }, clientSide);
    client.write([Uint8Array.of(1)]);
    servers[0]?.write([Uint8Array.of(2)]);
    await Promise.all([serverSide.untilSeen('readable'), clientSide.untilSeen('readable')]);
    expect(client.read()).toEqual(Uint8Array.of(2));
    expect(servers[0]?.read()).toEqual(Uint8Array.of(1));
  });
});
