/** A memory alarm: RabbitMQ reads no more from a connection that publishes, and so answers nothing it asks. */
import { Client, ConnectionBroken } from '@puka/client';
import { caller, closeCaller, serve } from '@puka/rpc';
import { launchBroker, uniqueName, waitFor } from '@puka/testkit';
import { expect, it } from 'vitest';

it('under a memory alarm a service stops and a caller closes in their time', async () => {
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
  // Each is blocked by what it publishes: an answer, a request.
  finish();
  remote.now().catch(() => undefined);
  await blocked;
  await Promise.all([service.stop({ timeout: 1 }), closeCaller(remote)]);
  // The answer may have been the publish that blocked.
  await call.catch((error: unknown) => expect(error).toBeInstanceOf(ConnectionBroken));
  await broker.setMemoryAlarm('off');
  await Promise.all([server.close(), client.close()]);
});
