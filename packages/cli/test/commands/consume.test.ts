import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, start } from '../harness.ts';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = await startBroker();
  await run(['declare', 'queue', 'jobs'], { url: broker.url });
});
afterEach(() => broker.stop());

function fill(...bodies: readonly string[]): void {
  for (const body of bodies) broker.publish({ routingKey: 'jobs', body, headers: { n: 1 } });
}

describe('puka consume', () => {
  test('prints bodies, acks them, and ends after --count', async () => {
    fill('one', 'two', 'three');
    expect(await run(['consume', 'jobs', '-n', '2'], { url: broker.url })).toEqual({
      ...{ code: 'done', stdout: 'one\ntwo\n', stderr: '' },
    });
    await broker.idle();
    expect(broker.queue('jobs')).toMatchObject({ ready: 1, unacked: 0 });
  });

  test('ends when nothing comes for --idle', async () => {
    fill('one');
    expect(await run(['consume', 'jobs', '--idle', '50'], { url: broker.url })).toMatchObject({ stdout: 'one\n' });
  });

  test('prints all of a message with --json', async () => {
    fill('one');
    const { stdout } = await run(['consume', 'jobs', '-n', '1', '--json'], { url: broker.url });
    expect(JSON.parse(stdout)).toMatchObject({
      queue: 'jobs',
      routingKey: 'jobs',
      body: 'one',
      headers: [['n', { I: 1 }]],
    });
  });

  test('stops at an interrupt; what was printed is acked, and nothing is lost', async () => {
    fill('one', 'two');
    const running = start(['consume', 'jobs'], { url: broker.url });
    await running.printed('two');
    fill('three');
    running.interrupt.abort();
    const { code, stdout } = await running.ended;
    expect(code).toBe('interrupted');
    await broker.idle();
    const printed = stdout.split('\n').length - 1;
    expect(printed + (broker.queue('jobs')?.ready ?? 0)).toBe(3);
  });

  test('goes on over a lost connection', async () => {
    const running = start(['consume', 'jobs', '-n', '1'], { url: broker.url });
    await broker.until(() => broker.queue('jobs')?.consumers.length === 1);
    broker.faults.dropConnections();
    await broker.until(() => broker.queue('jobs')?.consumers.length === 1);
    fill('late');
    const ran = await running.ended;
    expect(ran).toMatchObject({ code: 'done', stdout: 'late\n' });
    expect(ran.stderr).toBe('puka: the connection is lost; connecting again\npuka: connected again\n');
  });

  test('reports that a queue is not there', async () => {
    const ran = await run(['consume', 'none'], { url: broker.url });
    expect(ran.code).toBe('notFound');
    expect(ran.stderr).toContain("'none'");
  });
});

describe('puka tail', () => {
  test('prints a copy of what the keys match, and leaves nothing behind', async () => {
    await run(['declare', 'exchange', 'events', '--type', 'topic'], { url: broker.url });
    await run(['bind', 'events', 'jobs', '-k', '#'], { url: broker.url });
    const running = start(['tail', 'events', '-k', 'order.*', '-n', '1'], { url: broker.url });
    await broker.until(() => broker.queues().some(({ exclusive, consumers }) => exclusive && consumers.length === 1));
    broker.publish({ exchange: 'events', routingKey: 'invoice.new', body: 'no' });
    broker.publish({ exchange: 'events', routingKey: 'order.new', body: 'yes' });
    expect(await running.ended).toEqual({ code: 'done', stdout: 'order.new\tyes\n', stderr: '' });
    await broker.idle();
    expect(broker.queues().map(({ name, ready }) => [name, ready])).toEqual([['jobs', 2]]);
  });

  test('refuses the default exchange', async () => {
    expect(await run(['tail', ''], { url: broker.url })).toMatchObject({ code: 'usage' });
  });
});

describe('puka get', () => {
  test('shows messages and leaves them in the queue', async () => {
    fill('one', 'two', 'three');
    expect(await run(['get', 'jobs', '-n', '2'], { url: broker.url })).toEqual({
      ...{ code: 'done', stdout: 'one\ntwo\n', stderr: '' },
    });
    await broker.idle();
    expect(broker.queue('jobs')?.messages.map((message) => message.text())).toEqual(['one', 'two', 'three']);
  });

  test('takes them out with --ack', async () => {
    fill('one');
    await run(['get', 'jobs', '--ack'], { url: broker.url });
    await broker.idle();
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
  });

  test('has an exit code for an empty queue', async () => {
    expect(await run(['get', 'jobs'], { url: broker.url })).toEqual({ code: 'empty', stdout: '', stderr: '' });
  });
});
