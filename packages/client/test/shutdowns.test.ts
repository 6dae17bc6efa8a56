import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from './scripted-broker.ts';

describe('a shutdown while recovering', () => {
  it('closes without connecting where nothing is held', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: true });
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    broker.reset();
    await broker.pump();
    expect(client.state).toBe('recovering');
    const report = client.shutdown();
    await broker.pump();
    expect(await report).toEqual({ handlersAbandoned: 0, operationsUnknown: 0, publishesUnknown: 0 });
    expect(consumer.isEnded).toBe(true);
    expect(client.state).toBe('idle');
  });

  it('waits for what is held, within its timeout', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 1000, maxDelay: 1000 } });
    broker.reset();
    await broker.pump();
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    const report = client.shutdown({ timeout: 5000 });
    await broker.pump();
    expect(report.state).toBe('pending');
    await broker.advance(1000);
    await publish;
    await broker.pump();
    expect(await report).toMatchObject({ publishesUnknown: 0 });
    expect(client.state).toBe('idle');
  });
});
