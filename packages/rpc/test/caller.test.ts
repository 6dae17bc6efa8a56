import { runInNewContext } from 'node:vm';
import type { FieldValueInput } from '@puka/client';
import { UsageError } from '@puka/errors';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import {
  type CallContext,
  type Caller,
  type CallOptions,
  caller,
  callerStats,
  closeCaller,
  directReplies,
  replyQueue,
  serve,
} from '../src/index.ts';
import { deferred, scene } from './scene.ts';

const numbers = { one: (): number => 1 };

describe('a caller', () => {
  it('calls nothing if it is logged or converted to a string', async () => {
    const { server, client } = await scene();
    const service = await serve(server, { queue: 'q' }, numbers);
    const remote = caller<typeof service>(client, { queue: 'q' });
    expect(JSON.stringify({ remote })).toBe('{"remote":{}}');
    expect(`${remote}`).toBe("the caller of queue 'q'");
    expect(callerStats(remote).open).toBe(0);
    expect(await remote.one()).toBe(1);
    expect(callerStats(remote)).toMatchObject({ answered: 1, failed: 0 });
  });

  it('has no method in its type that JavaScript itself would call', () => {
    interface Odd {
      then(): number;
      toJSON(): number;
      one(): number;
    }
    expectTypeOf<keyof Caller<Odd>>().toEqualTypeOf<'one' | typeof Symbol.asyncDispose>();
  });

  it('does not keep a function for each of thousands of names', async () => {
    const { client } = await scene();
    const remote = caller<Record<string, () => number>>(client, { queue: 'q' });
    const first = remote.name0;
    for (let index = 0; index < 2000; index++) void remote[`name${index}`];
    expect(remote.name0).toBe(first);
    expect(remote.name1999).not.toBe(remote.name1999);
  });

  it('adds one listener to a signal of many calls, and removes it when they have ended', async () => {
    const { server, client } = await scene();
    const gate = deferred();
    const service = await serve(server, { queue: 'q', concurrency: 50 }, { wait: () => gate.promise });
    const remote = caller<typeof service>(client, { queue: 'q' });
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    Object.assign(signal, {
      addEventListener: (...values: Parameters<typeof add>) => {
        listeners++;
        add(...values);
      },
      removeEventListener: (...values: Parameters<typeof remove>) => {
        listeners--;
        remove(...values);
      },
    });
    const calls = Array.from({ length: 50 }, () => remote.wait(undefined, { signal }));
    expect(listeners).toBe(1);
    gate.resolve();
    await Promise.all(calls);
    expect(listeners).toBe(0);
    const given = Array.from({ length: 50 }, () => remote.wait(undefined, { signal }).catch((error: unknown) => error));
    controller.abort('enough');
    expect(new Set(await Promise.all(given))).toEqual(new Set(['enough']));
    expect(callerStats(remote).open).toBe(0);
  });

  it('can be closed while there is no connection', async () => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'q', declare: { autoDelete: false } }, numbers);
    for (const replies of [replyQueue, undefined]) {
      const remote = caller<typeof service>(client, { queue: 'q', replies });
      await remote.one();
      broker.faults.refuseConnections();
      const down = new Promise((resolve) => client.once('disconnected', resolve));
      broker.faults.dropConnections();
      await down;
      await closeCaller(remote);
      const back = new Promise((resolve) => client.once('connected', resolve));
      broker.faults.clear();
      await back;
    }
  });

  it.each([replyQueue, directReplies])('can be closed while the broker does not answer', async (replies) => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'q' }, numbers);
    const remote = caller<typeof service>(client, { queue: 'q', replies });
    await remote.one();
    broker.block();
    // The broker does not read from publishing connections any more.
    client.basicPublish({ routingKey: 'q' }).catch(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const closed = closeCaller(remote);
    await vi.advanceTimersByTimeAsync(5000);
    await closed;
    broker.unblock();
  });

  it.each<[string, CallOptions['headers']]>([
    ['an object', { user: 'ann', at: new Date(0), ids: [1n, 2n] }],
    ['a Map', new Map<string, FieldValueInput>(Object.entries({ user: 'ann', at: new Date(0), ids: [1n, 2n] }))],
    ['a Map of another realm', runInNewContext("new Map([['user', 'ann'], ['at', new Date(0)], ['ids', [1n, 2n]]])")],
  ])('sends headers that are %s, whether or not the call may run twice', async (_what, headers) => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        keys: (_: undefined, { message }: CallContext) => Object.keys(message.headers).sort(),
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    expect(await remote.keys(undefined, { headers })).toEqual(['at', 'ids', 'user']);
    const twice = remote.keys(undefined, { headers, idempotent: true });
    expect(await twice).toEqual(['at', 'idempotent', 'ids', 'user']);
  });
});

