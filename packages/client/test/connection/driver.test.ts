import { ConnectionBroken, HandshakeTimeout, UsageError } from '@puka/errors';
import type { TransportConnector } from '@puka/transport';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

/** One round of a loop of the user's own. */
async function round(broker: ScriptedBroker, client: Client): Promise<void> {
  client.onWrite();
  await broker.pump();
  client.onRead();
  client.runAnyCallbacks();
  await broker.pump();
}

/** A client that is connected by hand. */
async function byHand(options: Parameters<ScriptedBroker['client']>[0] = {}) {
  const broker = new ScriptedBroker();
  const client = broker.client({ drive: 'manual', ...options });
  const connecting = client.connect();
  await broker.pump();
  for (let turn = 0; turn < 4; turn++) await round(broker, client);
  await connecting;
  broker.sent();
  broker.doings.length = 0;
  return { broker, client };
}

/** As a socket whose system takes everything at once, or nothing. @param onWrite gets the memory of each chunk. */
function allOrNothing(
  connector: TransportConnector,
  isTaken: () => boolean,
  onWrite: (buffer: ArrayBufferLike) => void,
): TransportConnector {
  return {
    runtime: 'memory',
    connect: async (options, handlers) => {
      const transport = await connector.connect(options, handlers);
      return new Proxy(transport, {
        get: (target, key) => {
          if (key === 'bufferedBytes') return isTaken() ? 0 : 1;
          if (key !== 'write') return Reflect.get(target, key, target);
          return (chunks: readonly Uint8Array[]) => {
            for (const { buffer } of chunks) onWrite(buffer);
            return target.write(chunks.map((chunk) => chunk.slice()));
          };
        },
      });
    },
  };
}

