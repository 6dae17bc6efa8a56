import { Client } from '@puka/client';
import { collectGarbage } from '@puka/testkit';
import { defaultConnector } from '@puka/transport';
import { expect, inject, it } from 'vitest';

/** Of a client. On Deno a read is always under way, into memory of its own. */
const mostBytes = (defaultConnector.runtime === 'deno' ? 96 : 24) * 1024;

/** Bytes of heap and buffers that are in use. */
async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    // What a handle of Node's holds is released in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function connected(count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client(inject('amqpUrl')));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

it('takes little memory for each client that is connected and idle, sockets among it', async () => {
  const first = await connected(10);
  const before = await usedBytes();
  const clients = await connected(100);
  const each = ((await usedBytes()) - before) / clients.length;
  await Promise.all([...first, ...clients].map((client) => client.close()));
  expect(each).toBeLessThan(mostBytes);
});
