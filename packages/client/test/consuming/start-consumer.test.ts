import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

describe('starting a consumer', () => {
  it('says the limit ahead of each consume', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const consumer = client.basicConsumeMulti({ queues: ['a', { queue: 'b', exclusive: true }], prefetchCount: 5 });
    await broker.pump();
    await consumer.ready;
    expect(broker.last('basic.qos').method.prefetchCount).toBe(5);
    const consumes = broker.received.flatMap(({ method }) => (method.type === 'basic.consume' ? [method] : []));
    expect(consumes.map(({ queue, exclusive }) => [queue, exclusive])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  it.each([
    ['no queue', { queues: [] }],
    ['a queue twice', { queues: ['a', 'a'] }],
    ['a limit out of its range', { queues: ['a'], prefetchCount: 65_536 }],
    ['an empty name', { queues: [''] }],
  ])('with %s is refused at the call, and leaves no tag behind', async (_, options) => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const consumer = client.basicConsumeMulti(options);
    await expect(consumer.ready).rejects.toMatchObject({ code: 'USAGE_ERROR' });
    expect(consumer.isEnded).toBe(true);
    await broker.pump();
    expect(broker.sent()).toEqual([]);
  });
});
