/**
 * Consumers of a client from their start to their end: which exist, what they wait for, and what ends them.
 * Must not speak to the broker (subscribing and subscribing again do), nor hand out messages (the consumer does).
 */
import { AmqpError, ConnectionBroken, ConsumerCancelled, type PukaError, peerText } from '@puka/errors';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { asRefused, notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type { Operation } from '../operations/operation.ts';
import { isUnnamedError, mostUnnamedEnds } from '../operations/unnamed-error.ts';
import { LazyMap } from '../runtime/lazy-collections.ts';
import { BodyPool } from './body-pool.ts';
import type { Consumer } from './consumer.ts';
import type { ConsumerChannel, ConsumerChannelHost, Subscription } from './consumer-channel.ts';
import { ConsumerState } from './consumer-state.ts';
import { ConsumerTags } from './consumer-tags.ts';
import type { Cancelled } from './options.ts';
import { consumerOverLimit, messageOverLimit } from './over-limit.ts';
import { changePrefetch, type PrefetchParts } from './prefetch.ts';
import type { ReplyConsumers } from './reply-queue.ts';
import { type ConsumerOwner, Resubscribing, type ResubscribingHost } from './resubscribing.ts';
import { Subscribing, type SubscribingHost } from './subscribing.ts';

type Cancel = Operation<Cancelled>;

/** What it needs of its client. */
export type SubscriptionsHost = SubscribingHost & ResubscribingHost;

/** The subscriptions of all consumers of a client. */
export class Subscriptions implements ConsumerChannelHost, ConnectionUser, ConsumerOwner, PrefetchParts {
  private readonly pool: ChannelPool;
  readonly #host: SubscriptionsHost;
  /** For `startConsumer` too. */
  readonly replies: ReplyConsumers;
  /** For `startConsumer` too. */
  readonly tags: ConsumerTags = new ConsumerTags();
  /** For `changePrefetch`. */
  readonly subscribing: Subscribing;
  /** For `changePrefetch` too. */
  readonly again: Resubscribing;
  private readonly states = new LazyMap<Consumer, ConsumerState>();
  private lentMemory: BodyPool | undefined = undefined;
  /** The number of consumers whose first subscribing has no outcome yet. */
  private unanswered = 0;
  /** Counts the connections: what waited for an answer over one is over with it. */
  private attachments = 0;

  constructor(pool: ChannelPool, host: SubscriptionsHost, replies: ReplyConsumers) {
    this.pool = pool;
    this.#host = host;
    this.replies = replies;
    this.subscribing = new Subscribing(pool, host, replies, this.states, this);
    this.again = new Resubscribing(pool, host, this.subscribing, this.states, this);
  }

  /** Made when the first consumer lends. */
  get bodyPool(): BodyPool {
    this.lentMemory ??= new BodyPool();
    return this.lentMemory;
  }

  /** Whether the bytes belong to a body that is lent just now. */
  isLent(body: Uint8Array): boolean {
    // Only if there is any: the first look at the buffer of a small array makes one.
    return this.lentMemory?.isLent(body.buffer) === true;
  }

  /** Subscribes the consumers that have lost their connection, or were started without one; suspects alone, after the others. */
  attach(): void {
    this.again.isAttached = true;
    const attachment = ++this.attachments;
    const suspects: [Consumer, ConsumerState][] = [];
    let left = 1;
    const subscribed = (): void => {
      if (--left === 0) this.subscribeAlone(suspects, attachment);
    };
    for (const [consumer, state] of this.states) {
      if (state.unnamedEnds > 0) {
        suspects.push([consumer, state]);
      } else {
        left++;
        this.subscribeOver(consumer, state, subscribed);
      }
    }
    // One that has ended fewer connections is less likely to be the cause.
    suspects.sort(([, one], [, other]) => one.unnamedEnds - other.unnamedEnds);
    subscribed();
    this.again.connected();
  }

  private subscribeOver(consumer: Consumer, state: ConsumerState, subscribed: () => void): void {
    state.whenSteady((done) => {
      const finish = (): void => {
        done();
        subscribed();
      };
      if (consumer.ready.state === 'pending') this.subscribeFirst(consumer, finish);
      else this.again.restore(consumer, state, finish);
    }, subscribed);
  }

  /** Each when the one before has its answer. */
  private subscribeAlone(suspects: readonly [Consumer, ConsumerState][], attachment: number): void {
    const [first, ...rest] = suspects;
    if (first === undefined || !this.again.isAttached || attachment !== this.attachments) return;
    this.subscribeOver(...first, () => this.subscribeAlone(rest, attachment));
  }

  /**
   * The broker has ended the connection by an error that names nothing, as it does when a channel crashes, or that names
   * `basic.consume`. Any consume without an answer may have caused it. One that is found so again and again, alone by then,
   * did. Where consumes are named, those of a subscribing again are left to the quarantine.
   */
  private blameUnanswered(error: AmqpError): void {
    for (const [consumer, state] of [...this.states]) {
      const { unanswered } = state;
      if (error.method !== undefined && consumer.ready.state !== 'pending') continue;
      if (unanswered === undefined || ++state.unnamedEnds < mostUnnamedEnds) continue;
      const refused = asRefused(error, true);
      if (consumer.ready.state === 'pending') this.refuse(consumer, refused);
      else this.again.giveUp(consumer, unanswered.source, refused);
    }
  }

  /** Those that are subscribed, or wait for a channel, hear of it there; the others end here, unless they are restored. */
  detach(error: PukaError, willRecover: boolean): void {
    this.again.connectionLost(error, willRecover);
    if (willRecover && (isUnnamedError(error) || isHardConsumeError(error))) this.blameUnanswered(error);
    for (const [consumer, state] of [...this.states]) {
      const { isPausing } = state;
      state.stopPauses();
      const hearsOfIt = !isPausing && (state.subscriptions.size > 0 || !state.isSteady);
      if (willRecover || hearsOfIt) continue;
      consumer.ready.reject(notSent('basic.consume', error));
      this.gone(consumer, asConsumerEnd(error, consumer.queue));
    }
  }

  /** Consumers that were started without a connection, and wait for the next. */
  get heldCount(): number {
    return this.again.isAttached ? 0 : this.unanswered;
  }

  /** For the replay: consumers that have not ended. */
  get size(): number {
    return this.states.size;
  }

  /** For the replay: a queue is there again. */
  queueRestored(queue: string): void {
    this.again.queueRestored(queue);
  }

  /** For the replay: a queue does not come back. */
  queueLost(queue: string, error: PukaError): void {
    this.again.queueLost(queue, error);
  }

  /** For the record: a delete of the queue has its outcome. */
  queueLeft(queue: string): void {
    this.again.queueLeft(queue);
  }

  /** For the replay: a server-named queue has another name. */
  queueRenamed(from: string, to: string): void {
    for (const consumer of this.states.keys()) consumer.renameQueue(from, to);
    this.again.queueRenamed(from, to);
  }

  /** The consumers that have not ended. */
  get consumers(): Iterable<Consumer> {
    return this.states.keys();
  }

  /** Subscribes; `ready` of the consumer has the outcome. */
  start(consumer: Consumer): void {
    const state = new ConsumerState();
    this.states.set(consumer, state);
    this.unanswered++;
    consumer.ready.whenSettled(() => this.unanswered--);
    this.replies.started(consumer);
    if (this.again.isAttached) this.subscribeFirst(consumer, () => state.goOn());
    else state.goOn();
  }

  private subscribeFirst(consumer: Consumer, done: () => void): void {
    this.subscribing.subscribe(consumer, consumer.sources, (error) => {
      if (error === undefined) {
        consumer.ready.fulfil(consumer);
        this.subscribed(consumer);
      } else if (!this.again.isCarriedOver(error)) {
        this.refuse(consumer, error);
      }
      done();
    });
  }

  /** The first subscribing, or one over another connection, has gone well. */
  subscribed(consumer: Consumer): void {
    const state = this.states.get(consumer);
    if (state === undefined) return;
    state.unnamedEnds = 0;
    state.tellSubscribed();
    if (state.isRecorded) return;
    state.isRecorded = true;
    for (const queue of consumer.queues) this.#host.recovery.topology?.consumerAdded(queue);
  }

  /** Ends a consumer. What was not handed out goes back to its queues; then the operation and the consumer end. */
  cancel(consumer: Consumer, operation: Cancel): void {
    const { consumerTag } = consumer;
    const state = this.states.get(consumer);
    if (state === undefined) {
      consumer.beginCancel();
      consumer.putBackWaiting();
      operation.fulfil({ consumerTag });
      return;
    }
    if (state.cancel !== undefined) {
      state.cancel.watch(() => operation.fulfil({ consumerTag }));
      return;
    }
    state.cancel = operation;
    consumer.beginCancel();
    const task = (done: () => void): void => {
      operation.isSent = true;
      const subscriptions = [...state.subscriptions];
      this.subscribing.retire(subscriptions, () => {
        this.gone(consumer, undefined);
        done();
      });
      // After the cancel, or the broker would send them here again; at once, because they may be what stops the reading.
      consumer.putBackWaiting();
    };
    state.whenSteady(task, () => operation.fulfil({ consumerTag }));
  }

  /** See `Client.basicQos`. */
  qos(consumer: Consumer, prefetchCount: number, operation: Operation<void>): void {
    changePrefetch(this, consumer, this.states.get(consumer), prefetchCount, operation);
  }

  private refuse(consumer: Consumer, error: PukaError): void {
    consumer.ready.reject(error);
    this.gone(consumer, error);
  }

  /** A consumer has ended. */
  gone(consumer: Consumer, error: unknown): void {
    const state = this.states.get(consumer);
    if (state === undefined) return;
    this.states.delete(consumer);
    state.isOver = true;
    state.tellSubscribed();
    if (consumer.ready.state === 'pending') this.cancelledUnsubscribed(consumer);
    if (state.isRecorded) for (const queue of consumer.queues) this.#host.recovery.topology?.consumerRemoved(queue);
    state.stopPauses();
    consumer.end(error);
    if (consumer.isCancelling) consumer.putBackWaiting();
    state.cancel?.fulfil({ consumerTag: consumer.consumerTag });
    this.replies.gone(consumer);
    this.tags.release(consumer);
    if (state.subscriptions.size > 0) this.subscribing.retire([...state.subscriptions], () => {});
  }

  /** Its caller cancelled it while the connection was away: that is not a failure to report to others. */
  private cancelledUnsubscribed({ ready, queue, consumerTag }: Consumer): void {
    const text = `the consumer of queue '${peerText(queue)}' was cancelled before it was subscribed`;
    ready.isObserved = true;
    ready.reject(new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume' }));
  }

  messageOverLimit({ consumer, source }: Subscription, why: string): void {
    this.fail(consumer, messageOverLimit(why, source.queue, consumer.noAck, 'basic.consume'));
  }

  /** Ends a consumer because the program does not take what it holds. @param why names the limit. */
  endUnread(consumer: Consumer, why: string): void {
    this.fail(consumer, consumerOverLimit(why, consumer.queue, consumer.noAck, consumer.unreadBytes));
    // Without acks nothing can go back.
    consumer.takeWaiting();
  }

  /** Ends a consumer by an error. What was not handed out goes back to its queues, after the cancel. */
  private fail(consumer: Consumer, error: PukaError): void {
    this.gone(consumer, error);
    consumer.putBackWaiting();
  }

  subscriptionCancelled(subscription: Subscription): void {
    this.again.cancelled(subscription);
  }

  /** The channel is gone, and with it every right to settle: the broker delivers again what was not settled. */
  consumerChannelClosed(on: ConsumerChannel, error: PukaError | undefined): void {
    if (!this.subscribing.forget(on)) return;
    const subscriptions = [...on.subscriptions];
    for (const subscription of subscriptions) this.again.noteOffset(subscription);
    on.lose();
    this.pool.releaseKept('consumers', on.channel);
    const lost = new Set<Consumer>();
    const interrupted = new Set<Consumer>();
    for (const subscription of subscriptions) {
      const { consumer } = subscription;
      const state = this.states.get(consumer);
      if (state === undefined || !state.subscriptions.delete(subscription)) continue;
      if (this.again.waitsForConnection && state.cancel === undefined) continue;
      const isBystander = on.isLostByPublish || (on.culprit !== undefined && on.culprit !== consumer);
      if (state.cancel === undefined && (isBystander || this.isOnlyInterrupted(on, error))) {
        // Direct reply-to: the replies to what was sent on that channel are lost, though the consumer did nothing wrong.
        const isInterrupted = !isBystander || on.isLostByPublish;
        if (isInterrupted && error !== undefined && !interrupted.has(consumer)) {
          interrupted.add(consumer);
          this.#host.failures.interrupted(error, consumer);
        }
        this.again.subscribeAgain(consumer, state, subscription.source);
      } else {
        lost.add(consumer);
      }
    }
    for (const consumer of lost) {
      const isOver = error === undefined || consumer.isCancelling;
      this.gone(consumer, isOver ? undefined : asConsumerEnd(error, consumer.queue));
    }
  }

  /** With recovery on: the broker closed the channel, and no consume of its own was the reason, as with a late ack. */
  private isOnlyInterrupted(on: ConsumerChannel, error: PukaError | undefined): boolean {
    if (this.#host.recovery.topology === undefined || on.culprit !== undefined) return false;
    return error instanceof AmqpError && error.scope === 'channel' && error.method !== 'basic.consume';
  }

  publishingClosed(): void {
    this.replies.channelClosed();
  }

  consumerChannelFree(on: ConsumerChannel): void {
    if (!on.channel.isUsable || !this.subscribing.forget(on)) return;
    if (on.publishing?.isOn(on.channel)) on.publishing.closed(undefined);
    this.pool.releaseKept('consumers', on.channel, !on.mustClose);
  }
}

/** The connection ended for a consume: whose it was is known only if no other was open. */
function isHardConsumeError(error: PukaError): error is AmqpError {
  return error instanceof AmqpError && error.scope === 'connection' && error.method === 'basic.consume';
}

function asConsumerEnd(error: PukaError, queue: string): PukaError {
  if (error.scope !== 'connection' || error instanceof ConnectionBroken) return error;
  return new ConnectionBroken(`the connection ended under the consumer of queue '${peerText(queue)}'`, {
    method: 'basic.consume',
    cause: error,
  });
}
