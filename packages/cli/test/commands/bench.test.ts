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

test('puka bench stops at an interrupt, and says what it has', async () => {
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
