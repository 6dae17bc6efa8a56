import { Client, ConnectionBroken, loop, type Message } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { numbers, scene } from './scene.ts';

const { client, queue: freshQueue, another, fill, untilCount } = scene();

describe('loop', () => {
  it('ends by loopBreak in a callback, and nothing of that turn is lost', async () => {
    const own = await another();
    const queue = await freshQueue(10);
    const seen: string[] = [];
    const consumer = own.basicConsume({ queue }, (_error, message) => {
      seen.push(message?.text() ?? '');
      message?.ack();
      if (seen.length === 10) own.loopBreak();
    });
    await own.loop();
    expect(seen).toEqual(numbers(10));
    await consumer.cancel();
    await own.queueDeclare({ exclusive: true });
  });

  it('ends in time, and the client works on without it', async () => {
    const own = await another();
    const queue = await freshQueue();
    const messages: string[] = [];
    let third = (): void => {};
    const all = new Promise<void>((resolve) => {
      third = resolve;
    });
    own.basicConsume({ queue }, (_error, message) => {
      messages.push(message?.text() ?? '');
      if (messages.length === 3) third();
    });
    await own.loop({ timeout: 20 });
    expect(messages).toEqual([]);
    await fill(queue, 3);
    await all;
    expect(messages).toEqual(numbers(3));
    await own.close();
  });

  it('ends with the connection, closed by a callback', async () => {
    const own = await another();
    const told: string[] = [];
    own.queueDeclare({ exclusive: true }, () => {
      told.push('declared');
      own.close(() => told.push('closed'));
    });
    await own.loop();
    expect(told).toEqual(['declared', 'closed']);
    await own.close();
    await own.loop();
  });

  it('over several clients ends when all are closed', async () => {
    const clients = await Promise.all([another(), another(), another()]);
    const order: number[] = [];
    clients.forEach((own, index) => {
      own.queueDeclare({ exclusive: true }, () => {
        order.push(index);
        void own.close();
      });
    });
    await loop(clients);
    expect(order.sort()).toEqual([0, 1, 2]);
    for (const own of clients) expect(own.socket()).toBeUndefined();
    await loop(clients);
  });

  it('over several clients ends when one is broken', async () => {
    const clients = await Promise.all([another(), another()]);
    clients[1]?.queueDeclare({ exclusive: true }, () => clients[1]?.loopBreak());
    await loop(clients);
    for (const own of clients) await own.queueDeclare({ exclusive: true });
  });
});

describe('inside a callback', () => {
  it('one can publish, declare, get, consume and cancel', async () => {
    const own = await another();
    const [input, output] = await Promise.all([freshQueue(), freshQueue()]);
    const steps: string[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      const consumer = own.basicConsume({ queue: input, prefetchCount: 5 }, (error, message) => {
        if (message === undefined) {
          reject(error);
          return;
        }
        own.basicPublish({ routingKey: output, body: `re: ${message.text()}` }, (failure) => {
          if (failure !== undefined) reject(failure);
          message.ack();
          if (message.text() !== '99') return;
          own.queueDeclare({ queue: output, passive: true }, (_failure, declared) => {
            steps.push(`declared ${declared?.messageCount}`);
            own.basicGet({ queue: output, noAck: true }, (_error, answer) => {
              steps.push(`got ${answer?.text()}`);
              own.basicCancel(consumer, () => resolve());
            });
          });
        });
      });
    });
    await fill(input, 100);
    await ended;
    expect(steps).toEqual(['declared 100', 'got re: 0']);
    await untilCount(input, 0);
    await untilCount(output, 99);
  });

  it('one can close, and everything settles', async () => {
    const own = await another();
    const queue = await freshQueue(10);
    const told: unknown[] = [];
    const acks: boolean[] = [];
    const closed = new Promise<void>((resolve) => {
      own.basicConsume({ queue }, (error, message) => {
        if (message === undefined) told.push(error);
        else if (message.text() === '4') own.close(() => resolve());
        else acks.push(message.ack());
      });
    });
    await closed;
    expect(told).toEqual([]); // Our own close is no failure of the consumer.
    // Those after the close may still be handed out, with nothing left to settle.
    expect(acks).toEqual(acks.map((_, index) => index < 4));
    expect(acks.length).toBeGreaterThanOrEqual(4);
    await untilCount(queue, 6);
  });

  it('one that throws, or rejects, is reported, and affects no other code', async () => {
    const own = await another();
    const queue = await freshQueue(3);
    const told: unknown[] = [];
    own.on('unobserved', (error) => told.push(error));
    const seen: Message[] = [];
    await new Promise<void>((resolve) => {
      const consumer = own.basicConsume({ queue }, (_error, message) => {
        if (message === undefined) return;
        seen.push(message);
        message.ack();
        if (seen.length === 3) own.basicCancel(consumer, () => resolve());
        throw new Error(`thrown ${message.text()}`);
      });
    });
    own.queueDeclare({ exclusive: true }, () => Promise.reject(new Error('rejected')));
    own.queueDeclare({ exclusive: true }, () => {
      throw new Error('thrown');
    });
    await waitFor(() => told.length >= 5);
    await new Promise<void>((resolve) => own.queueDeclare({ exclusive: true }, () => resolve()));
    const thrown = told.map((error) => String((error as Error).cause ?? error));
    expect(thrown.sort()).toEqual(
      ['rejected', 'thrown', 'thrown 0', 'thrown 1', 'thrown 2'].map((text) => `Error: ${text}`),
    );
    await own.close();
  });

  it('an async callback of a consumer that rejects is reported, and the next message comes', async () => {
    const own = await another();
    const queue = await freshQueue(2);
    const told: unknown[] = [];
    let seen = 0;
    const both = new Promise<void>((resolve) => {
      own.on('unobserved', (error) => {
        told.push(error);
        if (told.length === 2) resolve();
      });
    });
    own.basicConsume({ queue, noAck: true }, async (_error, message) => {
      if (message !== undefined) seen++;
      await Promise.resolve();
      throw new Error(message?.text());
    });
    await both;
    expect(seen).toBe(2);
    expect(told.map((error) => String((error as Error).cause))).toEqual(['Error: 0', 'Error: 1']);
    own.on('unobserved', () => {});
    await own.close();
  });
});

