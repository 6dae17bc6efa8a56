/** Walks states of a consumer × what can happen to it, twice: it always ends with its client, and no message is lost. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import type { Consumer } from '../../src/consuming/consumer.ts';
import type { Message } from '../../src/consuming/message.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { refusal, type Said, ScriptedBroker } from '../scripted-broker.ts';

interface Settings {
  /** Whether two things happen to it, one after the other. */
  readonly hasPairs?: boolean;
  readonly noAck: boolean;
  readonly queues: readonly string[];
  readonly resubscribe: boolean;
}

/** A consumer, its loop, and what its broker knows of it. */
class Scene {
  readonly broker = new ScriptedBroker();
  readonly handedOut: Message[] = [];
  readonly operations: Operation<unknown>[] = [];
  client!: Client;
  consumer!: Consumer;
  loopIsOver = false;
  private withheld: Said[] = [];
  private readonly tags = new Map<number, number>();
  private readonly delivered: { readonly channel: number; readonly deliveryTag: number }[] = [];

  async start({ queues, noAck, resubscribe }: Settings): Promise<void> {
    this.client = await this.broker.connected();
    this.consumer = this.client.basicConsumeMulti({ queues, prefetchCount: 10, noAck, resubscribe });
    void this.loop();
  }

  /** Takes one message, and works on it for ever. */
  private async loop(): Promise<void> {
    const { consumer } = this;
    const messages = consumer[Symbol.asyncIterator]();
    try {
      for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
        this.handedOut.push(next.value);
      }
    } catch {
      // An end is an end.
    }
    this.loopIsOver = true;
  }

  withhold(type: 'basic.consume' | 'basic.cancel'): void {
    this.broker.answers.set(type, (channel, method) => {
      this.withheld.push(...this.broker.usual(channel, method));
      return [];
    });
  }

  async answer(): Promise<void> {
    this.broker.answers.delete('basic.consume');
    this.broker.answers.delete('basic.cancel');
    for (let said = this.withheld.splice(0); said.length > 0; said = this.withheld.splice(0)) {
      this.broker.say(...said);
      await this.broker.pump();
    }
  }

  /** A message for each subscription that the broker knows of. */
  async deliver(): Promise<void> {
    for (const { channel, tag } of this.subscribed()) {
      const deliveryTag = (this.tags.get(channel) ?? 0) + 1;
      this.tags.set(channel, deliveryTag);
      this.delivered.push({ channel, deliveryTag });
      this.broker.say(this.broker.delivery(channel, tag, deliveryTag));
    }
    await this.broker.pump();
  }

  subscribed(): { readonly channel: number; readonly tag: string }[] {
    const known = new Map<string, { readonly channel: number; readonly tag: string }>();
    for (const { channel, method } of this.broker.received) {
      if (method.type === 'basic.consume')
        known.set(`${channel} ${method.consumerTag}`, { channel, tag: method.consumerTag });
      if (method.type === 'basic.cancel') known.delete(`${channel} ${method.consumerTag}`);
      if (method.type === 'channel.close' || method.type === 'channel.open') {
        for (const key of known.keys()) if (key.startsWith(`${channel} `)) known.delete(key);
      }
    }
    return [...known.values()];
  }

  /** Those given back on a channel that lives. */
  putBack(): string[] {
    return this.broker.received.flatMap(({ channel, method }) =>
      method.type === 'basic.nack' ? [`${channel} ${method.deliveryTag}`] : [],
    );
  }

  deliveries(): string[] {
    return this.delivered.map(({ channel, deliveryTag }) => `${channel} ${deliveryTag}`);
  }

  forgetDeliveries(channel: number): void {
    this.tags.delete(channel);
    for (let at = this.delivered.length - 1; at >= 0; at--) {
      if (this.delivered[at]?.channel === channel) this.delivered.splice(at, 1);
    }
  }

  async lose(): Promise<void> {
    this.delivered.length = 0;
    this.broker.reset();
    await this.broker.pump();
  }
}

