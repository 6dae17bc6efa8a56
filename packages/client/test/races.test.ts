/** The races between client and broker, each by its number in the list of them, on a clock of the test's own. */
import { ConnectionBroken, ConsumerCancelled, NoRoute, PublishNacked, type PukaError } from '@puka/errors';
import { ByteWriter, writeBody, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { Client } from '../src/client.ts';
import { refusal, type Said, ScriptedBroker } from './scripted-broker.ts';
import { frames, Harness, joined } from './session/harness.ts';

async function scene(options: Parameters<ScriptedBroker['connected']>[0] = {}, channelMax = 2047) {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = channelMax;
  const client = await broker.connected(options);
  return { broker, client };
}

/** How each ended, by the name of its error; 'pending' if it did not. */
async function outcomes(broker: ScriptedBroker, all: readonly PromiseLike<unknown>[]): Promise<string[]> {
  const ended = all.map(() => 'pending');
  all.forEach((one, at) => {
    one.then(
      () => {
        ended[at] = 'done';
      },
      (error: PukaError) => {
        ended[at] = error.name;
      },
    );
  });
  await broker.pump();
  return ended;
}

/** A consumer named `c` of a queue, and its channel. */
async function consuming(broker: ScriptedBroker, client: Client) {
  const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
  await broker.pump();
  await consumer.ready;
  const { channel } = broker.last('basic.consume');
  broker.sent();
  return { consumer, channel };
}

describe('M1: a channel.close of the broker that crosses the client’s', () => {
  it('settles what was asked, and frees the number when both are answered', () => {
    const harness = new Harness().open();
    const told: string[] = [];
    const channel = harness.session.openChannel(harness.sink('first'), () => {});
    channel?.request({ type: 'queue.purge', queue: 'q' }, (_, error) => told.push(`${error?.code}`));
    harness.say([1, { type: 'channel.open-ok' }]);
    channel?.close();
    harness.say(refusal(1, 404, 'NOT_FOUND', 50, 30));
    expect(harness.sent()).toEqual(['1 channel.open', '1 queue.purge', '1 channel.close', '1 channel.close-ok']);
    harness.say([1, { type: 'channel.close-ok' }]);
    expect(told).toEqual(['NOT_FOUND']);
    expect(harness.events).toEqual(['first closed NOT_FOUND']);
    expect(harness.session.openChannel(harness.sink('second'), () => {})?.id).toBe(1);
  });
});

describe('M2: a connection.close of the broker that crosses the client’s', () => {
  it('resolves close() once, and what was outstanding is broken, not lost', async () => {
    const { broker, client } = await scene();
    broker.answers.set('queue.declare', () => []);
    broker.answers.set('connection.close', () => [
      [0, { type: 'connection.close', replyCode: 320, replyText: 'CONNECTION_FORCED', classId: 0, methodId: 0 }],
      [0, { type: 'connection.close-ok' }],
    ]);
    const declare = client.queueDeclare({ queue: 'q' });
    await broker.pump();
    const closing = client.close();
    const [declared, closed] = await outcomes(broker, [declare, closing]);
    expect(closed).toBe('done');
    expect(declared).toBe(ConnectionBroken.name);
    // The close-ok, and then nothing more.
    expect(broker.doings.slice(-3)).toEqual(['write', 'end', 'close']);
  });
});

describe('M3: a basic.cancel of the broker that crosses the client’s', () => {
  it('ends the consumer once, and the cancel-ok that follows is no surprise', async () => {
    const { broker, client } = await scene();
    const { consumer, channel } = await consuming(broker, client);
    broker.answers.set('basic.cancel', () => [
      [channel, { type: 'basic.cancel', consumerTag: 'c', noWait: true }],
      [channel, { type: 'basic.cancel-ok', consumerTag: 'c' }],
    ]);
    expect(await outcomes(broker, [client.basicCancel(consumer)])).toEqual(['done']);
    const seen: unknown[] = [];
    for await (const message of consumer) seen.push(message);
    expect(seen).toEqual([]);
    expect(await outcomes(broker, [client.queueDeclare({ queue: 'next' })])).toEqual(['done']);
  });
});

describe('M4: a basic.cancel that comes before consume-ok', () => {
  it('is the answer: consume-ok never comes', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', (channel) => [
      [channel, { type: 'basic.cancel', consumerTag: 'c', noWait: true }],
    ]);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    expect(await outcomes(broker, [consumer.ready])).toEqual([ConsumerCancelled.name]);
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(ConsumerCancelled);
    expect(await outcomes(broker, [client.queueDeclare({ queue: 'next' })])).toEqual(['done']);
  });
});

