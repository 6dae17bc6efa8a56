import { AsyncLocalStorage } from 'node:async_hooks';
import { table } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../src/client-options.ts';
import type { Message } from '../../src/consuming/message.ts';
import type { Diagnostics, ObservedClient } from '../../src/diagnostics/diagnostics.ts';
import { refusal, ScriptedBroker } from '../scripted-broker.ts';
import { recorder } from './recorder.ts';

async function scene(options: ClientOptions = {}) {
  const broker = new ScriptedBroker();
  const { listener, taken } = recorder();
  const client = await broker.connected({ diagnostics: listener, ...options });
  return { broker, client, taken };
}

/** A consumer, and what delivers to it. */
async function consuming(options: ClientOptions = {}) {
  const all = await scene(options);
  const { broker, taken } = all;
  let tag = 0;
  const deliver = async (body: string): Promise<void> => {
    const { channel, method } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, method.consumerTag, ++tag, body));
    await broker.pump();
  };
  const quiet = async (): Promise<void> => {
    await broker.pump();
    taken();
  };
  return { ...all, deliver, quiet };
}

describe('connections', () => {
  it('are reported with their channels, their loss and their recovery', async () => {
    const { broker, client, taken } = await scene({
      connectionName: 'mine',
      recover: { minDelay: 1000, maxDelay: 1000 },
    });
    expect(taken()).toEqual(['1 connect scripted:5672/', '1 connect ok']);
    void client.queueDeclare({ queue: 'q' });
    await broker.pump();
    expect(taken()).toEqual(['2 queue.declare q', 'channel 1 opened', '2 queue.declare ok']);
    broker.say([0, { type: 'connection.blocked', reason: 'memory' }]);
    await broker.pump();
    broker.reset();
    await broker.pump();
    expect(taken()).toEqual([
      'blocked memory',
      'channel 1 closed ok',
      'disconnected CONNECTION_BROKEN true',
      'unblocked',
      'attempt 1 planned',
    ]);
    await broker.advance(1000);
    expect(taken()).toEqual(['3 connect scripted:5672/ again', '3 connect ok', 'channel 1 opened', 'recovered by 1']);
    void client.close();
    await broker.pump();
    expect(taken()).toContain('disconnected ok false');
  });

  it('that fail are reported with their error', async () => {
    const broker = new ScriptedBroker();
    const { listener, taken } = recorder();
    broker.answers.set('connection.open', () => {
      broker.reset();
      return [];
    });
    const connecting = broker.client({ diagnostics: listener }).connect();
    const failed = expect(connecting).rejects.toThrow();
    await broker.pump();
    await failed;
    expect(taken()).toEqual(['1 connect scripted:5672/', '1 connect CONNECTION_BROKEN']);
  });

  it('tell of the bytes that pass', async () => {
    const counts = { received: 0, sent: 0 };
    const add = (name: 'received' | 'sent', bytes: number): void => {
      counts[name] += bytes;
    };
    const { broker, client } = await scene({
      diagnostics: {
        bytesReceived: ({ bytes }) => add('received', bytes),
        bytesSent: ({ bytes }) => add('sent', bytes),
      },
    });
    const { sent, received } = counts;
    client.basicPublish({ routingKey: 'q', body: 'x'.repeat(1000) });
    await broker.pump();
    expect(counts.sent - sent).toBeGreaterThan(1000);
    // channel.open-ok, confirm.select-ok and a confirm: 16, 12 and 21 octets.
    expect(counts.received - received).toBe(49);
  });
});

