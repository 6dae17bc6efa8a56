import { ConnectionBroken, NotFound, UsageError } from '@puka/errors';
import type { Method } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { type Client, loop } from '../src/client.ts';
import { refusal, ScriptedBroker } from './scripted-broker.ts';

async function scene(...silent: Method['type'][]) {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  for (const type of silent) broker.answers.set(type, () => []);
  return { broker, client };
}

/** What becomes of a promise while nothing but microtasks runs. */
async function fate(promise: PromiseLike<unknown>): Promise<string> {
  let state = 'open';
  promise.then(
    () => (state = 'fulfilled'),
    () => (state = 'rejected'),
  );
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return state;
}

describe('wait', () => {
  it('returns the first that is ready, and leaves the others be', async () => {
    const { broker, client } = await scene('queue.purge');
    const purge = client.queuePurge({ queue: 'a' });
    const declare = client.queueDeclare({ queue: 'b' });
    const waiting = client.wait([purge, declare]);
    await broker.pump();
    expect(await waiting).toMatchObject({ queue: 'b' });
    expect(await fate(purge)).toBe('open');
  });

  it('returns undefined when the time is over, and what it waited for goes on', async () => {
    const { broker, client } = await scene('queue.declare');
    const declare = client.queueDeclare({ queue: 'q' });
    const first = client.wait(declare, { timeout: 100 });
    const second = client.wait(declare, { timeout: 200 });
    await broker.advance(99);
    expect(await fate(first)).toBe('open');
    await broker.advance(1);
    expect(await first).toBeUndefined();
    await broker.advance(100);
    expect(await second).toBeUndefined();
    const third = client.wait(declare, { timeout: 100 });
    broker.say(...broker.usual(1, broker.last('queue.declare').method));
    await broker.pump();
    expect(await third).toMatchObject({ queue: 'q' });
    expect(await client.wait(declare)).toMatchObject({ queue: 'q' });
    await broker.advance(100);
  });

  it('leaves no deadline, listener or hold behind', async () => {
    const { broker, client } = await scene('queue.declare');
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: () => void) => {
      listeners++;
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: () => void) => {
      listeners--;
      remove(type, listener);
    };
    const declare = client.queueDeclare({ queue: 'q' });
    const waits = Array.from({ length: 5 }, () => client.wait(declare, { timeout: 10_000, signal }));
    expect(listeners).toBe(1);
    const before = client.nextDeadline();
    await broker.pump();
    broker.say(...broker.usual(1, broker.last('queue.declare').method));
    await broker.pump();
    await Promise.all(waits);
    expect(listeners).toBe(0);
    expect(client.nextDeadline()).toBeGreaterThan(before);
  });

  it('rejects with the failure, or gives it as the value', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', (channel) => [refusal(channel, 404, 'NOT_FOUND', 50, 10)]);
    const declare = client.queueDeclare({ queue: 'q', passive: true });
    const failed = expect(client.wait(declare)).rejects.toBeInstanceOf(NotFound);
    await broker.pump();
    await failed;
    expect(await client.wait(declare, { raiseErrors: false })).toBeInstanceOf(NotFound);
    await broker.pump();
    expect(broker.warnings).toEqual([]);
  });

  it('ends by its signal with the reason of that, before, during, and not after', async () => {
    const { broker, client } = await scene('queue.declare');
    const declare = client.queueDeclare({ queue: 'q' });
    const reason = new Error('enough');
    await expect(client.wait(declare, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const waiting = client.wait(declare, { signal: abort.signal });
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const late = new AbortController();
    const settled = client.wait(declare, { signal: late.signal });
    await broker.pump();
    broker.say(...broker.usual(1, broker.last('queue.declare').method));
    await broker.pump();
    late.abort(reason);
    expect(await settled).toMatchObject({ queue: 'q' });
  });

  it('on a consumer without deliveries takes no message when its time is over', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const early = client.wait(consumer, { timeout: 10 });
    await broker.advance(10);
    expect(await early).toBeUndefined();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    expect((await client.wait(consumer)).deliveryTag).toBe(1);
  });

  it('on a consumer and a promise takes no message once the promise is ready', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    const declare = client.queueDeclare({ queue: 'x' });
    await broker.pump();
    broker.say(broker.delivery(1, 'c', 1));
    await broker.pump();
    expect(await client.wait([declare, consumer])).toMatchObject({ queue: 'x' });
    expect((await client.wait([consumer, declare])) as unknown).toMatchObject({ deliveryTag: 1 });
  });

  it('on a consumer that has ended, or on nothing, is a usage error', async () => {
    const { broker, client } = await scene();
    const consumer = client.basicConsume({ queue: 'q' });
    const cancelled = consumer.cancel();
    await broker.pump();
    await cancelled;
    await expect(client.wait(consumer)).rejects.toBeInstanceOf(UsageError);
    expect(await client.wait(consumer, { raiseErrors: false })).toBeInstanceOf(UsageError);
    await expect(client.wait([])).rejects.toBeInstanceOf(UsageError);
    await expect(client.wait(Object('no promise'))).rejects.toBeInstanceOf(UsageError);
    await expect(client.wait(Object(Promise.resolve()))).rejects.toBeInstanceOf(UsageError);
  });

  it('takes a time of 0 and no less, and rejects misuse rather than to throw', async () => {
    const { broker, client } = await scene('queue.declare');
    const declare = client.queueDeclare({ queue: 'q' });
    const now = client.wait(declare, { timeout: 0 });
    await broker.advance(0);
    expect(await now).toBeUndefined();
    for (const timeout of [-1, Number.NaN]) {
      await expect(client.wait(declare, { timeout })).rejects.toBeInstanceOf(UsageError);
      await expect(client.loop({ timeout })).rejects.toBeInstanceOf(UsageError);
      await expect(client.shutdown({ timeout })).rejects.toBeInstanceOf(UsageError);
    }
  });

  it('takes nothing of another client, which it would not work on', async () => {
    const { client } = await scene();
    const { client: other } = await scene('queue.declare');
    await expect(client.wait(other.queueDeclare({ queue: 'q' }))).rejects.toBeInstanceOf(UsageError);
    await expect(client.wait(other.basicConsume({ queue: 'q' }))).rejects.toBeInstanceOf(UsageError);
  });
});

