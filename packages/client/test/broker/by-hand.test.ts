import type { Socket } from 'node:net';
import { Client, ConnectionBroken, loop, UsageError } from '@puka/client';
import { faultProxy, uniqueName } from '@puka/testkit';
import { defaultConnector } from '@puka/transport';
import { describe, expect, inject, it, vi } from 'vitest';
import { numbers, scene } from './scene.ts';

const url = inject('amqpUrl');
const { queue: freshQueue, fill, untilCount } = scene();

/**
 * A select loop of the user's own, in the style of Puka's: writes what there is, waits until some socket can be read, then
 * has each client read and run its callbacks. Ends when `isDone` returns true.
 */
async function select(clients: readonly Client[], isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    for (const client of clients) if (client.needsWrite()) client.onWrite();
    await new Promise<void>((wake) => {
      for (const client of clients) {
        client.once('ioReady', wake);
        const socket = client.socket();
        if (isSocket(socket)) socket.once('readable', wake);
      }
    });
    for (const client of clients) {
      client.onRead();
      client.runAnyCallbacks();
    }
  }
}

/** On Node; the sockets of Deno and Bun have no events, `ioReady` is in their place. */
function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'readable' in value && 'once' in value;
}

/** Calls `step` when the socket can be read. @returns when it is closed. */
function onReadable(client: Client, step: () => void): Promise<void> {
  const socket = client.socket();
  if (isSocket(socket)) socket.on('readable', step);
  else client.on('ioReady', step);
  return new Promise((resolve) => {
    if (isSocket(socket)) socket.once('close', resolve);
    else client.on('ioReady', () => client.socket() === undefined && resolve());
  });
}

/** The port at the other end, as the socket of each runtime reports it. */
function remotePortOf(socket: unknown): unknown {
  const fields = Object(socket);
  return fields.remotePort ?? fields.remoteAddr?.port;
}