describe('setCallback', () => {
  it('replaces that of a pending promise, serves a settled one, and a consumer', async () => {
    const told: string[] = [];
    const declare = client.queueDeclare({ exclusive: true }, () => told.push('the first'));
    const settled = new Promise<void>((resolve) => {
      client.setCallback(declare, (error, result, promise) => {
        told.push(`the second, of ${result?.messageCount} ${String(error)} ${promise === declare}`);
        resolve();
      });
    });
    await settled;
    await new Promise<void>((resolve) => {
      client.setCallback(declare, (_error, result) => {
        told.push(`once more, of ${result?.queue === undefined ? 'nothing' : 'a queue'}`);
        resolve();
      });
    });
    expect(told).toEqual(['the second, of 0 undefined true', 'once more, of a queue']);
    const failing = client.queueDeclare({ queue: uniqueName('nowhere'), passive: true });
    const failure = await new Promise<unknown>((resolve) => client.setCallback(failing, (error) => resolve(error)));
    expect(failure).toMatchObject({ code: 'NOT_FOUND' });
    const queue = await freshQueue(4);
    const consumer = client.basicConsume({ queue, noAck: true });
    expect((await client.wait(consumer)).text()).toBe('0');
    const rest = await new Promise<string[]>((resolve) => {
      const seen: string[] = [];
      client.setCallback(consumer, (_error, message) => {
        seen.push(message?.text() ?? '');
        if (seen.length === 3) resolve(seen);
      });
    });
    expect(rest).toEqual(['1', '2', '3']);
    client.setCallback(consumer, () => {});
    await consumer.cancel();
  });
});

describe('callbacks, promises and wait', () => {
  it('mix in one program', async () => {
    const own = new Client(inject('amqpUrl'));
    const log: string[] = [];
    own.connect(() => log.push('connected'));
    await own.wait(own.connect());
    const queue = uniqueName('mixed');
    const declared = own.queueDeclare({ queue, exclusive: true }, (_error, result) =>
      log.push(`declared ${result?.queue === queue}`),
    );
    expect((await own.wait(declared)).queue).toBe(queue);
    const consumer = own.basicConsume({ queue, prefetchCount: 1 });
    const publishes = numbers(6).map((body) => own.basicPublish({ routingKey: queue, body }));
    own.setCallback(publishes[5] ?? own.close(), () => log.push('published'));
    await Promise.all(publishes.slice(0, 5));
    (await own.wait(consumer)).ack();
    for await (const message of consumer) {
      expect(message.ack()).toBe(true);
      if (message.text() === '3') break;
    }
    const left = await own.basicGet({ queue });
    const last = own.basicGet({ queue });
    const [message] = await own.waitForAll([last]);
    expect([left?.text(), message?.text()]).toEqual(['4', '5']);
    await own.queueDelete({ queue }).then(
      ({ messageCount }) => log.push(`deleted ${messageCount}`),
      () => log.push('not deleted'),
    );
    const refused = own.basicGet({ queue }).finally(() => log.push('finally'));
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
    own.close(() => log.push('closed'));
    await own.loop();
    await own.close();
    expect(log.sort()).toEqual(['closed', 'connected', 'declared true', 'deleted 0', 'finally', 'published'].sort());
    await expect(
      own.queueDeclare({ queue }).catch((error: unknown) => Promise.reject(error)),
    ).rejects.not.toBeInstanceOf(ConnectionBroken);
  });
});