describe('operations', () => {
  it('are reported with their outcome, also those that are refused at the call', async () => {
    const { broker, client, taken } = await scene();
    taken();
    broker.answers.set('queue.declare', (channel) => [refusal(channel, 404, 'NOT_FOUND', 50, 10)]);
    const failures = [
      client.queueDeclare({ queue: 'nowhere', passive: true }),
      client.queueDelete({ queue: '' }),
      client.queueDelete(undefined as unknown as { queue: string }),
      client.basicPublish({ routingKey: 'x'.repeat(256) }),
      client.basicPublish(undefined as unknown as { routingKey: string }),
      client.basicPublish({ routingKey: 'q', signal: AbortSignal.abort(new Error('no')) }),
      client.basicConsume({ queue: '' }).ready,
    ].map((operation) => expect(operation).rejects.toThrow());
    await broker.pump();
    await Promise.all(failures);
    expect(taken()).toEqual([
      ...['2 queue.declare nowhere', 'channel 1 opened', '3 queue.delete ', '3 queue.delete USAGE_ERROR'],
      ...['4 queue.delete', '4 queue.delete USAGE_ERROR'],
      ...[`5 publish '' '${'x'.repeat(256)}' 0`, '5 publish USAGE_ERROR'],
      ...["6 publish '' '' 0", '6 publish USAGE_ERROR', "7 publish '' 'q' 0", '7 publish Error: no'],
      ...['8 basic.consume ', '8 basic.consume USAGE_ERROR'],
      ...['channel 1 closed NOT_FOUND', '2 queue.declare NOT_FOUND'],
    ]);
  });

  it('whose options throw when they are read are refused with that, and told', async () => {
    const { client, taken } = await scene();
    taken();
    const broken = new (class {
      get queue(): string {
        throw new Error('broken');
      }
      get prefetchCount(): number {
        throw new Error('broken');
      }
    })();
    const calls = [client.basicGet(broken), client.queueDeclare(broken), client.basicConsume(broken).ready];
    for (const call of calls) await expect(call).rejects.toThrow('broken');
    expect(taken()).toEqual([
      ...['2 basic.get', '2 basic.get Error: broken', '3 queue.declare', '3 queue.declare Error: broken'],
      ...['4 basic.consume', '4 basic.consume Error: broken'],
    ]);
    expect(Object.values(client.metrics().requests).map(({ open }) => open)).toEqual([0, 0, 0]);
  });

  it('of every kind are told, a consumer with all its queues', async () => {
    const { broker, client, taken } = await scene();
    broker.answers.set('queue.purge', (channel) => [[channel, { type: 'queue.purge-ok', messageCount: 1 }]]);
    taken();
    await broker.pump();
    const consumer = client.basicConsumeMulti({ queues: ['a', 'b'] });
    await broker.pump();
    void client.basicQos(consumer, { prefetchCount: 5 });
    await broker.pump();
    void consumer.cancel();
    void consumer.cancel();
    void client.queuePurge({ queue: 'a' });
    void client.basicGet({ queue: 'a' });
    await broker.pump();
    const lines = taken().filter((line) => !line.startsWith('channel'));
    expect(lines.filter((line) => !line.endsWith(' ok'))).toEqual([
      ...['2 basic.consume a b', '3 basic.qos', '4 basic.cancel a b', '5 queue.purge a', '6 basic.get a'],
    ]);
    expect(lines.filter((line) => line.endsWith(' ok')).length).toBe(5);
  });
});

