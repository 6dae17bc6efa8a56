import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { waitFor } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { type CallContext, type Codec, caller, serve } from '../src/index.ts';
import { aborted, deferred, scene } from './scene.ts';

const hang = (): Promise<void> => new Promise(() => {});

/** Those that keep the process running. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

describe('a handler that never comes back', () => {
  it.each(['the client of the server is closed', 'the service is stopped'])(
    'does not keep the process running when %s',
    async (how) => {
      const { server, client, another } = await scene();
      const asleep = await another();
      const before = timers();
      const service = await serve(server, { queue: 'q' }, { hang });
      const remote = caller<typeof service>(client, { queue: 'q' });
      const calls = [remote.hang(), remote.hang()].map((call) => call.catch((error: unknown) => error));
      await waitFor(() => service.stats.running === 2);
      if (how.includes('stopped')) await service.stop({ timeout: 1 });
      await server.close();
      await client.close();
      await Promise.all(calls);
      // What is left is of the other client, and of the test itself.
      await waitFor(() => timers() <= before);
      await asleep.close();
    },
  );
});

describe('what a handler throws', () => {
  it('is answered at once, even if it cannot be read, converted to a string or encoded', async () => {
    const { server, client } = await scene();
    const never = (): never => {
      throw new Error('not to be read');
    };
    const service = await serve(
      server,
      { queue: 'q' },
      {
        atOnce: () => {
          throw Object.create(null);
        },
        later: async () => {
          throw Object.create(null);
        },
        unreadable: async () => {
          throw Object.defineProperties(new RangeError('x'), { code: { get: never }, data: { get: never } });
        },
        numbered: async () => {
          throw Object.assign(new Error('x'), { message: 1n });
        },
        revoked: async () => {
          const { proxy, revoke } = Proxy.revocable({}, {});
          revoke();
          throw proxy;
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    const text = 'the thrown value cannot be converted to a string';
    await expect(remote.atOnce()).rejects.toMatchObject({ remoteName: 'Error', message: text });
    await expect(remote.later()).rejects.toMatchObject({ remoteName: 'Error', message: text });
    await expect(remote.unreadable()).rejects.toMatchObject({ remoteName: 'RangeError', message: 'x' });
    await expect(remote.numbered()).rejects.toMatchObject({ remoteName: 'Error', message: '1' });
    await expect(remote.revoked()).rejects.toMatchObject({ remoteName: 'Error', message: text });
    await waitFor(() => service.stats.running === 0);
    expect(service.stats).toMatchObject({ failed: 5, done: 0 });
  });

  it('is answered even if the broker refuses it because of its size', async () => {
    const { server, client } = await scene({ maxMessageBytes: 1000 });
    const service = await serve(
      server,
      { queue: 'q' },
      {
        fail: () => {
          throw new Error('x'.repeat(2000));
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    await expect(remote.fail()).rejects.toMatchObject({ remoteCode: 'BAD_RESULT', remoteName: 'PreconditionFailed' });
    expect(service.stats).toMatchObject({ failed: 1, unheard: 0 });
  });

  it('keeps its name, code and data if it is an error of another realm', async () => {
    const { server, client } = await scene();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        fail: () => {
          throw runInNewContext("Object.assign(new TypeError('odd'), { code: 'ODD', data: 3 })");
        },
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    const facts = { remoteName: 'TypeError', message: 'odd', remoteCode: 'ODD', data: 3 };
    await expect(remote.fail()).rejects.toMatchObject(facts);
  });

  it('reaches the caller even if the codec cannot encode errors', async () => {
    const { server, client } = await scene();
    const codec: Codec = {
      contentType: 'text/number',
      encode: (value) => {
        if (typeof value !== 'number') throw new TypeError('numbers only');
        return String(value);
      },
      decode: (body) => Number(new TextDecoder().decode(body)),
    };
    const service = await serve(
      server,
      { queue: 'q', codec },
      {
        fail: async (_: number) => {
          throw Object.assign(new RangeError('too far'), { code: 'FAR' });
        },
        text: (_: number) => 'no number' as unknown as number,
        double: (value: number) => value * 2,
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q', codec });
    await expect(remote.fail(1)).rejects.toMatchObject({
      remoteName: 'RangeError',
      message: 'too far',
      remoteCode: 'FAR',
    });
    await expect(remote.text(1)).rejects.toMatchObject({ remoteCode: 'BAD_RESULT', message: 'numbers only' });
    expect(await remote.double(4)).toBe(8);
    await service.stop();
  });
});

it('takes the first outcome of a promise that has several', async () => {
  const { server, client } = await scene();
  const service = await serve(
    server,
    { queue: 'q' },
    {
      odd: (): unknown => ({
        // biome-ignore lint/suspicious/noThenProperty: it is meant to pass for a promise.
        then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
          resolve('first');
          resolve('second');
          reject(new Error('no'));
        },
      }),
    },
  );
  const remote = caller<typeof service>(client, { queue: 'q' });
  expect(await remote.odd()).toBe('first');
  await waitFor(() => service.stats.running === 0);
  expect(service.stats).toMatchObject({ done: 1, failed: 0 });
});

it('calls a handler as a method of its object', async () => {
  const { server, client } = await scene();
  const handlers = {
    twice(value: number): number {
      return value * 2;
    },
    fourTimes(value: number): number {
      return this.twice(this.twice(value));
    },
  };
  const service = await serve(server, { queue: 'q' }, handlers);
  const remote = caller<typeof service>(client, { queue: 'q' });
  expect(await remote.fourTimes(3)).toBe(12);
});

it('does not treat two requests without an id as one', async () => {
  const { server, client } = await scene();
  const gate = deferred();
  const seen: string[] = [];
  const service = await serve(
    server,
    { queue: 'q' },
    {
      tell: async (text: string) => {
        seen.push(text);
        await gate.promise;
      },
    },
  );
  for (const json of ['a', 'b']) await client.basicPublish({ routingKey: 'q', type: 'tell', correlationId: '', json });
  await waitFor(() => seen.length === 2);
  gate.resolve();
  await waitFor(() => service.stats.done === 2);
});

describe('a service whose consumer has ended by itself', () => {
  it('leaves the queue to the one that serves it now', async () => {
    const { server, client, another, broker } = await scene();
    const first = await serve(server, { queue: 'q' }, { who: () => 'first' });
    await client.queueDelete({ queue: 'q' });
    await expect(first.ended).rejects.toMatchObject({ name: 'ConsumerCancelled' });
    const second = await serve(await another(), { queue: 'q' }, { who: () => 'second' });
    await first.stop();
    expect(broker.queue('q')?.consumers).toHaveLength(1);
    const remote = caller<typeof second>(client, { queue: 'q' });
    expect(await remote.who()).toBe('second');
  });

  it('answers running calls, notices calls that are given up, and leaves no queue', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    const told = deferred<unknown>();
    const service = await serve(
      server,
      { queue: 'q' },
      {
        work: async () => {
          await gate.promise;
          return 'done';
        },
        wait: async (_: undefined, { signal }: CallContext) => told.resolve(await aborted(signal)),
      },
    );
    const remote = caller<typeof service>(client, { queue: 'q' });
    const call = remote.work();
    const controller = new AbortController();
    const other = remote.wait(undefined, { signal: controller.signal });
    await waitFor(() => service.stats.running === 2);
    await client.queueDelete({ queue: 'q' });
    await expect(service.ended).rejects.toMatchObject({ name: 'ConsumerCancelled' });
    controller.abort('enough');
    await expect(other).rejects.toBe('enough');
    expect(await told.promise).toMatchObject({ message: 'the caller has given up the call' });
    gate.resolve();
    expect(await call).toBe('done');
    await broker.until(() => broker.queues().length === 0);
  });
});

describe('stop', () => {
  it.each([{ timeout: 2 ** 31 }, { timeout: Number.NaN }, { timeout: -1 }, { timeout: '5' }, { timeOut: 5 }, null])(
    'refuses %o, and can be called again',
    async (options) => {
      const { server } = await scene();
      const service = await serve(server, { queue: 'q' }, { hang });
      await expect(service.stop(options as never)).rejects.toBeInstanceOf(UsageError);
      expect(service.stop()).toBe(service.stop({ timeout: 0 }));
      await service.stop();
    },
  );

  it('ends in time even if the broker is short of memory and does not answer', async () => {
    const { server, client, broker } = await scene();
    const gate = deferred();
    const service = await serve(server, { queue: 'q' }, { wait: () => gate.promise });
    const remote = caller<typeof service>(client, { queue: 'q' });
    const call = remote.wait();
    await waitFor(() => service.stats.running === 1);
    broker.block();
    // It publishes the answer, and the broker does not read from it any more.
    gate.resolve();
    await service.stop({ timeout: 1 });
    broker.unblock();
    await call;
    await broker.until(() => broker.queue('q') === undefined);
  });
});

describe('serve', () => {
  it('leaves no queue if it fails', async () => {
    const { server, another, broker } = await scene();
    await server.queueDeclare({ queue: 'q' });
    const other = await another();
    await other.basicConsume({ queue: 'q', exclusive: true }).ready;
    const serving = serve(server, { queue: 'q', declare: false }, { hang });
    await expect(serving).rejects.toMatchObject({ name: 'AccessRefused' });
    await broker.until(() => broker.queues().length === 1);
    broker.faults.refuse('basic.consume', { code: 403 });
    await expect(serve(server, { queue: 'p', declare: false }, { hang })).rejects.toMatchObject({
      name: 'AccessRefused',
    });
    await broker.until(() => broker.queues().length === 1);
  });

  it('uses the default if autoDelete is undefined', async () => {
    const { server, broker } = await scene();
    const service = await serve(server, { queue: 'q', declare: { autoDelete: undefined } }, { hang });
    expect(broker.queue('q')?.autoDelete).toBe(true);
    await service.stop();
  });

  it.each<[unknown, RegExp]>([
    [undefined, /serve takes one object of options, not undefined: serve\(client, /],
    [{ queue: 'q', concurency: 4 }, /serve has no option 'concurency'; its options are queue, concurrency, /],
    [{ queue: 'q', codec: {} }, /codec is an object, not a codec; it takes \{ contentType, encode, decode \}/],
    [{ queue: 'q', declare: 5 }, /declare is a number; it takes options of queueDeclare, or false/],
    [{ queue: 'q', cancels: 0 }, /cancels is a number/],
    [{ queue: 'q', withStack: 'no' }, /withStack is a string/],
    [{ queue: 'ü'.repeat(120) }, /queue is of 240 bytes; it takes a name of 1 to 239 bytes/],
  ])('refuses the options %o', async (options, text) => {
    const { server } = await scene();
    const serving = serve(server, options as never, { hang });
    await expect(serving).rejects.toBeInstanceOf(UsageError);
    await expect(serving).rejects.toThrow(text);
  });

  it.each([
    undefined,
    5,
    {},
    new (class {
      hang = 5;
    })(),
    new (class {
      async hang(): Promise<void> {}
    })(),
  ])('refuses the handlers %o', async (handlers) => {
    const { server } = await scene();
    await expect(serve(server, { queue: 'q' }, handlers as never)).rejects.toBeInstanceOf(UsageError);
  });
});
