import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionBroken, LimitExceeded, NoRoute, OperationTimeout, UsageError } from '@puka/errors';
import {
  type CallContext,
  type Codec,
  caller,
  callerStats,
  closeCaller,
  HandlerError,
  RemoteError,
  replyQueue,
  serve,
} from '@puka/rpc';
import { waitFor } from '@puka/testkit';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { aborted, cut, deferred, scene } from './scene.ts';

interface Pair {
  readonly a: number;
  readonly b: number;
}
const maths = {
  add: ({ a, b }: Pair): number => a + b,
  slowly: async ({ a, b }: Pair): Promise<number> => a * b,
  nothing: (): void => {},
};

describe('a call', () => {
  it('is typed end to end', async () => {
    const { server, client } = await scene();
    const service = await serve(server, { queue: 'maths', concurrency: 4 }, maths);
    const remote = caller<typeof service>(client, { queue: 'maths' });
    expectTypeOf(remote.add).parameter(0).toEqualTypeOf<Pair>();
    expectTypeOf(remote.slowly).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(remote.nothing).returns.toEqualTypeOf<Promise<void>>();
    // @ts-expect-error no such method; the server reports it too
    await expect(remote.subtract({ a: 1, b: 2 })).rejects.toMatchObject({ remoteCode: 'UNKNOWN_METHOD' });
    expect(await remote.add({ a: 1, b: 2 })).toBe(3);
    expect(await remote.slowly({ a: 3, b: 4 })).toBe(12);
    expect(await remote.nothing()).toBeUndefined();
    // It has been answered before that.
    await waitFor(() => service.stats.running === 0);
    expect(service.stats).toEqual({ running: 0, done: 3, failed: 1, cancelled: 0, refused: 0, unheard: 0 });
    expect(callerStats(remote)).toEqual({ open: 0, answered: 4, failed: 0, resent: 0, lateReplies: 0 });
  });

  it('is one of a thousand at once, over one consumer, in whatever order they are answered', async () => {
    const { broker, server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'maths', concurrency: 100 },
      {
        square: async (value: number) => {
          await sleep(value % 7);
          return value * value;
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'maths' });
    const values = Array.from({ length: 1000 }, (_, index) => index);
    expect(await Promise.all(values.map((value) => remote.square(value)))).toEqual(
      values.map((value) => value * value),
    );
    // Those of the service: one for requests, one for calls given up. Direct replies need no queue.
    expect(broker.queues().flatMap(({ consumers }) => consumers)).toHaveLength(2);
  });

  it('runs no more handlers at once than the concurrency of the server', async () => {
    const { server, client } = await scene();
    let most = 0;
    let running = 0;
    const service = await serve(
      server,
      { queue: 'maths', concurrency: 3 },
      {
        work: async () => {
          most = Math.max(most, ++running);
          await sleep(1);
          running--;
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'maths' });
    await Promise.all(Array.from({ length: 30 }, () => remote.work()));
    expect(most).toBe(3);
  });

  it('reaches the queue in the order of the calls, from the first on', async () => {
    const { server, client, broker } = await scene();
    await server.queueDeclare({ queue: 'q' });
    const remote = caller<{ say: (text: string) => void }>(client, { queue: 'q' });
    for (const text of ['a', 'b', 'c']) remote.say(text).catch(() => {});
    await broker.published('q', 3);
    const texts = (await broker.published('q', 3)).map((message) => message.json());
    expect(texts).toEqual(['a', 'b', 'c']);
  });

  it('is shared out among the servers of a queue', async () => {
    const { server, client, another } = await scene();
    const names = (name: string) => ({ who: () => name });
    const service = await serve(server, { queue: 'who', concurrency: 1 }, names('one'));
    await serve(await another(), { queue: 'who', concurrency: 1 }, names('two'));
    const remote = caller<typeof service>(client, { queue: 'who' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => remote.who()));
    expect(new Set(answers)).toEqual(new Set(['one', 'two']));
  });
});

describe('an error of a handler', () => {
  it('comes back with name, code, text and its own data, and without its stack', async () => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        own: () => {
          throw new HandlerError('too low', { code: 'TOO_LOW', data: { balance: 3 } });
        },
        any: () => {
          throw Object.assign(new RangeError('not so'), { code: 17 });
        },
        text: () => Promise.reject('a text'),
        broken: () => {
          throw new HandlerError('odd', { data: 1n });
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    const error = await remote.own().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      ...{ remoteName: 'HandlerError', remoteCode: 'TOO_LOW', message: 'too low', data: { balance: 3 } },
      ...{ remoteStack: undefined, outcome: 'refused', code: 'RPC_REMOTE_ERROR' },
    });
    await expect(remote.any()).rejects.toMatchObject({ remoteName: 'RangeError', remoteCode: '17' });
    await expect(remote.text()).rejects.toMatchObject({ remoteName: 'Error', message: 'a text' });
    await expect(remote.broken()).rejects.toMatchObject({
      remoteName: 'HandlerError',
      message: 'odd',
      data: undefined,
    });
    expect(service.stats.failed).toBe(4);
  });

  it('has its stack if the server has the option to send it', async () => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q', withStack: true },
      {
        fail: () => {
          throw new Error('here');
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    await expect(remote.fail()).rejects.toMatchObject({ remoteStack: expect.stringMatching(/^Error: here\n\s*at /) });
  });

  it('is reported too where result or argument do not fit: neither the caller nor the server hangs', async () => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q' },
      { big: () => 1n as unknown as number, echo: (value: unknown) => value },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    await expect(remote.big()).rejects.toMatchObject({ remoteCode: 'BAD_RESULT' });
    await expect(remote.echo(1n)).rejects.toBeInstanceOf(TypeError);
    await client.basicPublish({ routingKey: 'q', type: 'echo', body: '{', replyTo: '' });
    expect(await remote.echo('still here')).toBe('still here');
    expect(callerStats(remote).open).toBe(0);
    // What an object has by itself is no method.
    await expect((remote as unknown as { toString(): Promise<void> }).toString()).rejects.toBeInstanceOf(RemoteError);
  });
});

