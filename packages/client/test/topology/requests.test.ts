import { expect, it } from 'vitest';
import { endOf, Scene } from '../recovery/scene.ts';

it('sends what was held in the order of the calls, and repeats what was under way but for a purge', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  client.on('unobserved', () => {});
  client.queueDeclare({ queue: 'q', durable: true });
  await scene.settle();
  scene.broker.faults.delayReplies('queue.purge', 60_000, { times: 1 });
  scene.broker.faults.delayReplies('queue.bind', 60_000, { times: 1 });
  const underWay = [
    client.queuePurge({ queue: 'q' }),
    client.queueBind({ queue: 'q', exchange: 'amq.direct', routingKey: 'k' }),
  ];
  await scene.settle();
  scene.broker.faults.dropConnections();
  await scene.settle();
  const held = [
    client.queueDelete({ queue: 'q' }),
    client.queueDeclare({ queue: 'q', durable: true, arguments: { 'x-max-length': 1 } }),
    client.queuePurge({ queue: 'q' }),
  ];
  await scene.until(() => client.state === 'connected');
  await scene.settle();
  expect(underWay.map(endOf)).toEqual(['CONNECTION_BROKEN unknown', 'fulfilled']);
  expect(held.map(endOf)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  await scene.end(client);
});

it('refuses at the call what cannot be encoded, also while the connection is away', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  scene.broker.faults.dropConnections();
  await scene.settle();
  const operation = client.queueDeclare({ queue: 'q'.repeat(300) });
  expect(endOf(operation)).toMatch(/^USAGE_ERROR/);
  operation.catch(() => {});
  await scene.end(client);
});

it('gives the outcome unknown to what is refused when it is repeated', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  scene.broker.faults.delayReplies('queue.declare', 60_000, { times: 1 });
  const declare = client.queueDeclare({ queue: 'q' });
  declare.catch(() => {});
  await scene.settle();
  scene.broker.faults.refuse('queue.declare', { code: 403, times: 1 });
  await scene.cut(client);
  await scene.settle();
  expect(endOf(declare)).toBe('ACCESS_REFUSED unknown');
  await scene.end(client);
});

it('loses none of those that wait behind suspects when the connection ends once more', async () => {
  const scene = await Scene.start();
  const client = await scene.connected();
  client.on('unobserved', () => {});
  scene.broker.faults.refuse('queue.declare', { code: 541, times: 2, match: { queue: 'b' } });
  const operations = [
    client.queueDeclare({ queue: 'a' }),
    client.queueDeclare({ queue: 'b' }),
    client.exchangeDeclare({ exchange: 'waits' }),
  ];
  for (const operation of operations) operation.catch(() => {});
  await scene.settle();
  await scene.advance(10_000);
  expect(operations.map(({ state }) => state)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await scene.end(client);
});
