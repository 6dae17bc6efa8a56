/**
 * Subscribes consumers at the broker, the first few each on a channel of its own, and cancels their subscriptions.
 * Must not decide what follows a refusal: its caller does.
 */

import { AmqpError, isPukaError, type PukaError, replyError } from '@puka/errors';
import { type FieldValueInput, int64, Tagged } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { notAnswered, notSent } from '../connection/connection.ts';
import type { LazyMap } from '../runtime/lazy-collections.ts';
import { LazySet } from '../runtime/lazy-collections.ts';
import type { SessionChannel } from '../session/index.ts';
import type { Consumer, ConsumerSource } from './consumer.ts';
import { ConsumerChannel, type ConsumerChannelHost, Subscription } from './consumer-channel.ts';
import type { ConsumerState } from './consumer-state.ts';
import { directReplyQueue, type ReplyConsumers } from './reply-queue.ts';

/**
 * Consumers that have a channel of their own; further ones share these. RabbitMQ writes the deliveries of each channel by
 * themselves: with a thousand channels nearly each message is a packet of its own, and a read and an ack here.
 */
const mostOwnChannels = 8;
const offsetArgument = 'x-stream-offset';
/** More queues are not set apart. */
const mostIsolatedQueues = 1000;

/** Takes the outcome: nothing, or the error. */
export type Done = (error: PukaError | undefined) => void;

/** What subscribing needs of its client. */
export interface SubscribingHost {
  /** There is something to send. */
  wake(): void;
}

/** The subscribing of all consumers of one client. */
export class Subscribing {
  private readonly pool: ChannelPool;
  readonly #host: SubscribingHost;
  private readonly replies: ReplyConsumers;
  private readonly states: LazyMap<Consumer, ConsumerState>;
  private readonly channelHost: ConsumerChannelHost;
  private readonly channels = new LazySet<ConsumerChannel>();
  /** Queues whose consumers get a channel of their own, however many there are. */
  private readonly isolatedQueues = new LazySet<string>();

  /**
   * @param states those of all consumers that have not ended.
   * @param channelHost is called with what happens on the channels.
   */
  constructor(
    pool: ChannelPool,
    host: SubscribingHost,
    replies: ReplyConsumers,
    states: LazyMap<Consumer, ConsumerState>,
    channelHost: ConsumerChannelHost,
  ) {
    this.pool = pool;
    this.#host = host;
    this.replies = replies;
    this.states = states;
    this.channelHost = channelHost;
  }

  /** No more is subscribed on a channel. @returns whether it was one of these. */
  forget(on: ConsumerChannel): boolean {
    return this.channels.delete(on);
  }

  /** Subscribes a consumer to queues of its own, on a channel of its own or a shared one. */
  subscribe(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    if (this.keep(consumer, sources, done)) return;
    if (consumer.queue === directReplyQueue) this.share(consumer, sources, done);
    else this.probe(consumer, sources, done);
  }

  /** @returns `false` if no channel may be kept any more. */
  private keep(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): boolean {
    const isIsolated = sources.some((source) => this.mayLoseChannel(source));
    const subscribe = (channel: SessionChannel | undefined, error: PukaError | undefined): void => {
      if (channel === undefined) done(notSent('basic.consume', error));
      else this.subscribeOn(this.open(channel, isIsolated), consumer, sources, done);
    };
    return this.pool.keep('consumers', subscribe, isIsolated ? undefined : mostOwnChannels + this.isolatedChannels);
  }

  /** It may be refused. Over the channel of the direct replies there are publishes, too, which may be refused. */
  private mayLoseChannel({ queue, exclusive }: ConsumerSource): boolean {
    return exclusive || queue === directReplyQueue || this.isolatedQueues.has(queue);
  }

  private get isolatedChannels(): number {
    let count = 0;
    for (const { isIsolated } of this.channels) if (isIsolated) count++;
    return count;
  }

