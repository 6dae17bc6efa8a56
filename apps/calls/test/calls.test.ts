import { Client, NoRoute } from '@puka/client';
import { startBroker } from '@puka/testing';
import { waitFor } from '@puka/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { ask, startServer } from '../src/program.ts';

it.each(['RabbitMQ', 'the embedded broker'])(
  'counts primes over %s, and gives up what takes too long',
  async (where) => {
    const broker = where === 'RabbitMQ' ? undefined : await startBroker();
    const [server, client] = [
      new Client(broker?.url ?? inject('amqpUrl')),
      new Client(broker?.url ?? inject('amqpUrl')),
    ];
    onTestFinished(async () => {
      await Promise.all([server.close(), client.close()]);
      await broker?.stop();
    });
    await Promise.all([server.connect(), client.connect()]);
    await expect(ask(client, [10], 1000, () => {})).rejects.toBeInstanceOf(NoRoute);
    const service = await startServer(server);
    const lines: string[] = [];
    await ask(client, [10, 1000, -1], 20_000, (line) => lines.push(line));
    expect(lines).toEqual(['4 primes below 10', '168 primes below 1000', 'BAD_COUNT: not a count, {"below":-1}']);
    // It would take hours; the handler is aborted, because the caller no longer waits.
    await ask(client, [1e12], 50, (line) => lines.push(line));
    expect(lines.at(-1)).toBe('no answer in 50 ms for 1000000000000');
    await waitFor(() => service.stats.running === 0);
    expect(service.stats).toMatchObject({ done: 2, failed: 2 });
    await service.stop();
  },
);
