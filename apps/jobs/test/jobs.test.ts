import { startBroker } from '@puka/testing';
import { expect, inject, it, onTestFinished } from 'vitest';
import { drawProgress, type Progress, Screen } from '../src/picture.ts';
import { fateOf, runJobs } from '../src/run-jobs.ts';

it.each(['embedded', 'RabbitMQ'])('works its jobs off, and sends dead letters back, on the broker %s', async (kind) => {
  const broker = kind === 'embedded' ? await startBroker() : undefined;
  onTestFinished(() => broker?.stop());
  const shown: Progress[] = [];
  const plan = { count: 40, concurrency: 8, workMs: 1, delayMs: 20 };
  const outcome = await runJobs(broker?.url ?? inject('amqpUrl'), plan, (progress) => shown.push(progress));
  const jobs = Array.from({ length: 40 }, (_, job) => fateOf(job));
  const count = (...fates: string[]): number => jobs.filter((fate) => fates.includes(fate)).length;
  expect(outcome).toMatchObject({
    ...{ done: count('easy', 'flaky'), dead: count('hopeless', 'unwanted'), redriven: count('hopeless'), waiting: 0 },
  });
  expect(Math.max(...shown.map(({ waiting }) => waiting))).toBeGreaterThan(0);
});

it.each([Number.NaN, -1, 1.5])('refuses to process %d jobs, because it would never end', async (count) => {
  const plan = { count, concurrency: 8, workMs: 1, delayMs: 20 };
  await expect(runJobs(inject('amqpUrl'), plan, () => undefined)).rejects.toBeInstanceOf(RangeError);
});

it('fails if its worker ends before the jobs do', async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.stop());
  const plan = { count: 10, concurrency: 1, workMs: 1, delayMs: 20 };
  const running = runJobs(broker.url, plan, () => {
    const queue = broker.queues().find(({ name }) => /^jobs-\d+-\d+$/.test(name));
    if (queue !== undefined) broker.faults.removeQueue(queue.name);
  });
  await expect(running).rejects.toMatchObject({ name: 'ConsumerCancelled' });
});

it('draws how far they are, over itself in a terminal', () => {
  const progress = { total: 10, running: 2, waiting: 1, done: 5, failed: 3, dead: 2 };
  const picture = drawProgress(progress);
  expect(picture[2]).toBe(`  done          [${'#'.repeat(20)}${' '.repeat(20)}]  5`);
  const written: string[] = [];
  const screen = new Screen((text) => written.push(text), true);
  screen.show(progress);
  screen.show(progress);
  expect(written[1]?.startsWith(`\u001b[${picture.length}A`)).toBe(true);
});

it('draws a few pictures where there is no terminal', () => {
  const written: string[] = [];
  const screen = new Screen((text) => written.push(text), false);
  for (let done = 0; done <= 100; done++) {
    screen.show({ total: 100, running: 0, waiting: 0, done, failed: 0, dead: 0 });
  }
  expect(written).toHaveLength(5);
});