  private open(channel: SessionChannel, isIsolated: boolean): ConsumerChannel {
    const on = new ConsumerChannel(channel, this.channelHost);
    on.isIsolated = isIsolated;
    channel.bodyMemory = undefined;
    channel.sink = on;
    this.channels.add(on);
    return on;
  }

  /** Before a channel is shared: a queue that is not there must not cost the others their channel. */
  private probe(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    this.pool.acquire((channel, error) => {
      if (channel === undefined) {
        done(notSent('basic.consume', error));
        return;
      }
      let refusal: PukaError | undefined;
      let left = sources.length;
      const looked = (_reply: unknown, refused: PukaError | undefined): void => {
        refusal ??= refused;
        if (--left > 0) return;
        this.pool.release(channel);
        if (refusal === undefined) this.share(consumer, sources, done);
        else done(asConsumeError(refusal));
      };
      for (const { queue } of sources) {
        const isSent = channel.request({ type: 'queue.declare', queue, passive: true }, looked);
        if (!isSent) looked(undefined, notSent('basic.consume', undefined));
      }
      this.#host.wake();
    });
  }

  private share(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    const all = [...this.channels].filter(({ channel }) => channel.isUsable);
    const shared = all.filter(({ isIsolated }) => !isIsolated);
    const usable = shared.length > 0 ? shared : all;
    const free = usable.filter((on) => !sources.some(({ consumerTag }) => on.has(consumerTag)));
    const [first, ...others] = free.length > 0 ? free : usable;
    if (first === undefined) {
      this.shareLater(consumer, sources, done);
      return;
    }
    const least = others.reduce((best, on) => (on.size < best.size ? on : best), first);
    const tagged = sources.map((source) => ({ ...source, consumerTag: least.freeTag(source.consumerTag) }));
    this.subscribeOn(least, consumer, tagged, done);
  }

  /** No channel is there to be shared: it is still to be opened, or was given back meanwhile and may be kept anew. */
  private shareLater(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    if (this.keep(consumer, sources, done)) return;
    this.pool.whenKeptChanges((error) => {
      if (error === undefined) this.share(consumer, sources, done);
      else done(notSent('basic.consume', error));
    });
  }

  private subscribeOn(on: ConsumerChannel, consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    const state = this.states.get(consumer);
    const { channel } = on;
    const made: Subscription[] = [];
    let left = sources.length;
    const fail = (error: PukaError, again: boolean): void => {
      if (left === 0) return;
      left = 0;
      // Those of this attempt that existed already are gone with the channel, and made again with the rest of it.
      if (!channel.isUsable) for (const subscription of made) state?.subscriptions.delete(subscription);
      else
        this.retire(
          made.filter((subscription) => state?.subscriptions.has(subscription)),
          () => {},
        );
      if (again) {
        on.culprit = consumer;
        this.subscribe(consumer, sources, done);
      } else this.consumeFailed(on, consumer, sources, error, done);
    };
    consumer.ready.isSent = true;
    // RabbitMQ: the limit is that of the consumers made after it on the channel, so it is always sent again.
    channel.request({ type: 'basic.qos', prefetchCount: consumer.prefetchCount }, () => {});
    for (const source of sources) {
      const subscription = new Subscription(consumer, source, on);
      if (state?.isNoStream(source.queue) === true) subscription.isStream = false;
      const sent = resumed(source, state);
      const answered = (_reply: unknown, error: PukaError | undefined): void => {
        subscription.isAnswered = true;
        if (error === undefined) {
          if (left > 0 && --left === 0) done(undefined);
          return;
        }
        on.remove(subscription);
        state?.subscriptions.delete(subscription);
        // It was taken for a stream by what its messages carry, and asked for an offset that its caller never asked for.
        const isNoStream = sent !== source && !fieldsOf(source).has(offsetArgument) && refusesOffset(error);
        if (isNoStream) state?.noteNoStream(source.queue);
        fail(error, isNoStream);
      };
      let isSent: boolean;
      try {
        isSent = channel.request(consumeMethod(consumer, sent), answered);
      } catch (error) {
        // Only now is it known how long a frame may be. Thrown on, it would end whatever has freed the channel just now.
        if (!isPukaError(error)) throw error;
        fail(error, false);
        on.freeWhenDone();
        break;
      }
      if (!isSent) {
        fail(notAnswered('basic.consume', undefined), false);
        break;
      }
      made.push(subscription);
      on.add(subscription);
      state?.subscriptions.add(subscription);
    }
    this.replies.subscribed(consumer, sources[0]?.consumerTag ?? '', on);
    // Nothing can receive it any more: its consumer is gone too.
    if (state === undefined) this.retire(made, () => {});
    this.#host.wake();
  }