describe('a call without a server', () => {
  it('is NoRoute at once', async () => {
    const { client, server } = await scene();
    const remote = caller<typeof maths>(client, { queue: 'maths', timeout: Number.POSITIVE_INFINITY });
    await expect(remote.add({ a: 1, b: 2 })).rejects.toBeInstanceOf(NoRoute);
    const service = await serve(server, { queue: 'maths' }, maths);
    expect(await remote.add({ a: 1, b: 2 })).toBe(3);
    await service.stop();
    await service.ended;
    await expect(remote.add({ a: 1, b: 2 })).rejects.toBeInstanceOf(NoRoute);
  });
});

describe('a call that is given up', () => {
  it('at its time rejects with OperationTimeout, the handler is aborted, and nothing is sent to who does not wait', async () => {
    const { server, client } = await scene();
    const told = deferred<unknown>();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        wait: async (_: undefined, { signal }: CallContext) => {
          told.resolve(await aborted(signal));
        },
        ping: () => 'pong',
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q', timeout: 30 });
    // The first call finds out where replies come to. From the second on a request goes out at once, whatever the machine does.
    expect(await remote.ping(undefined, { timeout: 10_000 })).toBe('pong');
    const error = await remote.wait().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperationTimeout);
    expect(error).toMatchObject({ outcome: 'unknown', message: "call 'wait' of 'q' got no answer in 30 ms" });
    expect(await told.promise).toBeInstanceOf(OperationTimeout);
    expect(await remote.ping(undefined, { timeout: 10_000 })).toBe('pong');
    await waitFor(() => service.stats.running === 0);
    expect(callerStats(remote)).toMatchObject({ open: 0, answered: 2, failed: 1, lateReplies: 0 });
  });

  it('by its signal rejects with the reason, and the handler hears of it', async () => {
    const { server, client } = await scene();
    const began = deferred();
    const told = deferred<unknown>();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        wait: async (_: undefined, { signal }: CallContext) => {
          began.resolve();
          told.resolve(await aborted(signal));
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q', timeout: Number.POSITIVE_INFINITY });
    const controller = new AbortController();
    const call = remote.wait(undefined, { signal: controller.signal });
    await began.promise;
    controller.abort('enough');
    await expect(call).rejects.toBe('enough');
    expect(await told.promise).toMatchObject({ message: 'the caller has given up the call' });
    expect(service.stats).toMatchObject({ cancelled: 1, unheard: 0 });
    await expect(remote.wait(undefined, { signal: AbortSignal.abort('never') })).rejects.toBe('never');
  });

  it('before it came to a handler does not run at all', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    let runs = 0;
    const service = await serve(
      server,
      { queue: 'q', concurrency: 1 },
      {
        wait: async () => {
          runs++;
          await gate.promise;
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q', timeout: Number.POSITIVE_INFINITY });
    const first = remote.wait();
    const controller = new AbortController();
    const second = remote.wait(undefined, { signal: controller.signal });
    await broker.until(() => broker.queue('q')?.ready === 1);
    controller.abort('enough');
    await expect(second).rejects.toBe('enough');
    const cancels = broker.bindings().find(({ source }) => source === 'amq.direct')?.destination ?? '';
    await broker.published(cancels);
    await broker.consumed(cancels);
    gate.resolve();
    await first;
    await broker.consumed('q');
    expect(runs).toBe(1);
    expect(service.stats.cancelled).toBe(1);
  });

  it('whose reply comes all the same: it is counted', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    const service = await serve(server, { queue: 'q', cancels: false }, { wait: () => gate.promise });
    const remote = caller<typeof service>(client, { queue: 'q', timeout: Number.POSITIVE_INFINITY, cancels: false });
    const controller = new AbortController();
    const call = remote.wait(undefined, { signal: controller.signal });
    await broker.until(() => broker.queue('q')?.unacked === 1);
    controller.abort('enough');
    await expect(call).rejects.toBe('enough');
    gate.resolve();
    await waitFor(() => callerStats(remote).lateReplies === 1);
  });

  it('waits in the queue no longer than its time', async () => {
    const { server, client, broker } = await scene();
    await server.queueDeclare({ queue: 'q' });
    const remote = caller<typeof maths>(client, { queue: 'q', timeout: 20 });
    await expect(remote.add({ a: 1, b: 2 })).rejects.toBeInstanceOf(OperationTimeout);
    await broker.until(() => broker.queue('q')?.ready === 0);
  });
});

describe('a connection lost in between', () => {
  it('fails a call that must not run twice with outcome unknown, and sends again one that may', async () => {
    const { server, cuttable, broker } = await scene();
    const client = await cuttable();
    const seen: string[] = [];
    const gate = deferred();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        once: async () => {
          seen.push('once');
          await gate.promise;
        },
        twice: async () => {
          seen.push('twice');
          if (seen.filter((each) => each === 'twice').length === 1) await gate.promise;
          return 'answered';
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: ['twice'] });
    const once = remote.once().catch((error: unknown) => error);
    const twice = remote.twice();
    await broker.until(() => broker.queue('q')?.unacked === 2);
    await cut(client);
    expect(await once).toBeInstanceOf(ConnectionBroken);
    expect(await once).toMatchObject({ outcome: 'unknown' });
    // Its first run answers for both.
    gate.resolve();
    expect(await twice).toBe('answered');
    expect(seen.filter((each) => each === 'once')).toHaveLength(1);
    expect(callerStats(remote)).toMatchObject({ open: 0, resent: 1 });
  });

  it('never lets the client itself send again what must not run twice', async () => {
    const { server, cuttable, broker } = await scene();
    const client = await cuttable();
    let runs = 0;
    const service = await serve(server, { queue: 'q' }, { once: () => ++runs });
    const remote = caller<typeof service>(client, { queue: 'q' });
    await remote.once();
    broker.faults.loseConfirms(1);
    const call = remote.once();
    expect(await call).toBe(2);
    // The request has no confirm, and the connection goes: the call has its answer, so nothing is to be repeated.
    await cut(client);
    expect(await remote.once()).toBe(3);
    expect(runs).toBe(3);
  });

  it('lets a call that is made meanwhile wait for the next one, no longer than its time', async () => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'maths', declare: { autoDelete: false } }, maths);
    const remote = caller<typeof service>(client, { queue: 'maths' });
    await remote.add({ a: 1, b: 2 });
    broker.faults.refuseConnections();
    const down = new Promise((resolve) => client.once('disconnected', resolve));
    broker.faults.dropConnections();
    await down;
    const waiting = remote.add({ a: 20, b: 22 });
    await expect(remote.add({ a: 1, b: 2 }, { timeout: 5 })).rejects.toMatchObject({
      ...{ name: 'OperationTimeout', outcome: 'not-sent' },
    });
    broker.faults.clear();
    await expect(waiting).resolves.toBe(42);
  });

  it('of the server: another one takes what may run twice, and refuses what must not', async () => {
    const { server, client, another } = await scene();
    const began = deferred();
    let count = 0;
    const hang = async (): Promise<void> => {
      if (++count === 2) began.resolve();
      await new Promise(() => {});
    };
    const service = await serve(server, { queue: 'q', declare: { autoDelete: false } }, { once: hang, twice: hang });
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: ['twice'] });
    const once = remote.once().catch((error: unknown) => error);
    const twice = remote.twice();
    await began.promise;
    await server.close();
    await expect(service.ended).rejects.toBeInstanceOf(ConnectionBroken);
    const second = await serve(
      await another(),
      { queue: 'q', declare: { autoDelete: false } },
      { once: () => {}, twice: () => {} },
    );
    await twice;
    expect(await once).toMatchObject({ remoteCode: 'OUTCOME_UNKNOWN', outcome: 'unknown' });
    expect(second.stats).toMatchObject({ done: 1, refused: 1 });
  });

  it('aborts the handlers of a server whose connection is gone for good', async () => {
    const { server, client } = await scene();
    const told = deferred<unknown>();
    const began = deferred();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        wait: async (_: undefined, { signal }: CallContext) => {
          began.resolve();
          told.resolve(await aborted(signal));
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    remote.wait().catch(() => {});
    await began.promise;
    await server.close();
    expect(await told.promise).toBeInstanceOf(ConnectionBroken);
  });

  it('by a close of the program fails every call at once', async () => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'q' }, { hang: () => new Promise<void>(() => {}) });
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: true });
    const call = remote.hang().catch((error: unknown) => error);
    await broker.until(() => broker.queue('q')?.unacked === 1);
    await client.close();
    expect(await call).toMatchObject({ name: 'ConnectionBroken', outcome: 'unknown' });
    await expect(remote.hang()).rejects.toMatchObject({ outcome: 'not-sent' });
  });
});

