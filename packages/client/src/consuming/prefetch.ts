/**
 * `basicQos` of a consumer that runs: puts another prefetch count in force, for what it gets and for what it has.
 * Must not limit the messages of a first subscribing: the subscribing does.
 */
import { type PukaError, UsageError } from '@puka/errors';
import { notSent } from '../connection/connection.ts';
import type { Operation } from '../operations/operation.ts';
import type { Consumer } from './consumer.ts';
import type { ConsumerState } from './consumer-state.ts';
import { directReplyQueue } from './reply-queue.ts';
import type { Resubscribing } from './resubscribing.ts';
import type { Done, Subscribing } from './subscribing.ts';

/** What takes part in the change of a limit. */
export interface PrefetchParts {
  readonly subscribing: Pick<Subscribing, 'subscribe' | 'retire'>;
  readonly again: Pick<Resubscribing, 'isAttached' | 'isCarriedOver'>;
  /** The consumer has ended. */
  gone(consumer: Consumer, error: unknown): void;
}

/**
 * Puts another limit in force. RabbitMQ knows it only for consumers to come, so the consumer subscribes anew.
 *
 * @param state `undefined` if the consumer has ended.
 */
export function changePrefetch(
  parts: PrefetchParts,
  consumer: Consumer,
  state: ConsumerState | undefined,
  prefetchCount: number,
  operation: Operation<void>,
): void {
  const over = (): void => operation.reject(qosOfEnded(consumer));
  if (state === undefined || state.cancel !== undefined) {
    over();
    return;
  }
  const { subscribing, again } = parts;
  const task = (done: () => void): void => {
    if (operation.state !== 'pending') {
      // The caller gave it up while it waited for its turn. It has already rejected as not sent.
      done();
      return;
    }
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
        // A queue that is not subscribed to yet knows the limit when it is.
        if (state.missing > 0) state.whenSubscribed(() => operation.fulfil(undefined));
        else operation.fulfil(undefined);
      } else if (again.isCarriedOver(error)) {
        // The new limit is in force with the next subscribing, if one comes.
        if (state.isOver) over();
        else state.whenSubscribed(() => operation.fulfil(undefined));
      } else {
        consumer.prefetchCount = before;
        consumer.limitUnacked(before);
        operation.reject(error);
      }
      done();
    };
    const moved: Done = (error) => {
      if (error !== undefined && !again.isCarriedOver(error)) parts.gone(consumer, error);
      finish(error);
    };
    if (!again.isAttached) {
      // In force with the subscribing that comes.
      state.whenSubscribed(() => operation.fulfil(undefined));
      done();
      return;
    }
    // The new one is there before the old one goes: an auto-delete queue must not see its last consumer leave.
    if (sources.length === 0) {
      finish(undefined);
    } else if (sources.some(({ exclusive }) => exclusive)) {
      subscribing.retire(old, () => subscribing.subscribe(consumer, sources, moved));
    } else {
      subscribing.subscribe(consumer, sources, (error) => {
        if (error === undefined) subscribing.retire(old, () => finish(undefined));
        else finish(error);
      });
    }
  };
  state.whenSteady(task, over);
}

function qosOfEnded({ lostBy }: Consumer): PukaError {
  if (lostBy !== undefined) return notSent('basic.qos', lostBy);
  return new UsageError('basicQos of a consumer that has ended', { method: 'basic.qos' });
}