describe('M5 and M6: deliveries at the edges of a consumer', () => {
  it('in the read of consume-ok is handed out', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.consume', () => []);
    const consumer = client.basicConsume({ queue: 'q', consumerTag: 'c' });
    await broker.pump();
    const { channel } = broker.last('basic.consume');
    broker.say([channel, { type: 'basic.consume-ok', consumerTag: 'c' }], broker.delivery(channel, 'c', 1, 'first'));
    await broker.pump();
    expect((await client.wait(consumer)).text()).toBe('first');
  });

  it('after the client’s cancel goes back to the queue, and is not handed out', async () => {
    const { broker, client } = await scene();
    const { consumer, channel } = await consuming(broker, client);
    broker.answers.set('basic.cancel', () => []);
    const cancelling = client.basicCancel(consumer);
    await broker.pump();
    broker.say(broker.delivery(channel, 'c', 1), [channel, { type: 'basic.cancel-ok', consumerTag: 'c' }]);
    expect(await outcomes(broker, [cancelling])).toEqual(['done']);
    const back = broker.received.flatMap(({ method }) =>
      method.type === 'basic.nack' || method.type === 'basic.reject' ? [[method.deliveryTag, method.requeue]] : [],
    );
    expect(back.map(([tag, requeue]) => [Number(tag), requeue])).toEqual([[1, true]]);
  });
});

describe('M7: an ack for a channel that the broker has closed', () => {
  it('does not reach the channel that bears the number next', async () => {
    const { broker, client } = await scene();
    const { consumer, channel } = await consuming(broker, client);
    broker.say(broker.delivery(channel, 'c', 1));
    await broker.pump();
    const message = await client.wait(consumer);
    broker.say(refusal(channel, 406, 'PRECONDITION_FAILED'));
    await broker.pump();
    await expect(consumer[Symbol.asyncIterator]().next()).rejects.toThrow('PRECONDITION_FAILED');
    const next = client.basicConsume({ queue: 'other', consumerTag: 'd' });
    await broker.pump();
    await next.ready;
    expect(broker.last('basic.consume').channel).toBe(channel);
    expect(message.ack()).toBe(false);
    await broker.pump();
    expect(broker.sent().filter((name) => name.endsWith('basic.ack'))).toEqual([]);
  });
});

describe('M8 and M9: confirms', () => {
  it('a return before a multiple ack that covers it rejects that publish alone', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.publish', () => []);
    const publishes = ['a', 'b', 'c'].map((body) =>
      client.basicPublish({ routingKey: body === 'b' ? 'nowhere' : 'q', body, mandatory: true }),
    );
    await broker.pump();
    const { channel } = broker.last('basic.publish');
    broker.say(returned(channel, 'nowhere', 'b'), [channel, { type: 'basic.ack', deliveryTag: 0, multiple: true }]);
    expect(await outcomes(broker, publishes)).toEqual(['done', NoRoute.name, 'done']);
  });

  it('a multiple nack that crosses acks settles each once, by what came first', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.publish', () => []);
    const publishes = [1, 2, 3, 4].map((body) => client.basicPublish({ routingKey: 'q', body: `${body}` }));
    await broker.pump();
    const { channel } = broker.last('basic.publish');
    broker.say(
      [channel, { type: 'basic.ack', deliveryTag: 2, multiple: false }],
      [channel, { type: 'basic.nack', deliveryTag: 3, multiple: true, requeue: false }],
      [channel, { type: 'basic.ack', deliveryTag: 3, multiple: false }],
      [channel, { type: 'basic.ack', deliveryTag: 4, multiple: true }],
    );
    const nacked = PublishNacked.name;
    expect(await outcomes(broker, publishes)).toEqual([nacked, 'done', nacked, 'done']);
  });
});

describe('M10: the connection breaks', () => {
  it('while close-ok is due: close() ends all the same', async () => {
    const { broker, client } = await scene();
    broker.answers.set('connection.close', () => []);
    const closing = client.close();
    await broker.pump();
    broker.reset();
    expect(await outcomes(broker, [closing])).toEqual(['done']);
  });

  it('while a channel’s close-ok is due: its sink is called once', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), () => {});
    harness.say([1, { type: 'channel.open-ok' }]);
    channel?.close();
    harness.session.receiveEof(0);
    expect(harness.events).toHaveLength(1);
    expect(harness.closed).toHaveLength(1);
  });

  it('while update-secret-ok is due: the caller gets the error once', () => {
    const harness = new Harness().open();
    const told: (PukaError | undefined)[] = [];
    harness.session.updateSecret('token', 'expiry', (error) => told.push(error));
    expect(harness.sent()).toEqual(['connection.update-secret']);
    harness.session.receiveEof(0);
    expect(told).toHaveLength(1);
    expect(told[0]?.scope).toBe('connection');
  });

  it('while a confirm is due: the publish is broken, its outcome unknown', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.publish', () => []);
    const publish = client.basicPublish({ routingKey: 'q', body: 'a' });
    await broker.pump();
    broker.reset();
    await broker.pump();
    await expect(publish).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'unknown' });
  });
});