describe('publishes', () => {
  it('are reported from the call to the confirm, before the code that awaits it', async () => {
    const { broker, client, taken } = await scene();
    client.basicPublish({ routingKey: 'q' });
    await broker.pump();
    taken();
    let linesThen: string[] = [];
    client.basicPublish({ exchange: '', routingKey: 'q', json: { a: 1 } }, () => {
      linesThen = taken();
    });
    expect(taken()).toEqual(["3 publish '' 'q' 7"]);
    await broker.pump();
    expect(linesThen).toEqual(['3 publish ok']);
  });

  it('that are nacked, or lost with the connection, are reported so', async () => {
    const { broker, client, taken } = await scene();
    broker.answers.set('basic.publish', (channel) => [
      [channel, { type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: false }],
    ]);
    const nacked = expect(client.basicPublish({ routingKey: 'q' })).rejects.toThrow();
    await broker.pump();
    broker.answers.set('basic.publish', () => []);
    const lost = expect(client.basicPublish({ routingKey: 'q', timeout: 1e6 })).rejects.toThrow();
    await broker.pump();
    broker.reset();
    await broker.pump();
    await Promise.all([nacked, lost]);
    expect(taken().filter((line) => / publish [A-Z]/.test(line))).toEqual([
      ...['2 publish PUBLISH_NACKED', '3 publish CONNECTION_BROKEN'],
    ]);
  });

  it('take the headers that listeners add, and keep those of the caller as they are', async () => {
    const broker = new ScriptedBroker();
    const sent: unknown[] = [];
    broker.headersReceived = (headers) => sent.push(headers);
    let late = (): void => {};
    const client = await broker.connected({
      diagnostics: {
        publishStarted: (publish) => {
          publish.setHeader('traceparent', '00-1-2-01');
          late = () => publish.setHeader('late', true);
        },
      },
    });
    const options = { routingKey: 'q', headers: { own: 1, traceparent: 'old' }, messageId: 'm' };
    client.basicPublish(options);
    late();
    client.basicPublish({ routingKey: 'q' });
    client.basicPublish({ routingKey: 'q', headers: new Map([['own', 'text']]) });
    client.basicPublish({ routingKey: 'q', headers: table([{ name: 'own', value: table({ a: 1 }) }]) });
    await broker.pump();
    const traceparent = '00-1-2-01';
    expect(sent).toEqual([
      ...[{ own: 1, traceparent }, { traceparent }, { own: 'text', traceparent }, { own: { a: 1 }, traceparent }],
    ]);
    expect(options.headers).toEqual({ own: 1, traceparent: 'old' });
  });

  it('fail where a listener adds what has no form on the wire', async () => {
    const { client } = await scene({
      diagnostics: { publishStarted: (publish) => publish.setHeader('x', Number.NaN) },
    });
    await expect(client.basicPublish({ routingKey: 'q' })).rejects.toMatchObject({ code: 'USAGE_ERROR' });
  });
});

