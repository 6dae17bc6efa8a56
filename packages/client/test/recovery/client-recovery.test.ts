import { ConnectionBroken, LimitExceeded, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

const idle = { phase: 'idle', attempt: 0, downMs: 0, nextAttemptMs: undefined, retrying: [] };
const nothingRecorded = { exchanges: 0, queues: 0, bindings: 0 };
const nothingHeld = { operations: 0, publishes: 0, bytes: 0 };

async function lost(recover: object) {
  const broker = new ScriptedBroker();
  const client = await broker.connected({ recover: { minDelay: 1000, maxDelay: 1000, ...recover } });
  void client.queueDeclare({ queue: 'q' });
  await broker.pump();
  broker.reset();
  await broker.pump();
  return { broker, client };
}

describe('the state of recovery', () => {
  it('of a client that does not recover is empty', async () => {
    const client = await new ScriptedBroker().connected();
    expect(client.recovery).toEqual({ isOn: false, ...idle, held: nothingHeld, recorded: nothingRecorded });
  });

  it('counts what was declared while there is a connection, and what waits while there is none', async () => {
    const { broker, client } = await lost({});
    const publish = client.basicPublish({ routingKey: 'q', body: 'four' });
    const declare = client.queueDeclare({ queue: 'r' });
    await broker.advance(250);
    const { held, nextAttemptMs = 0, ...rest } = client.recovery;
    expect(rest).toEqual({
      ...{ isOn: true, phase: 'waiting', attempt: 1, downMs: 250, retrying: [] },
      recorded: { exchanges: 0, queues: 1, bindings: 0 },
    });
    expect(held).toMatchObject({ operations: 1, publishes: 1 });
    expect(held.bytes).toBeGreaterThanOrEqual(4);
    expect(nextAttemptMs).toBeGreaterThan(0);
    expect(nextAttemptMs).toBeLessThanOrEqual(750);
    await broker.advance(1000);
    await Promise.all([publish, declare]);
    expect(client.recovery).toEqual({
      ...{ isOn: true, ...idle, held: nothingHeld },
      recorded: { exchanges: 0, queues: 2, bindings: 0 },
    });
  });

  it('is forgotten when the client is closed', async () => {
    const { broker, client } = await lost({});
    void client.close();
    await broker.pump();
    expect(client.recovery).toEqual({ isOn: true, ...idle, held: nothingHeld, recorded: nothingRecorded });
  });
});

describe('an operation while there is no connection', () => {
  it("is refused with whileDown: 'refuse'", async () => {
    const { client } = await lost({ whileDown: 'refuse' });
    for (const operation of [
      client.queueDeclare({ queue: 'r' }),
      client.basicPublish({ routingKey: 'q', body: 'x' }),
    ]) {
      await expect(operation).rejects.toBeInstanceOf(ConnectionBroken);
      expect(operation.error).toMatchObject({ outcome: 'not-sent', retryable: true });
    }
  });

  it('is refused above maxHeldOperations, and a publish is not', async () => {
    const { broker, client } = await lost({ maxHeldOperations: 1 });
    const held = client.queueDeclare({ queue: 'r' });
    await expect(client.queueDeclare({ queue: 's' })).rejects.toBeInstanceOf(LimitExceeded);
    const publish = client.basicPublish({ routingKey: 'q', body: 'x' });
    await broker.advance(1000);
    await Promise.all([held, publish]);
  });
});

it('an option out of its range is refused where the client is made', () => {
  expect(() => new Client('amqp://', { recover: { maxAttempts: 0 } })).toThrow(UsageError);
});
