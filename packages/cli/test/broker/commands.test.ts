import { Client } from '@puka/client';
import { type EnsuredBroker, ensureBroker, uniqueName } from '@puka/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunOptions, run } from '../harness.ts';

let broker: EnsuredBroker;
beforeAll(async () => {
  broker = await ensureBroker();
});
afterAll(() => broker.stop());

function puka(words: readonly string[], options: RunOptions = {}) {
  return run(words, { url: broker.url, ...options });
}

test('a message goes through publish, dump, restore, move, get and consume of RabbitMQ unchanged', async () => {
  const [first, second] = [uniqueName('cli'), uniqueName('cli')];
  for (const queue of [first, second]) expect(await puka(['declare', 'queue', queue])).toMatchObject({ code: 'done' });
  const input =
    '{"base64":"AP8=","headers":[["a",{"b":5}],["d",{"d":2}],["t",{"T":7}],["l",["x"]]],"priority":1}\n'.replace(
      '["l",["x"]]',
      '["l",{"A":["x",null]}]',
    );
  expect(await puka(['publish', '-q', first, '--ndjson'], { input })).toEqual({ code: 'done', stdout: '', stderr: '' });
  const dumped = await puka(['dump', first]);
  const line = JSON.parse(dumped.stdout);
  expect(line).toMatchObject({ base64: 'AP8=', priority: 1, deliveryMode: 2 });
  expect(line.headers).toEqual([
    ['a', { b: 5 }],
    ['d', { d: 2 }],
    ['t', { T: 7 }],
    ['l', { A: ['x', null] }],
  ]);
  expect(await puka(['restore', '--queue', second], { input: dumped.stdout })).toMatchObject({ code: 'done' });
  const moved = await puka(['move', first, second, '--yes', '--json']);
  expect(JSON.parse(moved.stdout)).toMatchObject({ moved: 1 });
  const shown = await puka(['get', second, '-n', '5', '--json']);
  const consumed = await puka(['consume', second, '-n', '2', '--json']);
  for (const { stdout } of [shown, consumed]) {
    const lines = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(lines.map(({ headers, base64, priority }) => ({ headers, base64, priority }))).toEqual(
      Array.from({ length: 2 }, () => ({ headers: line.headers, base64: 'AP8=', priority: 1 })),
    );
  }
  expect(await puka(['purge', second, '--yes'])).toMatchObject({ stdout: `0 messages of queue ${second} deleted\n` });
  for (const queue of [first, second])
    expect(await puka(['delete', 'queue', queue, '--yes'])).toMatchObject({ code: 'done' });
});

test('tail sees what an exchange of RabbitMQ gets, and bind and unbind change where it goes', async () => {
  const [exchange, queue] = [uniqueName('cli'), uniqueName('cli')];
  await puka(['declare', 'exchange', exchange, '--type', 'topic']);
  await puka(['declare', 'queue', queue]);
  expect(await puka(['bind', exchange, queue, '-k', 'a.*'])).toMatchObject({ code: 'done' });
  expect(await puka(['publish', '-e', exchange, '-k', 'a.b', '--body', 'x', '--mandatory'])).toMatchObject({
    code: 'done',
  });
  expect(await puka(['unbind', exchange, queue, '-k', 'a.*', '--yes'])).toMatchObject({ code: 'done' });
  expect(await puka(['publish', '-e', exchange, '-k', 'a.b', '--body', 'x', '--mandatory'])).toMatchObject({
    code: 'notFound',
  });
  expect(await puka(['declare', 'queue', queue, '--passive'])).toMatchObject({
    stdout: `queue ${queue}: 1 message, 0 consumers\n`,
  });
  const tail = puka(['tail', exchange, '-n', '1']);
  const client = new Client(broker.url);
  await client.connect();
  // The first that gets a route is the one that tail prints.
  for (let isRouted = false; !isRouted; ) {
    isRouted = await client
      .basicPublish({ exchange, routingKey: 'k', mandatory: true, body: 'seen' })
      .then(() => true)
      .catch(() => false);
  }
  await client.close();
  expect(await tail).toEqual({ code: 'done', stdout: 'k\tseen\n', stderr: '' });
  await puka(['delete', 'queue', queue, '--yes']);
  await puka(['delete', 'exchange', exchange, '--yes']);
});

test('doctor finds RabbitMQ well', async () => {
  const { code, stdout } = await puka(['doctor', '--json']);
  const steps = stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  expect(code).toBe('done');
  for (const step of ['protocol', 'login', 'vhost', 'limits', 'rights', 'clock']) {
    expect(steps).toContainEqual(expect.objectContaining({ step, state: 'ok' }));
  }
});

test('bench measures RabbitMQ', async () => {
  const { stdout } = await puka(['bench', '--seconds', '1', '--rate', '100', '--json']);
  const { confirmed, received } = JSON.parse(stdout);
  expect(confirmed).toBeGreaterThan(0);
  expect(received).toBe(confirmed);
});
