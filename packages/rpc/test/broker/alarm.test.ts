/** A memory alarm: RabbitMQ stops reading from connections that publish, so it answers none of their requests. */
import { Client, ConnectionBroken } from '@puka/client';
import { caller, closeCaller, serve } from '@puka/rpc';
import { launchBroker, uniqueName, waitFor } from '@puka/testkit';
import { expect, it } from 'vitest';

it('under a memory alarm a service stops and a caller closes in time', async () => {
  await using broker = await launchBroker();
  const server = new Client(broker.url);
  const client = new Client(broker.url);
  await Promise.all([server.connect(), client.connect()]);
  const blocked = Promise.all([server, client].map((each) => new Promise((resolve) => each.once('blocked', resolve))));
  let finish = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const service = await serve(server, { queue: uniqueName('alarm') }, { wait: () => gate, now: () => 1 });
  const remote = caller<typeof service>(client, { queue: service.queue });
  expect(await remote.now()).toBe(1);
  const call = remote.wait();
  await waitFor(() => service.stats.running === 1);
  call.catch(() => undefined);
  await broker.setMemoryAlarm('on');
  // Each connection is blocked because it publishes: an answer or a request.
  finish();
  remote.now().catch(() => undefined);
  await blocked;
  await Promise.all([service.stop({ timeout: 1 }), closeCaller(remote)]);
  // The answer may be the publish that was blocked.
  await call.catch((error: unknown) => expect(error).toBeInstanceOf(ConnectionBroken));
  await broker.setMemoryAlarm('off');
  await Promise.all([server.close(), client.close()]);
});
