/** What the calls on consumers and gets take and resolve with. Types only. */
import type { OperationOptions } from '../operations/operation-options.ts';
import type { ConsumeArguments } from '../topology/known-arguments.ts';

/** Options of `basicGet`. */
export interface GetOptions extends OperationOptions {
  /** The name of the queue. */
  readonly queue: string;
  /** The broker forgets the message at once. Default `false`. */
  readonly noAck?: boolean | undefined;
}

/** Options of `basicConsume`. */
export interface ConsumeOptions extends OperationOptions {
  /** The name of the queue. */
  readonly queue: string;
  /** Most unacked messages that you hold, 0 to 65535; 0 is no limit. Default 0. */
  readonly prefetchCount?: number | undefined;
  /** RabbitMQ ignores it. Default `false`. */
  readonly noLocal?: boolean | undefined;
  /** The broker forgets each message as it sends it. Default `false`. */
  readonly noAck?: boolean | undefined;
  /** Refuse other consumers of the queue. Default `false`. */
  readonly exclusive?: boolean | undefined;
  /** Default: one that the client makes. */
  readonly consumerTag?: string | undefined;
  /** RabbitMQ's arguments, such as `x-priority`. */
  readonly arguments?: ConsumeArguments | undefined;
  /**
   * What happens when the broker cancels the consumer, as when its queue is deleted or moves to another node. `true`: it
   * subscribes again. While the queue does not exist, or belongs to another connection, it tries for five minutes, then it ends
   * with `ConsumerCancelled`. `false`: it ends with `ConsumerCancelled`. Default: with `recover` on it subscribes again if the
   * queue still exists; with `recover: false` it ends.
   */
  readonly resubscribe?: boolean | undefined;
  /**
   * What counts as the work on a message, as diagnostics see it. `'callback'`: the run of the callback, with the promise that
   * it returns. `'manual'`: what you give to `client.process()`; for a callback that only puts its messages aside.
   * Default `'callback'`.
   */
  readonly processing?: 'callback' | 'manual' | undefined;
  /**
   * Whose the bodies are. `'kept'`: yours for good. `'lent'`: yours until the message is settled, which costs less if bodies
   * are of some KiB or more, because their memory is used again. With `noAck` a body is lent until the callback has returned, or
   * the promise that it returned has settled, or the loop asks for its next message; what `wait()` returns is kept.
   *
   * What was lent is detached when the loan ends, and when the connection or channel of the message is lost: `body` has length
   * 0, and so has every view of its buffer; `text()` and `json()` throw. Headers and properties are yours for good. Code that
   * reads the body later (a publish, a file) has to have finished by then: await it, then settle. Default `'kept'`.
   */
  readonly bodies?: 'kept' | 'lent' | undefined;
}

/** One queue of `basicConsumeMulti`. */
export type ConsumeQueue =
  | string
  | Pick<ConsumeOptions, 'queue' | 'consumerTag' | 'noLocal' | 'exclusive' | 'arguments'>;

/** Options of `basicConsumeMulti`. */
export interface ConsumeMultiOptions extends OperationOptions {
  /** Names, or names with the settings of one queue. At least one, none twice. */
  readonly queues: readonly ConsumeQueue[];
  /** Most unacked messages that you hold, over all the queues, 0 to 65535; 0 is no limit. Default 0. */
  readonly prefetchCount?: number | undefined;
  /** The broker forgets each message as it sends it. Default `false`. */
  readonly noAck?: boolean | undefined;
  /** As in `ConsumeOptions`. */
  readonly resubscribe?: boolean | undefined;
  /** As in `ConsumeOptions`. */
  readonly processing?: 'callback' | 'manual' | undefined;
  /** As in `ConsumeOptions`. */
  readonly bodies?: 'kept' | 'lent' | undefined;
}

/** Options of `basicQos`. */
export interface QosOptions extends OperationOptions {
  /** Most unacked messages that you hold, 0 to 65535; 0 is no limit. */
  readonly prefetchCount: number;
}

/** What `basicCancel` settles with. */
export interface Cancelled {
  /** The tag of the consumer; of one over several queues the first one's. */
  readonly consumerTag: string;
}
