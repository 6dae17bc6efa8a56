import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as puka from '@puka/client';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../harness.ts';

let broker: EmbeddedBroker;
let folder: string;
beforeEach(async () => {
  broker = await startBroker();
  folder = await mkdtemp(join(tmpdir(), 'puka-cli-'));
  for (const queue of ['jobs', 'copy']) await run(['declare', 'queue', queue], { url: broker.url });
});
afterEach(async () => {
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function withClient<Result>(use: (client: puka.Client) => Promise<Result>): Promise<Result> {
  const client = new puka.Client(broker.url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function bodiesIn(queue: string): string[] {
  return (broker.queue(queue)?.messages ?? []).map((message) => message.text());
}

/** Every property, every type of field, octets that are no UTF-8. */
const everything: puka.PublishOptions = {
  routingKey: 'jobs',
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  deliveryMode: 1,
  priority: 0,
  correlationId: puka.decodeText(Uint8Array.of(0x61, 0xff)),
  replyTo: '',
  expiration: '100000',
  messageId: 'id',
  timestamp: new Date(1_700_000_000_000),
  type: 't',
  userId: 'guest',
  appId: 'app',
  clusterId: 'c',
  headers: new Map<string, puka.FieldValueInput>([
    ['10', 'numbers keep their place'],
    ['2', true],
    ['void', null],
    ['int8', puka.int8(-1)],
    ['uint8', puka.uint8(255)],
    ['int16', puka.int16(-2)],
    ['uint16', puka.uint16(65535)],
    ['int32', puka.int32(-3)],
    ['uint32', puka.uint32(4_000_000_000)],
    ['int64', puka.int64(-(2n ** 63n))],
    ['float32', puka.float32(0.5)],
    ['float64', puka.float64(2)],
    ['minus zero', puka.float64(-0)],
    ['decimal', puka.decimal(-105, 2)],
    ['time', puka.timestamp(5)],
    ['far time', puka.timestamp(2n ** 64n - 1n)],
    ['bytes', puka.bytes(Uint8Array.of(0, 255))],
    ['no text', puka.longString(Uint8Array.of(0xff))],
    ['list', ['a', 1, [false]]],
    ['__proto__', { nested: { deep: puka.int16(7) } }],
  ]),
  body: Uint8Array.of(0, 10, 255),
};

describe('puka dump and restore', () => {
  test('lose nothing of a message: properties, types of headers, octets', async () => {
    await withClient(async (client) => {
      await client.basicPublish(everything);
      const dumped = await run(['dump', 'jobs'], { url: broker.url });
      expect(dumped).toMatchObject({ code: 'done', stderr: '' });
      expect(await run(['restore', '--queue', 'copy'], { url: broker.url, input: dumped.stdout })).toEqual({
        ...{ code: 'done', stdout: '', stderr: '' },
      });
      const first = await client.basicGet({ queue: 'jobs' });
      const second = await client.basicGet({ queue: 'copy' });
      expect(second?.taggedHeaders).toEqual(first?.taggedHeaders);
      expect(second?.properties).toEqual(first?.properties);
      expect(second?.body).toEqual(first?.body);
    });
  });

  test('write golden lines', async () => {
    const headers = { n: 5, text: 'ä' };
    broker.publish({ routingKey: 'jobs', body: 'hello', headers, deliveryMode: 2, messageId: '1' });
    const { stdout } = await run(['dump', 'jobs'], { url: broker.url });
    expect(stdout).toBe(
      '{"queue":"jobs","exchange":"","routingKey":"jobs","redelivered":false,"messageId":"1","deliveryMode":2,' +
        '"headers":[["n",{"I":5}],["text","ä"]],"base64":"aGVsbG8="}\n',
    );
  });

  test('leave the messages in the queue, in their order', async () => {
    for (const body of ['1', '2', '3']) broker.publish({ routingKey: 'jobs', body });
    const { stdout } = await run(['dump', 'jobs', '-n', '2'], { url: broker.url });
    expect(stdout.split('\n')).toHaveLength(3);
    await broker.idle();
    expect(bodiesIn('jobs')).toEqual(['1', '2', '3']);
  });

  test.each([[[]], [['--remove', '--yes']]])('deliver no more messages than requested: dump -n 2 %j', async (words) => {
    for (const body of ['1', '2', '3', '4']) broker.publish({ routingKey: 'jobs', body });
    await run(['dump', 'jobs', '-n', '2', '-o', join(folder, 'two.ndjson'), ...words], { url: broker.url });
    await broker.idle();
    const isKept = words.length === 0;
    const left = await run(['get', 'jobs', '-n', '4', '--json'], { url: broker.url });
    const seen = left.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(seen.map(({ body, redelivered }) => [body, redelivered])).toEqual([
      ...(isKept
        ? [
            ['1', true],
            ['2', true],
          ]
        : []),
      ...[
        ['3', false],
        ['4', false],
      ],
    ]);
  });

  test.each([[[]], [['-n', '1']], [['-n', '2']], [['--remove', '--yes']]])(
    'refuse a stream: dump %j',
    async (words) => {
      await run(['declare', 'queue', 'stream', '--type', 'stream'], { url: broker.url });
      for (const body of ['1', '2', '3']) broker.publish({ routingKey: 'stream', body });
      const all = ['dump', 'stream', '-o', join(folder, 'stream.ndjson'), ...words];
      expect(await run(all, { url: broker.url })).toMatchObject({ code: 'rejected' });
    },
  );

  test('remove all of them with --remove although the connection is lost meanwhile', async () => {
    for (let n = 0; n < 1700; n++) broker.publish({ routingKey: 'jobs', body: `${n}` });
    const path = join(folder, 'all.ndjson');
    broker.faults.dropInAck();
    const words = ['dump', 'jobs', '--remove', '--yes', '--idle', '60000', '-o', path];
    expect(await run(words, { url: broker.url })).toMatchObject({ code: 'done' });
    await broker.idle();
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).base64)).size).toBe(1700);
  });

  test('take them out with --remove, into a new file', async () => {
    for (const body of ['1', '2', '3']) broker.publish({ routingKey: 'jobs', body });
    const path = join(folder, 'jobs.ndjson');
    expect(await run(['dump', 'jobs', '--remove', '--yes'], { url: broker.url })).toMatchObject({ code: 'usage' });
    expect(await run(['dump', 'jobs', '--remove', '-o', path], { url: broker.url })).toMatchObject({ code: 'usage' });
    const ran = await run(['dump', 'jobs', '--remove', '--yes', '--json', '-o', path], { url: broker.url });
    expect(ran).toMatchObject({ code: 'done', stdout: '{"dumped":3}\n' });
    await broker.idle();
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
    expect(await run(['dump', 'copy', '-o', path], { url: broker.url })).toMatchObject({ code: 'usage' });
    await run(['restore', path], { url: broker.url });
    expect(bodiesIn('jobs')).toEqual(['1', '2', '3']);
  });

  test('restore to the exchange a message was published to', async () => {
    await run(['declare', 'exchange', 'events', '--type', 'topic'], { url: broker.url });
    await run(['bind', 'events', 'copy', '-k', 'order.*'], { url: broker.url });
    const line = '{"queue":"jobs","exchange":"events","routingKey":"order.new","redelivered":false,"base64":"eA=="}\n';
    await run(['restore', '--original'], { url: broker.url, input: line });
    expect(bodiesIn('copy')).toEqual(['x']);
    await run(['unbind', 'events', 'copy', '-k', 'order.*', '--yes'], { url: broker.url });
    const lost = await run(['restore', '--original'], { url: broker.url, input: line });
    expect(lost).toMatchObject({ code: 'notFound', stderr: expect.stringMatching(/^puka: standard input, line 1: /) });
  });

  test('go on after what the state knows to be confirmed', async () => {
    const path = join(folder, 'three.ndjson');
    const state = join(folder, 'state');
    await writeFile(path, ['eA==', 'eQ==', 'eg=='].map((base64) => `{"queue":"jobs","base64":"${base64}"}`).join('\n'));
    const start = join(folder, 'one.ndjson');
    await writeFile(start, '{"queue":"jobs","base64":"eA=="}');
    await run(['restore', start, '--state', state], { url: broker.url });
    const first = await run(['restore', path, '--state', state, '--json'], { url: broker.url });
    expect(JSON.parse(first.stdout)).toEqual({ restored: 2, skipped: 1 });
    expect(bodiesIn('jobs')).toEqual(['x', 'y', 'z']);
    expect(await readFile(state, 'utf8')).toMatch(/^\{"confirmed":3,"sha256":"[\da-f]{64}"\}\n$/);
    const second = await run(['restore', path, '--state', state, '--json'], { url: broker.url });
    expect(JSON.parse(second.stdout)).toEqual({ restored: 0, skipped: 3 });
  });

  test('keep in the state what was confirmed when a message fails', async () => {
    const state = join(folder, 'state');
    const input = '{"queue":"jobs","base64":"eA=="}\n{"queue":"none","base64":"eA=="}\n';
    const ran = await run(['restore', '--state', state, '--window', '1'], { url: broker.url, input });
    expect(ran.code).toBe('notFound');
    expect(ran.stderr).toMatch(/^puka: standard input, line 2: /);
    expect(await readFile(state, 'utf8')).toMatch(/^\{"confirmed":1,/);
  });

  test('refuse the state of another input, because messages would be skipped', async () => {
    const state = join(folder, 'state');
    const restore = (input: string) => run(['restore', '--state', state], { url: broker.url, input });
    await restore('{"queue":"jobs","body":"a"}\n{"queue":"jobs","body":"b"}\n');
    for (const other of ['a', 'x', 'y', 'z']) {
      const ran = await restore(`{"queue":"jobs","body":"a"}\n{"queue":"jobs","body":"${other}"}\n`);
      expect(ran).toMatchObject({ code: 'usage', stderr: expect.stringContaining('is the state of another input') });
    }
    // It has fewer messages than the state counts.
    expect(await restore('{"queue":"jobs","body":"a"}\n')).toMatchObject({ code: 'usage' });
    await writeFile(state, '{"confirmed":1}\n');
    expect(await restore('{"queue":"jobs","body":"a"}\n')).toMatchObject({ code: 'usage' });
    expect(bodiesIn('jobs')).toEqual(['a', 'b']);
  });

  test('refuse what is no dump', async () => {
    const restore = (input: string) => run(['restore'], { url: broker.url, input });
    expect(await restore('hello\n')).toMatchObject({
      code: 'usage',
      stderr: 'puka: standard input, line 1: the line is not valid JSON\n',
    });
    expect(await restore('{"base64":"eA=="}\n')).toMatchObject({ code: 'usage' });
    expect(await restore('{"queue":"jobs","base64":"?"}\n')).toMatchObject({ code: 'usage' });
    expect(await restore('{"queue":"jobs","headers":[["a",{"Q":1}]]}\n')).toMatchObject({ code: 'usage' });
  });
});
