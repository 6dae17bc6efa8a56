/** Calls with another language at one end: pika of Debian, by the wire format of docs/rpc.md. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client, NoRoute } from '@puka/client';
import { caller, serve } from '@puka/rpc';
import { ensureAptPackage, runCommand, uniqueName } from '@puka/testkit';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';

async function connected(): Promise<Client> {
  const client = new Client(inject('amqpUrl'));
  await client.connect();
  onTestFinished(async () => {
    await client.close();
  });
  return client;
}

const add = ({ a, b }: { readonly a: number; readonly b: number }): number => a + b;

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