describe('driven by hand', () => {
  it('nothing is read, written or timed but by onRead, onWrite and handleTimeout', async () => {
    const broker = new ScriptedBroker();
    const client = broker.client({ drive: 'manual' });
    let isConnected = false;
    client.connect(() => {
      isConnected = true;
    });
    await broker.pump();
    await broker.advance(60_000);
    expect(broker.doings).toEqual([]);
    expect(client.needsWrite()).toBe(true);
    client.onWrite();
    expect(broker.doings).toEqual(['write']);
    await broker.pump();
    client.onRead();
    expect(broker.doings).toEqual(['write', 'read', 'read']);
    for (let turn = 0; turn < 4; turn++) {
      client.onWrite();
      await broker.pump();
      client.onRead();
      await broker.pump();
    }
    expect(isConnected).toBe(false);
    client.runAnyCallbacks();
    expect(isConnected).toBe(true);
    expect(new Set(broker.doings)).toEqual(new Set(['write', 'read']));
  });

  it('a callback runs in runAnyCallbacks and nowhere else', async () => {
    const { broker, client } = await byHand();
    const told: string[] = [];
    client.queueDeclare({ queue: 'q' }, () => told.push('declared'));
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' }, (_error, message) => {
      told.push(`message ${message?.text()}`);
      throw new Error('thrown');
    });
    client.on('unobserved', (error) => told.push(`unobserved ${String((error as Error).cause)}`));
    expect(client.needsWrite()).toBe(true);
    client.onWrite();
    await broker.pump();
    client.onRead();
    const { channel } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, 'c', 1));
    await broker.pump();
    client.onRead();
    await broker.pump();
    expect(told).toEqual([]);
    expect(consumer.ready.state).toBe('fulfilled');
    client.runAnyCallbacks();
    expect(told).toEqual(['declared', 'message 1', 'unobserved Error: thrown']);
  });

  it('what an async callback rejects with is reported by runAnyCallbacks too', async () => {
    const { broker, client } = await byHand();
    const told: unknown[] = [];
    client.on('unobserved', (error) => told.push(error));
    client.queueDeclare({ queue: 'q' }, () => Promise.reject('late'));
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, () => Promise.reject('later'));
    await round(broker, client);
    broker.say(broker.delivery(broker.last('basic.consume').channel, 'c', 1));
    await round(broker, client);
    expect(told).toEqual(['late']);
    client.runAnyCallbacks();
    expect(told).toMatchObject(['late', { cause: 'later' }]);
  });

  it('acks wait for onWrite', async () => {
    const { broker, client } = await byHand();
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await round(broker, client);
    broker.say(broker.delivery(1, 'c', 1));
    await round(broker, client);
    const { value } = await consumer[Symbol.asyncIterator]().next();
    broker.sent();
    value?.ack();
    await broker.pump();
    expect(broker.sent()).toEqual([]);
    expect(client.needsWrite()).toBe(true);
    client.onWrite();
    await broker.pump();
    expect(broker.sent()).toEqual(['1 basic.ack']);
    expect(client.needsWrite()).toBe(false);
  });

  it('ioReady reports bytes that came, and the end of the connection, and reads nothing itself', async () => {
    const { broker, client } = await byHand();
    let times = 0;
    client.on('ioReady', () => times++);
    const declare = client.queueDeclare({ queue: 'q' });
    client.onWrite();
    expect(times).toBe(0);
    await broker.pump();
    expect(times).toBe(1);
    expect(declare.state).toBe('pending');
    client.onRead();
    expect(declare.state).toBe('fulfilled');
    const closed: unknown[] = [];
    client.on('closed', (error) => closed.push(error));
    broker.reset();
    await broker.pump();
    expect(times).toBe(2);
    expect(closed).toEqual([]);
    client.onRead();
    expect(closed).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
  });

  it('wait and loop work by themselves while they last, and then no more', async () => {
    const { broker, client } = await byHand();
    const told: string[] = [];
    const waiting = client.wait(client.queueDeclare({ queue: 'q' }, () => told.push('declared')));
    await broker.pump();
    expect(await waiting).toMatchObject({ queue: 'q' });
    const looping = client.loop({ timeout: 1000 });
    client.queueDeclare({ queue: 'r' }, () => told.push('declared again'));
    await broker.pump();
    await broker.advance(1000);
    await looping;
    expect(told).toEqual(['declared', 'declared again']);
    const doings = broker.doings.length;
    const late = client.queueDeclare({ queue: 's' });
    await broker.pump();
    await broker.advance(10_000);
    expect(late.state).toBe('pending');
    expect(broker.doings.length).toBe(doings);
  });

  it('loopBreak in a callback ends the loop', async () => {
    const { broker, client } = await byHand();
    const looping = client.loop();
    client.queueDeclare({ queue: 'q' }, () => client.loopBreak());
    await broker.pump();
    await looping;
    expect(client.needsWrite()).toBe(false);
  });

  it('heartbeats go out by nextDeadline and handleTimeout', async () => {
    const { broker, client } = await byHand({ heartbeat: 10 });
    expect(client.nextDeadline() - broker.clock.now()).toBeLessThanOrEqual(5000);
    for (let beat = 1; beat <= 3; beat++) {
      broker.clock.advance(client.nextDeadline() - broker.clock.now());
      expect(client.needsWrite()).toBe(false);
      client.handleTimeout();
      expect(client.needsWrite()).toBe(true);
      client.onWrite();
      await broker.pump();
      expect(broker.heartbeats).toBe(beat);
    }
    expect(broker.doings.every((doing) => doing === 'write')).toBe(true);
  });

  it('a silent peer, a timeout and a close without an answer end by handleTimeout', async () => {
    const { broker, client } = await byHand({ heartbeat: 10, closeTimeout: 3000 });
    broker.answers.set('queue.declare', () => []);
    const declare = client.queueDeclare({ queue: 'q', timeout: 100 });
    expect(client.nextDeadline() - broker.clock.now()).toBeLessThanOrEqual(100);
    broker.clock.advance(100);
    client.handleTimeout();
    await expect(declare).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT' });
    const other = client.queueDeclare({ queue: 'q' });
    for (let step = 0; step < 20; step++) {
      broker.clock.advance(2000);
      client.handleTimeout();
    }
    await expect(other).rejects.toBeInstanceOf(ConnectionBroken);

    const second = await byHand({ closeTimeout: 3000 });
    second.broker.answers.set('connection.close', () => []);
    const closed = second.client.close();
    await round(second.broker, second.client);
    expect(closed.state).toBe('pending');
    second.broker.clock.advance(3000);
    second.client.handleTimeout();
    expect(closed.state).toBe('fulfilled');
  });

  it('a handshake without an answer ends by handleTimeout', async () => {
    const broker = new ScriptedBroker();
    broker.answers.set('connection.start-ok', () => []);
    const client = broker.client({ drive: 'manual', connectTimeout: 500 });
    const connecting = client.connect();
    await broker.pump();
    await round(broker, client);
    broker.clock.advance(500);
    client.handleTimeout();
    await expect(connecting).rejects.toBeInstanceOf(HandshakeTimeout);
    expect(broker.doings).not.toContain('timer');
  });

  it('a connection that cannot be made is reported by ioReady, its callback by runAnyCallbacks', async () => {
    const transport: TransportConnector = {
      runtime: 'memory',
      connect: () => Promise.reject(new ConnectionBroken('refused', { outcome: 'not-sent' })),
    };
    const client = new ScriptedBroker().client({ drive: 'manual', transport });
    const told: unknown[] = [];
    const ready = new Promise<void>((resolve) => client.once('ioReady', resolve));
    client.connect((error) => told.push(error));
    await ready;
    expect(told).toEqual([]);
    client.runAnyCallbacks();
    expect(told).toMatchObject([{ code: 'CONNECTION_BROKEN' }]);
  });

  it('stops under a limit of inbound bytes, and reports when it can go on', async () => {
    const { broker, client } = await byHand({ maxInboundBytes: 10 });
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true });
    await round(broker, client);
    broker.say(broker.delivery(1, 'c', 1, 'more than ten bytes'));
    await round(broker, client);
    broker.say(broker.delivery(1, 'c', 2, 'behind'));
    await round(broker, client);
    const messages = consumer[Symbol.asyncIterator]();
    let times = 0;
    client.on('ioReady', () => times++);
    expect((await messages.next()).value?.deliveryTag).toBe(1);
    expect(times).toBe(1);
    client.onRead();
    expect((await messages.next()).value?.deliveryTag).toBe(2);
  });

  it('shutdown works by itself to its end', async () => {
    const { broker, client } = await byHand();
    const seen: string[] = [];
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, (_error, message) => {
      seen.push(message?.text() ?? '');
      message?.ack();
    });
    await round(broker, client);
    const down = client.shutdown();
    await broker.pump();
    await down;
    expect(broker.sent()).toContain('0 connection.close');
    expect(client.socket()).toBeUndefined();
  });

  it('shutdown before the connection is open works by itself too', async () => {
    const broker = new ScriptedBroker();
    const client = broker.client({ drive: 'manual' });
    const connecting = client.connect();
    await broker.pump();
    const down = client.shutdown();
    await broker.pump();
    await down;
    await expect(connecting).rejects.toBeInstanceOf(ConnectionBroken);
  });
});

