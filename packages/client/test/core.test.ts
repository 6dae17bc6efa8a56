import { ConnectionBroken, UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from './scripted-broker.ts';

async function scene() {
  const broker = new ScriptedBroker();
  return { broker, client: await broker.connected() };
}

describe('an operation that cannot be encoded', () => {
  it('fails with UsageError, and the next goes on', async () => {
    const { broker, client } = await scene();
    const long = client.queueDeclare({ queue: 'x'.repeat(300) });
    await expect(long).rejects.toBeInstanceOf(UsageError);
    const next = client.queueDeclare({ queue: 'x' });
    await broker.pump();
    expect(await next).toMatchObject({ queue: 'x' });
  });

  it('fails at the call also where it has to wait for a channel', async () => {
    const broker = new ScriptedBroker();
    broker.tune.channelMax = 4;
    const client = await broker.connected();
    const others = Array.from({ length: 10 }, (_, index) => client.queueDeclare({ queue: `q${index}` }));
    await expect(client.queueDeclare({ queue: 'x'.repeat(300) })).rejects.toBeInstanceOf(UsageError);
    await broker.pump();
    expect((await Promise.all(others)).length).toBe(10);
  });
});

describe('an operation with a signal and a timeout', () => {
  it('is given up before it is sent, while it is under way, and not once it has its result', async () => {
    const { broker, client } = await scene();
    const reason = new Error('enough');
    const before = client.queueDeclare({ queue: 'a', signal: AbortSignal.abort(reason) });
    await expect(before).rejects.toBe(reason);
    expect(client.needsWrite()).toBe(false);
    broker.answers.set('queue.declare', () => []);
    const abort = new AbortController();
    const during = client.queueDeclare({ queue: 'b', signal: abort.signal });
    await broker.pump();
    abort.abort(reason);
    await expect(during).rejects.toBe(reason);
    broker.answers.clear();
    const late = new AbortController();
    const after = client.queueDeclare({ queue: 'c', signal: late.signal });
    await broker.pump();
    late.abort(reason);
    expect(await after).toMatchObject({ queue: 'c' });
  });

  it('that is given up keeps its channel from others until its answer has come', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', () => []);
    const abort = new AbortController();
    const given = client.queueDeclare({ queue: 'a', signal: abort.signal });
    await broker.pump();
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    const { channel, method } = broker.last('queue.declare');
    const next = client.queueDeclare({ queue: 'b' });
    await broker.pump();
    expect(broker.last('queue.declare').channel).not.toBe(channel);
    broker.say(...broker.usual(broker.last('queue.declare').channel, broker.last('queue.declare').method));
    broker.say(...broker.usual(channel, method));
    await broker.pump();
    expect(await next).toMatchObject({ queue: 'b' });
  });
});

describe('options that may be left out', () => {
  it('leave the callback alone', async () => {
    const { broker, client } = await scene();
    const told: unknown[] = [];
    client.queueDeclare((error) => told.push(['queueDeclare', error]));
    client.drained((error) => told.push(['drained', error]));
    await broker.pump();
    client.shutdown((error, report) => told.push(['shutdown', error, report?.handlersAbandoned]));
    await broker.pump();
    expect(told).toEqual([
      ['drained', undefined],
      ['queueDeclare', undefined],
      ['shutdown', undefined, 0],
    ]);
  });
});

describe('closing', () => {
  it('inside a callback ends everything once, and what was outstanding is broken', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.purge', () => []);
    const purge = client.queuePurge({ queue: 'q' });
    const closed: unknown[] = [];
    client.on('closed', (error) => closed.push(error));
    client.queueDeclare({ queue: 'q' }, () => client.close());
    await broker.pump();
    await expect(purge).rejects.toBeInstanceOf(ConnectionBroken);
    expect(closed).toEqual([undefined]);
  });

  it('returns the same outcome again and again', async () => {
    const { broker, client } = await scene();
    const first = client.close();
    expect(client.close()).toBe(first);
    const told: unknown[] = [];
    client.close((error) => told.push(error));
    await broker.pump();
    await client.close();
    expect(told).toEqual([undefined]);
  });
});
