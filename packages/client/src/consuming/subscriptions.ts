/**
 * Consumers of a client: finds each its channel, subscribes, cancels, changes the prefetch count, and subscribes
 * again those that lost their channel by another's fault. Must not hand out messages: the consumer does.
 */
import {
  AmqpError,
  ConnectionBroken,
  ConsumerCancelled,
  NotFound,
  type PukaError,
  peerText,
  replyError,
  UsageError,
} from '@puka/errors';
import { int64, Tagged } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { asRefused, notAnswered, notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type { Operation } from '../operations/operation.ts';
import { isUnnamedError, mostUnnamedEnds } from '../operations/unnamed-error.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { SessionChannel } from '../session/index.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import { given, withTable } from '../topology/method-input.ts';
import type { RecordedConsumer } from '../topology/recorded-entity.ts';
import { refusalOf } from '../topology/refusals.ts';
import type { Consumer, ConsumerSource } from './consumer.ts';
import { ConsumerChannel, type ConsumerChannelHost, Subscription } from './consumer-channel.ts';
import { ConsumerState } from './consumer-state.ts';
import { ConsumerTags } from './consumer-tags.ts';
import type { Cancelled } from './options.ts';
import { consumerOverLimit, messageOverLimit } from './over-limit.ts';
import { Quarantine } from './quarantine.ts';
import { directReplyQueue, type ReplyConsumers } from './reply-queue.ts';
import { type QueuesInRecovery, Resubscribing } from './resubscribing.ts';

type Done = (error: PukaError | undefined) => void;
type Cancel = Operation<Cancelled>;

/** What it needs of its client. */
export interface SubscriptionsHost {
  readonly deadlines: Deadlines;
  readonly recovery: QueuesInRecovery & {
    /** The record of what was declared; `undefined` where the client does not recover. */
    readonly topology: DeclaredTopology | undefined;
  };
  readonly failures: {
    /** A consumer does not come back for now, or not at all. */
    notRestored(error: PukaError, entity: RecordedConsumer, isRetrying: boolean): void;
    /** A consumer has lost its subscription while the connection is open, and subscribes again. */
    interrupted(error: PukaError, consumer: Consumer): void;
  };
  now(): number;
  /** There is something to send. */
  wake(): void;
}

/** The subscriptions of all consumers of a client. */
export class Subscriptions implements ConsumerChannelHost, ConnectionUser {
  private readonly pool: ChannelPool;
  private readonly host: SubscriptionsHost;
  /** For `startConsumer` too. */
  readonly replies: ReplyConsumers;
  /** For `startConsumer` too. */
  readonly tags: ConsumerTags = new ConsumerTags();
  private readonly channels = new Set<ConsumerChannel>();
  private readonly states = new Map<Consumer, ConsumerState>();
  private readonly again: Resubscribing;
  private readonly quarantine: Quarantine;
  private isAttached = false;
  /** Counts the connections: what was begun with one is over with it. */
  private epoch = 0;
  private willRecover = false;

  constructor(pool: ChannelPool, host: SubscriptionsHost, replies: ReplyConsumers) {
    this.pool = pool;
    this.host = host;
    this.quarantine = new Quarantine(host);
    const { quarantine } = this;
    this.again = new Resubscribing({
      deadlines: host.deadlines,
      now: () => host.now(),
      recovery: host.recovery,
      isHeld: (queue) => quarantine.holds(queue),
    });
    this.replies = replies;
  }

  /** Subscribes the consumers that have lost their connection, or were started without one. */
  attach(): void {
    this.isAttached = true;
    for (const [consumer, state] of this.states) {
      state.whenSteady((done) => {
        if (consumer.ready.state === 'pending') this.subscribeFirst(consumer, done);
        else this.restore(consumer, state, done);
      });
    }
    this.quarantine.connected((queue) => this.again.queueRestored(queue));
  }

  /** Those that are subscribed, or wait for a channel, hear of it there; the others end here, unless they are restored. */
  detach(error: PukaError, willRecover: boolean): void {
    this.isAttached = false;
    this.willRecover = willRecover;
    this.epoch++;
    this.again.clear();
    if (willRecover) this.quarantine.connectionLost(error);
    else this.quarantine.clear();
    for (const [consumer, state] of [...this.states]) {
      const isPausing = state.pauses.size > 0;
      state.stopPauses();
      const hearsOfIt = !isPausing && (state.subscriptions.size > 0 || !state.isSteady);
      if (willRecover || hearsOfIt) continue;
      consumer.ready.reject(error);
      this.gone(consumer, asConsumerEnd(error, consumer.queue));
    }
  }

  /** Consumers that were started without a connection, and wait for the next. */
  get heldCount(): number {
    if (this.isAttached) return 0;
    let count = 0;
    for (const { ready } of this.states.keys()) if (ready.state === 'pending') count++;
    return count;
  }

  /** For the replay: consumers that have not ended. */
  get size(): number {
    return this.states.size;
  }

  /** For the replay: a queue is there again. */
  queueRestored(queue: string): void {
    // Ahead of those that wait, whose subscriptions are to the queue that is there now.
    this.restoreStale(queue);
    this.again.queueRestored(queue);
  }

  /** The queue was made again in this connection: subscriptions to the one before went with it, without a word. */
  private restoreStale(queue: string): void {
    for (const [consumer, state] of this.states) {
      const stale = [...state.subscriptions].filter(({ source }) => source.queue === queue);
      if (stale.length === 0 || state.cancel !== undefined) continue;
      state.whenSteady((done) => this.retire(stale, () => this.restore(consumer, state, done)));
    }
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
  }

  /** The consumers that have not ended. */
  get consumers(): Iterable<Consumer> {
    return this.states.keys();
  }

  /** Subscribes; `ready` of the consumer tells how it went. */
  start(consumer: Consumer): void {
    const state = new ConsumerState();
    this.states.set(consumer, state);
    this.replies.started(consumer);
    if (this.isAttached) this.subscribeFirst(consumer, () => state.goOn());
    else state.goOn();
  }

  private subscribeFirst(consumer: Consumer, done: () => void): void {
    this.subscribe(consumer, consumer.sources, (error) => {
      if (error === undefined) {
        consumer.ready.fulfil(consumer);
        this.subscribed(consumer);
      } else if (!this.isCarriedOver(error)) {
        this.refuse(consumer, error);
      } else if (isUnnamedError(error.cause) && this.isUnnamedCulprit(consumer)) {
        this.refuse(consumer, asRefused(error.cause, true));
      }
      done();
    });
  }

  /** Whether its first subscribing, alone, ends one connection after the other by an error that names nothing. */
  private isUnnamedCulprit(consumer: Consumer): boolean {
    const state = this.states.get(consumer);
    const subscribing = [...this.states.keys()].filter(({ ready }) => ready.state === 'pending');
    if (state === undefined || subscribing.length > 1) return false;
    return ++state.unnamedEnds >= mostUnnamedEnds;
  }

  /** The first subscribing, or one over another connection, has gone well. */
  private subscribed(consumer: Consumer): void {
    const state = this.states.get(consumer);
    if (state === undefined) return;
    for (const call of state.onSubscribed.splice(0)) call();
    if (state.isRecorded) return;
    state.isRecorded = true;
    for (const queue of consumer.queues) this.host.recovery.topology?.consumerAdded(queue);
  }

  /** Subscribes to each queue of its own again; a consumer over several ends when one of them cannot come back. */
  private restore(consumer: Consumer, state: ConsumerState, done: () => void): void {
    const { epoch } = this;
    let untried = consumer.sources.length;
    state.missing = untried;
    for (const [index] of consumer.sources.entries()) {
      const source = (): ConsumerSource => consumer.sources[index] ?? consumer.sources[0];
      this.again.start({
        queue: () => source().queue,
        endsWithQueue: consumer.resubscribe !== true,
        isOver: () => state.isOver || epoch !== this.epoch,
        subscribe: (answered) => this.subscribe(consumer, [source()], answered),
        tried: () => {
          if (--untried === 0) done();
        },
        retrying: (error) => this.host.failures.notRestored(error, recordedConsumer(source()), true),
        finished: (error) => {
          if (error !== undefined) {
            this.host.failures.notRestored(error, recordedConsumer(source()), false);
            this.gone(consumer, notSubscribedAgain(source(), error));
          } else if (--state.missing === 0) {
            this.subscribed(consumer);
          }
        },
      });
    }
  }

  /** Whether the connection is lost, and what was under way goes on with the next. */
  private isCarriedOver(error: PukaError): boolean {
    return this.willRecover && !this.isAttached && error.code === 'CONNECTION_BROKEN';
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
      this.retire(subscriptions, () => {
        this.gone(consumer, undefined);
        done();
      });
      // Behind the cancel, or the broker would send them here again; at once, for they may be what stops the reading.
      consumer.putBackWaiting();
    };
    state.whenSteady(task, () => operation.fulfil({ consumerTag }));
  }

  /** Puts another limit in force. RabbitMQ knows it only for consumers to come, so the consumer subscribes anew. */
  qos(consumer: Consumer, prefetchCount: number, operation: Operation<void>): void {
    const state = this.states.get(consumer);
    const over = (): void => operation.reject(qosOfEnded(consumer));
    if (state === undefined || state.cancel !== undefined) {
      over();
      return;
    }
    const task = (done: () => void): void => {
      const before = consumer.prefetchCount;
      const isLess = prefetchCount > 0 && (before === 0 || prefetchCount < before);
      consumer.prefetchCount = prefetchCount;
      consumer.limitUnacked(prefetchCount);
      operation.isSent = true;
      const old = [...state.subscriptions];
      // Those that pause know the limit when they are subscribed to again.
      const sources = consumer.sources.filter(
        // Another subscription has another address for replies, and those without acks have no limit.
        ({ queue }) => queue !== directReplyQueue && old.some(({ source }) => source.queue === queue),
      );
      const finish: Done = (error) => {
        if (error === undefined) {
          const ofOld = new Set<unknown>(old);
          if (isLess) consumer.putBackWaiting(({ settledBy }) => ofOld.has(settledBy));
          operation.fulfil(undefined);
        } else if (this.isCarriedOver(error)) {
          // The new limit is in force with the next subscribing, where one comes.
          if (state.isOver) over();
          else state.onSubscribed.push(() => operation.fulfil(undefined));
        } else {
          consumer.prefetchCount = before;
          consumer.limitUnacked(before);
          operation.reject(error);
        }
        done();
      };
      if (!this.isAttached || state.missing > 0) {
        // In force with the subscribing that comes.
        state.onSubscribed.push(() => operation.fulfil(undefined));
        done();
        return;
      }
      // The new one is there before the old one goes: an auto-delete queue must not see its last consumer leave.
      if (sources.length === 0) {
        finish(undefined);
      } else if (sources.some(({ exclusive }) => exclusive)) {
        this.retire(old, () => this.subscribe(consumer, sources, (error) => this.moved(consumer, error, finish)));
      } else {
        this.subscribe(consumer, sources, (error) => {
          if (error === undefined) this.retire(old, () => finish(undefined));
          else finish(error);
        });
      }
    };
    state.whenSteady(task, over);
  }

  private moved(consumer: Consumer, error: PukaError | undefined, finish: Done): void {
    if (error !== undefined && !this.isCarriedOver(error)) this.gone(consumer, error);
    finish(error);
  }

  private subscribe(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    if (this.keep(consumer, sources, done)) return;
    if (consumer.queue === directReplyQueue) this.share(consumer, sources, done);
    else this.probe(consumer, sources, done);
  }

  /** @returns `false` where no channel may be kept any more. */
  private keep(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): boolean {
    return this.pool.keep('consumers', (channel, error) => {
      if (channel === undefined) done(notSent('basic.consume', error));
      else this.subscribeOn(this.open(channel), consumer, sources, done);
    });
  }

  private open(channel: SessionChannel): ConsumerChannel {
    const on = new ConsumerChannel(channel, this);
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
      this.host.wake();
    });
  }

  private share(consumer: Consumer, sources: readonly ConsumerSource[], done: Done): void {
    const usable = [...this.channels].filter(({ channel }) => channel.isUsable);
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
    const fail = (error: PukaError): void => {
      if (left === 0) return;
      left = 0;
      // Those of this attempt that stood already are gone with the channel, and made again with the rest of it.
      if (!channel.isUsable) for (const subscription of made) state?.subscriptions.delete(subscription);
      else
        this.retire(
          made.filter((subscription) => state?.subscriptions.has(subscription)),
          () => {},
        );
      this.consumeFailed(on, consumer, sources, error, done);
    };
    consumer.ready.isSent = true;
    // RabbitMQ: the limit is that of the consumers made after it on the channel, so it is always said anew.
    channel.request({ type: 'basic.qos', prefetchCount: consumer.prefetchCount }, () => {});
    for (const source of sources) {
      const subscription = new Subscription(consumer, source, on);
      const isSent = channel.request(consumeMethod(consumer, resumed(source, state)), (_reply, error) => {
        if (error === undefined) {
          if (left > 0 && --left === 0) done(undefined);
          return;
        }
        on.remove(subscription);
        state?.subscriptions.delete(subscription);
        fail(error);
      });
      if (!isSent) {
        fail(notAnswered('basic.consume', undefined));
        break;
      }
      made.push(subscription);
      on.add(subscription);
      state?.subscriptions.add(subscription);
    }
    this.replies.subscribed(consumer, sources[0]?.consumerTag ?? '', on);
    // Nobody is left to have it: not even its consumer.
    if (state === undefined) this.retire(made, () => {});
    this.host.wake();
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
    if (error instanceof AmqpError && error.scope === 'channel') on.culprit = consumer;
    done(error);
  }

  /** Cancels subscriptions with the broker. What comes before its answer still goes to the consumer. */
  private retire(subscriptions: readonly Subscription[], done: () => void): void {
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
        // Behind the rest, so that what waits can be put back before the channel goes.
        subscription.on.remove(subscription);
      };
      if (!subscription.on.channel.request({ type: 'basic.cancel', consumerTag }, forget)) forget();
    }
    count();
    this.host.wake();
  }

  private refuse(consumer: Consumer, error: PukaError): void {
    consumer.ready.reject(error);
    this.gone(consumer, error);
  }

  private gone(consumer: Consumer, error: unknown): void {
    const state = this.states.get(consumer);
    if (state === undefined) return;
    this.states.delete(consumer);
    state.isOver = true;
    for (const call of state.onSubscribed.splice(0)) call();
    if (consumer.ready.state === 'pending') this.cancelledUnsubscribed(consumer);
    if (state.isRecorded) for (const queue of consumer.queues) this.host.recovery.topology?.consumerRemoved(queue);
    state.stopPauses();
    consumer.end(error);
    if (consumer.isCancelling) consumer.putBackWaiting();
    state.cancel?.fulfil({ consumerTag: consumer.consumerTag });
    this.replies.gone(consumer);
    this.tags.release(consumer);
    if (state.subscriptions.size > 0) this.retire([...state.subscriptions], () => {});
  }

  /** Its caller cancelled it while the connection was away: that is no failure to be told to anybody else. */
  private cancelledUnsubscribed({ ready, queue, consumerTag }: Consumer): void {
    const text = `the consumer of queue '${peerText(queue)}' was cancelled before it was subscribed`;
    ready.isObserved = true;
    ready.reject(new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume' }));
  }

  messageOverLimit({ consumer, source }: Subscription, why: string): void {
    this.fail(consumer, messageOverLimit(why, source.queue, consumer.noAck, 'basic.consume'));
  }

  /** Ends a consumer because nobody takes what it holds. @param why names the limit. */
  endUnread(consumer: Consumer, why: string): void {
    this.fail(consumer, consumerOverLimit(why, consumer.queue, consumer.noAck, consumer.unreadBytes));
    // Without acks nothing can go back.
    consumer.takeWaiting();
  }

  /** Ends a consumer by an error. What was not handed out goes back to its queues, behind the cancel. */
  private fail(consumer: Consumer, error: PukaError): void {
    this.gone(consumer, error);
    consumer.putBackWaiting();
  }

  /** RabbitMQ extension: the queue is gone, or its master. */
  subscriptionCancelled(subscription: Subscription): void {
    const { consumer, source, on } = subscription;
    const { queue, consumerTag } = source;
    const unanswered = on.channel.forgetConsume(consumerTag);
    const state = this.states.get(consumer);
    this.noteOffset(subscription);
    state?.subscriptions.delete(subscription);
    on.remove(subscription);
    const text = `the broker cancelled the consumer of queue '${peerText(queue)}'`;
    const error = new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume' });
    if (unanswered !== undefined) {
      unanswered(undefined, error);
      return;
    }
    if (state === undefined || state.cancel !== undefined) return;
    const { resubscribe = this.host.recovery.topology !== undefined } = consumer;
    if (!resubscribe) {
      this.endAll(consumer, state, error);
    } else if (consumer.resubscribe === true) {
      this.host.failures.interrupted(error, consumer);
      this.pause(consumer, state, source, error);
    } else {
      this.lookForQueue(consumer, state, source, error);
    }
  }

  /** With recovery on, and nothing said: the consumer subscribes again where its queue is still there. */
  private lookForQueue(consumer: Consumer, state: ConsumerState, source: ConsumerSource, error: PukaError): void {
    const { queue } = source;
    this.pool.acquire((channel) => {
      const looked = (refusal: PukaError | undefined): void => {
        if (channel !== undefined) this.pool.release(channel);
        if (state.isOver || state.cancel !== undefined || (refusal !== undefined && this.isCarriedOver(refusal)))
          return;
        if (refusal instanceof NotFound && refusalOf(refusal) === 'missing') {
          // What an operator deleted is not brought back.
          this.host.recovery.topology?.forget('queue', queue);
          this.endAll(consumer, state, error);
          return;
        }
        this.host.failures.interrupted(error, consumer);
        this.pause(consumer, state, source, error);
      };
      const method = { type: 'queue.declare', queue, passive: true } as const;
      const isSent = channel?.request(method, (_reply, refusal) => looked(refusal)) ?? false;
      if (!isSent) looked(notSent('basic.consume', undefined));
      this.host.wake();
    });
  }

  /** Subscribes to one queue of a consumer again, in time; or ends the consumer. @param error why it has no subscription. */
  private pause(consumer: Consumer, state: ConsumerState, source: ConsumerSource, error: PukaError): void {
    const { deadlines } = this.host;
    const nowMs = this.host.now();
    const pauseMs = state.paceOf(source.queue).pauseMs(nowMs, error);
    if (pauseMs === undefined) {
      this.gone(consumer, asResubscribeError(source, error));
      return;
    }
    const undo = deadlines.add(nowMs + pauseMs, () => {
      state.pauses.delete(undo);
      state.whenSteady((done) => this.subscribeAfterPause(consumer, state, source, done));
    });
    state.pauses.add(undo);
  }

  private subscribeAfterPause(
    consumer: Consumer,
    state: ConsumerState,
    source: ConsumerSource,
    done: () => void,
  ): void {
    this.subscribe(consumer, [source], (error) => {
      const isOpen = this.states.get(consumer) === state && state.cancel === undefined;
      if (error === undefined) state.paceOf(source.queue).subscribed(this.host.now());
      else if (isOpen && !this.isCarriedOver(error)) this.pause(consumer, state, source, error);
      done();
    });
  }

  /** Puka: the end of one queue is the end of the whole consumer. What was received is handed out first. */
  private endAll(consumer: Consumer, state: ConsumerState, error: PukaError): void {
    if (!consumer.noAck) {
      this.gone(consumer, error);
      return;
    }
    // What is on its way from the other queues is the consumer's: the broker has forgotten it.
    state.whenSteady((done) => {
      this.retire([...state.subscriptions], () => {
        this.gone(consumer, error);
        done();
      });
    });
  }

  /** The channel is gone, and with it every right to settle: the broker delivers again what was not settled. */
  consumerChannelClosed(on: ConsumerChannel, error: PukaError | undefined): void {
    if (!this.channels.delete(on)) return;
    const subscriptions = [...on.subscriptions];
    for (const subscription of subscriptions) this.noteOffset(subscription);
    on.lose();
    this.pool.releaseKept('consumers', on.channel);
    const lost = new Set<Consumer>();
    for (const subscription of subscriptions) {
      const { consumer } = subscription;
      const state = this.states.get(consumer);
      if (state === undefined || !state.subscriptions.delete(subscription)) continue;
      if (this.willRecover && !this.isAttached && state.cancel === undefined) continue;
      const isBystander = on.isLostByPublish || (on.culprit !== undefined && on.culprit !== consumer);
      if (state.cancel === undefined && (isBystander || this.isOnlyInterrupted(on, error))) {
        if (!isBystander && error !== undefined) this.host.failures.interrupted(error, consumer);
        this.subscribeAgain(consumer, state, subscription.source);
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
    if (this.host.recovery.topology === undefined || on.culprit !== undefined) return false;
    return error instanceof AmqpError && error.scope === 'channel' && error.method !== 'basic.consume';
  }

  /** A stream is read on from where the consumer was. */
  private noteOffset(subscription: Subscription): void {
    const { resumeOffset } = subscription;
    if (resumeOffset === undefined) return;
    this.states.get(subscription.consumer)?.resumeAt.set(subscription.source.queue, resumeOffset);
  }

  private subscribeAgain(consumer: Consumer, state: ConsumerState, source: ConsumerSource): void {
    state.whenSteady((done) => {
      this.subscribe(consumer, [source], (error) => {
        if (error !== undefined && !this.isCarriedOver(error)) this.gone(consumer, error);
        done();
      });
    });
  }

  publishingClosed(): void {
    this.replies.channelClosed();
  }

  consumerChannelFree(on: ConsumerChannel): void {
    if (!on.channel.isUsable || !this.channels.delete(on)) return;
    if (on.publishing?.isOn(on.channel)) on.publishing.closed(undefined);
    this.pool.releaseKept('consumers', on.channel, !on.mustClose);
  }
}

/** A stream that was read before goes on from there, in place of where it was first asked to begin. */
function resumed(source: ConsumerSource, state: ConsumerState | undefined): ConsumerSource {
  const offset = state?.resumeAt.get(source.queue);
  if (offset === undefined) return source;
  const { arguments: table = {} } = source;
  if (table instanceof Tagged) return source;
  const fields = table instanceof Map ? [...table] : Object.entries(table);
  return { ...source, arguments: new Map([...fields, ['x-stream-offset', int64(offset)]]) };
}

function consumeMethod(consumer: Consumer, source: ConsumerSource): Parameters<SessionChannel['request']>[0] {
  const { queue, consumerTag, noLocal, exclusive, arguments: table } = source;
  const { noAck } = consumer;
  return withTable({ type: 'basic.consume', queue, consumerTag, ...given({ noLocal, noAck, exclusive }) }, table);
}

/** The end of a consumer that could not subscribe again. */
function asResubscribeError({ queue, consumerTag }: ConsumerSource, cause: PukaError): PukaError {
  if (cause instanceof ConsumerCancelled || cause.scope === 'connection') return cause;
  const text = `the broker cancelled the consumer of queue '${queue}', and subscribing again failed`;
  return new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume', cause });
}

/** The refusal of the look-up is taken for that of the consume. */
function asConsumeError(error: PukaError): PukaError {
  if (!(error instanceof AmqpError) || error.replyCode === undefined) return error;
  return replyError(error.replyCode, error.replyText ?? '', { method: 'basic.consume', cause: error });
}

function asConsumerEnd(error: PukaError, queue: string): PukaError {
  if (error.scope !== 'connection' || error instanceof ConnectionBroken) return error;
  return new ConnectionBroken(`the connection ended under the consumer of queue '${peerText(queue)}'`, {
    method: 'basic.consume',
    cause: error,
  });
}

function qosOfEnded({ lostBy }: Consumer): PukaError {
  if (lostBy !== undefined) return notSent('basic.qos', lostBy);
  return new UsageError('basicQos of a consumer that has ended', { method: 'basic.qos' });
}

function recordedConsumer({ queue, consumerTag }: ConsumerSource): RecordedConsumer {
  return { kind: 'consumer', queue, consumerTag };
}

function notSubscribedAgain({ queue, consumerTag }: ConsumerSource, cause: PukaError): ConsumerCancelled {
  const text = `the consumer of queue '${queue}' could not be subscribed again after the connection was lost`;
  return new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume', cause });
}
