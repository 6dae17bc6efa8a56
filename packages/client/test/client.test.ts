import { AsyncLocalStorage } from 'node:async_hooks';
import { ConnectionBroken, NotFound, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Client } from '../src/client.ts';
import { ScriptedBroker } from './scripted-broker.ts';

const storage = new AsyncLocalStorage<string>();

async function scene(): Promise<{ readonly broker: ScriptedBroker; readonly client: Client }> {
  const broker = new ScriptedBroker();
  const client = await storage.run('connect', () => broker.connected());
  return { broker, client };
}

describe('a callback runs in the async context of the call that passed it', () => {
  it('of an operation, that of the call; of setCallback, that of setCallback', async () => {
    const { broker, client } = await scene();
    const seen: unknown[] = [];
    const note = (): unknown => seen.push(storage.getStore());
    storage.run('declare', () => client.queueDeclare({ queue: 'q' }, note));
    const other = storage.run('other', () => client.queueDeclare({ queue: 'other' }));
    storage.run('set', () => client.setCallback(other, note));
    await storage.run('pump', () => broker.pump());
    expect(seen.toSorted()).toEqual(['declare', 'set']);
  });

  it('of a consumer, that of basicConsume; of setCallback, that of setCallback', async () => {
    const { broker, client } = await scene();
    const seen: unknown[] = [];
    const note = (): unknown => seen.push(storage.getStore());
    const consumer = storage.run('consume', () => client.basicConsume({ queue: 'q' }, note));
    await broker.pump();
    const channel = broker.received.find(({ method }) => method.type === 'basic.consume')?.channel ?? 0;
    const deliver = (): Promise<void> => {
      broker.say(broker.delivery(channel, consumer.consumerTag, seen.length + 1));
      return storage.run('pump', () => broker.pump());
    };
    await deliver();
    storage.run('set', () => client.setCallback(consumer, note));
    await deliver();
    expect(seen).toEqual(['consume', 'set']);
  });

  it('of an event, that of on and of once; off knows the listener', async () => {
    const { broker, client } = await scene();
    const seen: unknown[] = [];
    const note = (): unknown => seen.push(storage.getStore());
    const gone = (): unknown => seen.push('gone');
    storage.run('on', () => client.on('closed', note));
    storage.run('once', () => client.once('closed', note));
    storage.run('off', () => client.on('closed', gone).once('closed', gone));
    client.off('closed', gone);
    client.close();
    await storage.run('pump', () => broker.pump());
    expect(seen).toEqual(['on', 'once']);
  });
});

describe('an error of the broker', () => {
  it('shows the call that failed', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', (channel) => [
      [channel, { type: 'channel.close', replyCode: 404, replyText: 'NOT_FOUND', classId: 50, methodId: 10 }],
    ]);
    async function whoAsks(): Promise<unknown> {
      return await client.queueDeclare({ queue: 'q', passive: true });
    }
    const asked = whoAsks().catch((error: unknown) => error);
    await broker.pump();
    const error = await asked;
    expect(error).toBeInstanceOf(NotFound);
    expect(error).toHaveProperty('stack', expect.stringContaining('whoAsks'));
  });
});

describe('our own close', () => {
  it('ends what is open with an error that reports who closed, and consumers without one', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', () => []);
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    const declare = client.queueDeclare({ queue: 'q' });
    const publish = client.basicPublish({ routingKey: 'q' });
    const get = client.basicGet({ queue: 'q' });
    const outcomes = [declare, publish, get].map((open) => open.catch((error: unknown) => error));
    const next = consumer[Symbol.asyncIterator]().next();
    const closed = client.close();
    await broker.pump();
    await closed;
    expect(await next).toMatchObject({ done: true });
    for (const error of await Promise.all(outcomes)) {
      expect(error).toBeInstanceOf(ConnectionBroken);
      expect(error).toMatchObject({ blame: 'caller', message: expect.stringContaining('the client was closed') });
    }
  });
});

describe('a publish whose signal is aborted while its options are read', () => {
  it.each([true, false])('is not sent, on the connection or held for the next; connected: %s', async (isConnected) => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 50 } });
    if (!isConnected) {
      broker.reset();
      await broker.pump();
    }
    const given = new AbortController();
    const headers = {
      get late() {
        given.abort('enough');
        return 1;
      },
    };
    const publish = client.basicPublish({ routingKey: 'q', headers, signal: given.signal });
    await expect(publish).rejects.toBe('enough');
    expect(client.metrics().publishes).toMatchObject({ open: 0, openBytes: 0, refused: 1 });
    await broker.advance(1000);
    expect([client.state, broker.sent().filter((method) => method.endsWith('basic.publish'))]).toEqual([
      'connected',
      [],
    ]);
    const closing = client.close();
    await broker.pump();
    await closing;
  });
});

describe('events', () => {
  it('that do not exist, and listeners that cannot be called, are refused', async () => {
    const { client } = await scene();
    for (const how of ['on', 'once'] as const) {
      expect(() => Reflect.apply(client[how], client, ['error', () => {}])).toThrow("there is no event 'error'");
      expect(() => Reflect.apply(client[how], client, ['closed', 'later'])).toThrow(UsageError);
    }
  });
});