describe('stop', () => {
  it('takes no new calls, lets running ones finish, and answers them', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    const service = await serve(server, { queue: 'q' }, { wait: async () => gate.promise.then(() => 'done') });
    const remote = caller<typeof service>(client, { queue: 'q' });
    const call = remote.wait();
    await waitFor(() => service.stats.running === 1);
    const stopped = service.stop();
    await broker.until(() => broker.queue('q') === undefined);
    await expect(remote.wait()).rejects.toBeInstanceOf(NoRoute);
    gate.resolve();
    expect(await call).toBe('done');
    await stopped;
    expect(broker.queues()).toEqual([]);
  });

  it('of the last server refuses what waits, or is on its way, instead of losing it with the queue', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    const service = await serve(
      server,
      { queue: 'q', concurrency: 2 },
      { wait: async () => gate.promise.then(() => 'done') },
    );
    const remote = caller<typeof service>(client, { queue: 'q', timeout: Number.POSITIVE_INFINITY });
    const calls = Array.from({ length: 20 }, () => remote.wait().catch((error: unknown) => error));
    await waitFor(() => service.stats.running === 2);
    // No more than this is known of those after them.
    calls.push(...Array.from({ length: 20 }, () => remote.wait().catch((error: unknown) => error)));
    const stopped = service.stop();
    await broker.until(() => broker.queue('q') === undefined);
    gate.resolve();
    const outcomes = await Promise.all(calls);
    await stopped;
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(2);
    for (const outcome of outcomes.filter((each) => each !== 'done')) {
      const isKnown =
        outcome instanceof NoRoute || (outcome instanceof RemoteError && outcome.remoteCode === 'NOT_RUN');
      expect(isKnown).toBe(true);
    }
  });

  it('aborts what does not end in time, and sends its caller an error', async () => {
    const { server, client } = await scene();
    const told = deferred<unknown>();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        deaf: async (_: undefined, { signal }: CallContext) => {
          told.resolve(await aborted(signal));
          await new Promise(() => {});
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    const call = remote.deaf().catch((error: unknown) => error);
    await waitFor(() => service.stats.running === 1);
    await service.stop({ timeout: 10 });
    expect(await told.promise).toBeInstanceOf(ConnectionBroken);
    expect(await call).toMatchObject({ remoteCode: 'SERVICE_STOPPED', outcome: 'unknown' });
  });

  it('of a caller fails what is open, and takes its queue away', async () => {
    const { server, client, broker } = await scene();
    const service = await serve(server, { queue: 'q' }, { hang: () => new Promise<void>(() => {}) });
    const remote = caller<typeof service>(client, { queue: 'q', replies: replyQueue });
    const call = remote.hang().catch((error: unknown) => error);
    await broker.until(() => broker.queue('q')?.unacked === 1);
    expect(broker.queues()).toHaveLength(3);
    await closeCaller(remote);
    expect(await call).toBeInstanceOf(ConnectionBroken);
    expect(broker.queues()).toHaveLength(2);
    await expect(remote.hang()).rejects.toThrow('the caller has been closed');
    expect(() => callerStats({} as AsyncDisposable)).toThrow(UsageError);
  });
});

