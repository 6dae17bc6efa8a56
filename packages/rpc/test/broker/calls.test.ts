/** Calls on RabbitMQ: what a real broker does to them, and other languages at either end. */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, ConnectionBroken, NoRoute, OperationTimeout } from '@puka/client';
import { ensureAptPackage, runCommand, uniqueName, waitFor } from '@puka/testkit';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { type CallContext, caller, callerStats, closeCaller, serve } from '../../src/index.ts';

async function connected(): Promise<Client> {
  const client = new Client(inject('amqpUrl'));
  // As a program does whose client does not do it by itself.
  client.on('closed', (error) => {
    if (error !== undefined) client.connect().catch(() => {}); // The test is over.
  });
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

  it('NoRoute at once before the first server and behind the last one', async () => {
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
    const wait = async (_: undefined, { signal }: CallContext): Promise<void> => {
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
    await waitFor(() => reasons.length === 1);
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
    const client = await connected();
    const remote = caller<typeof service>(client, { queue, idempotent: ['twice'] });
    const once = remote.once().catch((error: unknown) => error);
    const twice = remote.twice();
    await waitFor(() => runs === 2);
    const socket = client.socket();
    if (!(socket instanceof Socket)) throw new Error('the client has no socket of Node');
    socket.destroy();
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

describe('calls between Puka and pika', () => {
  const python = '/usr/bin/python3';
  const script = fileURLToPath(new URL('./python.py', import.meta.url));

  beforeAll(async () => {
    await ensureAptPackage('python3-pika', () =>
      runCommand(python, ['-c', 'import pika']).then(
        () => true,
        () => false,
      ),
    );
  });

  it('a Python client calls, and gets results and errors', async () => {
    const queue = uniqueName('rpc');
    await serve(
      await connected(),
      { queue },
      {
        add,
        fail: (data: unknown) => {
          throw Object.assign(new RangeError('not so'), { code: 'E_RANGE', data });
        },
        nothing: () => {},
      },
    );
    const calls = ['add', '{"a": 20, "b": 22}', 'fail', '[1, "é"]', 'nothing', '', 'missing', 'null', 'add', '{'];
    const output = await runCommand(python, [script, 'call', inject('amqpUrl'), queue, ...calls]);
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      ['result', 42],
      ['error', { name: 'RangeError', message: 'not so', code: 'E_RANGE', data: [1, 'é'] }],
      ['result', null],
      ['error', expect.objectContaining({ name: 'UnknownMethod', code: 'UNKNOWN_METHOD' })],
      ['error', expect.objectContaining({ name: 'SyntaxError', code: 'BAD_REQUEST' })],
    ]);
  });

  it('a Python server answers, by results and errors', async () => {
    const queue = uniqueName('rpc');
    const server = spawn(python, [script, 'serve', inject('amqpUrl'), queue, '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
    await new Promise((resolve) => server.stdout.once('data', resolve));
    const remote = caller<{ add: typeof add; fail: (data: object) => void; missing: () => void }>(await connected(), {
      queue,
    });
    expect(await remote.add({ a: 1, b: 2 })).toBe(3);
    await expect(remote.fail({ x: 'é' })).rejects.toMatchObject({
      ...{ remoteName: 'ValueError', remoteCode: 'E_VALUE', message: 'not so', data: { x: 'é' } },
    });
    await expect(remote.missing()).rejects.toMatchObject({ remoteCode: 'UNKNOWN_METHOD' });
    expect(await ended).toBe(0);
    await expect(remote.missing()).rejects.toBeInstanceOf(NoRoute);
  });
});
