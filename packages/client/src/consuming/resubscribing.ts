/**
 * Subscribes consumers again that have lost their subscription: with the connection, with their channel, with their queue,
 * or because the broker cancelled them. Must not know channels: the subscribing does.
 */

import { ConsumerCancelled, NotFound, type PukaError, peerText } from '@puka/errors';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { notSent } from '../connection/connection.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { LazyMap } from '../runtime/lazy-collections.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import type { RecordedConsumer } from '../topology/recorded-entity.ts';
import { refusalOf } from '../topology/refusals.ts';
import type { Consumer, ConsumerSource } from './consumer.ts';
import type { Subscription } from './consumer-channel.ts';
import type { ConsumerState } from './consumer-state.ts';
import { Quarantine } from './quarantine.ts';
import { type QueuesInRecovery, SubscribeRetries } from './subscribe-retries.ts';
import type { Subscribing } from './subscribing.ts';

/** What subscribing again needs of its client. */
export interface ResubscribingHost {
  readonly deadlines: Deadlines;
  readonly recovery: QueuesInRecovery & {
    /** The record of what was declared; `undefined` if the client does not recover. */
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

/** Whose consumers they are. */
export interface ConsumerOwner {
  /** A consumer is subscribed to all its queues again. */
  subscribed(consumer: Consumer): void;
  /** A consumer has ended. */
  gone(consumer: Consumer, error: unknown): void;
}

/** The subscribing again of all consumers of one client. */
export class Resubscribing {
  /** Whether there is a connection to subscribe over. */
  isAttached = false;
  private willRecover = false;
  /** Counts the connections: what was begun with one is over with it. */
  private epoch = 0;
  private readonly pool: ChannelPool;
  readonly #host: ResubscribingHost;
  private readonly subscribing: Subscribing;
  private readonly states: LazyMap<Consumer, ConsumerState>;
  private readonly owner: ConsumerOwner;
  private readonly tries: SubscribeRetries;
  private readonly quarantine: Quarantine;

  /** @param states those of all consumers that have not ended. */
  constructor(
    pool: ChannelPool,
    host: ResubscribingHost,
    subscribing: Subscribing,
    states: LazyMap<Consumer, ConsumerState>,
    owner: ConsumerOwner,
  ) {
    this.pool = pool;
    this.#host = host;
    this.subscribing = subscribing;
    this.states = states;
    this.owner = owner;
    this.quarantine = new Quarantine(host);
    this.tries = new SubscribeRetries(host, this.quarantine);
  }

  /** Subscribes over this connection from now on, at the pace of the quarantine too. */
  connected(): void {
    this.quarantine.connected((queue) => this.tries.queueRestored(queue));
  }

  /** The connection is gone. */
  connectionLost(error: PukaError, willRecover: boolean): void {
    this.isAttached = false;
    this.willRecover = willRecover;
    this.epoch++;
    this.tries.clear();
    if (!willRecover) {
      this.quarantine.clear();
      return;
    }
    const queue = this.quarantine.connectionLost(error);
    if (queue !== undefined) this.subscribing.isolate(queue);
  }

  /** Whether the connection is lost, and what was under way goes on with the next. */
  isCarriedOver(error: PukaError): boolean {
    return this.waitsForConnection && error.code === 'CONNECTION_BROKEN';
  }

  /** Whether a consumer that has lost its channel waits for the next connection. */
  get waitsForConnection(): boolean {
    return this.willRecover && !this.isAttached;
  }

  /** For the replay: a queue is there again. */
  queueRestored(queue: string): void {
    // Before those that wait, whose subscriptions are to the queue that is there now.
    this.restoreStale(queue);
    this.tries.queueRestored(queue);
  }

  /** For the replay: a server-named queue has another name. */
  queueRenamed(from: string, to: string): void {
    this.tries.queueRenamed(from, to);
  }

  /** For the replay: a queue does not come back. */
  queueLost(queue: string, error: PukaError): void {
    this.tries.queueLost(queue, error);
  }

  /** This client has deleted a queue, or was refused to. */
  queueLeft(queue: string): void {
    this.tries.queueLeft(queue);
  }

  /** Subscribes to each queue of its own again, over a new connection. */
  restore(consumer: Consumer, state: ConsumerState, done: () => void): void {
    state.missing = 0;
    this.tryAgain(consumer, state, [...consumer.sources.keys()], done);
  }

  /**
   * Subscribes to some queues of a consumer again, each by itself and for as long as it makes sense. The consumer ends when
   * one of them cannot come back.
   *
   * @param places those of the queues among its own: a server-named one may get another name meanwhile.
   * @param done is called when each was tried once.
   */
  private tryAgain(consumer: Consumer, state: ConsumerState, places: readonly number[], done: () => void): void {
    const { epoch } = this;
    let untried = places.length;
    state.missing += untried;
    for (const place of places) {
      const source = (): ConsumerSource => sourceAt(consumer, place);
      this.tries.start({
        queue: () => source().queue,
        endsWithQueue: consumer.resubscribe !== true,
        endsWithCancel: consumer.resubscribe === false,
        isOver: () => state.isOver || epoch !== this.epoch,
        subscribe: (answered) => this.subscribing.subscribe(consumer, [source()], answered),
        tried: () => {
          if (--untried === 0) done();
        },
        retrying: (error) => this.#host.failures.notRestored(error, recordedConsumer(source()), true),
        finished: (error) => {
          if (error !== undefined) this.giveUp(consumer, source(), error);
          else if (--state.missing === 0) this.owner.subscribed(consumer);
        },
      });
    }
  }

  /** A consumer does not come back. */
  giveUp(consumer: Consumer, source: ConsumerSource, error: PukaError): void {
    this.#host.failures.notRestored(error, recordedConsumer(source), false);
    this.owner.gone(consumer, notSubscribedAgain(source, error));
  }

  /** A consumer has lost its channel while the connection is open: subscribes it again, on another one. */
  subscribeAgain(consumer: Consumer, state: ConsumerState, source: ConsumerSource): void {
    const { epoch } = this;
    state.whenSteady((done) => {
      if (epoch !== this.epoch) {
        // The connection is lost too: the next one restores it whole.
        done();
      } else if (this.isSubscribed(consumer, state, source)) {
        done();
      } else if (this.#host.recovery.topology === undefined) {
        this.subscribing.subscribe(consumer, [source], (error) => {
          if (error !== undefined) this.owner.gone(consumer, error);
          done();
        });
      } else {
        this.tryAgain(consumer, state, [this.placeOf(consumer, source.queue)], done);
      }
    });
  }

  /** The place of a queue among those of a consumer, also by a name that it had. */
  private placeOf(consumer: Consumer, queue: string): number {
    return consumer.queues.indexOf(this.#host.recovery.topology?.nameOf(queue) ?? queue);
  }

  /** Whether the queue is subscribed to again already: a `basicQos` was under way when its subscription was lost. */
  private isSubscribed(consumer: Consumer, state: ConsumerState, { queue }: ConsumerSource): boolean {
    const place = this.placeOf(consumer, queue);
    for (const { source, isRetired } of state.subscriptions) {
      if (!isRetired && this.placeOf(consumer, source.queue) === place) return true;
    }
    return false;
  }

  /** A stream is read on from where the consumer was. */
  noteOffset(subscription: Subscription): void {
    const { resumeOffset } = subscription;
    if (resumeOffset === undefined) return;
    this.states.get(subscription.consumer)?.resume(subscription.source.queue, resumeOffset);
  }

  /** RabbitMQ extension: the queue is gone, or its master. */
  cancelled(subscription: Subscription): void {
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
    const { resubscribe = this.#host.recovery.topology !== undefined } = consumer;
    if (!resubscribe) {
      this.endAll(consumer, state, error);
    } else if (consumer.resubscribe === true) {
      this.#host.failures.interrupted(error, consumer);
      this.pause(consumer, state, source, error);
    } else {
      this.lookForQueue(consumer, state, source, error);
    }
  }

  /** The queue was made again in this connection: subscriptions to the one before ended with it, without an error. */
  private restoreStale(queue: string): void {
    for (const [consumer, state] of this.states) {
      const place = consumer.queues.indexOf(queue);
      if (place < 0 || state.cancel !== undefined) continue;
      const stale = [...state.subscriptions].filter(({ source }) => this.placeOf(consumer, source.queue) === place);
      if (stale.length === 0) continue;
      state.whenSteady((done) => {
        // What was lost meanwhile is subscribed again already.
        const left = stale.filter((subscription) => state.subscriptions.has(subscription));
        if (left.length === 0) done();
        else this.subscribing.retire(left, () => this.tryAgain(consumer, state, [place], done));
      });
    }
  }

  /** With recovery on, and no option set: the consumer subscribes again if its queue still exists. */
  private lookForQueue(consumer: Consumer, state: ConsumerState, source: ConsumerSource, error: PukaError): void {
    const { queue } = source;
    this.pool.acquire((channel) => {
      const looked = (refusal: PukaError | undefined): void => {
        if (channel !== undefined) this.pool.release(channel);
        if (state.isOver || state.cancel !== undefined || (refusal !== undefined && this.isCarriedOver(refusal)))
          return;
        if (refusal instanceof NotFound && refusalOf(refusal) === 'missing') {
          // What an operator deleted is not brought back.
          this.#host.recovery.topology?.forget('queue', queue);
          this.endAll(consumer, state, error);
          return;
        }
        this.#host.failures.interrupted(error, consumer);
        this.pause(consumer, state, source, error);
      };
      const method = { type: 'queue.declare', queue, passive: true } as const;
      const isSent = channel?.request(method, (_reply, refusal) => looked(refusal)) ?? false;
      if (!isSent) looked(notSent('basic.consume', undefined));
      this.#host.wake();
    });
  }

  /** Subscribes to one queue of a consumer again, in time; or ends the consumer. @param error why it has no subscription. */
  private pause(consumer: Consumer, state: ConsumerState, source: ConsumerSource, error: PukaError): void {
    const { deadlines } = this.#host;
    const nowMs = this.#host.now();
    const pauseMs = state.paceOf(source.queue).pauseMs(nowMs, error);
    if (pauseMs === undefined) {
      this.owner.gone(consumer, asResubscribeError(source, error));
      return;
    }
    const undo = deadlines.add(nowMs + pauseMs, () => {
      state.endPause(undo);
      state.whenSteady((done) => this.subscribeAfterPause(consumer, state, source, done));
    });
    state.beginPause(undo);
  }

  private subscribeAfterPause(
    consumer: Consumer,
    state: ConsumerState,
    source: ConsumerSource,
    done: () => void,
  ): void {
    if (this.isSubscribed(consumer, state, source)) {
      done();
      return;
    }
    this.subscribing.subscribe(consumer, [sourceAt(consumer, this.placeOf(consumer, source.queue))], (error) => {
      const isOpen = this.states.get(consumer) === state && state.cancel === undefined;
      if (error === undefined) state.paceOf(source.queue).subscribed(this.#host.now());
      else if (isOpen && !this.isCarriedOver(error)) this.pause(consumer, state, source, error);
      done();
    });
  }

  /** Puka: the end of one queue is the end of the whole consumer. What was received is handed out first. */
  private endAll(consumer: Consumer, state: ConsumerState, error: PukaError): void {
    if (!consumer.noAck) {
      this.owner.gone(consumer, error);
      return;
    }
    // What is on its way from the other queues is the consumer's: the broker has forgotten it.
    state.whenSteady((done) => {
      this.subscribing.retire([...state.subscriptions], () => {
        this.owner.gone(consumer, error);
        done();
      });
    });
  }
}

/** The end of a consumer that could not subscribe again. */
function asResubscribeError({ queue, consumerTag }: ConsumerSource, cause: PukaError): PukaError {
  if (cause instanceof ConsumerCancelled || cause.scope === 'connection') return cause;
  const text = `the broker cancelled the consumer of queue '${queue}', and subscribing again failed`;
  return new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume', cause });
}

function sourceAt({ sources }: Consumer, place: number): ConsumerSource {
  return sources[place] ?? sources[0];
}

function recordedConsumer({ queue, consumerTag }: ConsumerSource): RecordedConsumer {
  return { kind: 'consumer', queue, consumerTag };
}

function notSubscribedAgain({ queue, consumerTag }: ConsumerSource, cause: PukaError): ConsumerCancelled {
  const text = `the consumer of queue '${queue}' was lost with its connection or channel, and could not be subscribed again`;
  return new ConsumerCancelled(text, { queue, consumerTag, method: 'basic.consume', cause });
}