describe('M11: blocked, then close', () => {
  it('sends what was held back or rejects it, and ends by its deadline at the latest', async () => {
    const { broker, client } = await scene();
    broker.say([0, { type: 'connection.blocked', reason: 'low on memory' }]);
    await broker.pump();
    broker.answers.set('basic.publish', () => []);
    broker.answers.set('connection.close', () => []);
    const publish = client.basicPublish({ routingKey: 'q', body: 'a' });
    const closing = client.close();
    await broker.pump();
    await broker.advance(60_000);
    const [published, closed] = await outcomes(broker, [publish, closing]);
    expect(closed).toBe('done');
    expect(published).not.toBe('pending');
  });
});

describe('M12: the connection breaks under a publish', () => {
  it('that was handed to it is unknown, one that was not is not-sent', async () => {
    const { broker, client } = await scene();
    broker.answers.set('basic.publish', () => []);
    const handed = client.basicPublish({ routingKey: 'q', body: 'a' });
    await broker.pump();
    const kept = client.basicPublish({ routingKey: 'q', body: 'b' });
    broker.reset();
    await broker.pump();
    await expect(handed).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'unknown' });
    await expect(kept).rejects.toMatchObject({ code: 'CONNECTION_BROKEN' });
  });
});

describe('M13: a heartbeat is due while a large body is on its way out', () => {
  it('goes between two frames, never into one', () => {
    const harness = new Harness({ heartbeat: 10 }).open();
    const channel = harness.session.openChannel(harness.sink('c'), () => {});
    harness.say([1, { type: 'channel.open-ok' }]);
    const body = new Uint8Array(1_000_000).fill(0xce);
    channel?.publish({ exchange: '', routingKey: 'q', mandatory: false, properties: {}, body });
    harness.nowMs = 5000;
    harness.session.handleTimeout(5000);
    // The reader of the harness refuses a frame that does not end where its size says.
    const sent = harness.sent();
    expect(sent.filter((name) => name === 'heartbeat').length).toBeLessThanOrEqual(1);
    expect(sent).toContain('1 basic.publish');
    harness.nowMs = 10_000;
    harness.session.handleTimeout(10_000);
    expect(harness.sent()).toEqual(['heartbeat']);
    expect(harness.closed).toEqual([]);
  });
});

describe('M14: a header frame that does not fit', () => {
  it('fails the one publish at the call, and the next goes out under the tag it would have had', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), () => {});
    channel?.selectConfirms(() => {});
    harness.say([1, { type: 'channel.open-ok' }], [1, { type: 'confirm.select-ok' }]);
    harness.sent();
    const message = { exchange: '', routingKey: 'q', mandatory: false, body: new Uint8Array(1) };
    const headers = { long: 'x'.repeat(140_000) };
    expect(() => channel?.publish({ ...message, properties: { headers } })).toThrow(/frame/);
    expect(harness.sent()).toEqual([]);
    expect(channel?.publish({ ...message, properties: {} })).toBe(1);
    expect(harness.sent()).toEqual(['1 basic.publish']);
  });

  it('of the broker ends the connection with what was wrong', () => {
    const harness = new Harness().open();
    harness.session.openChannel(harness.sink('c'), () => {});
    harness.say([1, { type: 'channel.open-ok' }]);
    harness.session.receive(Uint8Array.of(2, 0, 1, 0x7f, 0, 0, 0), 0);
    expect(harness.closed[0]).toMatchObject({ scope: 'connection', blame: 'peer' });
    expect(harness.events).toHaveLength(1);
  });
});

describe('M15: bodies in odd pieces', () => {
  it('of no bytes, with body frames of no bytes between, read byte by byte, arrive whole', () => {
    const harness = new Harness().open();
    harness.session.openChannel(harness.sink('c'), () => {});
    harness.say([1, { type: 'channel.open-ok' }]);
    const none = Uint8Array.of(3, 0, 1, 0, 0, 0, 0, 0xce);
    const conversation = joined([
      content(1, deliver(1), [], 0),
      content(1, deliver(2), [Uint8Array.of(1, 2)], 5, none),
      body(1, Uint8Array.of(3, 4, 5)),
      content(1, deliver(3), [], 1, none),
      body(1, Uint8Array.of(6)),
    ]);
    for (const octet of conversation) harness.session.receive(Uint8Array.of(octet), 0);
    expect(harness.closed).toEqual([]);
    expect(harness.events).toEqual(['c deliver 0', 'c deliver 5', 'c deliver 1']);
  });
});

