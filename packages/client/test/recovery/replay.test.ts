import type { Operation } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';
import { Scene } from './scene.ts';

async function run<Result>(scene: Scene, operation: Operation<Result>): Promise<Result> {
  await scene.settle();
  return operation;
}

describe('a queue that vanishes after the gate', () => {
  it('is made again with all that leads to it: auto-delete exchanges went with it, one after the other', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await run(scene, client.exchangeDeclare({ exchange: 'outer', type: 'fanout', autoDelete: true }));
    await run(scene, client.exchangeDeclare({ exchange: 'middle', type: 'fanout', autoDelete: true }));
    await run(scene, client.exchangeDeclare({ exchange: 'inner', type: 'direct', autoDelete: true }));
    await run(scene, client.queueDeclare({ queue: 'q' }));
    await run(scene, client.exchangeBind({ destination: 'middle', source: 'outer' }));
    await run(scene, client.exchangeBind({ destination: 'inner', source: 'middle' }));
    await run(scene, client.queueBind({ queue: 'q', exchange: 'inner', routingKey: 'k' }));
    await scene.cut(client);
    scene.broker.faults.removeQueue('q');
    await scene.advance(11_000);
    await run(scene, client.basicPublish({ exchange: 'outer', routingKey: 'k', body: 'x', mandatory: true }));
    expect((await run(scene, client.basicGet({ queue: 'q', noAck: true })))?.text()).toBe('x');
    await scene.end(client);
  });
});

describe('a binding whose queue is away', () => {
  it('is tried again no more once it is unbound, over another connection too', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    client.on('notRestored', () => {});
    await run(scene, client.exchangeDeclare({ exchange: 'e' }));
    await run(scene, client.queueDeclare({ queue: 'q', durable: true }));
    await run(scene, client.queueBind({ queue: 'q', exchange: 'e', routingKey: 'k' }));
    // It goes down between its declare and its bind.
    let isDown = false;
    const stop = (): boolean => {
      if (!isDown) scene.broker.faults.stopQueue('q');
      isDown = true;
      return false;
    };
    scene.broker.faults.refuse('queue.bind', { code: 404, match: stop });
    await scene.cut(client);
    expect(client.recovery.retrying.map(({ entity }) => entity.kind)).toEqual(['binding']);
    scene.broker.faults.dropConnections();
    await scene.settle();
    const unbound = client.queueUnbind({ queue: 'q', exchange: 'e', routingKey: 'k' });
    await scene.until(() => client.state === 'connected');
    scene.broker.faults.startQueue('q');
    await scene.advance(20_000);
    expect([unbound.state, client.recovery.retrying]).toEqual(['fulfilled', []]);
    await scene.end(client);
  });
});

describe('auto-delete exchanges that go with a queue which the broker deletes late', () => {
  it.each(['before', 'behind'] as const)(
    'are made again, also where it goes %s one of them is declared',
    async (when) => {
      for (const at of [
        'exchange.declare outer',
        'exchange.declare inner',
        'exchange.bind',
        'queue.declare',
      ] as const) {
        const scene = await Scene.start();
        const client = await scene.connected();
        const refused: unknown[] = [];
        client.on('notRestored', (error) => refused.push(error));
        await run(scene, client.exchangeDeclare({ exchange: 'outer', type: 'fanout', autoDelete: true }));
        await run(scene, client.exchangeDeclare({ exchange: 'inner', type: 'direct', autoDelete: true }));
        await run(scene, client.queueDeclare({ queue: 'q' }));
        await run(scene, client.exchangeBind({ destination: 'inner', source: 'outer' }));
        for (const routingKey of ['k', 'l'])
          await run(scene, client.queueBind({ queue: 'q', exchange: 'inner', routingKey }));
        let isDue = true;
        let isNext = false;
        const reap = (name: string): boolean => {
          if (isDue && (isNext || name === at)) {
            if (when === 'behind' && !isNext) isNext = true;
            else {
              isDue = false;
              scene.broker.faults.removeQueue('q', { isSilent: true });
            }
          }
          return false;
        };
        const { faults } = scene.broker;
        faults.refuse('exchange.declare', { code: 404, match: ({ exchange }) => reap(`exchange.declare ${exchange}`) });
        faults.refuse('exchange.bind', { code: 404, match: () => reap('exchange.bind') });
        faults.refuse('queue.declare', { code: 404, match: () => reap('queue.declare') });
        faults.refuse('queue.bind', { code: 404, match: () => reap('queue.bind') });
        await scene.cut(client);
        await scene.advance(11_000);
        expect(isDue).toBe(false);
        for (const routingKey of ['k', 'l']) {
          await run(scene, client.basicPublish({ exchange: 'outer', routingKey, body: routingKey, mandatory: true }));
          expect((await run(scene, client.basicGet({ queue: 'q', noAck: true })))?.text()).toBe(routingKey);
        }
        expect(refused).toEqual([]);
        await scene.end(client);
      }
    },
  );
});

