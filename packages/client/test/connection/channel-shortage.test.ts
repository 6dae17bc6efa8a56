/** With too few channels for all that wants one: everything waits its turn, nothing fails for want of a channel. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import { refusal, ScriptedBroker } from '../scripted-broker.ts';

/** A broker that allows four channels, and answers `queue.declare` when the test asks for it. */
async function scene(): Promise<{
  readonly broker: ScriptedBroker;
  readonly client: Client;
  readonly answerAll: () => Promise<void>;
}> {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = 4;
  const client = await broker.connected();
  const withheld: (() => void)[] = [];
  broker.answers.set('queue.declare', (channel, method) => {
    withheld.push(() => broker.say(...broker.usual(channel, method)));
    return [];
  });
  const answerAll = async (): Promise<void> => {
    for (let answer = withheld.shift(); answer !== undefined; answer = withheld.shift()) {
      answer();
      await broker.pump();
    }
  };
  return { broker, client, answerAll };
}

describe('an operation that must share a channel while the channel to share is not open yet', () => {
  it('gets wait for it', async () => {
    const { broker, client, answerAll } = await scene();
    const first = client.basicGet({ queue: 'a' });
    // No channel is left for this one: it looks whether the queue is there, and the answer is withheld.
    const second = client.basicGet({ queue: 'b' });
    await broker.pump();
    expect(await first).toBeNull();
    // These take all that the first has given back, and more, so that the third has to wait for its channel.
    const declares = Array.from({ length: 5 }, (_, index) => client.queueDeclare({ queue: `d${index}` }));
    const third = client.basicGet({ queue: 'c' });
    await broker.pump();
    await answerAll();
    expect(await Promise.all([second, third])).toEqual([null, null]);
    await Promise.all(declares);
  });

  it('consumers wait for it', async () => {
    const { broker, client, answerAll } = await scene();
    const first = client.basicConsume({ queue: 'a' });
    await broker.pump();
    const second = client.basicConsume({ queue: 'b' });
    await broker.pump();
    const cancel = first.cancel();
    await broker.pump();
    await cancel;
    const declares = Array.from({ length: 5 }, (_, index) => client.queueDeclare({ queue: `d${index}` }));
    const third = client.basicConsume({ queue: 'c' });
    await broker.pump();
    await answerAll();
    await Promise.all([second.ready, third.ready, ...declares]);
  });

  it('and all get an error when the connection ends meanwhile', async () => {
    const { broker, client } = await scene();
    const first = client.basicGet({ queue: 'a' });
    const second = client.basicGet({ queue: 'b' });
    await broker.pump();
    await first;
    const declares = Array.from({ length: 5 }, (_, index) => client.queueDeclare({ queue: `d${index}` }));
    const third = client.basicGet({ queue: 'c' });
    await broker.pump();
    const { channel } = broker.received.find(
      ({ method }) => method.type === 'queue.declare' && method.queue === 'b',
    ) ?? {
      channel: 0,
    };
    broker.say([channel, { type: 'queue.declare-ok', queue: 'b', messageCount: 0, consumerCount: 0 }]);
    await broker.pump();
    const outcomes = Promise.allSettled([second, third, ...declares]);
    broker.reset();
    await broker.pump();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_BROKEN' } });
    }
  });
});

describe('with few channels', () => {
  /** A client of a broker that allows so many channels. */
  async function few(channelMax = 4): Promise<{ readonly broker: ScriptedBroker; readonly client: Client }> {
    const broker = new ScriptedBroker();
    broker.tune.channelMax = channelMax;
    return { broker, client: await broker.connected() };
  }

  /** Passive declares find these queues missing only once they are asked for by `basic.consume`. */
  function refuseConsumesOf(broker: ScriptedBroker, refused: string): void {
    broker.answers.set('basic.consume', (channel, method) =>
      method.type === 'basic.consume' && method.queue === refused
        ? [refusal(channel, 403, `ACCESS_REFUSED - queue '${refused}' in vhost '/' in exclusive use`)]
        : broker.usual(channel, method),
    );
  }

  it('a consumer beside one that is refused gets its channel', async () => {
    for (const order of ['good last', 'good first'] as const) {
      const { broker, client } = await few();
      refuseConsumesOf(broker, 'bad');
      const queues = order === 'good last' ? ['bad', 'good'] : ['good', 'bad'];
      const consumers = queues.map((queue) => client.basicConsume({ queue }));
      await broker.pump();
      expect(consumers.map(({ ready }) => ready.state).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('a consumer gets the channel of those that are being cancelled', async () => {
    const { broker, client } = await few();
    const first = client.basicConsume({ queue: 'a' });
    await broker.pump();
    void first.cancel();
    const second = client.basicConsume({ queue: 'b' });
    await broker.pump();
    expect(second.ready.state).toBe('fulfilled');
  });

  it('a consumer gets a channel while all that there are are being cancelled', async () => {
    const { broker, client } = await few(2047);
    const many = Array.from({ length: 2044 }, (_, index) => client.basicConsume({ queue: `q${index}` }));
    await broker.pump();
    for (const consumer of many) void consumer.cancel();
    const another = client.basicConsume({ queue: 'another' });
    await broker.pump();
    expect(another.ready.state).toBe('fulfilled');
  });

  it('an operation that waits for a channel ends when the client closes, although a get is not settled', async () => {
    const { broker, client } = await few();
    broker.answers.set('basic.get', () => []);
    const get = client.basicGet({ queue: 'a' });
    await broker.pump();
    broker.say(broker.gotten(broker.last('basic.get').channel, 1));
    await broker.pump();
    expect(get.state).toBe('fulfilled');
    broker.answers.set('queue.declare', () => []);
    const consumers = [client.basicConsume({ queue: 'b' }), client.basicConsume({ queue: 'c' })];
    const gets = [client.basicGet({ queue: 'd' }), client.basicGet({ queue: 'e' })];
    const declares = Array.from({ length: 5 }, (_, index) => client.queueDeclare({ queue: `d${index}` }));
    await broker.pump();
    void client.close();
    await broker.pump();
    const states = [...consumers.map(({ ready }) => ready), ...gets, ...declares].map(({ state }) => state);
    expect(states.filter((state) => state === 'pending')).toEqual([]);
  });

  it('a channel that is freed after our close was sent is not lent again', async () => {
    const { broker, client } = await few();
    broker.answers.set('queue.declare', () => []);
    broker.answers.set('connection.close', () => []);
    const declares = Array.from({ length: 8 }, (_, index) => client.queueDeclare({ queue: `d${index}` }));
    const gets = ['x', 'y', 'z'].map((queue) => client.basicGet({ queue }));
    const consumers = ['x', 'y', 'z'].map((queue) => client.basicConsume({ queue }).ready);
    await broker.pump();
    void client.close();
    await broker.pump();
    await broker.advance(10_000);
    const states = [...declares, ...gets, ...consumers].map(({ state }) => state);
    expect(states.filter((state) => state === 'pending')).toEqual([]);
  });
});