describe('options', () => {
  it('take another codec', async () => {
    const { server, client, broker } = await scene();
    const reversed: Codec = {
      contentType: 'text/reversed',
      encode: (value) => [...JSON.stringify(value ?? null)].reverse().join(''),
      decode: (body) => JSON.parse([...new TextDecoder().decode(body)].reverse().join('')),
    };
    const service = await serve(server, { queue: 'q', codec: reversed }, maths);
    const remote = caller<typeof service>(client, { queue: 'q', codec: reversed });
    expect(await remote.add({ a: 20, b: 22 })).toBe(42);
    const [request] = await broker.published('q');
    expect(request?.properties).toMatchObject({ contentType: 'text/reversed', type: 'add' });
    const plain = caller<typeof service>(client, { queue: 'q' });
    await expect(plain.add({ a: 1, b: 2 })).rejects.toMatchObject({ remoteCode: 'BAD_REPLY' });
  });

  it('are checked at the call', async () => {
    const { server, client } = await scene();
    await expect(serve(server, { queue: '' }, {})).rejects.toBeInstanceOf(UsageError);
    await expect(serve(server, { queue: 'q', concurrency: 0 }, {})).rejects.toBeInstanceOf(UsageError);
    await expect(serve(server, { queue: 'q' }, { a: 1 as never })).rejects.toBeInstanceOf(UsageError);
    expect(() => caller(client, { queue: 'q', timeout: 0 })).toThrow(UsageError);
    const remote = caller<typeof maths>(client, { queue: 'q' });
    await expect(remote.add({ a: 1, b: 2 }, { timeout: Number.NaN })).rejects.toBeInstanceOf(UsageError);
    await expect(remote.add({ a: 1, b: 2 }, { headers: { x: 'y'.repeat(200_000) } })).rejects.toBeInstanceOf(
      LimitExceeded,
    );
    expect(callerStats(remote).open).toBe(0);
  });

  it('headers of a call reach its handler', async () => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        who: (_: undefined, { message }: CallContext) => ({
          ...message.headers,
        }),
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    expect(await remote.who(undefined, { headers: { user: 'ann' } })).toEqual({ user: 'ann' });
  });

  it('a request that comes twice is not run twice, unless it is marked that it may be', async () => {
    const { server, client } = await scene();
    const runs: string[] = [];
    const service = await serve(server, { queue: 'q' }, { tell: (text: string) => void runs.push(text) });
    for (const headers of [{}, { idempotent: true }]) {
      const text = `idempotent: ${'idempotent' in headers}`;
      const request = { routingKey: 'q', type: 'tell', correlationId: text, json: text, headers };
      await client.basicPublish(request);
      await waitFor(() => service.stats.running === 0 && runs.at(-1) === text);
      await client.basicPublish(request);
    }
    await waitFor(() => runs.length === 3 && service.stats.refused === 1);
    expect(runs).toEqual(['idempotent: false', 'idempotent: true', 'idempotent: true']);
  });

  it('a message without replyTo is run and not answered', async () => {
    const { server, client, broker } = await scene();
    const ran = deferred<Pair>();
    await serve(server, { queue: 'q' }, { tell: (pair: Pair) => ran.resolve(pair) });
    await client.basicPublish({ routingKey: 'q', type: 'tell', json: { a: 1, b: 2 } });
    expect(await ran.promise).toEqual({ a: 1, b: 2 });
    await broker.consumed('q');
  });
});
