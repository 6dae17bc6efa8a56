import { ConnectionBroken, PreconditionFailed } from '@puka/errors';
import { caller, callerStats, closeCaller, directReplies, replyQueue, serve } from '@puka/rpc';
import { waitFor } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { cut, deferred, microtasks, scene } from './scene.ts';

const echo = { echo: (value: string): string => value };

describe('direct replies', () => {
  it('are the default: no queue, one consumer for all callers of a client, to each its own', async () => {
    const { broker, server, client } = await scene();
    const service = await serve(server, { queue: 'q', cancels: false }, echo);
    const callers = ['a', 'b', 'c'].map((name) => ({
      name,
      remote: caller<typeof service>(client, { queue: 'q', replies: name === 'c' ? directReplies : undefined }),
    }));
    const calls = Array.from({ length: 30 }, async (_, index) => {
      const { name, remote } = callers[index % 3] ?? expect.unreachable();
      expect(await remote.echo(`${name}${index}`)).toBe(`${name}${index}`);
    });
    await Promise.all(calls);
    for (const { remote } of callers) expect(callerStats(remote)).toMatchObject({ answered: 10, lateReplies: 0 });
    expect(broker.queues().map(({ name }) => name)).toEqual(['q']);
    const addresses = (await broker.published('q', 30)).map(({ properties }) => properties.replyTo);
    expect(new Set(addresses).size).toBe(1);
    expect(addresses[0]).toMatch(/^amq\.rabbitmq\.reply-to\./);
    // A reply is not returned to the server, though it goes to no queue.
    expect(service.stats.unheard).toBe(0);
    expect(broker.mistakes).toEqual([]);
  });

  it('end with the last caller of a client; those that come then begin anew', async () => {
    const { server, client } = await scene();
    const service = await serve(server, { queue: 'q' }, echo);
    const first = caller<typeof service>(client, { queue: 'q' });
    const second = caller<typeof service>(client, { queue: 'q' });
    await Promise.all([first.echo('1'), second.echo('2')]);
    await closeCaller(first);
    expect(await second.echo('3')).toBe('3');
    const closing = closeCaller(second);
    // While the consumer is being cancelled a client may have no other.
    const third = caller<typeof service>(client, { queue: 'q' });
    expect(await third.echo('4')).toBe('4');
    await closing;
    await closeCaller(third);
    const own = client.basicConsume({ queue: 'amq.rabbitmq.reply-to', noAck: true });
    await own.ready;
  });

  it('leave those of the program alone: a caller then has a queue of its own', async () => {
    const { broker, server, client } = await scene();
    const service = await serve(server, { queue: 'q', cancels: false }, echo);
    const own = client.basicConsume({ queue: 'amq.rabbitmq.reply-to', noAck: true });
    await own.ready;
    const remote = caller<typeof service>(client, { queue: 'q' });
    expect(await remote.echo('x')).toBe('x');
    expect(broker.queues()).toHaveLength(2);
    expect(own.isEnded).toBe(false);
    await closeCaller(remote);
    expect(broker.queues()).toHaveLength(1);
  });

  it('are replaced by a queue where the broker has none', async () => {
    const { broker, server, client } = await scene();
    const service = await serve(server, { queue: 'q', cancels: false }, echo);
    broker.faults.refuse('basic.consume', { code: 404, match: { queue: 'amq.rabbitmq.reply-to' } });
    const remote = caller<typeof service>(client, { queue: 'q' });
    expect(await remote.echo('x')).toBe('x');
    expect(broker.queues()).toHaveLength(2);
  });

  it('come to the next connection where one is lost, again and again', async () => {
    const { server, cuttable } = await scene();
    const client = await cuttable({ recover: { minDelay: 1, maxDelay: 10 } });
    const service = await serve(server, { queue: 'q' }, echo);
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: true });
    for (let round = 0; round < 5; round++) {
      const values = Array.from({ length: 20 }, (_, index) => `${round} ${index}`);
      const calls = values.map((value) => remote.echo(value));
      await cut(client);
      expect(await Promise.all(calls)).toEqual(values);
    }
    expect(callerStats(remote)).toMatchObject({ open: 0, answered: 100, failed: 0 });
  });

  it('leave no listener if their client is closed and connects again', async () => {
    const { server, client } = await scene();
    const service = await serve(server, { queue: 'q' }, echo);
    let listeners = 0;
    const on = client.on.bind(client);
    const off = client.off.bind(client);
    Object.assign(client, {
      on: (...values: Parameters<typeof on>) => {
        if (values[0] === 'interrupted') listeners++;
        return on(...values);
      },
      off: (...values: Parameters<typeof off>) => {
        if (values[0] === 'interrupted') listeners--;
        return off(...values);
      },
    });
    const remote = caller<typeof service>(client, { queue: 'q' });
    for (let round = 0; round < 3; round++) {
      expect(await remote.echo('x')).toBe('x');
      await client.close();
      await client.connect();
    }
    expect(await remote.echo('x')).toBe('x');
    expect(listeners).toBe(1);
  });
});