describe('a program driven by hand', () => {
  it('connects, declares, publishes, consumes, acks and closes, by the event of the socket alone', async () => {
    const client = new Client(url, { drive: 'manual' });
    const queue = uniqueName('by-hand');
    const seen: string[] = [];
    let isClosed = false;
    client.connect(() => {
      client.queueDeclare({ queue }, () => {
        for (const body of numbers(10)) client.basicPublish({ routingKey: queue, body });
        const consumer = client.basicConsume({ queue, prefetchCount: 3 }, (_error, message) => {
          if (message === undefined) return;
          seen.push(message.text());
          message.ack();
          if (seen.length < 10) return;
          client.basicCancel(consumer, () => {
            client.queueDelete({ queue }, (_failure, result) => {
              seen.push(`deleted ${result?.messageCount}`);
              client.close(() => {
                isClosed = true;
              });
            });
          });
        });
      });
    });
    await new Promise<void>((resolve) => client.once('ioReady', resolve));
    const step = (): void => {
      client.onRead();
      client.runAnyCallbacks();
      if (client.needsWrite()) client.onWrite();
    };
    const closed = onReadable(client, step);
    step();
    await closed;
    expect(seen).toEqual([...numbers(10), 'deleted 0']);
    client.runAnyCallbacks();
    expect(isClosed).toBe(true);
  });

  it('does nothing between the calls: neither reads, nor writes, nor calls back, nor arms a timer', async () => {
    const queue = await freshQueue(5);
    const timers = vi.fn();
    const turns = vi.fn();
    const reads = vi.fn();
    const writes = vi.fn();
    const client = new Client(url, {
      drive: 'manual',
      runtime: {
        now: () => performance.now(),
        startTimer: timers,
        stopTimer: () => {},
        atTurnEnd: turns,
        warn: () => {},
      },
      transport: {
        runtime: defaultConnector.runtime,
        connect: async (options, handlers) => {
          const transport = await defaultConnector.connect(options, handlers);
          return new Proxy(transport, {
            get: (target, name) => {
              if (name === 'read') reads();
              if (name === 'write') writes();
              const value: unknown = Reflect.get(target, name, target);
              return typeof value === 'function' ? value.bind(target) : value;
            },
          });
        },
      },
    });
    const told: string[] = [];
    let isDone = false;
    client.connect(() => {
      told.push('connected');
      isDone = true;
    });
    await select([client], () => isDone);
    client.basicConsume({ queue }, (_error, message) => told.push(`message ${message?.text()}`));
    client.queueDeclare({ queue, passive: true }, () => told.push('declared'));
    client.basicPublish({ routingKey: queue, body: 'x' }, () => told.push('published'));
    for (const spy of [reads, writes]) spy.mockClear();
    await fill(queue, 1);
    expect(reads).not.toHaveBeenCalled();
    expect(writes).not.toHaveBeenCalled();
    const readable = new Promise<void>((resolve) => client.once('ioReady', resolve));
    client.onWrite();
    expect(writes).toHaveBeenCalledTimes(1);
    await readable;
    // The broker has answered by then; nothing has been read.
    await fill(queue, 1);
    expect(reads).not.toHaveBeenCalled();
    expect(told).toEqual(['connected']);
    while (told.length < 11) {
      client.onRead();
      client.runAnyCallbacks();
      if (client.needsWrite()) client.onWrite();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect([...told].sort()).toEqual(
      [
        'connected',
        'declared',
        'published',
        'message x',
        ...numbers(5).map((text) => `message ${text}`),
        'message 0',
        'message 0',
      ].sort(),
    );
    expect(timers).not.toHaveBeenCalled();
    expect(turns).not.toHaveBeenCalled();
    const closed = client.close();
    while (closed.state === 'pending') {
      if (client.needsWrite()) client.onWrite();
      client.onRead();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(timers).not.toHaveBeenCalled();
    expect(turns).not.toHaveBeenCalled();
    await untilCount(queue, 8);
  });

  it('runs in one call what its callbacks make ready, because nothing on the connection would wake it', async () => {
    const client = new Client(url, { drive: 'manual' });
    await client.wait(client.connect());
    const told: string[] = [];
    client.queuePurge({ queue: '' }, (error) => {
      told.push(`first ${String(error instanceof UsageError)}`);
      client.queuePurge({ queue: '' }, () => {
        told.push('second');
        client.drained(() => told.push('third'));
      });
    });
    expect(told).toEqual([]);
    client.runAnyCallbacks();
    expect(told).toEqual(['first true', 'second', 'third']);
    await client.wait(client.close());
  });

  it('several clients share one loop', async () => {
    const [one, two] = [new Client(url, { drive: 'manual' }), new Client(url, { drive: 'manual' })];
    const queue = await freshQueue();
    const seen: string[] = [];
    one.connect(() => {
      for (const body of numbers(20)) one.basicPublish({ routingKey: queue, body });
    });
    two.connect(() => {
      two.basicConsume({ queue }, (_error, message) => {
        if (message === undefined) return;
        seen.push(message.text());
        message.ack();
      });
    });
    await select([one, two], () => seen.length === 20);
    expect(seen).toEqual(numbers(20));
    let closed = 0;
    for (const client of [one, two]) client.close(() => closed++);
    await select([one, two], () => closed === 2);
    await untilCount(queue, 0);
  });

  it('wait and loop drive it by themselves, over several clients too', async () => {
    const clients = [new Client(url, { drive: 'manual' }), new Client(url, { drive: 'manual' })];
    for (const client of clients) await client.wait(client.connect());
    const [one, two] = clients;
    if (one === undefined || two === undefined) throw new Error('no clients');
    const { queue } = await one.wait(one.queueDeclare({ queue: uniqueName('by-hand') }));
    await one.waitForAll(numbers(5).map((body) => one.basicPublish({ routingKey: queue, body })));
    const consumer = two.basicConsume({ queue, prefetchCount: 1 });
    for (const text of numbers(5)) {
      const message = await two.wait(consumer);
      expect(message.text()).toBe(text);
      message.ack();
    }
    expect(await two.wait(consumer, { timeout: 1 })).toBeUndefined();
    await two.wait(two.basicCancel(consumer));
    let deleted: unknown;
    one.queueDelete({ queue }, (_error, result) => {
      deleted = result;
      two.loopBreak();
    });
    await loop(clients);
    expect(deleted).toEqual({ messageCount: 0 });
    for (const client of clients) void client.close();
    await loop(clients);
    for (const client of clients) expect(client.socket()).toBeUndefined();
  });

  it('goes on by hand where a wait has ended', async () => {
    const client = new Client(url, { drive: 'manual' });
    await client.wait(client.connect());
    const declare = client.queueDeclare({ exclusive: true });
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(declare.state).toBe('pending');
    expect(client.needsWrite()).toBe(true);
    await select([client], () => declare.state === 'fulfilled');
    await client.wait(client.close());
  });

  it('lives by its heartbeats: nextDeadline and handleTimeout', async () => {
    const client = new Client(url, { drive: 'manual', heartbeat: 2 });
    await client.wait(client.connect());
    // The broker closes a silent client after two to three of its intervals; a beat is due every half of one.
    for (let beats = 0; beats < 7; ) {
      const due = Math.max(0, client.nextDeadline() - performance.now());
      await new Promise<void>((resolve) => setTimeout(resolve, due));
      client.onRead();
      client.handleTimeout();
      if (!client.needsWrite()) continue;
      client.onWrite();
      beats++;
    }
    expect((await client.wait(client.queueDeclare({ exclusive: true }))).messageCount).toBe(0);
    await client.wait(client.close());
  });

  it('hears of a line that breaks in onRead', async () => {
    const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
    await using proxy = await faultProxy({ target });
    const client = new Client(`amqp://${proxy.host}:${proxy.port}`, { drive: 'manual', recover: false });
    await client.wait(client.connect());
    const declare = client.queueDeclare({ exclusive: true });
    const ready = new Promise<void>((resolve) => client.once('ioReady', resolve));
    proxy.reset();
    await ready;
    expect(declare.state).toBe('pending');
    client.onRead();
    await expect(declare).rejects.toBeInstanceOf(ConnectionBroken);
  });

  it('of an automatic client is a usage error', async () => {
    const client = new Client(url);
    await client.connect();
    expect(() => client.onRead()).toThrow(UsageError);
    expect(() => client.onWrite()).toThrow(UsageError);
    expect(() => client.handleTimeout()).toThrow(UsageError);
    await client.close();
  });
});

describe('fileno and socket', () => {
  for (const drive of ['auto', 'manual'] as const) {
    it(`are there as long as the connection is, with drive: '${drive}'`, async () => {
      const client = new Client(url, { drive });
      expect([client.fileno(), client.socket()]).toEqual([undefined, undefined]);
      await client.wait(client.connect());
      // Deno shows no descriptor.
      expect(typeof client.fileno()).toBe(defaultConnector.runtime === 'deno' ? 'undefined' : 'number');
      expect(client.fileno() ?? 3).toBeGreaterThan(2);
      expect(remotePortOf(client.socket())).toBe(Number(new URL(url).port));
      await client.wait(client.close());
      expect([client.fileno(), client.socket()]).toEqual([undefined, undefined]);
    });
  }
});
