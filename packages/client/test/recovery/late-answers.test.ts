/** A broker that answers late, or closes the connection late, while a client subscribes again. */
import { describe, expect, it } from 'vitest';
import { Scene } from './scene.ts';

describe('consumes that are answered late', () => {
  it.each([25_000, 35_000])('by %d ms have one subscription each, and deliveries arrive', async (lateMs) => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const texts: string[] = [];
    for (const queue of ['a', 'b', 'c']) {
      client.queueDeclare({ queue });
      client.basicConsume({ queue, prefetchCount: 2 }, (_error, message) => {
        if (message === undefined) return;
        texts.push(message.text());
        message.ack();
      });
    }
    await scene.settle();
    scene.broker.faults.delayReplies('basic.consume', lateMs, { times: 3 });
    await scene.cut(client);
    for (const routingKey of ['a', 'b', 'c']) client.basicPublish({ routingKey, body: routingKey });
    await scene.advance(lateMs - 2000);
    expect(texts).toEqual([]);
    await scene.advance(3000);
    expect([...texts].sort()).toEqual(['a', 'b', 'c']);
    await scene.advance(60_000);
    for (const queue of ['a', 'b', 'c']) {
      expect(scene.broker.queue(queue)?.consumers, queue).toMatchObject([{ prefetchCount: 2 }]);
      expect(scene.broker.queue(queue)?.unacked).toBe(0);
    }
    await scene.end(client);
  });
});

describe('a declare that is answered late', () => {
  it('holds the gate for 30 s and no longer, is emitted, and its late answer counts', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const failures: string[] = [];
    client.on('notRestored', (error, { kind }, isRetrying) => failures.push(`${kind} ${error.code} ${isRetrying}`));
    client.queueDeclare({ queue: 'q', exclusive: true });
    await scene.settle();
    scene.broker.faults.delayReplies('queue.declare', 45_000, { times: 1 });
    scene.broker.faults.dropConnections();
    await scene.settle();
    await scene.advance(29_000);
    expect([client.state, client.recovery.phase]).toEqual(['recovering', 'restoring']);
    await scene.advance(3000);
    expect(client.state).toBe('connected');
    expect(failures).toEqual(['queue OPERATION_TIMEOUT true']);
    await scene.advance(20_000);
    expect(client.state).toBe('connected');
    expect(scene.broker.queue('q')).toMatchObject({ exclusive: true });
    expect(scene.broker.mistakes).toEqual([]);
    await scene.end(client);
  });
});

describe('a queue without a leader', () => {
  it('ends few connections: 20 healthy consumers beside it work on, and it is back with its leader', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    client.on('unobserved', () => {});
    client.on('notRestored', () => {});
    const texts: string[] = [];
    const queues = ['bad', ...Array.from({ length: 20 }, (_, index) => `good${index}`)];
    for (const queue of queues) {
      client.queueDeclare({ queue, durable: true, arguments: { 'x-queue-type': 'quorum' } });
      client.basicConsume({ queue, prefetchCount: 1 }, (_error, message) => {
        if (message === undefined) return;
        texts.push(message.text());
        message.ack();
      });
    }
    await scene.settle();
    scene.broker.faults.loseLeader('bad');
    const before = scene.dialled.length;
    await scene.cut(client);
    for (let minute = 0; minute < 10; minute++) {
      await scene.advance(59_000);
      await scene.until(() => client.state === 'connected');
      texts.length = 0;
      for (const routingKey of queues.slice(1)) client.basicPublish({ routingKey, body: routingKey });
      await scene.advance(1000);
      expect([...texts].sort(), `minute ${minute}`).toEqual(queues.slice(1).sort());
    }
    // The cut; the consume of the replay; then 30, 60, 120, 240 s after a gate, each with 30 s until the broker closes.
    expect(scene.dialled.length - before).toBeLessThanOrEqual(6);
    scene.broker.faults.electLeader('bad');
    texts.length = 0;
    client.basicPublish({ routingKey: 'bad', body: 'back' });
    await scene.until(() => texts.includes('back'), 620_000);
    expect(scene.broker.queue('bad')?.consumers).toHaveLength(1);
    await scene.end(client);
  });
});