describe('M16: a broker of another version', () => {
  it('is named, and told nothing more', () => {
    const harness = new Harness();
    harness.sent();
    harness.session.receive(Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 3, 1, 0), 0);
    expect(harness.closed[0]).toMatchObject({ code: 'UNSUPPORTED_PROTOCOL' });
    expect(harness.sent()).toEqual([]);
  });
});

describe('M19: tuning with 0', () => {
  const some = [0, 10_000];
  const combinations = some.flatMap((channelMax) =>
    some.flatMap((frameMax) => some.map((heartbeat) => ({ channelMax, frameMax, heartbeat: Math.min(heartbeat, 20) }))),
  );

  it.each(combinations)('takes $channelMax channels, frames of $frameMax, heartbeat $heartbeat', (tune) => {
    const harness = new Harness();
    harness.say([0, { type: 'connection.start', serverProperties: {}, mechanisms: 'PLAIN', locales: 'en_US' }]);
    harness.say([0, { type: 'connection.tune', ...tune }], [0, { type: 'connection.open-ok' }]);
    expect(harness.session.state).toBe('open');
    expect(harness.info?.channelMax).toBe(tune.channelMax === 0 ? 2047 : Math.min(2047, tune.channelMax));
    expect(harness.info?.heartbeat).toBe(tune.heartbeat === 0 ? 60 : tune.heartbeat);
    expect(harness.session.openChannel(harness.sink('c'), () => {})?.id).toBe(1);
  });
});

describe('M20: all channel numbers are taken, then free again', () => {
  it('what waits for one gets it', async () => {
    const { broker, client } = await scene({}, 4);
    const held: { channel: number; queue: string }[] = [];
    broker.answers.set('queue.declare', (channel, method) => {
      if (method.type === 'queue.declare') held.push({ channel, queue: method.queue });
      return [];
    });
    const declares = Array.from({ length: 40 }, (_, at) => client.queueDeclare({ queue: `q${at}` }));
    await broker.pump();
    for (let round = 0; round < 40 && held.length > 0; round++) {
      const { channel, queue } = held.shift() ?? { channel: 0, queue: '' };
      const answer: Said =
        round % 5 === 0
          ? refusal(channel, 406, `PRECONDITION_FAILED - ${queue}`, 50, 10)
          : [channel, { type: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 0 }];
      broker.say(answer);
      await broker.pump();
    }
    const ended = await outcomes(broker, declares);
    expect(ended.filter((one) => one === 'pending')).toEqual([]);
    expect(Math.max(...broker.received.map(({ channel }) => channel))).toBeLessThanOrEqual(4);
  });

  it('the session has none to give, and has again', () => {
    const harness = new Harness({ channelMax: 2 }).open();
    const first = harness.session.openChannel(harness.sink('a'), () => {});
    harness.session.openChannel(harness.sink('b'), () => {});
    expect(harness.session.openChannel(harness.sink('c'), () => {})).toBeUndefined();
    harness.say([1, { type: 'channel.open-ok' }], [2, { type: 'channel.open-ok' }]);
    first?.close();
    expect(harness.session.openChannel(harness.sink('c'), () => {})).toBeUndefined();
    harness.say([1, { type: 'channel.close-ok' }]);
    expect(harness.session.openChannel(harness.sink('c'), () => {})?.id).toBe(1);
  });
});

function deliver(deliveryTag: number): Said[1] {
  return { type: 'basic.deliver', consumerTag: 'c', deliveryTag, redelivered: false, exchange: '', routingKey: 'q' };
}

/** A message whose body frames are the test's own. */
function content(
  channel: number,
  method: Said[1],
  bodies: readonly Uint8Array[],
  size: number,
  between = new Uint8Array(),
): Uint8Array {
  const header = new ByteWriter();
  writeContentHeader(header, channel, size, {}, 131_072);
  return joined([
    frames([channel, method]),
    joined(header.take()),
    between,
    ...bodies.map((bytes) => joined([body(channel, bytes), between])),
  ]);
}

function body(channel: number, bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, channel, bytes, 131_072);
  return joined(writer.take());
}

function returned(channel: number, routingKey: string, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return content(
    channel,
    { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey },
    [bytes],
    bytes.length,
  );
}