describe('deliveries', () => {
  it('to a callback are work until its promise settles', async () => {
    const { broker, client, deliver, taken, quiet } = await consuming();
    const jobs: { message: Message; finish: (error?: unknown) => void }[] = [];
    client.on('unobserved', () => {});
    client.basicConsume({ queue: 'q' }, (_error, message) => {
      if (message === undefined) return undefined;
      return new Promise<void>((resolve, reject) => {
        jobs.push({ message, finish: (error) => (error === undefined ? resolve() : reject(error)) });
      });
    });
    await quiet();
    await deliver('one');
    await deliver('two');
    expect(taken()).toEqual([
      ...['3 delivered one to callback', '4 process one by callback'],
      ...['5 delivered two to callback', '6 process two by callback'],
    ]);
    jobs[1]?.message.nack({ requeue: false });
    jobs[1]?.finish(new Error('bad'));
    jobs[0]?.message.ack();
    jobs[0]?.finish();
    await broker.pump();
    expect(taken()).toEqual(['5 basic.nack true', '3 basic.ack true', '6 process Error: bad', '4 process ok']);
  });

  it('to a callback that throws, and to one that returns nothing, are work while it runs', async () => {
    const { broker, client, deliver, taken, quiet } = await consuming();
    client.on('unobserved', () => {});
    client.basicConsume({ queue: 'q' }, (_error, message) => {
      message?.reject();
      if (message?.text() === 'bad') throw new Error('bad');
    });
    await quiet();
    await deliver('good');
    await deliver('bad');
    await broker.pump();
    expect(taken()).toEqual([
      ...['3 delivered good to callback', '4 process good by callback', '3 basic.reject requeue true', '4 process ok'],
      ...['5 delivered bad to callback', '6 process bad by callback', '5 basic.reject requeue true'],
      '6 process Error: bad',
    ]);
  });

  it('to a loop are work until it comes back', async () => {
    const { broker, client, deliver, taken, quiet } = await consuming();
    const consumer = client.basicConsume({ queue: 'q', noAck: true });
    let goOn = (): void => {};
    const looping = (async () => {
      for await (const message of consumer) {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        if (message.text() === 'two') break;
      }
    })();
    await quiet();
    await deliver('one');
    expect(taken()).toEqual(['3 delivered one to loop', '4 process one by loop']);
    goOn();
    await deliver('two');
    goOn();
    await broker.pump();
    await looping;
    const lines = taken().filter((line) => !line.includes('cancel') && !line.startsWith('channel'));
    expect(lines).toEqual(['4 process ok', '5 delivered two to loop', '6 process two by loop', '6 process ok']);
  });

  it('to a wait and to a get are reported with how they are settled, and are no work', async () => {
    const { broker, client, deliver, taken, quiet } = await consuming();
    const consumer = client.basicConsume({ queue: 'q' });
    await quiet();
    const waiting = client.wait(consumer);
    await deliver('waited');
    (await waiting).ack();
    broker.answers.set('basic.get', (channel) => {
      broker.say(broker.gotten(channel, 1, 'gotten'));
      return [];
    });
    const getting = client.basicGet({ queue: 'q' });
    await broker.pump();
    const message = await getting;
    broker.reset();
    await broker.pump();
    message?.ack();
    expect(taken().filter((line) => /^\d/.test(line))).toEqual([
      ...['3 delivered waited to wait', '3 basic.ack true', '4 basic.get q', '4 basic.get ok'],
      ...['5 delivered gotten to get', '5 basic.ack false'],
    ]);
  });

  it('of a consumer that is processed manually are work where the caller says so', async () => {
    const { client, deliver, taken, quiet } = await consuming();
    const kept: Message[] = [];
    client.basicConsume({ queue: 'q', processing: 'manual' }, (_error, message) => {
      if (message !== undefined) kept.push(message);
    });
    await quiet();
    await deliver('one');
    await deliver('two');
    expect(taken()).toEqual(['3 delivered one to callback', '4 delivered two to callback']);
    expect(client.process(kept, () => 'done')).toBe('done');
    const failed = client.process(kept.slice(0, 1), () => Promise.reject(new Error('bad')));
    await expect(failed).rejects.toThrow('bad');
    expect(taken()).toEqual([
      ...['5 process one two by process', '5 process ok', '6 process one by process', '6 process Error: bad'],
    ]);
  });

  it('process() within a callback adds nothing', async () => {
    const { client, deliver, taken, quiet } = await consuming();
    client.basicConsume({ queue: 'q', noAck: true }, (_error, message) =>
      message === undefined ? undefined : client.process(message, () => {}),
    );
    await quiet();
    await deliver('one');
    expect(taken()).toEqual(['3 delivered one to callback', '4 process one by callback', '4 process ok']);
  });

  it('a thenable that a callback returns does its work once', async () => {
    const { client, deliver, quiet } = await consuming();
    let asked = 0;
    // biome-ignore lint/suspicious/noThenProperty: as a query builder has it.
    const lazy = { then: (resolve: (value: unknown) => void) => resolve(++asked) };
    client.basicConsume({ queue: 'q', noAck: true }, () => lazy);
    await quiet();
    await deliver('one');
    expect(asked).toBe(1);
  });
});

describe('runProcess', () => {
  const storage = new AsyncLocalStorage<string>();

  it('runs a callback within what the listener gives it, the first listener outermost', async () => {
    const seen: unknown[] = [];
    const within = (name: string): Diagnostics => ({
      processStarted: () => name,
      runProcess: (slot, work) => storage.run(`${storage.getStore() ?? ''}${slot}`, work),
    });
    const { client, deliver, quiet } = await consuming({ diagnostics: [within('a'), {}, within('b')] });
    client.basicConsume({ queue: 'q', noAck: true }, async (_error, message) => {
      await Promise.resolve();
      seen.push(message?.text(), storage.getStore());
    });
    await quiet();
    await deliver('one');
    expect(seen).toEqual(['one', 'ab']);
  });

  it.each<[string, Required<Diagnostics>['runProcess']]>([
    ['does not call it', () => {}],
    ['calls it twice', (_slot, work) => [work(), work()]],
    [
      'throws before',
      () => {
        throw new Error('listener');
      },
    ],
    [
      'throws after',
      (_slot, work) => {
        work();
        throw new Error('listener');
      },
    ],
  ])('runs it once where the listener %s', async (what, runProcess) => {
    const { broker, client, deliver, quiet } = await consuming({ diagnostics: { runProcess } });
    const unobserved: string[] = [];
    client.on('unobserved', (error) => unobserved.push(String(error)));
    let calls = 0;
    client.basicConsume({ queue: 'q', noAck: true }, () => ++calls);
    await quiet();
    await deliver('one');
    await broker.pump();
    expect(calls).toBe(1);
    expect(unobserved).toEqual(what.startsWith('throws') ? ['Error: listener'] : []);
  });
});