describe('waitForAll and waitForAny', () => {
  it('return all results in order, and the first', async () => {
    const { broker, client } = await scene();
    const tasks = [client.queueDeclare({ queue: 'a' }), client.basicGet({ queue: 'b' })] as const;
    const all = client.waitForAll(tasks);
    await broker.pump();
    expect(await all).toEqual([{ queue: 'a', messageCount: 0, consumerCount: 0 }, null]);
    expect(await client.waitForAny([tasks[1], tasks[0]])).toBeNull();
    expect(await client.waitForAll([])).toEqual([]);
  });

  it('reject with the first failure, and the others are not reported as unseen', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', (channel) => [refusal(channel, 404, 'NOT_FOUND', 50, 10)]);
    const tasks = [1, 2, 3].map((index) => client.queueDeclare({ queue: `q${index}`, passive: true }));
    const all = client.waitForAll(tasks);
    const failed = expect(all).rejects.toBeInstanceOf(NotFound);
    await broker.pump();
    await broker.advance(10);
    await failed;
    expect(broker.warnings).toEqual([]);
  });
});

describe('loop', () => {
  it('ends by break, by time, and by the end of the connection', async () => {
    const { broker, client } = await scene();
    const broken = client.loop();
    const timed = client.loop({ timeout: 50 });
    client.loopBreak();
    await broken;
    await timed;
    const inTime = client.loop({ timeout: 50 });
    await broker.advance(49);
    expect(await fate(inTime)).toBe('open');
    await broker.advance(1);
    await inTime;
    const closed = client.loop();
    broker.reset();
    await broker.pump();
    await closed;
  });

  it('has written what callbacks left to be written when it resolves, in manual drive too', async () => {
    for (const drive of ['auto', 'manual'] as const) {
      for (const how of ['break', 'break behind', 'time'] as const) {
        const broker = new ScriptedBroker();
        const client = broker.client({ drive });
        const connected = client.wait(client.connect());
        await broker.pump();
        await connected;
        broker.answers.set('queue.delete', () => []);
        const later = (): void => void client.queueDeclare({ queue: 'later' });
        const bounds = how === 'time' ? { timeout: 50 } : {};
        client.queueDelete({ queue: 'q', ...bounds }, later);
        client.queueDeclare({ queue: 'q' }, () => {
          if (how === 'break behind') client.loopBreak();
          if (how !== 'time') later();
          if (how === 'break') client.loopBreak();
        });
        let needsWrite: boolean | undefined;
        const looked = client.loop({ timeout: 50 }).then(() => {
          needsWrite = client.needsWrite();
        });
        await broker.pump();
        if (how === 'time') await broker.advance(50);
        await looked;
        expect({ drive, how, needsWrite }).toEqual({ drive, how, needsWrite: false });
      }
    }
  });

  it('over a client without a connection ends at once', async () => {
    const client = new ScriptedBroker().client();
    await client.loop();
    await loop([client]);
    await loop([]);
  });

  it('over several ends when all are closed, or when one is broken', async () => {
    const scenes = [await scene(), await scene()];
    const clients = scenes.map(({ client }) => client);
    const all = loop(clients);
    scenes[0]?.broker.reset();
    await scenes[0]?.broker.pump();
    expect(await fate(all)).toBe('open');
    scenes[1]?.broker.reset();
    await scenes[1]?.broker.pump();
    await all;
    const fresh = [await scene(), await scene()].map(({ client }): Client => client);
    const broken = loop(fresh);
    fresh[1]?.loopBreak();
    await broken;
  });
});

