import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from './scripted-broker.ts';

describe('the users of a connection', () => {
  it('get it in an order in which subscribing goes out before publishing', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 0 } });
    client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    broker.answers.set('basic.publish', () => []);
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    await broker.pump();
    broker.sent();
    broker.answers.clear();
    broker.reset();
    await broker.pump();
    await broker.advance(0);
    await publish;
    const names = broker.sent().map((each) => each.split(' ')[1]);
    expect(names.indexOf('basic.consume')).toBeGreaterThan(-1);
    expect(names.indexOf('basic.consume')).toBeLessThan(names.indexOf('basic.publish'));
    void client.close();
    await broker.pump();
  });

  it('all fail with what is open where no other connection follows', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    for (const type of ['basic.publish', 'basic.get', 'queue.purge'] as const) broker.answers.set(type, () => []);
    const consumer = client.basicConsume({ queue: 'q' });
    const open = [
      client.basicPublish({ routingKey: 'q', body: 'x' }),
      client.basicGet({ queue: 'q' }),
      client.queuePurge({ queue: 'q' }),
      client.wait(consumer),
    ];
    await broker.pump();
    broker.reset();
    await broker.pump();
    for (const each of open) await expect(each).rejects.toBeInstanceOf(ConnectionBroken);
  });
});
