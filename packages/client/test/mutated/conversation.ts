/**
 * One conversation of a client with a broker in memory whose words are bent on their way, on a virtual clock: everything
 * the client can do, and what became of it. Must not judge: it counts.
 */
import { inspect } from 'node:util';
import { isPukaError } from '@puka/errors';
import type { Client } from '../../src/client.ts';
import type { Consumer } from '../../src/consuming/consumer.ts';
import type { Message } from '../../src/consuming/message.ts';
import { ScriptedBroker } from '../scripted-broker.ts';
import { seededRandom } from '../seeded.ts';
import { Mutator } from './mutator.ts';

/** Frames that the broker sends if nothing is changed, roughly. */
const frameCount = 75;

/** What went wrong; all empty if nothing did. */
export interface Outcome {
  readonly seed: number;
  readonly plan: readonly string[];
  /** Operations, loops and consumers that never ended. */
  readonly open: string[];
  /** Errors that are none of ours, or have one as their cause. */
  readonly untyped: string[];
  /** What was thrown if nothing may be. */
  readonly escapes: string[];
}

class Conversation {
  readonly outcome: Outcome;
  private readonly broker = new ScriptedBroker();
  private readonly random: () => number;
  private readonly client: Client;
  private readonly openNames = new Map<number, string>();
  private readonly consumers: Consumer[] = [];
  private started = 0;

  constructor(seed: number, isBent: boolean) {
    this.random = seededRandom(seed);
    const mutator = new Mutator(this.random, frameCount);
    this.outcome = { seed, plan: mutator.plan, open: [], untyped: [], escapes: [] };
    if (isBent) this.broker.underWay = (bytes) => mutator.bend(bytes);
    this.client = this.broker.client({ heartbeat: 10, maxInboundBytes: 4096, maxMessageBytes: 65_536 });
    this.client.on('unobserved', (error) => this.checkError(error));
    this.script();
  }

  async run(): Promise<Outcome> {
    try {
      await this.talk();
    } catch (error) {
      this.outcome.escapes.push(inspect(error));
    }
    this.outcome.open.push(...this.openNames.values());
    for (const consumer of this.consumers) {
      if (!consumer.isEnded) this.outcome.open.push(`consumer ${consumer.consumerTag}`);
    }
    return this.outcome;
  }

  /** What the broker sends besides the usual. */
  private script(): void {
    const { broker } = this;
    let got = 0;
    broker.answers.set('exchange.declare', (channel) => [[channel, { type: 'exchange.declare-ok' }]]);
    broker.answers.set('queue.bind', (channel) => [[channel, { type: 'queue.bind-ok' }]]);
    broker.answers.set('basic.get', (channel) => {
      if (got++ % 3 === 2) return [[channel, { type: 'basic.get-empty' }]];
      broker.say(broker.gotten(channel, this.nextTag(channel)));
      return [];
    });
    broker.answers.set('basic.consume', (channel, method) => {
      if (method.type !== 'basic.consume') return [];
      const { consumerTag } = method;
      broker.say([channel, { type: 'basic.consume-ok', consumerTag }]);
      for (let count = 0; count < 6; count++) broker.say(broker.delivery(channel, consumerTag, this.nextTag(channel)));
      return [];
    });
    broker.answers.set('channel.open', (channel, method) => {
      this.tags.delete(channel);
      return broker.usual(channel, method);
    });
  }

  private readonly tags = new Map<number, number>();

  private nextTag(channel: number): number {
    const tag = (this.tags.get(channel) ?? 0) + 1;
    this.tags.set(channel, tag);
    return tag;
  }

  private async talk(): Promise<void> {
    const { client, broker } = this;
    this.track('connect', client.connect());
    await broker.pump();
    this.track('queueDeclare', client.queueDeclare({ queue: 'q' }));
    this.track('exchangeDeclare', client.exchangeDeclare({ exchange: 'e' }));
    this.track('queueBind', client.queueBind({ queue: 'q', exchange: 'e' }));
    const looped = this.consumer('looped', false);
    this.track('loop', this.loop(looped));
    const called = client.basicConsume({ queue: 'q', consumerTag: 'called', noAck: true }, (error, message) => {
      if (message !== undefined) this.look(message);
      else if (error !== undefined) this.checkError(error);
    });
    this.consumers.push(called);
    await broker.pump();
    for (let count = 0; count < 4; count++) {
      const headers = { count, text: 'x'.repeat(count * 20) };
      this.track(
        'publish',
        client.basicPublish({ routingKey: 'q', body: `${count}`, mandatory: count === 2, headers }),
      );
    }
    this.track('get', this.get(false));
    this.track('get with a timeout', this.get(true));
    const unread = this.consumer('unread', true);
    await broker.pump();
    this.track('qos', client.basicQos(looped, { prefetchCount: 3 }));
    this.track('get', this.get(false));
    await broker.pump();
    await broker.advance(1000);
    this.track('cancel', client.basicCancel(called));
    this.track('wait', client.wait(unread, { timeout: 500, raiseErrors: false }));
    this.track('queueDelete with a timeout', client.queueDelete({ queue: 'q', timeout: 500 }));
    await broker.pump();
    await broker.advance(1000);
    this.track('last publish', client.basicPublish({ routingKey: 'q', body: 'last' }));
    if (this.random() < 0.5) this.track('shutdown', client.shutdown({ timeout: 2000 }));
    else await broker.pump();
    await broker.advance(3000);
    this.track('close', client.close());
    await broker.pump();
    await broker.advance(6000);
    await broker.advance(60_000);
  }

  private consumer(consumerTag: string, noAck: boolean): Consumer {
    const consumer = this.client.basicConsume({ queue: 'q', consumerTag, noAck, prefetchCount: noAck ? 0 : 2 });
    this.consumers.push(consumer);
    this.track(`consume ${consumerTag}`, consumer.ready);
    return consumer;
  }

  private async loop(consumer: Consumer): Promise<void> {
    for await (const message of consumer) {
      this.look(message);
      message.ack();
    }
  }

  private async get(isTimed: boolean): Promise<void> {
    const message = await this.client.basicGet({ queue: 'q', ...(isTimed ? { timeout: 300 } : {}) });
    if (message === null) return;
    this.look(message);
    message.ack();
  }

  /** Looks at everything in a message: nothing but `headers` and what holds them may throw. */
  private look(message: Message): void {
    try {
      inspect(message);
      JSON.stringify(message);
      message.text();
      void [message.routingKey, message.exchange, message.redelivered, message.messageCount, message.contentType];
      void [message.timestamp, message.priority, message.correlationId];
    } catch (error) {
      this.outcome.escapes.push(inspect(error));
    }
    try {
      void [message.headers, message.properties];
    } catch (error) {
      this.checkError(error);
    }
  }

  private track(name: string, promise: PromiseLike<unknown>): void {
    const number = this.started++;
    this.openNames.set(number, name);
    promise.then(
      () => this.openNames.delete(number),
      (error: unknown) => {
        this.openNames.delete(number);
        this.checkError(error);
      },
    );
  }

  private checkError(error: unknown): void {
    for (let each = error, depth = 0; each !== undefined && depth < 10; depth++) {
      if (!isPukaError(each)) {
        this.outcome.untyped.push(inspect(each));
        return;
      }
      each = each.cause;
    }
  }
}

/** Runs one conversation. @param isBent `false` leaves the broker's words as they are. */
export function converse(seed: number, isBent = true): Promise<Outcome> {
  return new Conversation(seed, isBent).run();
}
