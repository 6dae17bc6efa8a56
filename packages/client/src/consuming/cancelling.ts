/**
 * `basicCancel`: one cancel a consumer, however often it is called, with and without bounds.
 * Must not speak to the broker: the subscriptions do.
 */
import { applyBounds, type BoundsHost, hasBounds } from '../operations/bounds.ts';
import { type Callback, follow, Operation, type OperationHost } from '../operations/operation.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import type { Consumer } from './consumer.ts';
import type { Cancelled } from './options.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What cancelling needs of its client. */
export interface CancellingHost extends OperationHost, BoundsHost {
  /** A request is called. */
  requestCalled(operation: Operation<unknown>, options: object, queues: readonly string[]): void;
}

/** The cancels of one client. */
export class Cancelling {
  private readonly host: CancellingHost;
  private readonly subscriptions: Subscriptions;
  private cancels: WeakMap<Consumer, Operation<Cancelled>> | undefined = undefined;

  constructor(host: CancellingHost, subscriptions: Subscriptions) {
    this.host = host;
    this.subscriptions = subscriptions;
  }

  /** See `Client.basicCancel`. */
  cancel(consumer: Consumer, options: OperationOptions = {}, callback?: Callback<Cancelled>): Operation<Cancelled> {
    if (!hasBounds(options)) return this.cancelInAnyCase(consumer, callback);
    const operation = new Operation<Cancelled>(this.host, 'basic.cancel', callback);
    if (!applyBounds(this.host, operation, options)) return operation;
    // It ends the consumer whether or not a caller waits for that.
    operation.isSent = true;
    follow(this.cancelInAnyCase(consumer), operation);
    return operation;
  }

  private cancelInAnyCase(consumer: Consumer, callback?: Callback<Cancelled>): Operation<Cancelled> {
    const existing = this.cancels?.get(consumer);
    if (existing !== undefined && callback === undefined) return existing;
    const operation = new Operation<Cancelled>(this.host, 'basic.cancel', callback);
    if (existing === undefined) {
      this.cancels ??= new WeakMap();
      this.cancels.set(consumer, operation);
      this.host.requestCalled(operation, { consumerTag: consumer.consumerTag }, consumer.queues);
    }
    this.subscriptions.cancel(consumer, operation);
    return operation;
  }
}
