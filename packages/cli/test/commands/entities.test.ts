import { PassThrough } from 'node:stream';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, start } from '../harness.ts';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(() => broker.stop());

function puka(...words: readonly string[]) {
  return run(words, { url: broker.url });
}

describe('puka declare', () => {
  test('declares a durable queue with arguments', async () => {
    expect(await puka('declare', 'queue', 'jobs', '--arg', 'x-max-length:=5', '--type', 'quorum')).toEqual({
      ...{ code: 'done', stdout: 'queue jobs: 0 messages, 0 consumers\n', stderr: '' },
    });
    expect(broker.queue('jobs')).toMatchObject({
      ...{ durable: true, type: 'quorum', arguments: { 'x-max-length': 5, 'x-queue-type': 'quorum' } },
    });
  });

  test('declares an exchange', async () => {
    expect(await puka('declare', 'exchange', 'events', '--type', 'topic', '--transient')).toMatchObject({
      stdout: 'exchange events\n',
    });
    expect(broker.exchanges().find(({ name }) => name === 'events')).toMatchObject({ type: 'topic', durable: false });
  });

  test('only looks with --passive, and has JSON', async () => {
    expect(await puka('declare', 'queue', 'jobs', '--passive')).toMatchObject({ code: 'notFound' });
    expect(await puka('declare', 'queue', 'jobs', '--internal')).toMatchObject({ code: 'usage' });
    await puka('declare', 'queue', 'jobs');
    const { stdout } = await puka('declare', 'queue', 'jobs', '--passive', '--json');
    expect(JSON.parse(stdout)).toEqual({ queue: 'jobs', messageCount: 0, consumerCount: 0 });
  });

  test('reports what differs when the queue is there with other arguments', async () => {
    await puka('declare', 'queue', 'jobs');
    const ran = await puka('declare', 'queue', 'jobs', '--transient');
    expect(ran.code).toBe('rejected');
    expect(ran.stderr).toContain("inequivalent arg 'durable'");
  });

  test('knows queues and exchanges only', async () => {
    expect(await puka('declare', 'topic', 'x')).toMatchObject({ code: 'usage' });
  });
});

describe('what deletes', () => {
  beforeEach(async () => {
    await puka('declare', 'queue', 'jobs');
    broker.publish({ routingKey: 'jobs', body: 'x' });
  });

  test.each([
    ['delete', 'queue', 'jobs'],
    ['purge', 'jobs'],
    ['unbind', 'events', 'jobs'],
  ])('needs --yes without a terminal: %s', async (...words) => {
    const ran = await puka(...words);
    expect(ran).toMatchObject({ code: 'usage', stdout: '' });
    expect(ran.stderr).toContain('give --yes');
    expect(broker.queue('jobs')?.ready).toBe(1);
  });

  test('asks on a terminal, and takes any other answer for a no', async () => {
    const answered = async (text: string) => {
      const input = new PassThrough();
      const running = start(['delete', 'queue', 'jobs'], { url: broker.url, isTerminal: true, input });
      await broker.until(() => broker.connections.length === 1);
      input.write(`${text}\n`);
      return await running.ended;
    };
    const declined = await answered('');
    expect(declined.code).toBe('declined');
    expect(declined.stderr).toContain("Delete queue 'jobs' with its messages? [y/N]");
    expect(broker.queue('jobs')?.ready).toBe(1);
    expect(await answered('y')).toMatchObject({ code: 'done' });
    expect(broker.queue('jobs')).toBeUndefined();
  });

  test.each([
    ['the end of the input as no', (input: PassThrough) => input.end(), 'declined'],
    ['Ctrl-C as an interrupt', (input: PassThrough) => input.write('\u0003'), 'interrupted'],
  ] as const)('takes %s', async (_what, type, code) => {
    const input = new PassThrough();
    const running = start(['delete', 'queue', 'jobs'], { url: broker.url, isTerminal: true, input });
    await broker.until(() => broker.connections.length === 1);
    type(input);
    const ran = await running.ended;
    expect(ran.code).toBe(code);
    expect(ran.stderr).not.toContain('puka:');
    expect(broker.queue('jobs')?.ready).toBe(1);
  });

  test('deletes, and says how many messages are gone', async () => {
    expect(await puka('delete', 'queue', 'jobs', '--if-empty', '--yes')).toMatchObject({ code: 'rejected' });
    expect(await puka('delete', 'queue', 'jobs', '--yes')).toMatchObject({
      stdout: 'queue jobs is deleted, 1 message with it\n',
    });
    await puka('declare', 'exchange', 'events');
    expect(await puka('delete', 'exchange', 'events', '--if-empty', '--yes')).toMatchObject({ code: 'usage' });
    expect(await puka('delete', 'exchange', 'events', '--yes')).toMatchObject({
      stdout: 'exchange events is deleted\n',
    });
  });

  test('purges', async () => {
    expect(await puka('purge', 'jobs', '--yes')).toMatchObject({ stdout: '1 message of queue jobs deleted\n' });
    expect(broker.queue('jobs')?.ready).toBe(0);
  });
});

test('binds and unbinds queues and exchanges', async () => {
  await puka('declare', 'queue', 'jobs');
  await puka('declare', 'exchange', 'events', '--type', 'topic');
  await puka('declare', 'exchange', 'archive', '--type', 'fanout');
  expect(await puka('bind', 'events', 'jobs', '-k', 'order.*')).toMatchObject({
    stdout: "jobs is bound: events, key 'order.*'\n",
  });
  await puka('bind', 'events', 'archive', '--to-exchange', '--arg', 'a=b');
  expect(
    broker
      .bindings()
      .map(({ destination, destinationKind }) => [destination, destinationKind])
      .sort(),
  ).toEqual([
    ['archive', 'exchange'],
    ['jobs', 'queue'],
  ]);
  await puka('unbind', 'events', 'jobs', '-k', 'order.*', '--yes');
  await puka('unbind', 'events', 'archive', '--to-exchange', '--arg', 'a=b', '--yes');
  expect(broker.bindings()).toEqual([]);
});
