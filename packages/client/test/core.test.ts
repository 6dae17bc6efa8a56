import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from './scripted-broker.ts';

describe('an operation that cannot be encoded', () => {
  it('fails with UsageError, and the next goes on', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
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
