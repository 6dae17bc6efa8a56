import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

async function lost(options: { readonly minDelay: number } = { minDelay: 1000 }) {
  const broker = new ScriptedBroker();
  const client = await broker.connected({ recover: { ...options, maxDelay: options.minDelay } });
  broker.reset();
  await broker.pump();
  return { broker, client };
}

describe('connect()', () => {
  it('while recovering settles with the next connection, and its time limit ends the wait alone', async () => {
    const { broker, client } = await lost();
    expect(client.state).toBe('recovering');
    const waiting = client.connect();
    const brief = client.connect({ timeout: 10 });
    await broker.advance(10);
    await expect(brief).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT' });
    expect(client.state).toBe('recovering');
    await broker.advance(1000);
    expect(await waiting).toMatchObject({ heartbeat: 60 });
    expect(client.connect()).toBe(waiting);
    expect(await client.connect()).toMatchObject({ heartbeat: 60 });
    void client.close();
    await broker.pump();
  });

  it('that nobody called for a recovered connection has its result at once', async () => {
    const { broker, client } = await lost();
    await broker.advance(1000);
    expect(client.state).toBe('connected');
    expect(await client.connect()).toMatchObject({ channelMax: 2047 });
    void client.close();
    await broker.pump();
  });

  it('with initial: true is tried again until a connection is open', async () => {
    const broker = new ScriptedBroker();
    const client = broker.client({ recover: { initial: true, minDelay: 100, maxDelay: 100 } });
    broker.answers.set('connection.open', () => {
      broker.reset();
      return [];
    });
    const connecting = client.connect();
    for (let attempt = 0; attempt < 3; attempt++) await broker.advance(100);
    expect(client.state).toBe('connecting');
    broker.answers.clear();
    await broker.advance(100);
    await connecting;
    expect(client.state).toBe('connected');
    void client.close();
    await broker.pump();
  });
});

describe('close() while recovering', () => {
  it('settles at once, and rejects whoever waits for the connection', async () => {
    const { broker, client } = await lost();
    const waiting = client.connect();
    await client.close();
    await expect(waiting).rejects.toBeInstanceOf(ConnectionBroken);
    broker.sent();
    await broker.advance(100_000);
    expect(broker.sent()).toEqual([]);
  });
});
