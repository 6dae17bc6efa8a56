import { startWorker } from '@puka/worker';
import { describe, expect, it } from 'vitest';
import { startScene, told, turns } from './scene.ts';

const failing = (): never => {
  throw new Error('no');
};

describe('an error that cannot be recorded as it is', () => {
  const unreadable = new Error('x');
  Object.defineProperty(unreadable, 'message', {
    get: () => {
      throw new Error('not to be read');
    },
  });
  const unredacted = (): never => {
    throw new Error('cannot redact');
  };
  it.each([
    ['because reading it throws', unreadable, {}],
    ['because redact throws', new Error('x'), { redact: unredacted }],
    ['because a cut would go through a character', new Error(`${'x'.repeat(999)}\u{1f600}`), {}],
  ])('leaves no job unsettled: %s', async (_how, error, options) => {
    const { broker, client, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 2, delay: 50, runtime, ...options }, () => {
      throw error;
    });
    const retried = told(worker, 'retried');
    broker.publish({ routingKey: 'jobs' });
    await retried;
    await Promise.all([told(worker, 'dead'), broker.advance(50)]);
    expect(broker.queue('jobs.dead')?.ready).toBe(1);
    await broker.consumed('jobs');
  });
});

describe('a message of which no whole copy can be published', () => {
  const full = { headers: { filling: 'x'.repeat(131_000) }, messageId: 'm-1', body: 'job' };
  const filling = {
    'puka-exchange': 'x'.repeat(65_000),
    'puka-routing-key': 'k',
    'puka-first-attempt': 'x'.repeat(65_900),
  };
  const forged = { headers: filling, messageId: 'm-1', body: 'job' };
  // RabbitMQ replaces this with a real address; another broker may not.
  const direct = { replyTo: 'amq.rabbitmq.reply-to', messageId: 'm-1', body: 'job' };

  it.each([
    ['its headers fill a frame', full],
    ['its replyTo must not be published', direct],
    ['its publisher has filled the headers of the worker', forged],
  ])('goes to the dead letters without its own headers and replyTo: %s', async (_how, message) => {
    const { broker, client, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 3, delay: 50, runtime }, (job) => {
      if (job.text() === 'job') failing();
    });
    const dead = told(worker, 'dead');
    const refused = told(worker, 'refused');
    broker.publish({ routingKey: 'jobs', ...message });
    expect((await dead)[1]).toBe('malformed');
    expect((await refused)[1]).toMatchObject({ outcome: 'not-sent' });
    const [letter] = await broker.published('jobs.dead');
    expect(letter?.text()).toBe('job');
    expect(letter?.properties).toMatchObject({ messageId: 'm-1', deliveryMode: 2 });
    expect(letter?.headers).toMatchObject({ 'puka-reason': 'malformed', 'puka-error': 'no', 'puka-attempts': 1 });
    // The worker continues.
    broker.publish({ routingKey: 'jobs', body: 'next' });
    await told(worker, 'done');
  });

  it('and that was delivered before goes there too, because its deliveries cannot be counted', async () => {
    const { broker, client, another, runtime } = await startScene();
    const first = await another();
    await first.basicConsume({ queue: 'jobs', prefetchCount: 1 }).ready;
    broker.publish({ routingKey: 'jobs', ...full });
    await broker.until(() => broker.queue('jobs')?.unacked === 1);
    await first.close();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 3, runtime }, () => undefined);
    expect((await told(worker, 'dead'))[1]).toBe('malformed');
    expect(worker.stats).toMatchObject({ done: 0, dead: 1, retried: 0 });
  });
});

