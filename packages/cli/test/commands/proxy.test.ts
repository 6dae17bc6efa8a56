import { PassThrough } from 'node:stream';
import { Client, ConnectionBroken } from '@puka/client';
import { startBroker } from '@puka/testing';
import { expect, test } from 'vitest';
import { run, start } from '../harness.ts';

interface Scene {
  readonly url: string;
  press(key: string, answer: string): Promise<void>;
  quit(): Promise<string>;
}

/** `puka proxy` before an embedded broker. */
async function scene(words: readonly string[] = []): Promise<Scene> {
  const broker = await startBroker();
  const input = new PassThrough();
  const running = start(['proxy', '--port', '0', '--json', '--url', broker.url, ...words], { input });
  const { port, target } = JSON.parse(await running.printed('\n'));
  expect(target).toEqual({ host: '127.0.0.1', port: broker.port });
  return {
    url: `amqp://127.0.0.1:${port}`,
    press: async (key, answer) => {
      input.write(key);
      await running.printed(answer);
    },
    quit: async () => {
      input.write('q');
      const { code } = await running.ended;
      await broker.stop();
      return code;
    },
  };
}

test('puka proxy passes everything on, and cuts, resets and refuses by keys', async () => {
  const { url, press, quit } = await scene();
  for (const [key, answer] of [
    ['c', '1 connection cut'],
    ['r', '1 connection reset'],
  ] as const) {
    const client = new Client(url, { recover: false });
    await client.connect();
    await client.queueDeclare({ queue: 'jobs' });
    const closed = new Promise((resolve) => client.on('closed', resolve));
    await press(key, answer);
    expect(await closed).toBeInstanceOf(ConnectionBroken);
  }
  await press('n', 'new connections are refused');
  const refused = new Client(url, { recover: false });
  await expect(refused.connect()).rejects.toThrow(/ECONNREFUSED/);
  await press('x', 'no faults');
  await refused.connect();
  await press('s', '1 connection open, 3 accepted');
  await refused.close();
  expect(await quit()).toBe('done');
});

test('puka proxy swallows everything in a black hole, and passes it on after it', async () => {
  const { url, press, quit } = await scene();
  const client = new Client(url, { recover: false });
  await client.connect();
  await press('b', 'nothing is passed on');
  let isDeclared = false;
  const declared = client.queueDeclare({ queue: 'jobs' }).then(() => {
    isDeclared = true;
  });
  await press('s', '1 connection open');
  expect(isDeclared).toBe(false);
  await press('x', 'no faults');
  await declared;
  await client.close();
  expect(await quit()).toBe('done');
});

test('puka proxy makes faults by options', async () => {
  const { url, press, quit } = await scene(['--split', '1', '--drop-after', '2000', '--latency', '1']);
  const client = new Client(url, { recover: false });
  await client.connect();
  const closed = new Promise((resolve) => client.on('closed', resolve));
  for (let n = 0; n < 200; n++) client.queueDeclare({ queue: `jobs-${n}` }).catch(() => undefined);
  expect(await closed).toBeInstanceOf(ConnectionBroken);
  await press('l', 'everything is delayed by 1 ms');
  await press('t', '10,000 bytes a second');
  expect(await quit()).toBe('done');
});

test.each<[string, readonly string[], string]>([
  ['a latency that is no number', ['--latency', 'x'], '--latency takes a whole number from 0'],
  ['a throttle of nothing', ['--throttle', '0'], '--throttle takes a whole number from 1'],
])('puka proxy names %s', async (_what, words, text) => {
  const { code, stderr } = await run(['proxy', '--port', '0', ...words]);
  expect(code).toBe('usage');
  expect(stderr).toContain(text);
});
