/** A client of a scripted broker, and what came from it and went to its consumers. */
import { expect } from 'vitest';
import type { Client } from '../../src/client.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

export async function scene(options: Parameters<ScriptedBroker['connected']>[0] = {}, channelMax = 2047) {
  const broker = new ScriptedBroker();
  broker.tune.channelMax = channelMax;
  const client = await broker.connected(options);
  return { broker, client };
}

/** The methods of one name that came, with their channel. */
export function consumesOf(broker: ScriptedBroker): { channel: number; queue: string; tag: string }[] {
  return broker.received.flatMap(({ channel, method }) =>
    method.type === 'basic.consume' ? [{ channel, queue: method.queue, tag: method.consumerTag }] : [],
  );
}

/** A message for a consumer reaches it. */
export async function reached(broker: ScriptedBroker, client: Client, consumer: ReturnType<Client['basicConsume']>) {
  const { consumerTag } = consumer;
  const last = consumesOf(broker).findLast(({ tag }) => tag === consumerTag);
  if (last === undefined) throw new Error(`${consumerTag} was never subscribed`);
  const tags = deliveriesOf.get(broker) ?? new Map<number, number>();
  deliveriesOf.set(broker, tags);
  const tag = (tags.get(last.channel) ?? 0) + 1;
  tags.set(last.channel, tag);
  broker.say(broker.delivery(last.channel, consumerTag, tag, consumerTag));
  await broker.pump();
  expect((await client.wait(consumer)).text()).toBe(consumerTag);
}

/** The delivery tags that each channel has had. */
const deliveriesOf = new WeakMap<ScriptedBroker, Map<number, number>>();