describe('driven automatically', () => {
  const atOnce = ['write'];
  const later = ['turn end', 'write'];

  it('onRead, onWrite and handleTimeout are usage errors', async () => {
    const client = await new ScriptedBroker().connected();
    expect(() => client.onRead()).toThrow(UsageError);
    expect(() => client.onWrite()).toThrow(UsageError);
    expect(() => client.handleTimeout()).toThrow(UsageError);
    client.runAnyCallbacks();
  });

  it('one write carries all of a turn', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    broker.doings.length = 0;
    const declares = Array.from({ length: 10 }, (_, index) => client.queueDeclare({ queue: `q${index}` }));
    await Promise.resolve();
    expect(broker.doings.filter((doing) => doing === 'write')).toEqual([]);
    await broker.pump();
    await Promise.all(declares);
    expect(broker.doings.filter((doing) => doing === 'write').length).toBe(1);
  });

  it('much of it does not wait for the end of the turn, and uses the memory of what was sent again', async () => {
    const broker = new ScriptedBroker();
    const { connector } = broker;
    const buffers = new Set<ArrayBufferLike>();
    let isTaken = true;
    const client = await broker.connected({
      transport: allOrNothing(
        connector,
        () => isTaken,
        (buffer) => buffers.add(buffer),
      ),
    });
    const writes = (): number => broker.doings.filter((doing) => doing === 'write').length;
    client.basicPublish({ routingKey: 'opens the channel' });
    await broker.pump();
    broker.doings.length = 0;
    buffers.clear();
    const body = new Uint8Array(4096).fill(7);
    for (let index = 0; index < 100; index++) client.basicPublish({ routingKey: 'q', body });
    expect(writes()).toBeGreaterThan(2);
    expect(buffers.size).toBe(1);
    await broker.pump();
    const early = writes();
    const large = new Uint8Array(60_000);
    for (let index = 0; index < 10; index++) client.basicPublish({ routingKey: 'q', body: large });
    expect(writes()).toBe(early);
    await broker.pump();
    expect(writes()).toBe(early + 1);
    isTaken = false;
    for (let index = 0; index < 100; index++) client.basicPublish({ routingKey: 'q', body });
    expect(writes()).toBe(early + 1);
    await broker.pump();
    expect(writes()).toBe(early + 2);
    expect(broker.sent().filter((name) => name.includes('publish')).length).toBe(211);
  });

  it('uses the memory of what was sent later again once the next read comes', async () => {
    const broker = new ScriptedBroker();
    const { connector } = broker;
    const buffers = new Set<ArrayBufferLike>();
    let isTaken = true;
    const client = await broker.connected({
      transport: allOrNothing(
        connector,
        () => isTaken,
        (buffer) => {
          isTaken = false;
          buffers.add(buffer);
        },
      ),
    });
    const body = new Uint8Array(4096).fill(7);
    client.basicConsume({ queue: 'q', consumerTag: 'c', noAck: true }, () =>
      client.basicPublish({ routingKey: 'q', body }),
    );
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    buffers.clear();
    for (let tag = 1; tag <= 100; tag++) {
      isTaken = true;
      broker.say(broker.delivery(channel, 'c', tag));
      await broker.pump();
    }
    expect(broker.sent().filter((name) => name.includes('publish')).length).toBe(100);
    expect(buffers.size).toBe(1);
  });

  it('leaves the memory it was written in to other clients once it is sent, also by a transport that sends later', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for (let count = 0; count < 3; count++) {
      const broker = new ScriptedBroker();
      const { connector } = broker;
      const client = await broker.connected({
        transport: {
          runtime: 'memory',
          connect: async (options, handlers) => {
            const line = await connector.connect(options, handlers);
            const { write } = line;
            line.write = (chunks) => {
              for (const { buffer } of chunks) if (buffer.byteLength > 1024) buffers.add(buffer);
              return write.call(line, chunks);
            };
            return line;
          },
        },
      });
      client.basicPublish({ routingKey: 'q', body: 'x' });
      await broker.pump();
    }
    expect(buffers.size).toBe(1);
  });

  it.each([
    { read: 'short', isLast: undefined, bodyBytes: 1, doings: atOnce, so: 'goes out in one write at once' },
    { read: 'long', isLast: undefined, bodyBytes: 4000, doings: later, so: 'waits for more until the turn ends' },
    { read: 'long and last', isLast: true, bodyBytes: 4000, doings: atOnce, so: 'goes out in one write at once' },
    { read: 'not last', isLast: false, bodyBytes: 1, doings: later, so: 'waits for more until the turn ends' },
  ])('what callbacks of a read ($read) brought forth $so', async ({ isLast, bodyBytes, doings }) => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    broker.isLast = isLast;
    client.basicConsume({ queue: 'q', consumerTag: 'c' }, (_error, message) => {
      client.basicPublish({ routingKey: 'answers', body: message?.body ?? '' });
      message?.ack();
    });
    client.basicPublish({ routingKey: 'opens the channel' });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    broker.sent();
    broker.doings.length = 0;
    broker.say(...[1, 2, 3].map((tag) => broker.delivery(channel, 'c', tag, 'x'.repeat(bodyBytes))));
    await broker.pump();
    expect(broker.doings.slice(0, doings.length)).toEqual(doings);
    expect(broker.sent().filter((name) => !name.includes('confirm'))).toEqual([
      ...Array.from({ length: 3 }, () => expect.stringContaining('basic.publish')),
      `${channel} basic.ack`,
    ]);
  });

  it('what follows a callback by a promise goes out at the end of the turn', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const both = client.queueDeclare({ queue: 'q' }).then(async () => {
      broker.doings.length = 0;
      await client.queueDeclare({ queue: 'again' });
    });
    await broker.pump();
    await both;
    expect(broker.doings.slice(0, 2)).toEqual(['turn end', 'write']);
  });

  it('a client that closed leaves no timer', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    expect(broker.clock.pending).toBeGreaterThan(0);
    const closed = client.close();
    await broker.pump();
    await closed;
    expect(broker.clock.pending).toBe(0);
  });
});