describe('a lost connection', () => {
  it('fails every use of a consumer that it took down as broken, also over the next connection', async () => {
    for (const hasCallback of [false, true]) {
      const { broker, client } = await scene();
      const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' }, hasCallback ? () => {} : undefined);
      await broker.pump();
      broker.reset();
      await broker.pump();
      for (const isConnected of [false, true]) {
        if (isConnected) {
          const connecting = client.connect();
          await broker.pump();
          await connecting;
        }
        for (let time = 0; time < 2; time++) {
          await expect(client.wait(consumer)).rejects.toBeInstanceOf(ConnectionBroken);
          await expect(client.wait([consumer, consumer])).rejects.toBeInstanceOf(ConnectionBroken);
          await expect(client.waitForAll([consumer])).rejects.toBeInstanceOf(ConnectionBroken);
          await expect(client.basicQos(consumer, { prefetchCount: 5 })).rejects.toMatchObject({
            code: 'CONNECTION_BROKEN',
            method: 'basic.qos',
          });
          expect(await client.basicCancel(consumer)).toEqual({ consumerTag: 'c' });
        }
      }
    }
  });

  it('rejects calls then as broken, not as misuse, until it is closed', async () => {
    const { broker, client } = await scene();
    broker.reset();
    await broker.pump();
    await expect(client.queueDeclare({ queue: 'q' })).rejects.toBeInstanceOf(ConnectionBroken);
    await expect(client.queueDeclare({ queue: 'q' })).rejects.toMatchObject({ outcome: 'not-sent' });
    await expect(client.basicConsume({ queue: 'q' }).ready).rejects.toBeInstanceOf(ConnectionBroken);
    await client.close();
    await expect(client.queueDeclare({ queue: 'q' })).rejects.toBeInstanceOf(UsageError);
  });
});
