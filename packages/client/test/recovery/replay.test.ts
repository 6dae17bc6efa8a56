import type { Operation } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { Scene } from './scene.ts';

async function run<Result>(scene: Scene, operation: Operation<Result>): Promise<Result> {
  await scene.settle();
  return operation;
}

describe('a queue that vanishes behind the gate', () => {
  it('is made again with all that leads to it: auto-delete exchanges went with it, one after the other', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await run(scene, client.exchangeDeclare({ exchange: 'outer', type: 'fanout', autoDelete: true }));
    await run(scene, client.exchangeDeclare({ exchange: 'middle', type: 'fanout', autoDelete: true }));
    await run(scene, client.exchangeDeclare({ exchange: 'inner', type: 'direct', autoDelete: true }));
    await run(scene, client.queueDeclare({ queue: 'q' }));
    await run(scene, client.exchangeBind({ destination: 'middle', source: 'outer' }));
    await run(scene, client.exchangeBind({ destination: 'inner', source: 'middle' }));
    await run(scene, client.queueBind({ queue: 'q', exchange: 'inner', routingKey: 'k' }));
    await scene.cut(client);
    scene.broker.faults.removeQueue('q');
    await scene.advance(11_000);
    await run(scene, client.basicPublish({ exchange: 'outer', routingKey: 'k', body: 'x', mandatory: true }));
    expect((await run(scene, client.basicGet({ queue: 'q', noAck: true })))?.text()).toBe('x');
    await scene.end(client);
  });
});