describe('a queue that vanishes again and again', () => {
  it('is made again at once, then by the pace of back-off, and its consumer gets it when it stays', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    const told: boolean[] = [];
    client.on('notRestored', (_error, entity, isRetrying) => {
      if (entity.kind === 'queue') told.push(isRetrying);
    });
    await run(scene, client.queueDeclare({ queue: 'q' }));
    const texts: (string | undefined)[] = [];
    client.basicConsume({ queue: 'q' }, (_error, message) => texts.push(message?.text()));
    await scene.settle();
    let consumes = 0;
    // Another client deletes it just before each consume.
    const isReaped = (): boolean => {
      consumes++;
      if (consumes <= 12) scene.broker.faults.removeQueue('q', { isSilent: true });
      return false;
    };
    scene.broker.faults.refuse('basic.consume', { code: 404, match: isReaped });
    await scene.cut(client);
    await scene.advance(200);
    const early = consumes;
    expect(early).toBeGreaterThan(5);
    expect(early).toBeLessThan(10);
    expect(told).toEqual([true]);
    await scene.advance(10_000);
    expect(consumes).toBe(13);
    client.basicPublish({ routingKey: 'q', body: 'stays' });
    await scene.settle();
    expect(texts).toEqual(['stays']);
    await scene.end(client);
  });

  it('is given up after retryFor, and so is its consumer', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ recover: { minDelay: 50, maxDelay: 1000, retryFor: 5000 } });
    const told: boolean[] = [];
    client.on('notRestored', (_error, entity, isRetrying) => {
      if (entity.kind === 'queue') told.push(isRetrying);
    });
    await run(scene, client.queueDeclare({ queue: 'q' }));
    const consumer = client.basicConsume({ queue: 'q' }, () => {});
    await scene.settle();
    const isReaped = (): boolean => {
      if (scene.broker.queue('q') !== undefined) scene.broker.faults.removeQueue('q', { isSilent: true });
      return false;
    };
    scene.broker.faults.refuse('basic.consume', { code: 404, match: isReaped });
    await scene.cut(client);
    await scene.advance(30_000);
    expect(told).toEqual([true, false]);
    expect(consumer.isEnded).toBe(true);
    await scene.end(client);
  });
});

describe('a consumer of a queue that is deleted while there is no connection', () => {
  it('ends when the delete is answered, though the queue went with the connection', async () => {
    for (const resubscribe of [undefined, false, true] as const) {
      const scene = await Scene.start();
      const client = await scene.connected();
      client.on('notRestored', () => {});
      await run(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
      const errors: unknown[] = [];
      const consumer = client.basicConsume({ queue: 'q', resubscribe }, (error) => errors.push(error));
      await scene.settle();
      scene.broker.faults.dropConnections();
      await scene.settle();
      const deleted = client.queueDelete({ queue: 'q' });
      await scene.until(() => client.state === 'connected');
      await run(scene, deleted);
      await scene.advance(2000);
      expect(consumer.isEnded).toBe(resubscribe !== true);
      if (resubscribe !== true) expect(errors).toMatchObject([{ code: 'CONSUMER_CANCELLED', queue: 'q' }]);
      await scene.end(client);
    }
  });
});

describe('a bind that is answered after the delete of its exchange', () => {
  it('is not made again', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 50, maxDelay: 50 } });
    const told: unknown[] = [];
    client.on('notRestored', (error) => told.push(error));
    void client.exchangeDeclare({ exchange: 'e' });
    void client.queueDeclare({ queue: 'q' });
    await broker.pump();
    broker.answers.set('queue.bind', () => []);
    const bind = client.queueBind({ queue: 'q', exchange: 'e' });
    await broker.pump();
    const { channel } = broker.last('queue.bind');
    client.exchangeDelete({ exchange: 'e' }, () => broker.say([channel, { type: 'queue.bind-ok' }]));
    await broker.pump();
    await bind;
    expect(client.recovery.recorded).toEqual({ exchanges: 0, queues: 1, bindings: 0 });
    broker.reset();
    await broker.pump();
    await broker.advance(60);
    expect(client.state).toBe('connected');
    await broker.advance(1000);
    expect(told).toEqual([]);
  });
});

