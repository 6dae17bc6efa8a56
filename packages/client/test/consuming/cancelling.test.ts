import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

async function scene() {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
  await broker.pump();
  broker.sent();
  return { broker, client, consumer };
}

describe('a cancel', () => {
  it('is one, however often it is called', async () => {
    const { broker, client, consumer } = await scene();
    const first = client.basicCancel(consumer);
    expect(client.basicCancel(consumer)).toBe(first);
    const told: unknown[] = [];
    client.basicCancel(consumer, (_error, cancelled) => told.push(cancelled));
    await broker.pump();
    expect(await first).toEqual({ consumerTag: 'c' });
    expect(told).toEqual([{ consumerTag: 'c' }]);
    expect(broker.sent().filter((each) => each.endsWith('basic.cancel'))).toHaveLength(1);
    expect(await client.basicCancel(consumer)).toEqual({ consumerTag: 'c' });
  });

  it('that is given up ends the consumer all the same', async () => {
    const { broker, client, consumer } = await scene();
    broker.answers.set('basic.cancel', () => []);
    const cancel = client.basicCancel(consumer, { timeout: 100 });
    await broker.pump();
    await broker.advance(100);
    await expect(cancel).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'unknown' });
    const { channel } = broker.last('basic.cancel');
    broker.say([channel, { type: 'basic.cancel-ok', consumerTag: 'c' }]);
    await broker.pump();
    expect(consumer.isEnded).toBe(true);
  });
});
