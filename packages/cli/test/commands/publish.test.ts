import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, start } from '../harness.ts';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = await startBroker();
  await run(['declare', 'queue', 'jobs'], { url: broker.url });
});
afterEach(() => broker.stop());

describe('puka publish', () => {
  test('publishes each line, and is quiet in a pipe', async () => {
    const ran = await run(['publish', '-q', 'jobs'], { url: broker.url, input: 'one\ntwo\n\nthree' });
    expect(ran).toEqual({ code: 'done', stdout: '', stderr: '' });
    const messages = await broker.published('jobs', 4);
    expect(messages.map((message) => message.text())).toEqual(['one', 'two', '', 'three']);
  });

  test('reports how many on a terminal, and as JSON', async () => {
    const seen = await run(['publish', '-q', 'jobs', '--body', 'x'], { url: broker.url, isTerminal: true });
    expect(seen.stderr).toContain('published 1 message\n');
    const json = await run(['publish', '-q', 'jobs', '--json'], { url: broker.url, input: 'a\nb\n' });
    expect(JSON.parse(json.stdout)).toMatchObject({ published: 2 });
  });

  test('sets the properties', async () => {
    const words = [
      '--header',
      'a=text',
      '--header',
      'n:=[1,null]',
      '--priority',
      '3',
      '--type',
      't',
      '--timestamp',
      '7',
    ];
    const more = ['--message-id', 'id', '--transient', '--content-type', 'text/plain'];
    await run(['publish', '-q', 'jobs', '--body', 'x', ...words, ...more], { url: broker.url });
    const [message] = await broker.published('jobs');
    expect(message?.headers).toMatchObject({ a: 'text', n: [1, null] });
    expect(message?.properties).toMatchObject({
      ...{ priority: 3, type: 't', timestamp: new Date(7000), messageId: 'id', deliveryMode: 1 },
      contentType: 'text/plain',
    });
  });

  test('takes a file as one message, byte by byte, with --whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'puka-cli-'));
    try {
      const path = join(folder, 'bytes');
      await writeFile(path, Uint8Array.of(0xff, 10, 0, 10));
      expect(await run(['publish', '-q', 'jobs', '--whole', path], { url: broker.url })).toMatchObject({
        code: 'done',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
    const [message] = await broker.published('jobs');
    expect(message?.body).toEqual(Uint8Array.of(0xff, 10, 0, 10));
  });

  test('publishes the files before a missing one, and names the missing one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'puka-cli-'));
    try {
      const first = join(folder, 'first');
      await writeFile(first, 'one\ntwo\n');
      const missing = join(folder, 'missing');
      const ran = await run(['publish', '-q', 'jobs', '--window', '1', first, missing, first], { url: broker.url });
      expect(ran).toMatchObject({ code: 'failed', stderr: expect.stringContaining(missing) });
    } finally {
      await rm(folder, { recursive: true });
    }
    expect((await broker.published('jobs', 2)).map((message) => message.text())).toEqual(['one', 'two']);
  });

  test('takes NDJSON, whose lines name properties and body', async () => {
    const input = '{"body":"a","headers":{"x":1}}\n{"json":[1],"type":"t"}\n{"base64":"/w=="}\n';
    await run(['publish', '-q', 'jobs', '--ndjson', '--type', 'other'], { url: broker.url, input });
    const messages = await broker.published('jobs', 3);
    expect(messages.map(({ body }) => Buffer.from(body).toString('latin1'))).toEqual(['a', '[1]', '\u00ff']);
    expect(messages.map(({ properties }) => properties.type)).toEqual(['other', 't', 'other']);
    expect(messages[0]?.headers).toMatchObject({ x: 1 });
  });

  test('names the line that is wrong', async () => {
    const input = '{"body":"a"}\n{"boody":"b"}\n';
    expect(await run(['publish', '-q', 'jobs', '--ndjson'], { url: broker.url, input })).toMatchObject({
      code: 'usage',
      stderr: "puka: standard input, line 2: a message has no 'boody'\n",
    });
  });

  test.each([
    ['{"json":{"id":12345678901234567890}}'],
    ['{"json":[1e999]}'],
    ['{"body":"x","headers":{"n":-9007199254740993}}'],
    ['{"headers":[["text","a \\" 1"]],"json":[9007199254740992]}'],
    ['{"body":"x","timestamp":12345678901234567890}'],
    ['{"body":"x","deliveryMode":"1"}'],
  ])('publishes nothing that differs from the line: %s', async (line) => {
    const ran = await run(['publish', '-q', 'jobs', '--ndjson'], { url: broker.url, input: line });
    expect(ran).toMatchObject({ code: 'usage', stderr: expect.stringMatching(/^puka: standard input, line 1: /) });
    expect(broker.queue('jobs')?.messages).toEqual([]);
  });

  test('publishes numbers that can be read exactly, and strings of digits', async () => {
    const lines = [
      '{"json":{"a":9007199254740991,"b":1.5e3,"c":"\\\\","d":"12345678901234567890 \\""}}',
      // How dump writes a float that is a large integer.
      '{"body":"x","headers":[["n",{"d":1152921504606846976}]]}',
    ];
    const words = ['publish', '-q', 'jobs', '--ndjson', '--header', 'n:=9007199254740991'];
    expect(await run(words, { url: broker.url, input: lines.join('\n') })).toMatchObject({ code: 'done', stderr: '' });
    const [first] = await broker.published('jobs', 2);
    expect(first?.text()).toBe('{"a":9007199254740991,"b":1500,"c":"\\\\","d":"12345678901234567890 \\""}');
  });

  test('refuses a header or an argument with a number that would change', async () => {
    const ran = await run(['publish', '-q', 'jobs', '--body', 'x', '--header', 'n:=9007199254740993']);
    expect(ran).toMatchObject({
      code: 'usage',
      stderr: expect.stringContaining('--header n: the number 9007199254740993'),
    });
  });

  test.each([[[]], [['--whole']]])('refuses an input that is too long: publish %j', async (words) => {
    const input = new Uint8Array(256 * 1024 * 1024 + 1);
    const ran = await run(['publish', '-q', 'jobs', ...words], { url: broker.url, input });
    expect(ran).toMatchObject({ code: 'usage', stderr: expect.stringContaining('of more than 268435456 bytes') });
    expect(broker.queue('jobs')?.messages).toEqual([]);
  });

  test('refuses a line without a route', async () => {
    const input = '{"body":"x"}\n';
    expect(await run(['publish', '--ndjson'], { url: broker.url, input })).toMatchObject({
      code: 'usage',
      stderr: expect.stringContaining('line 1: the line has no routingKey and no exchange'),
    });
    const ran = await run(['publish', '--ndjson', '-k', 'jobs'], { url: broker.url, input });
    expect(ran).toMatchObject({ code: 'usage', stderr: 'puka: --routing-key needs --exchange\n' });
    expect(broker.unroutable).toEqual([]);
    const none = await run(['publish', '--ndjson'], { url: broker.url, input: '{"body":"x","routingKey":"none"}' });
    expect(none).toMatchObject({ code: 'notFound' });
  });

  test('fails where the queue is not there, and names the message', async () => {
    const ran = await run(['publish', '-q', 'none'], { url: broker.url, input: 'one\n' });
    expect(ran).toMatchObject({ code: 'notFound', stdout: '' });
    expect(ran.stderr).toMatch(/^puka: standard input, line 1: /);
  });

  test('fails where the broker refuses a message, and confirms the others', async () => {
    broker.faults.nackPublishes();
    const ran = await run(['publish', '-q', 'jobs', '--json'], { url: broker.url, input: 'one\n' });
    expect(ran.code).toBe('rejected');
    expect(JSON.parse(ran.stdout)).toMatchObject({ published: 0 });
  });

  test('stops at an interrupt, with all that was sent confirmed', async () => {
    const input = new PassThrough();
    const running = start(['publish', '-q', 'jobs', '--json'], { url: broker.url, input });
    input.write('one\ntwo\n');
    await broker.published('jobs', 2);
    running.interrupt.abort();
    const ran = await running.ended;
    expect(ran.code).toBe('interrupted');
    expect(JSON.parse(ran.stdout)).toMatchObject({ published: 2 });
  });

  test('takes a queue or an exchange', async () => {
    expect(await run(['publish', '--body', 'x'])).toMatchObject({ code: 'usage' });
    expect(await run(['publish', '-q', 'a', '-e', 'b'])).toMatchObject({ code: 'usage' });
    expect(await run(['publish', '-q', 'a', '--ndjson', '--whole'])).toMatchObject({ code: 'usage' });
    expect(await run(['publish', '-q', 'a', '--ndjson', '--body', '{}'])).toMatchObject({ code: 'usage' });
  });
});