describe('a delete that is under way at the loss', () => {
  it.each(['queueDelete', 'queueUnbind'] as const)(
    'leaves no auto-delete exchange behind whose last binding goes with it: %s',
    async (call) => {
      const scene = await Scene.start();
      const client = await scene.connected();
      const exchanges = (): string[] =>
        scene.broker.exchanges().flatMap(({ name }) => (/^(outer|inner)$/.test(name) ? [name] : []));
      await run(scene, client.exchangeDeclare({ exchange: 'outer', autoDelete: true }));
      await run(scene, client.exchangeDeclare({ exchange: 'inner', autoDelete: true }));
      await run(scene, client.queueDeclare({ queue: 'q', exclusive: true }));
      await run(scene, client.exchangeBind({ destination: 'inner', source: 'outer' }));
      await run(scene, client.queueBind({ queue: 'q', exchange: 'inner' }));
      scene.broker.faults.dropConnections();
      await scene.settle();
      const leaving: Operation<unknown> =
        call === 'queueDelete'
          ? client.queueDelete({ queue: 'q' })
          : client.queueUnbind({ queue: 'q', exchange: 'inner' });
      await scene.until(() => client.state === 'connected');
      await run(scene, leaving);
      expect(exchanges()).toEqual([]);
      expect(client.recovery.recorded).toMatchObject({ exchanges: 0, bindings: 0 });
      await scene.end(client);
    },
  );
});

describe('a consumer over two queues of which one was made again', () => {
  it('is subscribed to that one anew, and to the other still once', async () => {
    const scene = await Scene.start();
    const client = await scene.connected();
    await run(scene, client.queueDeclare({ queue: 'transient' }));
    await run(scene, client.queueDeclare({ queue: 'durable', durable: true }));
    const texts: (string | undefined)[] = [];
    client.basicConsumeMulti({ queues: ['transient', 'durable'] }, (_error, message) => texts.push(message?.text()));
    await scene.settle();
    await scene.cut(client);
    await scene.advance(5000);
    scene.broker.faults.removeQueue('transient', { isSilent: true });
    // After the look at 10 s.
    await scene.advance(6000);
    expect(scene.broker.queue('transient')?.consumers).toHaveLength(1);
    expect(scene.broker.queue('durable')?.consumers).toHaveLength(1);
    for (const routingKey of ['transient', 'durable']) client.basicPublish({ routingKey, body: routingKey });
    await scene.settle();
    expect(texts.sort()).toEqual(['durable', 'transient']);
    await scene.end(client);
  });
});

describe('a server-named queue that is made again under another name', () => {
  async function named() {
    const scene = await Scene.start();
    const client = await scene.connected();
    const { queue } = await run(scene, client.queueDeclare({}));
    const texts: (string | undefined)[] = [];
    const consumer = client.basicConsume({ queue }, (_error, message) => texts.push(message?.text()));
    await scene.settle();
    const check = async (): Promise<void> => {
      expect(consumer.queue).not.toBe(queue);
      expect(scene.broker.queue(consumer.queue)?.consumers).toHaveLength(1);
      client.basicPublish({ routingKey: queue, body: 'by its first name' });
      await scene.settle();
      expect(texts).toEqual(['by its first name']);
      await scene.end(client);
    };
    return { scene, client, queue, check };
  }

  it('has its consumer where it was gone before the consume', async () => {
    const { scene, client, queue, check } = await named();
    let isThere = true;
    // The broker ends the lost connection late, and the queue with it.
    const isReaped = (): boolean => {
      if (isThere) scene.broker.faults.removeQueue(queue, { isSilent: true });
      isThere = false;
      return false;
    };
    scene.broker.faults.refuse('basic.consume', { code: 404, match: isReaped });
    await scene.cut(client);
    await scene.settle();
    await check();
  });

  it('has its consumer where it was gone later, without a word', async () => {
    const { scene, client, queue, check } = await named();
    await scene.cut(client);
    await scene.advance(5000);
    scene.broker.faults.removeQueue(queue, { isSilent: true });
    await scene.advance(6000);
    await check();
  });
});

