/** Calls on RabbitMQ: what a real broker does to them. */
import { Client, ConnectionBroken, NoRoute, OperationTimeout } from '@puka/client';
import { type CallContext, caller, callerStats, closeCaller, serve } from '@puka/rpc';
import { faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

async function connected(url: string = inject('amqpUrl')): Promise<Client> {
  const client = new Client(url);
  await client.connect();
  onTestFinished(async () => {
    await client.close();
  });
  return client;
}

interface Pair {
  readonly a: number;
  readonly b: number;
}
const add = ({ a, b }: Pair): number => a + b;

describe('calls on RabbitMQ', () => {
  it('a thousand at once, over two servers', async () => {
    const queue = uniqueName('rpc');
    const service = await serve(await connected(), { queue, concurrency: 8 }, { add });
    const second = await serve(await connected(), { queue, concurrency: 8 }, { add });
    const remote = caller<typeof service>(await connected(), { queue });
    const values = Array.from({ length: 1000 }, (_, index) => index);
    expect(await Promise.all(values.map((a) => remote.add({ a, b: 1 })))).toEqual(values.map((a) => a + 1));
    expect(service.stats.done + second.stats.done).toBe(1000);
    expect(second.stats.done).toBeGreaterThan(0);
    // Direct replies: what has arrived does not come back to its server.
    expect(service.stats.unheard + second.stats.unheard).toBe(0);
  });

  it('NoRoute at once before the first server and after the last one', async () => {
    const queue = uniqueName('rpc');
    const remote = caller<{ add: typeof add }>(await connected(), { queue, timeout: Number.POSITIVE_INFINITY });
    await expect(remote.add({ a: 1, b: 2 })).rejects.toBeInstanceOf(NoRoute);
    const service = await serve(await connected(), { queue }, { add });
    expect(await remote.add({ a: 1, b: 2 })).toBe(3);
    await service.stop();
    await expect(remote.add({ a: 1, b: 2 })).rejects.toBeInstanceOf(NoRoute);
    await closeCaller(remote);
  });

  it('a time-out and an abort reach the server that has the call', async () => {
    const queue = uniqueName('rpc');
    const reasons: unknown[] = [];
    let begun = 0;
    const wait = async (_: undefined, { signal }: CallContext): Promise<void> => {
      begun++;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      reasons.push(signal.reason);
    };
    const service = await serve(await connected(), { queue }, { wait });
    await serve(await connected(), { queue }, { wait });
    const remote = caller<typeof service>(await connected(), { queue, timeout: Number.POSITIVE_INFINITY });
    await expect(remote.wait(undefined, { timeout: 50 })).rejects.toBeInstanceOf(OperationTimeout);
    const controller = new AbortController();
    const call = remote.wait(undefined, { signal: controller.signal }).catch((error: unknown) => error);
    const other = remote.wait(undefined, { signal: controller.signal }).catch((error: unknown) => error);
    // A call that has not reached its server is taken back without it.
    await waitFor(() => reasons.length === 1 && begun === 3);
    controller.abort('enough');
    expect(await Promise.all([call, other])).toEqual(['enough', 'enough']);
    await waitFor(() => reasons.length === 3);
    for (const reason of reasons) expect(reason).toBeInstanceOf(OperationTimeout);
  });

  it('a line cut in between: outcome unknown for what must not run twice, an answer for what may', async () => {
    const queue = uniqueName('rpc');
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let runs = 0;
    const slow = async (): Promise<string> => {
      runs++;
      await gate;
      return 'done';
    };
    const service = await serve(await connected(), { queue }, { once: slow, twice: slow });
    const url = inject('amqpUrl');
    const { hostname, port } = new URL(url);
    const proxy = await faultProxy({ target: { host: hostname, port: Number(port || 5672) } });
    onTestFinished(() => proxy.stop());
    const client = await connected(proxy.urlFor(url));
    const remote = caller<typeof service>(client, { queue, idempotent: ['twice'] });
    const once = remote.once().catch((error: unknown) => error);
    const twice = remote.twice();
    await waitFor(() => runs === 2);
    proxy.reset();
    expect(await once).toBeInstanceOf(ConnectionBroken);
    expect(await once).toMatchObject({ outcome: 'unknown' });
    await waitFor(() => callerStats(remote).resent === 1);
    release();
    expect(await twice).toBe('done');
    expect(callerStats(remote).open).toBe(0);
  });

  it('a server killed in the middle: each call has an outcome, none that must not run twice does', async () => {
    const queue = uniqueName('rpc');
    const lasting = { queue, concurrency: 4, declare: { autoDelete: false } };
    const runs = new Map<number, number>();
    const work = async (id: number): Promise<number> => {
      runs.set(id, (runs.get(id) ?? 0) + 1);
      await new Promise((resolve) => setImmediate(resolve));
      return id;
    };
    const dying = await connected();
    const service = await serve(dying, lasting, { work });
    await serve(await connected(), lasting, { work });
    const remote = caller<typeof service>(await connected(), { queue });
    const calls = Array.from({ length: 400 }, (_, id) => remote.work(id).catch((error: unknown) => error));
    await waitFor(() => service.stats.done >= 20);
    await dying.close();
    const outcomes = await Promise.all(calls);
    for (const [id, outcome] of outcomes.entries()) {
      if (outcome !== id) expect(outcome).toMatchObject({ remoteCode: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
      expect(runs.get(id) ?? 0).toBeLessThanOrEqual(1);
    }
    expect(outcomes.filter((outcome, id) => outcome === id).length).toBeGreaterThan(300);
    await (await connected()).queueDelete({ queue });
  });
});