describe('the channel of direct replies, lost while the connection is open,', () => {
  it('fails a call that must not run twice with outcome unknown, and sends again one that may', async () => {
    const { broker, server, client } = await scene();
    const gate = deferred();
    const runs: string[] = [];
    const work = async (name: string): Promise<string> => {
      runs.push(name);
      await gate.promise;
      return name;
    };
    const service = await serve(server, { queue: 'q', cancels: false }, { once: work, twice: work, ...echo });
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: ['twice'] });
    const once = remote.once('once').catch((error: unknown) => error);
    const twice = remote.twice('twice');
    await waitFor(() => runs.length === 2);
    const lost = new Promise((resolve) => client.once('interrupted', resolve));
    broker.faults.closeChannels({ connection: broker.connections.at(-1)?.name ?? '' });
    await lost;
    expect(await once).toBeInstanceOf(ConnectionBroken);
    expect(await once).toMatchObject({
      outcome: 'unknown',
      message: expect.stringContaining('channel of the replies'),
    });
    expect(callerStats(remote).resent).toBe(1);
    // After what was sent again: the server has that, too, while the first is running.
    await remote.echo('');
    gate.resolve();
    expect(await twice).toBe('twice');
    expect(runs).toEqual(['once', 'twice']);
    expect(await remote.once('again')).toBe('again');
  });

  it('by an argument that is larger than the broker takes: that call is refused, others fare as above', async () => {
    const { server, client } = await scene({ maxMessageBytes: 1000 });
    const gate = deferred();
    let runs = 0;
    const wait = async (): Promise<string> => {
      runs++;
      await gate.promise;
      return 'done';
    };
    const service = await serve(server, { queue: 'q' }, { once: wait, twice: wait, ...echo });
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: ['twice'] });
    const once = remote.once().catch((error: unknown) => error);
    const twice = remote.twice();
    await waitFor(() => runs === 2);
    await expect(remote.echo('x'.repeat(2000))).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await once).toMatchObject({ name: 'ConnectionBroken', outcome: 'unknown' });
    expect(callerStats(remote).resent).toBe(1);
    expect(await remote.echo('short')).toBe('short');
    gate.resolve();
    expect(await twice).toBe('done');
    expect(runs).toBe(2);
  });

  it('by the request of a call that was given up, or by a publish of the program: others fare as above', async () => {
    const { server, client } = await scene({ maxMessageBytes: 1000 });
    const gate = deferred();
    const service = await serve(server, { queue: 'q' }, { wait: () => gate.promise, ...echo });
    const remote = caller<typeof service>(client, { queue: 'q' });
    const body = 'x'.repeat(2000);
    const refuse = [
      async (): Promise<void> => {
        const abort = new AbortController();
        const call = remote.echo(body, { signal: abort.signal });
        await microtasks();
        abort.abort(new Error('not needed'));
        await expect(call).rejects.toThrow('not needed');
      },
      async (): Promise<void> => {
        const publish = client.basicPublish({ routingKey: 'q', replyTo: 'amq.rabbitmq.reply-to', body });
        await expect(publish).rejects.toBeInstanceOf(PreconditionFailed);
      },
    ];
    for (const [count, each] of refuse.entries()) {
      const pending = remote.wait().catch((error: unknown) => error);
      await waitFor(() => service.stats.running === count + 1);
      await each();
      expect(await pending).toMatchObject({ name: 'ConnectionBroken', outcome: 'unknown' });
      expect(await remote.echo('goes on')).toBe('goes on');
    }
    gate.resolve();
  });

  it('while requests are under way: what must not run twice does not, and what may is answered', async () => {
    const { server, client } = await scene({ maxMessageBytes: 1000 });
    const runs = new Map<string, number>();
    const count = (name: string): string => {
      runs.set(name, (runs.get(name) ?? 0) + 1);
      return name;
    };
    const service = await serve(server, { queue: 'q', concurrency: 100 }, { once: count, twice: count });
    const remote = caller<typeof service>(client, { queue: 'q', idempotent: ['twice'] });
    await remote.once('begin');
    const settled = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => {
        if (index % 10 === 5) return remote.twice(`${index}`.padEnd(2000));
        return index % 2 === 0 ? remote.once(`${index}`) : remote.twice(`${index}`);
      }),
    );
    for (const [index, each] of settled.entries()) {
      if (index % 10 === 5) expect(each).toMatchObject({ reason: { name: 'PreconditionFailed' } });
      else if (index % 2 === 1) expect(each).toMatchObject({ value: `${index}` });
      else if (each.status === 'rejected') {
        expect(each.reason).toMatchObject({ name: 'ConnectionBroken', outcome: 'unknown' });
      }
      if (index % 2 === 0) expect(runs.get(`${index}`) ?? 0).toBeLessThanOrEqual(1);
    }
    expect(await remote.once('goes on')).toBe('goes on');
    expect(callerStats(remote).open).toBe(0);
  });

  it('costs nothing where the replies have a queue of their own', async () => {
    const { server, client } = await scene({ maxMessageBytes: 1000 });
    const gate = deferred();
    const service = await serve(server, { queue: 'q' }, { wait: () => gate.promise, ...echo });
    const remote = caller<typeof service>(client, { queue: 'q', replies: replyQueue });
    const call = remote.wait();
    await waitFor(() => service.stats.running === 1);
    await expect(remote.echo('x'.repeat(2000))).rejects.toBeInstanceOf(PreconditionFailed);
    gate.resolve();
    await call;
    expect(callerStats(remote)).toMatchObject({ answered: 1, failed: 1, resent: 0 });
  });
});