describe('a queue that the broker of now never takes', () => {
  /** The embedded broker takes it all the same, as it was declared at an older one. */
  async function declared() {
    const scene = await Scene.start({ version: '4.3.0' });
    const client = await scene.connected();
    const told: unknown[] = [];
    client.on('notRestored', ({ code }, { kind }, isRetrying) => told.push([code, kind, isRetrying]));
    await run(scene, client.queueDeclare({ queue: 'transient', durable: false }));
    return { scene, client, told };
  }

  it('is reported at once, and everything else comes back without delay', async () => {
    const { scene, client, told } = await declared();
    await run(scene, client.queueDeclare({ queue: 'mine', exclusive: true }));
    await run(scene, client.queueBind({ queue: 'mine', exchange: 'amq.fanout' }));
    let downMs: number | undefined;
    client.on('connected', (_info, report) => {
      downMs = report?.downMs;
    });
    await scene.cut(client);
    expect(downMs).toBeLessThan(1000);
    expect(told).toEqual([['AMQP_NOT_IMPLEMENTED', 'queue', false]]);
    await run(scene, client.basicPublish({ exchange: 'amq.fanout', routingKey: '', body: 'x', mandatory: true }));
    expect((await run(scene, client.basicGet({ queue: 'mine', noAck: true })))?.text()).toBe('x');
    await scene.end(client);
  });

  it('is reported once, though its binding and its consumer find it missing', async () => {
    const { scene, client, told } = await declared();
    await run(scene, client.queueBind({ queue: 'transient', exchange: 'amq.fanout' }));
    client.basicConsume({ queue: 'transient' }, () => {});
    await scene.settle();
    scene.broker.faults.dropConnections();
    scene.broker.faults.removeQueue('transient', { isSilent: true });
    await scene.settle();
    await scene.advance(60_000);
    expect(told).toEqual([
      ['AMQP_NOT_IMPLEMENTED', 'queue', false],
      ['NOT_FOUND', 'binding', true],
      ['NOT_FOUND', 'consumer', true],
    ]);
    expect(client.state).toBe('connected');
    await scene.end(client);
  });
});

describe('a queue that expires without use', () => {
  const expiring = { queue: 'q', durable: true, arguments: { 'x-expires': 60_000 } } as const;
  /** Attempts begin 72 s after the loss. */
  const recover = { minDelay: 120_000, maxDelay: 120_000 };

  it('is made again when it has expired in the outage alone', async () => {
    const scene = await Scene.start();
    const client = await scene.connected({ recover });
    await run(scene, client.queueDeclare(expiring));
    for (let round = 0; round < 2; round++) {
      await scene.advance(10_000);
      scene.broker.faults.dropConnections();
      await scene.settle();
      await scene.advance(100_000);
      expect(client.state).toBe('connected');
      expect(scene.broker.queue('q')).toBeDefined();
    }
    await scene.end(client);
  });

  it('was used by a get, and is forgotten where nobody has used it up to the loss', async () => {
    for (const isGotten of [true, false]) {
      const scene = await Scene.start();
      const client = await scene.connected({ recover });
      await run(scene, client.queueDeclare(expiring));
      await scene.advance(50_000);
      if (isGotten) await run(scene, client.basicGet({ queue: 'q' }));
      await scene.advance(50_000);
      scene.broker.faults.dropConnections();
      await scene.settle();
      expect(client.recovery.recorded.queues).toBe(isGotten ? 1 : 0);
      await scene.end(client);
    }
  });
});

describe('a listener or a filter that closes the client', () => {
  it('while recovery asks it leaves nothing behind', async () => {
    for (const by of ['filter', 'notRestored'] as const) {
      const scene = await Scene.start();
      let closing: Operation<void> | undefined;
      const close = (): boolean => {
        closing = client.close();
        return true;
      };
      let isArmed = false;
      const filter = (): boolean => (isArmed && by === 'filter' ? close() : true);
      const client = await scene.connected({ recover: { minDelay: 50, maxDelay: 50, filter } });
      const events: string[] = [];
      client.on('notRestored', () => by === 'notRestored' && close());
      client.on('recovering', () => events.push('recovering'));
      client.on('closed', () => events.push('closed'));
      await run(scene, client.queueDeclare({ queue: 'q' }));
      isArmed = true;
      // It is known to have ended the connection.
      scene.broker.faults.refuse('queue.declare', { code: 541, times: 1 });
      scene.broker.faults.dropConnections();
      await scene.settle();
      await scene.advance(100);
      await closing;
      expect(client.state).toBe('idle');
      expect(events).toEqual(['recovering', 'closed']);
      expect(client.recovery.phase).toBe('idle');
      expect([scene.sockets, scene.timers]).toEqual([0, 0]);
      await scene.broker.stop();
    }
  });
});
