import { Client, type Consumer, type Message, UsageError } from '@puka/client';
import { faultProxy, waitFor } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';
import { scene } from './scene.ts';

const { client, queue: freshQueue, untilCount } = scene();

/** In one piece and in several, copied as they come and left where they were read. */
const sizes = [1, 1000, 1024, 65_536, 131_072, 300_000, 1_500_000];

/** A queue with a message of each size, in that order, each of a letter of its own. */
async function filled(): Promise<string> {
  const queue = await freshQueue();
  const publishes = sizes.map((size, index) =>
    client.basicPublish({ routingKey: queue, body: letters(size, index), headers: { size } }),
  );
  await Promise.all(publishes);
  return queue;
}

function letters(size: number, index: number): Uint8Array {
  return new Uint8Array(size).fill(97 + (index % 26));
}

/** Whether the body is that of the message of that number. */
function isWhole(body: Uint8Array, index: number): boolean {
  return body.length === sizes[index] && body.every((octet) => octet === 97 + index);
}

async function takeAll(consumer: Consumer): Promise<Message[]> {
  const messages: Message[] = [];
  while (messages.length < sizes.length) messages.push(await client.wait(consumer));
  return messages;
}

/** What is left of a message whose body was given back: all but the body. */
function expectGivenBack(message: Message, ...views: readonly Uint8Array[]): void {
  expect([message.body, ...views].map(({ length }) => length)).toEqual([0, ...views.map(() => 0)]);
  expect(() => message.text()).toThrow(UsageError);
  expect(() => message.json()).toThrow(UsageError);
  expect(message.headers).toEqual({ size: message.bodySize });
  expect(message.routingKey).toBe(message.queue);
}

describe('a lent body', () => {
  for (const settle of ['ack', 'nack', 'reject'] as const) {
    it(`is there until ${settle}(), then it is detached with all views of it`, async () => {
      const consumer = client.basicConsume({ queue: await filled(), bodies: 'lent' });
      const messages = await takeAll(consumer);
      const bodies = messages.map(({ body }) => body);
      expect(bodies.map(isWhole)).toEqual(sizes.map(() => true));
      expect(messages.map((message) => message.text().length)).toEqual(sizes);
      for (const [index, message] of messages.entries()) {
        const { body } = message;
        const part = body.subarray(0, 1);
        if (settle === 'ack') message.ack();
        else message[settle]({ requeue: false });
        expectGivenBack(message, body, part);
        expect(bodies.slice(index + 1).every((other, behind) => isWhole(other, index + 1 + behind))).toBe(true);
      }
      await consumer.cancel();
    });
  }

  it('that no code observed is returned too', async () => {
    const consumer = client.basicConsume({ queue: await filled(), bodies: 'lent' });
    for (const message of await takeAll(consumer)) {
      message.ack();
      expectGivenBack(message);
    }
    await consumer.cancel();
  });

  it('of a consumer that is cancelled is there until its message is settled', async () => {
    const queue = await filled();
    const consumer = client.basicConsume({ queue, bodies: 'lent' });
    const messages = await takeAll(consumer);
    await consumer.cancel();
    for (const [index, message] of messages.entries()) {
      expect(isWhole(message.body, index)).toBe(true);
      message.ack();
      expectGivenBack(message);
    }
    await untilCount(queue, 0);
  });

  it('is detached when the connection is lost, and lent anew with the delivery that follows', async () => {
    const url = new URL(inject('amqpUrl'));
    await using proxy = await faultProxy({ target: { host: url.hostname, port: Number(url.port) } });
    url.host = `${proxy.host}:${proxy.port}`;
    const through = new Client(url.href, { recover: { minDelay: 0, maxDelay: 0 } });
    await through.connect();
    const consumer = through.basicConsume({ queue: await filled(), bodies: 'lent' });
    const take = async (): Promise<Message[]> => {
      const messages: Message[] = [];
      while (messages.length < sizes.length) messages.push(await through.wait(consumer));
      return messages;
    };
    const messages = await take();
    const bodies = messages.map(({ body }) => body);
    proxy.reset();
    await waitFor(() => bodies.every(({ length }) => length === 0));
    for (const message of messages) {
      expectGivenBack(message);
      expect(message.ack()).toBe(false);
    }
    const again = await take();
    expect(again.map(({ body }) => body).map(isWhole)).toEqual(sizes.map(() => true));
    for (const message of again) message.ack();
    await through.close();
  });

  it('can be published on and settled at once: the publish takes a copy', async () => {
    const target = await freshQueue();
    const consumer = client.basicConsume({ queue: await filled(), bodies: 'lent' });
    const publishes: PromiseLike<void>[] = [];
    for (const message of await takeAll(consumer)) {
      publishes.push(client.basicPublish({ routingKey: target, body: message.body }));
      message.ack();
    }
    await Promise.all(publishes);
    await consumer.cancel();
    const sent = await takeAll(client.basicConsume({ queue: target, noAck: true }));
    expect(sent.map(({ body }) => body).map(isWhole)).toEqual(sizes.map(() => true));
  });
});

