/** With too few channels for all that wants one: everything waits its turn, nothing fails for want of a channel. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

/** A broker that allows four channels, and answers `queue.declare` when it is told to. */
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

describe('who is to share a channel while the one to share is still to be had', () => {
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

  it('and all are told when the connection ends meanwhile', async () => {
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