  /** Refused, or dropped unseen because another consumer of the channel was refused: then it is tried again. */
  private consumeFailed(
    on: ConsumerChannel,
    consumer: Consumer,
    sources: readonly ConsumerSource[],
    error: PukaError,
    done: Done,
  ): void {
    const isBystander = on.culprit !== undefined && on.culprit !== consumer && error.scope === 'channel';
    if (isBystander) {
      this.subscribe(consumer, sources, done);
      return;
    }
    if (error instanceof AmqpError && error.scope === 'channel') {
      on.culprit = consumer;
      // A queue that is not there is found by a look before the channel is shared.
      if (error.replyCode !== 404) for (const { queue } of sources) this.isolate(queue);
    }
    done(error);
  }

  /**
   * A consumer of this queue was refused, or did not get an answer: it costs all consumers of its channel their channel, so
   * that the next one gets a channel of its own.
   */
  isolate(queue: string): void {
    if (this.isolatedQueues.size < mostIsolatedQueues) this.isolatedQueues.add(queue);
  }

  /** Cancels subscriptions with the broker. What comes before its answer still goes to the consumer. */
  retire(subscriptions: readonly Subscription[], done: () => void): void {
    let left = subscriptions.length + 1;
    const count = (): void => {
      if (--left === 0) done();
    };
    for (const subscription of subscriptions) {
      const { consumerTag } = subscription.source;
      subscription.isRetired = true;
      const forget = (): void => {
        this.states.get(subscription.consumer)?.subscriptions.delete(subscription);
        count();
        // After the rest, so that what waits can be put back before the channel goes.
        subscription.on.remove(subscription);
      };
      if (!subscription.on.channel.request({ type: 'basic.cancel', consumerTag }, forget)) forget();
    }
    count();
    this.#host.wake();
  }
}

/** A stream that was read before goes on from there, in place of where it was first asked to begin. */
function resumed(source: ConsumerSource, state: ConsumerState | undefined): ConsumerSource {
  const offset = state?.resumeOffset(source.queue);
  if (offset === undefined) return source;
  if (source.arguments instanceof Tagged) return source;
  return { ...source, arguments: fieldsOf(source).set(offsetArgument, int64(offset)) };
}

/** A copy of its arguments; empty where they are given as one tagged value. */
function fieldsOf({ arguments: table = {} }: ConsumerSource): Map<string, FieldValueInput> {
  if (table instanceof Tagged) return new Map();
  return new Map<string, FieldValueInput>(table instanceof Map ? [...table] : Object.entries(table));
}

/** RabbitMQ: any queue but a stream refuses the argument (406), and names it. */
function refusesOffset(error: PukaError): boolean {
  return error instanceof AmqpError && error.replyCode === 406 && error.replyText?.includes(offsetArgument) === true;
}

function consumeMethod(consumer: Consumer, source: ConsumerSource): Parameters<SessionChannel['request']>[0] {
  const { queue, consumerTag, noLocal, exclusive, arguments: table } = source;
  const { noAck } = consumer;
  return { type: 'basic.consume', queue, consumerTag, noLocal, noAck, exclusive, arguments: table };
}

/** The refusal of the look-up is taken for that of the consume. */
function asConsumeError(error: PukaError): PukaError {
  if (!(error instanceof AmqpError) || error.replyCode === undefined) return error;
  return replyError(error.replyCode, error.replyText ?? '', { method: 'basic.consume', cause: error });
}