describe('a connector of the user', () => {
  /** Connects to the broker, except that the first attempts have the given outcomes. */
  function withOutcomes(broker: ScriptedBroker, outcomes: (() => Promise<never>)[]): TransportConnector {
    const { connector } = broker;
    return {
      runtime: 'memory',
      connect: (options, handlers) => outcomes.shift()?.() ?? connector.connect(options, handlers),
    };
  }

  it.each<[string, unknown, () => Promise<never>]>([
    ['rejects with an error of its own', expect.any(RangeError), () => Promise.reject(new RangeError('mine'))],
    ['throws', expect.any(RangeError), () => throwing(new RangeError('mine'))],
    ['rejects with a string', 'mine', () => Promise.reject('mine')],
    ['rejects with null', null, () => Promise.reject(null)],
    ['rejects with nothing', undefined, () => Promise.reject(undefined)],
  ])('that %s fails the connect with ConnectionBroken', async (_what, cause, outcome) => {
    const broker = new ScriptedBroker();
    const connecting = broker.client({ transport: withOutcomes(broker, [outcome]) }).connect();
    connecting.catch(() => {});
    await broker.pump();
    const error: unknown = await connecting.then(undefined, (failure: unknown) => failure);
    expect(error).toBeInstanceOf(ConnectionBroken);
    expect(error).toMatchObject({ outcome: 'not-sent', retryable: true });
    expect((error as ConnectionBroken).message).toContain('the transport failed to connect');
    expect((error as ConnectionBroken).cause).toEqual(cause);
  });

  it.each([[undefined], [null], ['socket'], [{}]])(
    'that returns %j instead of a transport causes a UsageError at once',
    async (given) => {
      const broker = new ScriptedBroker();
      const connect = (): Promise<never> => Promise.resolve(given as never);
      const connecting = broker.client({ transport: { runtime: 'memory', connect } }).connect();
      connecting.catch(() => {});
      await broker.pump();
      await expect(connecting).rejects.toMatchObject({ code: 'USAGE_ERROR' });
    },
  );
});

