import { startBroker } from '@puka/testing';
import { expect, test } from 'vitest';
import { run, start } from '../harness.ts';

test('puka bench measures, and deletes its queue', async () => {
  const broker = await startBroker();
  const words = ['bench', '--seconds', '1', '--rate', '200', '--producers', '2', '--size', '16', '--json'];
  const { code, stdout } = await run(words, { url: broker.url });
  const result = JSON.parse(stdout);
  expect(code).toBe('done');
  expect(result.confirmed).toBeGreaterThan(1);
  expect(result.confirmed).toBeLessThanOrEqual(202);
  expect(result.received).toBe(result.confirmed);
  for (const { p50, p99, max } of [result.confirmLatencyMs, result.deliveryLatencyMs]) {
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(max).toBeGreaterThanOrEqual(p99);
  }
  expect(broker.queues()).toEqual([]);
  await broker.stop();
});

test('puka bench stops at an interrupt, and reports what it has', async () => {
  const broker = await startBroker();
  const running = start(['bench', '--seconds', '600', '--rate', '100'], { url: broker.url });
  await broker.until(() => broker.queues().some(({ consumers }) => consumers.length === 1));
  running.interrupt.abort();
  const { code, stdout } = await running.ended;
  expect(code).toBe('interrupted');
  expect(stdout).toMatch(/^confirmed \d+, .*\nreceived {2}\d+\n/);
  expect(broker.queues()).toEqual([]);
  await broker.stop();
});

test('puka bench acks the messages of other publishers in its queue, and measures only its own', async () => {
  const broker = await startBroker();
  await run(['declare', 'queue', 'jobs'], { url: broker.url });
  for (const body of ['short', 'longer than eight bytes', Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, 0)]) {
    broker.publish({ routingKey: 'jobs', body });
  }
  const words = ['bench', '-q', 'jobs', '--seconds', '1', '--rate', '5', '--json'];
  const { stdout } = await run(words, { url: broker.url });
  await broker.idle();
  expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
  const { confirmed, received, deliveryLatencyMs } = JSON.parse(stdout);
  expect(received).toBe(confirmed + 3);
  expect(deliveryLatencyMs.max).toBeLessThan(performance.now());
  expect(deliveryLatencyMs.p50).toBeGreaterThan(0);
  await broker.stop();
});

test('puka bench declares a queue that expires, in case its connection is lost', async () => {
  const broker = await startBroker({ time: 'manual' });
  const running = start(['bench', '--seconds', '600', '--rate', '100'], { url: broker.url });
  await broker.until(() => broker.queues().some(({ consumers }) => consumers.length === 1));
  broker.faults.dropConnections();
  expect(await running.ended).toMatchObject({ code: 'noConnection' });
  expect(broker.queues()).toHaveLength(1);
  await broker.advance(600_000 + 3_600_000);
  expect(broker.queues()).toEqual([]);
  await broker.stop();
});
