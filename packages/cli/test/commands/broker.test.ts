import { PassThrough } from 'node:stream';
import { Client, PublishNacked } from '@puka/client';
import { expect, test } from 'vitest';
import { run, start } from '../harness.ts';

test('puka broker listens, makes faults by keys, and ends with q', async () => {
  const input = new PassThrough();
  const running = start(['broker', '--port', '0', '--json'], { input });
  const { url } = JSON.parse(await running.printed('\n'));
  const client = new Client(url, { recover: false });
  await client.connect();
  await client.queueDeclare({ queue: 'jobs' });
  input.write('n\n');
  await running.printed('nacked');
  await expect(client.basicPublish({ routingKey: 'jobs', body: 'x' })).rejects.toBeInstanceOf(PublishNacked);
  input.write('s\n');
  expect(await running.printed('jobs')).toContain('1 connection, 1 queue');
  const closed = new Promise((resolve) => client.on('closed', resolve));
  input.write('d\n');
  await closed;
  expect(await running.printed('dropped')).toContain('1 connection dropped');
  input.write('q');
  expect(await running.ended).toMatchObject({ code: 'done', stderr: '' });
});

test('puka broker ends at an interrupt', async () => {
  const running = start(['broker', '--port', '0'], { input: new PassThrough() });
  expect(await running.printed('\n')).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+\/%2F\n$/);
  running.interrupt.abort();
  expect(await running.ended).toMatchObject({ code: 'interrupted' });
});

test('puka broker reports that its port is taken', async () => {
  const running = start(['broker', '--port', '0', '--json'], { input: new PassThrough() });
  const { port } = JSON.parse(await running.printed('\n'));
  const second = await run(['broker', '--port', String(port)]);
  expect(second.code).toBe('noConnection');
  expect(second.stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
  running.interrupt.abort();
  await running.ended;
});
