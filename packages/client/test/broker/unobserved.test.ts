/** Promises that no code observes: no unhandled rejection, no growth of memory, and their failures are reported. */
import { Client, type Operation } from '@puka/client';
import { collectGarbage, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';

const url = inject('amqpUrl');
/** `1000000` for the whole million. */
const ignoredPublishes = Number(process.env.PUKA_IGNORED_PUBLISHES ?? 60_000);
const nowhere = uniqueName('nowhere');
const toNowhere = { exchange: nowhere, routingKey: 'x' };
let client: Client;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => {
  process.on('unhandledRejection', noteUnhandled);
});

beforeEach(async () => {
  client = new Client(url);
  await client.connect();
});

afterEach(async () => {
  await client.close();
  vi.restoreAllMocks();
  expect(unhandled).toEqual([]);
});

afterAll(() => {
  process.off('unhandledRejection', noteUnhandled);
});

interface Told {
  readonly error: unknown;
  readonly promise: Operation<unknown> | undefined;
}

/** What the client reports of failures that no code observed. */
function listen(to: Client = client): Told[] {
  const told: Told[] = [];
  to.on('unobserved', (error, promise) => told.push({ error, promise }));
  return told;
}

/** Some turns of the event loop after the end of these operations, and a publish: nothing from before is still to be reported. */
async function settled(...operations: readonly Pick<Operation<unknown>, 'state'>[]): Promise<void> {
  await client.basicPublish({ routingKey: nowhere });
  // Looked at from outside: to await one is to look at its failure.
  await waitFor(() => operations.every(({ state }) => state !== 'pending'));
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a failure that no code observed', () => {
  it('is reported once to the unobserved listener, with its promise', async () => {
    const told = listen();
    const publish = client.basicPublish(toNowhere);
    const declare = client.queueDeclare({ queue: nowhere, passive: true });
    const misuse = client.queuePurge({ queue: '' });
    await settled(publish, declare, misuse);
    expect(told.map(({ promise }) => promise?.number).sort()).toEqual(
      [publish, declare, misuse].map(({ number }) => number).sort(),
    );
    for (const { error, promise } of told) expect(error).toBe(promise?.error);
    expect(told.map(({ promise }) => promise?.method).sort()).toEqual([
      'basic.publish',
      'queue.declare',
      'queue.purge',
    ]);
  });

  it('of a publish that came back is reported too, and that of a get', async () => {
    const told = listen();
    const publish = client.basicPublish({ routingKey: nowhere, mandatory: true });
    const get = client.basicGet({ queue: nowhere });
    await settled(publish, get);
    expect(told.map(({ error }) => error)).toMatchObject([
      { code: expect.stringMatching(/NO_ROUTE|NOT_FOUND/) },
      { code: expect.stringMatching(/NO_ROUTE|NOT_FOUND/) },
    ]);
  });

  it('is not reported if a caller awaits, catches, or has a callback', async () => {
    const told = listen();
    const outcomes: unknown[] = [];
    const called = client.basicPublish(toNowhere, (error) => outcomes.push(error));
    const caught = client.basicPublish(toNowhere);
    caught.catch((error: unknown) => outcomes.push(error));
    await expect(client.basicPublish(toNowhere)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await settled(called, caught);
    expect(outcomes).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it('of a refused consumer is one where no code reads it, and none where code does', async () => {
    const told = listen();
    const read = client.basicConsume({ queue: nowhere });
    await expect(client.wait(read)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await settled();
    expect(told).toEqual([]);
    const unread = client.basicConsume({ queue: nowhere });
    for (let turn = 0; turn < 100 && told.length === 0; turn++) await settled();
    expect(told).toMatchObject([{ error: { code: 'NOT_FOUND' } }]);
    await expect(unread.ready).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is reported for each that is open when the connection ends', async () => {
    const told = listen();
    for (let index = 0; index < 20; index++) void client.basicPublish({ routingKey: nowhere });
    for (let index = 0; index < 20; index++) void client.queueDeclare({ exclusive: true });
    await client.close();
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toHaveLength(40);
    for (const { error } of told) expect(error).toMatchObject({ code: 'CONNECTION_BROKEN' });
  });
});

describe('without a listener', () => {
  it('there are ten warnings on the console in a minute, and no more', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (let index = 0; index < 50; index++) void client.queuePurge({ queue: '' });
    await settled();
    expect(warn).toHaveBeenCalledTimes(10);
    expect(String(warn.mock.calls[0]?.[0])).toContain('no caller observed');
    expect(warn.mock.calls[0]?.[1]).toMatchObject({ code: 'USAGE_ERROR' });
  });
});

describe('a callback that throws', () => {
  it('is reported with its promise, and affects no other callback and no operation', async () => {
    const told = listen();
    const calls: string[] = [];
    const mine = new Error('mine');
    const { queue } = await client.queueDeclare({ exclusive: true });
    const bad = client.basicPublish({ routingKey: queue }, () => {
      calls.push('bad');
      throw mine;
    });
    const good = client.basicPublish({ routingKey: queue }, () => calls.push('good'));
    const rejecting = client.basicPublish({ routingKey: queue }, async () => {
      throw mine;
    });
    await settled(bad, good, rejecting);
    expect(calls).toEqual(['bad', 'good']);
    expect(told.map(({ error }) => error)).toEqual([mine, mine]);
    expect(told.map(({ promise }) => promise)).toEqual([bad, rejecting]);
    expect((await client.queueDeclare({ queue, passive: true })).messageCount).toBe(3);
  });

  it('of a consumer is reported, and the next messages come', async () => {
    const told = listen();
    const { queue } = await client.queueDeclare({ exclusive: true });
    const seen: string[] = [];
    let done: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const consumer = client.basicConsume({ queue, noAck: true }, (_error, message) => {
      if (message === undefined) return;
      seen.push(message.text());
      if (seen.length === 3) done();
      throw new Error(message.text());
    });
    for (const body of ['a', 'b', 'c']) await client.basicPublish({ routingKey: queue, body });
    await all;
    await settled();
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(told.map(({ error }) => String((error as Error).cause))).toEqual(['Error: a', 'Error: b', 'Error: c']);
    await consumer.cancel();
  });
});

describe('a listener that throws', () => {
  it('is warned of, and hurts no other listener and no connection', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const calls: string[] = [];
    const bad = new Client(url);
    const mine = new Error('mine');
    for (const name of ['connected', 'disconnected', 'closed', 'unobserved'] as const) {
      bad.on(name, () => {
        calls.push(name);
        throw mine;
      });
      bad.on(name, () => void calls.push(`${name} again`));
    }
    await bad.connect();
    void bad.queuePurge({ queue: '' });
    await bad.queueDeclare({ exclusive: true });
    await bad.close();
    await settled();
    expect(calls.sort()).toEqual(
      ['closed', 'connected', 'disconnected', 'unobserved'].flatMap((name) => [name, `${name} again`]),
    );
    expect(warn.mock.calls.map(([, error]) => error)).toEqual([mine, mine, mine, mine]);
  });
});

describe('memory', () => {
  /** Bytes in use when all that can go has gone. */
  function usedBytes(): number {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }

  it.each([
    ['confirmed', {}],
    ['confirmed, mandatory', { mandatory: true }],
    ['refused', { exchange: nowhere }],
    ['returned', { mandatory: true, routingKey: nowhere }],
  ] as const)(
    `stays flat over many ignored publishes: %s`,
    async (kind, options) => {
      let failures = 0;
      client.on('unobserved', () => failures++);
      const { queue } = await client.queueDeclare({ exclusive: true, arguments: { 'x-max-length': 10 } });
      const count = kind === 'refused' ? ignoredPublishes / 10 : ignoredPublishes;
      const burst = 500;
      const used: number[] = [];
      for (let sent = 0; sent < count; sent += burst) {
        for (let index = 0; index < burst; index++) {
          void client.basicPublish({ routingKey: queue, body: `message ${sent + index}`, ...options });
        }
        // The last of a burst is looked at, so that no more than one burst waits at a time.
        await client.basicPublish({ routingKey: queue, body: 'end of the burst' });
        if (sent === Math.floor(count / 5 / burst) * burst) used.push(usedBytes());
      }
      const isTold = kind === 'refused' || kind === 'returned';
      await waitFor(() => !isTold || failures >= count);
      await settled();
      used.push(usedBytes());
      const [early = 0, late = 0] = used;
      console.info(`${kind}: ${early} bytes after a fifth, ${late} after ${count} publishes`);
      // Forty bytes kept for each would be more than this.
      expect(late - early).toBeLessThan(1_000_000 + count * 0.8 * 20);
      expect(failures).toBe(isTold ? count : 0);
    },
    600_000,
  );
});
