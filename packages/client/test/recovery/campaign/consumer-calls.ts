/** Calls at consumers, and what their callbacks do with messages. Must not judge the end. */
import type { Consumer, MessageCallback } from '../../../src/consuming/consumer.ts';
import type { Message } from '../../../src/consuming/message.ts';
import type { OperationOptions } from '../../../src/operations/operation-options.ts';
import { type Actor, offsetOf, type Subscribed, settle } from './actor.ts';
import { isHarmless, type Promises } from './promises.ts';
import type { Queue } from './queue-names.ts';
import type { CallStep, ConsumeStep } from './steps.ts';
import type { World } from './world.ts';

/** The calls of consumers. */
export class ConsumerCalls {
  private readonly world: World;
  private readonly promises: Promises;
  private count = 0;

  constructor(world: World, promises: Promises) {
    this.world = world;
    this.promises = promises;
  }

  call(step: Extract<CallStep, { do: 'cancel' | 'qos' }>, actor: Actor, bound: OperationOptions): void {
    const { living, client } = actor;
    const chosen = living[step.choice % Math.max(1, living.length)];
    if (chosen === undefined) return;
    if (step.do === 'cancel') {
      // The callback of a consumer is not called when its own client cancels it.
      chosen.isTold = true;
      chosen.isCalledOff = true;
      this.promises.start(step, actor, client.basicCancel(chosen.consumer, bound));
      return;
    }
    // A stream wants a limit.
    const prefetchCount = chosen.keys.some((key) => key.startsWith('w')) ? 1 + (step.choice % 6) : step.choice % 7;
    const operation = client.basicQos(chosen.consumer, { prefetchCount, ...bound });
    // It is subscribed anew, as it was asked for.
    chosen.isReadAgain = true;
    this.promises.start(step, actor, operation);
    operation.then(
      () => {
        chosen.prefetch = prefetchCount;
      },
      // It may have taken effect all the same.
      (error: unknown) => {
        if (!isHarmless(error)) chosen.isPrefetchKnown = false;
      },
    );
  }

  consume(step: ConsumeStep, actor: Actor, queue: Queue, bound: OperationOptions): void {
    const { prefetch, exclusive = false, resubscribe, holds } = step;
    const isStream = step.queue === 'w';
    const priority = isStream ? undefined : step.priority;
    const table = {
      ...(isStream ? { 'x-stream-offset': 'first' as const } : {}),
      ...(priority === undefined ? {} : { 'x-priority': priority }),
    };
    const tags = [this.newTag(actor)];
    const [consumerTag] = tags;
    if (exclusive) this.world.exclusiveKeys.add(queue.key);
    const comesBack = resubscribe !== false;
    const hasSignal = step.bound === 'signal';
    const settings = {
      keys: [queue.key],
      tags,
      holds,
      prefetch,
      isExclusive: exclusive,
      priority,
      comesBack,
      hasSignal,
    };
    const options = { queue: queue.name, consumerTag, prefetchCount: prefetch, exclusive, resubscribe, ...bound };
    this.subscribe(step, actor, settings, (take) => actor.client.basicConsume({ ...options, arguments: table }, take));
  }

  consumeMulti(prefetch: number, actor: Actor, bound: OperationOptions): void {
    const keys = ['d', 't'].map((kind) => `${kind}${actor.index}`);
    const queues = keys.map((queue) => ({ queue, consumerTag: this.newTag(actor) }));
    const tags = queues.map(({ consumerTag }) => consumerTag);
    const step = { do: 'consumeMulti', client: actor.index, prefetch } as const;
    const plain = { holds: false, isExclusive: false, priority: undefined, comesBack: true };
    const settings = { keys, tags, prefetch, hasSignal: bound.signal !== undefined, ...plain };
    this.subscribe(step, actor, settings, (take) =>
      actor.client.basicConsumeMulti({ queues, prefetchCount: prefetch, ...bound }, take),
    );
  }

  private newTag({ index }: Actor): string {
    return `tag ${index}.${++this.count}`;
  }

  private subscribe(
    step: CallStep,
    actor: Actor,
    settings: Pick<
      Subscribed,
      'keys' | 'tags' | 'holds' | 'prefetch' | 'isExclusive' | 'priority' | 'comesBack' | 'hasSignal'
    >,
    begin: (take: MessageCallback) => Consumer,
  ): void {
    const consumer = begin((_error, message) => this.take(subscribed, message));
    const stream = { offsets: [], settledOffsets: new Set<number>(), isReadAgain: false };
    const subscribed: Subscribed = {
      ...settings,
      ...stream,
      ...{ consumer, waiting: [], isTold: false, isCalledOff: false, isPrefetchKnown: true, endedAtMs: undefined },
    };
    actor.consumers.push(subscribed);
    const [key] = subscribed.keys;
    this.promises.start(step, actor, consumer.ready).key = key;
    // An auto-delete queue goes with its last consumer, in an order that the model does not follow.
    for (const key of subscribed.keys) if (/^[an]/.test(key)) actor.model.taint(key);
  }

  private take(subscribed: Subscribed, message: Message | undefined): void {
    const { keys, waiting, holds } = subscribed;
    if (message === undefined) {
      subscribed.isTold = true;
      subscribed.endedAtMs = this.world.scene.clock.now();
      return;
    }
    this.world.noteNames();
    const key = this.world.keyOf(message.queue);
    if (key === undefined || !keys.includes(key)) {
      this.world.complain(`a consumer of ${keys} got a message of ${message.queue}`);
    }
    this.noteOffset(subscribed, message);
    if (holds) waiting.push(message);
    else settle(subscribed, message);
  }

  /** A stream is read on without a gap, and nothing comes again below which all is settled. */
  private noteOffset({ keys, tags, offsets, settledOffsets, isReadAgain }: Subscribed, message: Message): void {
    const { world } = this;
    const offset = offsetOf(message);
    if (offset === undefined || world.unsafeQueues.has(keys[0] ?? '')) return;
    const next = Math.max(-1, ...offsets) + 1;
    if (offset > next) world.complain(`${tags} got offset ${offset} of a stream ahead of ${next}`);
    const isSettled = Array.from({ length: offset + 1 }, (_each, at) => at).every((at) => settledOffsets.has(at));
    if (isSettled && !isReadAgain && !world.cancelsConsumers) {
      world.complain(`${tags} got offset ${offset} of a stream again, which was settled`);
    }
    offsets.push(offset);
  }
}

/** Settles one that a consumer holds. */
export function settleOne({ consumers }: Actor, choice: number): void {
  const holders = consumers.filter(({ waiting }) => waiting.length > 0);
  const holder = holders[choice % Math.max(1, holders.length)];
  const message = holder?.waiting.shift();
  if (holder === undefined || message === undefined) return;
  // RabbitMQ: nothing goes back to a stream.
  if (choice % 3 === 0 && offsetOf(message) === undefined) message.reject({ requeue: true });
  else settle(holder, message);
}
