/**
 * `basicConsume` and `basicConsumeMulti`: makes a consumer of the options, checks it and has it subscribed.
 * Must not subscribe by itself.
 */
import { ConnectionBroken, ConsumerCancelled, isPukaError, UsageError } from '@puka/errors';
import type { AbortSignalLike } from '@puka/transport';
import { applyBounds, type BoundsHost } from '../operations/bounds.ts';
import { Operation, type OperationHost } from '../operations/operation.ts';
import { checkEncodable, checkQueue } from '../topology/declarations.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import { checkInteger, copyOf } from '../topology/method-input.ts';
import type { Cancelling } from './cancelling.ts';
import { Consumer, type ConsumerHost, type MessageCallback } from './consumer.ts';
import type { ConsumeOptions, ConsumeQueue } from './options.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What starting a consumer needs of its client. */
export interface StartConsumerHost extends OperationHost, BoundsHost, ConsumerHost {
  readonly users: {
    readonly subscriptions: Subscriptions;
    /** The names that server-named queues have now; `undefined` if they never change. */
    readonly names: Pick<DeclaredTopology, 'nameOf'> | undefined;
  };
  readonly cancelling: Cancelling;
  /** As the option of that name. */
  readonly maxTableDepth: number;
  /** Rejects the operation if the client has no connection for it. @returns whether it has one. */
  accepts(operation: Operation<never> | Operation<unknown>): boolean;
}

/** Starts a consumer over one queue or more. One that is refused is returned ended; `ready` has the error. */
export function startConsumer(
  host: StartConsumerHost,
  queues: readonly Exclude<ConsumeQueue, string>[],
  options: Pick<
    ConsumeOptions,
    'noAck' | 'prefetchCount' | 'resubscribe' | 'processing' | 'bodies' | 'signal' | 'timeout'
  >,
  callback: MessageCallback | undefined,
): Consumer {
  const { noAck = false, prefetchCount = 0, resubscribe, processing, bodies } = options;
  const ready = new Operation<Consumer>(host, 'basic.consume', undefined);
  const [first = { queue: '' }, ...rest] = queues.map((queue) => ({
    queue: host.users.names?.nameOf(queue.queue) ?? queue.queue,
    consumerTag: host.users.subscriptions.tags.take(queue.consumerTag),
    noLocal: queue.noLocal ?? false,
    exclusive: queue.exclusive ?? false,
    arguments: copyOf(queue.arguments),
  }));
  const source = { consumerTag: '', noLocal: false, exclusive: false, arguments: undefined, ...first };
  const settings = { sources: [source, ...rest], noAck, resubscribe, prefetchCount, processing, bodies } as const;
  const consumer = new Consumer(host, { ...settings, sources: [source, ...rest] }, ready, callback);
  ready.watch(() => {
    if (ready.state !== 'rejected') return;
    consumer.end(ready.error);
    // Its callback, its loop or a wait reports a refusal to the caller; with none of these it is reported as unobserved.
    reportUnseen(host, ready);
  });
  const giveUp = (): void => void host.cancelling.cancel(consumer);
  if (!host.accepts(ready) || !isChecked(consumer, queues.length, host) || !applyBounds(host, ready, options, giveUp)) {
    host.users.subscriptions.tags.release(consumer);
    return consumer;
  }
  if (options.signal !== undefined) followSignal(host, consumer, options.signal);
  // The broker's limit is one for each queue; what is handed out is limited here.
  if (rest.length > 0) consumer.limitUnacked(prefetchCount);
  host.users.subscriptions.start(consumer);
  return consumer;
}

/** The signal covers the whole life of a consumer: aborted, it is cancelled and ends with the reason. */
function followSignal(host: StartConsumerHost, consumer: Consumer, signal: AbortSignalLike): void {
  const undo = host.signals.watch(signal, (reason) => {
    consumer.abort(reason);
    host.cancelling.cancel(consumer);
  });
  consumer.whenEnded(undo);
}

/** A consumer that did not come to be is a failure like any other. What the caller did to it is none: a close, a cancel, an abort. */
function reportUnseen(host: OperationHost, ready: Operation<Consumer>): void {
  const { error } = ready;
  const isCallers =
    error instanceof ConsumerCancelled || (error instanceof ConnectionBroken && error.blame === 'caller');
  if (!ready.isObserved && isPukaError(error) && !isCallers) host.failedUnseen(ready);
}

/** A consumer that has ended before it began: its caller gets the error by `ready`, the iterator and the callback. */
export function refusedConsumer(
  host: StartConsumerHost,
  callback: MessageCallback | undefined,
  error: unknown,
): Consumer {
  const ready = new Operation<Consumer>(host, 'basic.consume', undefined);
  const source = { queue: '', consumerTag: '', noLocal: false, exclusive: false, arguments: undefined };
  const settings = { sources: [source], noAck: false, resubscribe: false, prefetchCount: 0 } as const;
  const consumer = new Consumer(host, { ...settings, sources: [source] }, ready, callback);
  ready.reject(error);
  consumer.end(error);
  return consumer;
}

/** @returns whether the consumer can be subscribed; what is wrong is the error of `ready`. */
function isChecked(consumer: Consumer, count: number, host: StartConsumerHost): boolean {
  try {
    checkConsume(consumer, count, host.maxTableDepth);
    host.users.subscriptions.replies.checkConsumer(consumer);
    return true;
  } catch (error) {
    consumer.ready.reject(error);
    return false;
  }
}

function checkConsume(consumer: Consumer, count: number, maxTableDepth: number): void {
  if (count === 0) throw new UsageError('basicConsumeMulti takes one queue or more', { method: 'basic.consume' });
  checkInteger('prefetchCount', consumer.prefetchCount, 0, 65_535);
  for (const { queue, consumerTag, arguments: table } of consumer.sources) {
    checkQueue(queue, 'basic.consume');
    checkEncodable({ type: 'basic.consume', queue, consumerTag, arguments: table }, maxTableDepth);
  }
  if (new Set(consumer.queues).size < count) {
    throw new UsageError('basicConsumeMulti takes each queue once', { method: 'basic.consume' });
  }
}