describe('runProcess of an async listener', () => {
  async function outcomes(runProcess: Required<Diagnostics>['runProcess'], callback: () => unknown) {
    const { broker, client, deliver, quiet } = await consuming({ diagnostics: { runProcess } });
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    client.basicConsume({ queue: 'q', noAck: true }, callback);
    await quiet();
    await deliver('one');
    await broker.pump();
    return unobserved;
  }
  const bad = new Error('bad');
  const failing: Readonly<Record<string, () => unknown>> = {
    'at once': () => {
      throw bad;
    },
    later: async () => {
      throw bad;
    },
  };

  it.each(Object.keys(failing))('leaves the failure of the work to the work, where it comes %s', async (when) => {
    const callback = failing[when] ?? (() => {});
    expect(await outcomes(async (_slot, work) => work(), callback)).toMatchObject([{ cause: bad }]);
    expect(
      await outcomes(async (_slot, work) => {
        await work();
      }, callback),
    ).toMatchObject([{ cause: bad }]);
  });

  it('is reported where the listener itself fails', async () => {
    const error = new Error('listener');
    const fails: Required<Diagnostics>['runProcess'] = async (_slot, work) => {
      await work();
      throw error;
    };
    expect(await outcomes(fails, () => {})).toEqual([error]);
    expect(await outcomes(fails, async () => {})).toEqual([error]);
  });

  it('does the work of a thenable once', async () => {
    let asked = 0;
    // biome-ignore lint/suspicious/noThenProperty: as a query builder has it.
    const lazy = { then: (resolve: (value: unknown) => void) => resolve(++asked) };
    await outcomes(
      async (_slot, work) => work(),
      () => lazy,
    );
    expect(asked).toBe(1);
  });
});

describe('a listener', () => {
  it('that throws, or whose promise rejects, goes to unobserved and changes nothing', async () => {
    const thrower = new Proxy({} as Diagnostics, {
      get: (_target, name) => {
        if (name === 'processEnded') return () => Promise.reject(new Error('processEnded'));
        return () => {
          throw new Error(String(name));
        };
      },
      has: () => true,
    });
    const { listener, taken } = recorder();
    const { client, deliver, broker, quiet } = await consuming({ diagnostics: [thrower, listener] });
    const unobserved = new Set<string>();
    client.on('unobserved', (error) => unobserved.add((error as Error).message));
    let calls = 0;
    client.basicConsume({ queue: 'q' }, (_error, message) => {
      calls++;
      message?.ack();
    });
    await quiet();
    await deliver('one');
    const publishing = client.basicPublish({ routingKey: 'q', body: 'x' });
    await broker.pump();
    await publishing;
    expect(calls).toBe(1);
    expect(taken()).toContain('5 publish ok');
    expect([...unobserved]).toEqual(
      expect.arrayContaining([
        ...['requestStarted', 'requestEnded', 'publishStarted', 'publishEnded', 'delivered', 'settled'],
        ...['processStarted', 'runProcess', 'processEnded', 'bytesSent', 'bytesReceived'],
      ]),
    );
  });

  it('gets the same client in all calls, with the host that it is connected to', async () => {
    const clients = new Set<ObservedClient>();
    const broker = new ScriptedBroker();
    const client = await broker.connected({
      connectionName: 'mine',
      diagnostics: {
        connectEnded: (_slot, { client: its }) => void clients.add(its),
        publishStarted: ({ client: its }) => void clients.add(its),
      },
    });
    client.basicPublish({ routingKey: 'q' });
    await broker.pump();
    expect([...clients]).toEqual([{ connectionName: 'mine', host: 'scripted', port: 5672, virtualHost: '/' }]);
  });
});