describe('an error of another program', () => {
  it.each([
    ['', 'Error', 'the server sent no error text'],
    ['null', 'Error', 'the server sent no error text'],
    ['"too far"', 'Error', 'too far'],
    ['[]', 'Error', 'the server sent no error text'],
    ['{"name":"Far","message":7}', 'Far', 'the server sent no error text'],
  ])('has a name and a text, whatever its body is: %o', async (body, remoteName, message) => {
    const { server, client } = await scene();
    await server.queueDeclare({ queue: 'q' });
    server.basicConsume({ queue: 'q', noAck: true }, (_error, request) => {
      if (request === undefined) return;
      const { replyTo: routingKey = '', correlationId } = request;
      server.basicPublish({ routingKey, correlationId, type: 'error', body }).catch(() => undefined);
    });
    const remote = caller<typeof numbers>(client, { queue: 'q' });
    await expect(remote.one()).rejects.toMatchObject({ name: 'RemoteError', remoteName, message });
  });
});

describe('a queue for replies', () => {
  it('is deleted if it cannot be consumed', async () => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'q', cancels: false }, numbers);
    const remote = caller<typeof service>(client, { queue: 'q', replies: replyQueue });
    broker.faults.refuse('basic.consume', { code: 403, times: 3 });
    for (let call = 0; call < 3; call++) await expect(remote.one()).rejects.toMatchObject({ name: 'AccessRefused' });
    await broker.until(() => broker.queues().length === 1);
    expect(await remote.one()).toBe(1);
  });
});

describe('options', () => {
  it.each<[unknown, RegExp]>([
    [undefined, /caller takes one object of options, not undefined: caller</],
    [{ queue: 'q', timeOut: 5 }, /caller has no option 'timeOut'; its options are queue, timeout, /],
    [{ queue: 'q', timeout: '500' }, /timeout is a string; it takes milliseconds from 1 to 2147483647, or Infinity/],
    [{ queue: 'q', timeout: 2 ** 31 }, /timeout is 2147483648/],
    [{ queue: 'q', idempotent: 'one' }, /idempotent is a string; it takes true, false, or names: /],
    [{ queue: 'q', codec: 'json' }, /codec is a string/],
    [{ queue: 'q', replies: 'queue' }, /replies is a string; it takes directReplies or replyQueue/],
    [{ queue: 'q', cancels: 'no' }, /cancels is a string/],
    [{ queue: 5 }, /queue is a number/],
  ])('of a caller: refuses %o', async (options, text) => {
    const { client } = await scene();
    expect(() => caller(client, options as never)).toThrow(UsageError);
    expect(() => caller(client, options as never)).toThrow(text);
  });

  it.each([
    null,
    5,
    { timeOut: 5 },
    { timeout: '5' },
    { idempotent: 'yes' },
    { headers: 5 },
    { signal: new AbortController() },
    { signal: null },
  ])('of a call: refuses %o, and keeps nothing of it', async (options) => {
    const { client } = await scene();
    const remote = caller<typeof numbers>(client, { queue: 'q' });
    await expect(remote.one(undefined, options as never)).rejects.toBeInstanceOf(UsageError);
    expect(callerStats(remote).open).toBe(0);
  });
});
