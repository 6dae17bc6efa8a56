/** Runs the program in its own process with an output that cannot be written to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { run } from './harness.ts';
import { bundleCli } from './kills/killed-runs.ts';

let bundle: { readonly folder: string; readonly program: string };
let broker: EmbeddedBroker;
let child: ChildProcess | undefined;
beforeAll(async () => {
  bundle = await bundleCli();
});
afterAll(() => rm(bundle.folder, { recursive: true }));
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await broker.stop();
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk ends the command with the reason, without a stack trace',
  async () => {
    const full = openSync('/dev/full', 'w');
    const words = ['declare', 'queue', 'jobs', '--url', broker.url];
    child = spawn(process.execPath, [bundle.program, ...words], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let stderr = '';
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    expect(stderr).toMatch(/^puka: ENOSPC[^\n]*\n$/);
    expect(code).toBe(1);
  },
);

test('consume works although its standard error is not read', async () => {
  const words = ['consume', 'jobs', '-n', '1', '--url', broker.url];
  await run(['declare', 'queue', 'jobs'], { url: broker.url });
  child = spawn(process.execPath, [bundle.program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.destroy();
  let stdout = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  const closed = once(child, 'close');
  const isConsumed = () => broker.queue('jobs')?.consumers.length === 1;
  await broker.until(isConsumed, { timeoutMs: 20_000 });
  // It writes to standard error at the loss and at the next connection.
  broker.faults.dropConnections();
  await broker.until(() => !isConsumed(), { timeoutMs: 20_000 });
  await Promise.race([broker.until(isConsumed, { timeoutMs: 20_000 }), closed]);
  broker.publish({ routingKey: 'jobs', body: 'x' });
  const [code] = await closed;
  expect([code, stdout]).toEqual([0, 'x\n']);
});

test('get ends quietly when its reader is gone, and leaves the messages', async () => {
  await run(['declare', 'queue', 'jobs'], { url: broker.url });
  for (const body of ['1', '2']) broker.publish({ routingKey: 'jobs', body });
  const words = ['get', 'jobs', '-n', '2', '--ack', '--url', broker.url];
  child = spawn(process.execPath, [bundle.program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  expect([code, stderr]).toEqual([0, '']);
  await broker.idle();
  expect(broker.queue('jobs')?.ready).toBe(2);
});
