import { ConnectionBroken } from '@puka/errors';
import type { TransportConnector } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import type { Operation } from '../../src/operations/operation.ts';
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

  it('has its result at once if the client has connected again by itself', async () => {
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

it('counts a broker that the client cannot use as one connection that failed', async () => {
  const broker = new ScriptedBroker();
  broker.serverProperties = {};
  const client = broker.client({ pubacks: true });
  const connecting = client.connect();
  connecting.catch(() => {});
  await broker.pump();
  await expect(connecting).rejects.toMatchObject({ code: 'AMQP_NOT_IMPLEMENTED' });
  expect(client.metrics().connections).toMatchObject({ opened: 0, failed: 1 });
});

describe('close() while recovering', () => {
  it('settles at once, and rejects the code that waits for the connection', async () => {
    const { broker, client } = await lost();
    const waiting = client.connect();
    await client.close();
    await expect(waiting).rejects.toBeInstanceOf(ConnectionBroken);
    broker.sent();
    await broker.advance(100_000);
    expect(broker.sent()).toEqual([]);
  });
});

describe('a client that is closed by a function or a listener that it calls', () => {
  const ways = {
    close: (client: Client) => client.close(),
    shutdown: (client: Client) => client.shutdown(),
  } as const;

  describe.each(['close', 'shutdown'] as const)('%s() in retryIf', (way) => {
    it.each([true, false])('settles, and no attempt follows, though it returns %s', async (answer) => {
      for (const stage of ['first connect', 'loss', 'attempt'] as const) {
        const broker = new ScriptedBroker();
        let closing: Operation<unknown> | undefined;
        let isArmed = stage !== 'attempt';
        const retryIf = (): boolean => {
          if (!isArmed) return true;
          closing ??= ways[way](client);
          return answer;
        };
        const client = broker.client({ recover: { initial: true, minDelay: 100, maxDelay: 100, retryIf } });
        const closed: unknown[] = [];
        client.on('closed', (error) => closed.push(error));
        const refuse = (): void => {
          broker.answers.set('connection.open', () => {
            broker.reset();
            return [];
          });
        };
        if (stage === 'first connect') refuse();
        const connecting = client.connect();
        connecting.catch(() => {});
        await broker.pump();
        if (stage !== 'first connect') {
          await connecting;
          broker.reset();
          await broker.pump();
        }
        if (stage === 'attempt') {
          isArmed = true;
          refuse();
          await broker.advance(100);
        }
        await broker.pump();
        expect([stage, client.state]).toEqual([stage, 'idle']);
        expect(closing?.state).toBe('fulfilled');
        if (stage === 'first connect') await expect(connecting).rejects.toThrow('the client was closed');
        expect(closed).toHaveLength(1);
        broker.sent();
        await broker.advance(10_000);
        expect(broker.sent()).toEqual([]);
        broker.answers.clear();
        const again = client.connect();
        await broker.pump();
        expect(again.state).toBe('fulfilled');
        void client.close();
        await broker.pump();
      }
    });
  });

  it('by an abort in retryIf it ends the call of connect', async () => {
    const broker = new ScriptedBroker();
    const abort = new AbortController();
    const retryIf = (): boolean => {
      abort.abort(new Error('enough'));
      return true;
    };
    const client = broker.client({ recover: { initial: true, retryIf } });
    broker.answers.set('connection.open', () => {
      broker.reset();
      return [];
    });
    const connecting = client.connect({ signal: abort.signal });
    connecting.catch(() => {});
    await broker.pump();
    await expect(connecting).rejects.toThrow('enough');
    expect(client.state).toBe('idle');
  });

  it.each(['connectStarted', 'connectEnded'] as const)('in %s it settles too', async (hook) => {
    for (const isRecovering of [false, true]) {
      const broker = new ScriptedBroker();
      let closing: Operation<void> | undefined;
      let calls = 0;
      const close = (): void => {
        if (++calls === (isRecovering ? 2 : 1)) closing = client.close();
      };
      let dials = 0;
      const transport: TransportConnector = {
        runtime: 'memory',
        connect: (...given) => {
          dials++;
          return broker.connector.connect(...given);
        },
      };
      const recover = { minDelay: 100, maxDelay: 100 };
      const client = broker.client({ recover, transport, diagnostics: { [hook]: close } });
      const closed: unknown[] = [];
      client.on('closed', (error) => closed.push(error));
      const connecting = client.connect();
      connecting.catch(() => {});
      await broker.pump();
      if (isRecovering) {
        broker.reset();
        await broker.pump();
        await broker.advance(100);
      }
      expect(closing?.state).toBe('fulfilled');
      expect(client.state).toBe('idle');
      expect(connecting.state).toBe(isRecovering ? 'fulfilled' : 'rejected');
      expect(closed).toEqual([undefined]);
      expect(dials).toBe((isRecovering ? 1 : 0) + (hook === 'connectEnded' ? 1 : 0));
      expect(broker.warnings).toEqual([]);
      broker.sent();
      await broker.advance(10_000);
      expect(broker.sent()).toEqual([]);
    }
  });
});