function throwing(error: Error): never {
  throw error;
}

describe('output that cannot be written because', () => {
  /** Makes transports whose `write()` throws while `isWanted()` is true. */
  function failing(broker: ScriptedBroker, isWanted: () => boolean): TransportConnector {
    const { connector } = broker;
    return {
      runtime: 'memory',
      connect: async (options, handlers) => {
        const transport = await connector.connect(options, handlers);
        const write = (chunks: readonly Uint8Array[]): boolean => {
          if (isWanted()) throw new RangeError('no room');
          return transport.write(chunks);
        };
        return new Proxy(transport, {
          get: (target, key) => (key === 'write' ? write : bound(target, key)),
        });
      },
    };
  }

  function bound(target: object, key: string | symbol): unknown {
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === 'function' ? value.bind(target) : value;
  }

  it('write() of the transport throws ends the connection, and nothing else', async () => {
    const broker = new ScriptedBroker();
    let isWanted = false;
    const client = await broker.connected({ transport: failing(broker, () => isWanted) });
    isWanted = true;
    const declaring = client.queueDeclare({ queue: 'q' });
    declaring.catch(() => {});
    await broker.pump();
    await expect(declaring).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', method: 'queue.declare' });
    expect(client.state).toBe('idle');
  });

  it('the body of a publish was transferred fails that publish, and the others are sent again', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: true });
    const interruptions: unknown[] = [];
    client.on('disconnected', (error) => interruptions.push(error));
    const body = new Uint8Array(50_000);
    const publishes = [
      client.basicPublish({ routingKey: 'q', body: 'first' }),
      client.basicPublish({ routingKey: 'q', body }),
      client.basicPublish({ routingKey: 'q', body: 'last' }),
    ];
    structuredClone(body, { transfer: [body.buffer] });
    const outcomes = Promise.allSettled(publishes);
    await broker.pump();
    expect(broker.sent()).toEqual([]);
    await broker.advance(1000);
    expect(await outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: expect.any(UsageError) },
      { status: 'fulfilled' },
    ]);
    expect(interruptions).toEqual([expect.objectContaining({ code: 'CONNECTION_BROKEN', blame: 'caller' })]);
    expect(broker.sent().filter((name) => name.endsWith('basic.publish'))).toHaveLength(2);
  });
});
