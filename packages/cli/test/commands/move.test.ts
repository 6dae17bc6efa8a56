import { Client, float64, int8, int64 } from '@puka/client';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run, start } from '../harness.ts';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = await startBroker();
  for (const queue of ['from', 'to']) await run(['declare', 'queue', queue], { url: broker.url });
});
afterEach(() => broker.stop());

function fill(count: number): void {
  for (let n = 0; n < count; n++) {
    broker.publish({ routingKey: 'from', body: `${n}`, type: n % 2 === 0 ? 'even' : 'odd', headers: { n } });
  }
}

function bodiesIn(queue: string): string[] {
  return (broker.queue(queue)?.messages ?? []).map((message) => message.text());
}

describe('puka move', () => {
  test('moves all that is there, and is quiet in a pipe', async () => {
    fill(100);
    const ran = await run(['move', 'from', 'to', '--yes'], { url: broker.url });
    expect(ran).toEqual({ code: 'done', stdout: '', stderr: '' });
    await broker.idle();
    expect(
      bodiesIn('to')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(broker.queue('from')).toMatchObject({ ready: 0, unacked: 0 });
  });

  test('keeps the types of headers and the properties; the copy has no CC and no offset in a stream', async () => {
    const client = new Client(broker.url);
    await client.connect();
    const headers = { small: int8(5), round: float64(2), CC: ['from'], 'x-stream-offset': int64(7) };
    await client.basicPublish({ routingKey: 'from', headers, deliveryMode: 1, priority: 0, body: Uint8Array.of(0xff) });
    await run(['move', 'from', 'to', '--yes', '-n', '1'], { url: broker.url });
    const message = await client.basicGet({ queue: 'to' });
    expect(message?.taggedHeaders?.value).toMatchObject([
      { name: 'small', value: { tag: 'b', value: 5 } },
      { name: 'round', value: { tag: 'd', value: 2 } },
    ]);
    expect(message).toMatchObject({ deliveryMode: 1, priority: 0, body: Uint8Array.of(0xff) });
    await client.close();
  });

  test('leaves out the count of deliveries that a quorum queue adds', async () => {
    await run(['declare', 'queue', 'quorum', '--type', 'quorum'], { url: broker.url });
    broker.publish({ routingKey: 'quorum', body: 'x', headers: { own: 1 } });
    await run(['get', 'quorum'], { url: broker.url });
    await run(['move', 'quorum', 'to', '--yes'], { url: broker.url });
    const [moved] = broker.queue('to')?.messages ?? [];
    expect({ ...moved?.headers }).toEqual({ own: 1 });
  });

  test('moves what the filters want, and leaves the rest in its order', async () => {
    fill(10);
    const words = ['--filter', 'type=even', '--filter', 'header.n!=4', '--json', '--yes'];
    const { stdout } = await run(['move', 'from', 'to', ...words], { url: broker.url });
    expect(JSON.parse(stdout)).toEqual({ moved: 4, kept: 6, total: 10, doubles: 0 });
    await broker.idle();
    expect(bodiesIn('to').sort()).toEqual(['0', '2', '6', '8']);
    expect(bodiesIn('from')).toEqual(['1', '3', '4', '5', '7', '9']);
  });

  test('moves --count at most', async () => {
    fill(10);
    const { stdout } = await run(['move', 'from', 'to', '-n', '3', '--json', '--yes'], { url: broker.url });
    expect(JSON.parse(stdout)).toMatchObject({ moved: 3 });
    await broker.idle();
    expect(broker.queue('from')).toMatchObject({ ready: 7, unacked: 0 });
  });

  test('only counts with --dry-run, and need not ask', async () => {
    fill(10);
    expect(await run(['move', 'from', 'to', '--dry-run', '--filter', 'type=even'], { url: broker.url })).toEqual({
      ...{ code: 'done', stdout: '5 messages would be moved, 5 would stay\n', stderr: '' },
    });
    await broker.idle();
    expect(bodiesIn('from')).toHaveLength(10);
  });

  test('loses nothing with its connection, goes on, and counts what may be there twice', async () => {
    fill(200);
    broker.faults.dropInAck();
    const ran = await run(['move', 'from', 'to', '--json', '--yes'], { url: broker.url });
    const { doubles } = JSON.parse(ran.stdout);
    expect(ran.code).toBe('done');
    await broker.idle();
    const all = [...bodiesIn('from'), ...bodiesIn('to')];
    expect(new Set(all).size).toBe(200);
    expect(broker.queue('from')).toMatchObject({ ready: 0, unacked: 0 });
    expect(all.length - 200).toBeLessThanOrEqual(doubles);
    expect(doubles).toBeGreaterThan(0);
  });

  test.each([
    ['moves', [], { moved: 100, kept: 100 }],
    ['would move', ['--dry-run'], { wouldMove: 100, kept: 100 }],
  ])(
    '%s every matching message although the others are delivered again on another connection',
    async (_what, words, counts) => {
      for (let n = 0; n < 200; n++)
        broker.publish({ routingKey: 'from', body: `${n}`, type: n < 100 ? 'stays' : 'goes' });
      const all = ['move', 'from', 'to', '--json', '--yes', '--filter', 'type=goes', '--window', '1', ...words];
      const running = start(all, { url: broker.url });
      await broker.until(() => (broker.queue('from')?.unacked ?? 0) >= 40);
      broker.faults.dropConnections();
      const ran = await running.ended;
      expect(ran.code).toBe('done');
      expect(JSON.parse(ran.stdout)).toMatchObject(counts);
      await broker.idle();
      expect(broker.queue('from')).toMatchObject({ ready: words.length === 0 ? 100 : 200, unacked: 0 });
    },
  );

  test('checks all messages, however many stay', async () => {
    fill(10_100);
    broker.publish({ routingKey: 'from', body: 'last', type: 'last' });
    const words = ['--filter', 'type=last', '--window', '32', '--json', '--yes'];
    const { stdout } = await run(['move', 'from', 'to', ...words], { url: broker.url });
    expect(JSON.parse(stdout)).toMatchObject({ moved: 1, kept: 10_100 });
    await broker.idle();
    expect(bodiesIn('to')).toEqual(['last']);
    expect(broker.queue('from')).toMatchObject({ ready: 10_100, unacked: 0 });
  });

  test('stops at an interrupt with each message in one of the queues', async () => {
    fill(500);
    const running = start(['move', 'from', 'to', '--json', '--yes', '--window', '2'], { url: broker.url });
    await broker.until(() => bodiesIn('to').length > 5);
    running.interrupt.abort();
    const { code, stdout } = await running.ended;
    expect(code).toBe('interrupted');
    await broker.idle();
    expect(bodiesIn('to')).toHaveLength(JSON.parse(stdout).moved);
    expect(bodiesIn('from').length + bodiesIn('to').length).toBe(500);
  });

  test('leaves a message that cannot go where it is, and fails', async () => {
    fill(1);
    broker.faults.nackPublishes();
    expect(await run(['move', 'from', 'to', '--yes'], { url: broker.url })).toMatchObject({ code: 'rejected' });
    await broker.idle();
    expect(bodiesIn('from')).toEqual(['0']);
  });

  test('needs two queues that are there', async () => {
    expect(await run(['move', 'from', 'from'], { url: broker.url })).toMatchObject({ code: 'usage' });
    expect(await run(['move', 'from', 'none', '--yes'], { url: broker.url })).toMatchObject({ code: 'notFound' });
    expect(await run(['move', 'from', 'to'], { url: broker.url })).toMatchObject({ code: 'usage' });
    for (const filter of ['size=1', 'constructor!=x']) {
      const ran = await run(['move', 'from', 'to', '--yes', '--filter', filter], { url: broker.url });
      expect(ran).toMatchObject({ code: 'usage' });
    }
  });
});