describe('without acks a body is lent', () => {
  it('until the callback has returned', async () => {
    const seen: { readonly message: Message; readonly body: Uint8Array; readonly wasWhole: boolean }[] = [];
    const consumer = client.basicConsume({ queue: await filled(), noAck: true, bodies: 'lent' }, (_error, message) => {
      if (message !== undefined) {
        seen.push({ message, body: message.body, wasWhole: isWhole(message.body, seen.length) });
      }
    });
    await waitFor(() => seen.length === sizes.length);
    await consumer.cancel();
    for (const { message, body, wasWhole } of seen) {
      expect(wasWhole).toBe(true);
      expectGivenBack(message, body);
    }
  });

  it('until the promise of the callback has settled', async () => {
    const messages: Message[] = [];
    let finish = (): void => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const consumer = client.basicConsume({ queue: await filled(), noAck: true, bodies: 'lent' }, (_error, message) => {
      if (message !== undefined) messages.push(message);
      return work;
    });
    await waitFor(() => messages.length === sizes.length);
    expect(messages.map(({ body }) => body).map(isWhole)).toEqual(sizes.map(() => true));
    finish();
    await waitFor(() => messages.every(({ body }) => body.length === 0));
    for (const message of messages) expectGivenBack(message);
    await consumer.cancel();
  });

  it('until the loop asks for the next', async () => {
    const taken: Message[] = [];
    for await (const message of client.basicConsume({ queue: await filled(), noAck: true, bodies: 'lent' })) {
      for (const before of taken) expectGivenBack(before);
      expect(isWhole(message.body, taken.length)).toBe(true);
      taken.push(message);
      if (taken.length === sizes.length) break;
    }
    for (const message of taken) expectGivenBack(message);
  });

  it('but not to a wait: nothing would tell when it is done', async () => {
    const consumer = client.basicConsume({ queue: await filled(), noAck: true, bodies: 'lent' });
    const messages = await takeAll(consumer);
    await consumer.cancel();
    expect(messages.map(({ body }) => body).map(isWhole)).toEqual(sizes.map(() => true));
  });
});

describe('no body is ever changed in the hands of the user', () => {
  it('not those that are kept, nor those that are lent, while others come and go', async () => {
    const rounds = 30;
    const [lending, keeping] = [await freshQueue(), await freshQueue()];
    const kept: { readonly body: Uint8Array; readonly letter: number }[] = [];
    const open: { readonly message: Message; readonly body: Uint8Array; readonly letter: number }[] = [];
    let wrong = 0;
    const check = ({ body, letter }: { readonly body: Uint8Array; readonly letter: number }): void => {
      if (body.length === 0 || body.some((octet) => octet !== letter)) wrong++;
    };
    const settleOne = (at: number): void => {
      for (const one of open.splice(at, 1)) {
        check(one);
        one.message.ack();
      }
    };
    let settled = 0;
    const lent = client.basicConsume({ queue: lending, bodies: 'lent' }, (_error, message) => {
      if (message === undefined) return;
      const { body } = message;
      open.push({ message, body, letter: body[0] ?? 0 });
      // Out of turn, so that memory comes back in any order.
      if (open.length > 8) settleOne(settled++ % open.length);
    });
    const own = client.basicConsume({ queue: keeping }, (_error, message) => {
      if (message === undefined) return;
      message.ack();
      const { body } = message;
      kept.push({ body, letter: body[0] ?? 0 });
    });
    for (let round = 0; round < rounds; round++) {
      const publishes = sizes.flatMap((size, index) =>
        [lending, keeping].map((routingKey) =>
          client.basicPublish({ routingKey, body: letters(size % 140_000 || 1, round * 7 + index), deliveryMode: 1 }),
        ),
      );
      await Promise.all(publishes);
    }
    await waitFor(() => kept.length === rounds * sizes.length && open.length + settled === rounds * sizes.length);
    for (const one of [...kept, ...open]) check(one);
    while (open.length > 0) settleOne(0);
    expect(wrong).toBe(0);
    await Promise.all([lent.cancel(), own.cancel()]);
  });
});