/** What brings a consumer into each state. */
const states: Readonly<Record<string, (scene: Scene, settings: Settings) => Promise<void>>> = {
  subscribing: async (scene, settings) => {
    scene.withhold('basic.consume');
    await scene.start(settings);
    await scene.broker.pump();
  },
  'subscribing, deliveries before consume-ok': async (scene, settings) => {
    scene.withhold('basic.consume');
    await scene.start(settings);
    await scene.broker.pump();
    await scene.deliver();
    await scene.deliver();
  },
  'open, the loop waits': async (scene, settings) => {
    await scene.start(settings);
    await scene.broker.pump();
  },
  'open, messages wait': async (scene, settings) => {
    await scene.start(settings);
    // No turn for the loop: all that comes before it asks again waits.
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    for (let count = 0; count < 4; count++) await scene.deliver();
  },
  'subscribing anew for basicQos': async (scene, settings) => {
    await scene.start(settings);
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    for (let count = 0; count < 4; count++) await scene.deliver();
    scene.withhold('basic.consume');
    scene.operations.push(scene.client.basicQos(scene.consumer, { prefetchCount: 1 }));
    await scene.broker.pump();
  },
  'cancelling the old one for basicQos': async (scene, settings) => {
    await scene.start(settings);
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    for (let count = 0; count < 4; count++) await scene.deliver();
    scene.withhold('basic.cancel');
    scene.operations.push(scene.client.basicQos(scene.consumer, { prefetchCount: 1 }));
    await scene.broker.pump();
  },
  'after basicQos, messages of the old subscription wait': async (scene, settings) => {
    await scene.start(settings);
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    for (let count = 0; count < 4; count++) await scene.deliver();
    scene.operations.push(scene.client.basicQos(scene.consumer, { prefetchCount: 100 }));
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    scene.consumer.limitUnacked(1);
  },
  cancelling: async (scene, settings) => {
    await scene.start(settings);
    scene.consumer.limitUnacked(1);
    await scene.broker.pump();
    for (let count = 0; count < 4; count++) await scene.deliver();
    scene.withhold('basic.cancel');
    scene.operations.push(scene.consumer.cancel());
    await scene.broker.pump();
  },
};

/** What happens to it. */
const inputs: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  nothing: async () => {},
  answers: (scene) => scene.answer(),
  delivery: (scene) => scene.deliver(),
  qos: async (scene) => {
    scene.operations.push(scene.client.basicQos(scene.consumer, { prefetchCount: 100 }));
    await scene.broker.pump();
  },
  cancel: async (scene) => {
    scene.operations.push(scene.client.basicCancel(scene.consumer));
    await scene.broker.pump();
  },
  'server cancel': async (scene) => {
    const [first] = scene.subscribed();
    if (first === undefined) return;
    scene.broker.say([first.channel, { type: 'basic.cancel', consumerTag: first.tag, noWait: true }]);
    await scene.broker.pump();
  },
  'channel closed': async (scene) => {
    const [first] = scene.subscribed();
    if (first === undefined) return;
    scene.forgetDeliveries(first.channel);
    scene.broker.say(refusal(first.channel, 406, 'PRECONDITION_FAILED - timeout', 0, 0));
    await scene.broker.pump();
  },
  'connection lost': (scene) => scene.lose(),
  close: async (scene) => {
    void scene.client.close();
    await scene.broker.pump();
  },
};

const settings: Readonly<Record<string, Settings>> = {
  'with acks': { noAck: false, queues: ['a'], resubscribe: false },
  'over two queues': { hasPairs: true, noAck: false, queues: ['a', 'b'], resubscribe: false },
  'without acks': { hasPairs: true, noAck: true, queues: ['a'], resubscribe: false },
  'that subscribes again': { noAck: false, queues: ['a'], resubscribe: true },
};

describe.each(Object.entries(settings))('a consumer %s', (_name, given) => {
  for (const [state, enter] of Object.entries(states)) {
    it(`that is ${state} ends with its client, whatever comes`, async () => {
      const failures: string[] = [];
      for (const [first, happens] of Object.entries(inputs)) {
        for (const [second, happensThen] of Object.entries(given.hasPairs ? inputs : { nothing: inputs.nothing })) {
          const scene = new Scene();
          await enter(scene, given);
          await happens(scene);
          await happensThen?.(scene);
          void scene.client.close();
          await scene.broker.pump();
          await scene.broker.advance(10_000);
          const open = scene.operations.filter((operation) => operation.state === 'pending').length;
          const { ready } = scene.consumer;
          if (!scene.loopIsOver || ready.state === 'pending' || open > 0) {
            failures.push(`${first}, ${second}: loop ${scene.loopIsOver}, ready ${ready.state}, ${open} open`);
          }
        }
      }
      expect(failures).toEqual([]);
    });
  }
});

describe('a cancel', () => {
  for (const [state, enter] of Object.entries(states)) {
    it(`of a consumer that is ${state} returns each message that was not handed out, once`, async () => {
      const failures: string[] = [];
      for (const [name, happens] of Object.entries(inputs)) {
        if (['connection lost', 'close'].includes(name)) continue;
        const scene = new Scene();
        await enter(scene, { noAck: false, queues: ['a', 'b'], resubscribe: false });
        await happens(scene);
        scene.operations.push(scene.client.basicCancel(scene.consumer));
        await scene.broker.pump();
        await scene.answer();
        const back = scene.putBack();
        const out = scene.handedOut.length;
        const all = scene.deliveries();
        const missing = all.length - new Set(back).size - out;
        const isOver = scene.loopIsOver && scene.operations.every((operation) => operation.state !== 'pending');
        if (!isOver || new Set(back).size !== back.length || (name !== 'channel closed' && missing !== 0)) {
          failures.push(`${name}: over ${isOver}, ${all.length} delivered, ${back.length} back, ${out} handed out`);
        }
      }
      expect(failures).toEqual([]);
    });
  }
});