describe('a job is never lost on its way to its next home', () => {
  it('is not acked before the delay queue has confirmed it', async () => {
    const { broker, client, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000, runtime }, failing);
    broker.faults.delayConfirms(5000);
    const retried = told(worker, 'retried');
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await broker.published('jobs.retry.60000');
    await turns();
    expect(broker.queue('jobs')?.unacked).toBe(1);
    await broker.advance(5000);
    await retried;
    await broker.consumed('jobs');
  });

  it('is there twice, not never, where the worker dies between the confirm and its ack', async () => {
    const { broker, client, another } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 50 }, failing);
    broker.faults.dropInAck();
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await worker.ended;
    expect(broker.queue('jobs.retry.50')?.ready).toBe(1);
    expect(broker.queue('jobs')?.ready).toBe(1);
    const seen: number[] = [];
    const second = await startWorker(await another(), { queue: 'jobs', delay: 50 }, (_job, { attempt }) => {
      seen.push(attempt);
    });
    await told(second, 'done');
    await Promise.all([told(second, 'done'), broker.advance(50)]);
    expect(seen).toEqual([2, 2]);
  });

  it('goes back to its queue where the connection is lost in the middle of the confirm', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000 }, failing);
    broker.faults.dropInConfirm();
    broker.publish({ routingKey: 'jobs', body: 'x' });
    await worker.ended;
    expect(worker.stats).toMatchObject({ failed: 1, retried: 0, lost: 1 });
    expect(broker.queue('jobs')?.ready).toBe(1);
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(1);
  });

  it('stays with the worker where the broker refuses it, and is tried again, ever later', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000, runtime }, failing);
    broker.faults.nackPublishes(7, { routingKey: 'jobs.retry.60000' });
    const pauses: unknown[] = [];
    worker.on('refused', (_job, error, againMs) => {
      expect(error).toMatchObject({ name: 'PublishNacked' });
      pauses.push(againMs);
    });
    let refused = told(worker, 'refused');
    const retried = told(worker, 'retried');
    broker.publish({ routingKey: 'jobs', body: 'x' });
    for (let round = 0; round < 7; round++) {
      await refused;
      await turns();
      refused = told(worker, 'refused');
      expect(broker.queue('jobs')?.unacked).toBe(1);
      clock.advance(Number(pauses.at(-1)));
    }
    await retried;
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    await broker.consumed('jobs');
    expect(broker.queue('jobs.retry.60000')?.ready).toBe(1);
  });

  it.each([
    ['delay queue', 'jobs.retry.60000', 5, 'retried'],
    ['dead-letter queue', 'jobs.dead', 1, 'dead'],
  ] as const)('has its %s made again where that is gone', async (_name, queue, attempts, event) => {
    const { broker, client, clock, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 60_000, attempts, runtime }, failing);
    await client.queueDelete({ queue });
    const refused = told(worker, 'refused');
    const over = told(worker, event);
    broker.publish({ routingKey: 'jobs', body: 'x' });
    expect((await refused)[1]).toMatchObject({ name: 'NoRoute' });
    await turns();
    clock.advance(0);
    await over;
    expect(broker.queue(queue)?.ready).toBe(1);
  });

  it('gets a delay queue that will not expire under it, however long the worker has run', async () => {
    const { broker, client, clock, runtime } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', delay: 1000, runtime }, (message, { attempt }) => {
      if (attempt === 1 && message.text() === 'x') throw new Error('no');
    });
    for (let hour = 0; hour < 3; hour++) {
      const retried = told(worker, 'retried');
      clock.advance(3_600_000 - 1000);
      await broker.advance(3_600_000 - 1000);
      broker.publish({ routingKey: 'jobs', body: 'x' });
      await retried;
      await Promise.all([told(worker, 'done'), broker.advance(1000)]);
      clock.advance(1000);
    }
    expect(worker.stats).toMatchObject({ done: 3, retried: 3 });
  });
});

describe('a job with what the broker would take for an order', () => {
  it('comes to no other queue by its CC header, and keeps what is of its publisher', async () => {
    const { broker, client } = await startScene();
    await client.queueDeclare({ queue: 'audit', durable: true });
    const worker = await startWorker(client, { queue: 'jobs', attempts: 1 }, failing);
    const dead = told(worker, 'dead');
    broker.publish({ routingKey: 'jobs', headers: { CC: ['audit'] }, appId: 'shop' });
    await dead;
    expect(broker.queue('audit')?.ready).toBe(1);
    expect((await broker.published('jobs.dead'))[0]?.properties.appId).toBe('shop');
  });

  it('does not expire among the dead letters, where it had a time to live', async () => {
    const { broker, client } = await startScene();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 1 }, failing);
    const dead = told(worker, 'dead');
    broker.publish({ routingKey: 'jobs', expiration: '1000' });
    await dead;
    await broker.advance(100_000);
    expect(broker.queue('jobs.dead')?.ready).toBe(1);
  });

  it('is not refused for the user who published it', async () => {
    const { broker, another } = await startScene();
    broker.addUser('sender', 'secret');
    const client = await another();
    const worker = await startWorker(client, { queue: 'jobs', attempts: 1 }, failing);
    const dead = told(worker, 'dead');
    broker.publish({ routingKey: 'jobs', userId: 'sender' });
    await dead;
    expect((await broker.published('jobs.dead'))[0]?.headers['puka-user-id']).toBe('sender');
  });

  it('comes back from its delay though it has been dead-lettered to its queue by its queue before', async () => {
    // Such a job is one that RabbitMQ drops as going round in a circle, if its copies kept their x-death.
    const { broker, client } = await startScene({
      arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'other' },
    });
    await client.queueDeclare({ queue: 'other', durable: true });
    const worker = await startWorker(client, { queue: 'jobs', delay: 50 }, (_job, { attempt }) => {
      if (attempt === 1) throw new Error('no');
    });
    const death = { queue: 'jobs', reason: 'delivery_limit', exchange: '', 'routing-keys': ['jobs'], count: 1 };
    const retried = told(worker, 'retried');
    broker.publish({ routingKey: 'jobs', headers: { 'x-death': [death] } });
    await retried;
    await Promise.all([told(worker, 'done'), broker.advance(50)]);
  });
});

it('puts the stack into a header where it is asked to, and what redact makes of the text', async () => {
  const { broker, client } = await startScene();
  const options = {
    ...{ queue: 'jobs', attempts: 1, stackInHeaders: true },
    redact: (text: string) => text.replaceAll('hunter2', '***'),
  };
  const worker = await startWorker(client, options, () => {
    throw new Error('the password hunter2 is wrong');
  });
  const dead = told(worker, 'dead');
  broker.publish({ routingKey: 'jobs' });
  await dead;
  const [{ headers } = { headers: {} as Record<string, unknown> }] = await broker.published('jobs.dead');
  expect(headers['puka-error']).toBe('the password *** is wrong');
  expect(headers['puka-error-stack']).toMatch(/^Error: the password \*\*\* is wrong\n/);
  expect(JSON.stringify(headers)).not.toContain('hunter2');
});
