/** Options of `basicPublish`. Types only. */
import type { BasicProperties } from '@puka/wire';
import type { OperationOptions } from '../operations/operation-options.ts';

/** Options of `basicPublish`: the route, the properties, and one of `body` and `json`. */
export interface PublishOptions extends BasicProperties, OperationOptions {
  /** Default empty: the default exchange. */
  readonly exchange?: string | undefined;
  /** To the default exchange: the name of the queue. Up to 255 bytes of UTF-8. */
  readonly routingKey: string;
  /** 1: the message is lost when the broker restarts. 2: it is kept, if its queue is durable. Default 2. */
  readonly deliveryMode?: number | undefined;
  /** Reject with `NoRoute` when no queue takes it. Default `false`. */
  readonly mandatory?: boolean | undefined;
  /**
   * Text goes out as UTF-8. Bytes are lent until the promise settles; with `signal` or `timeout` they are copied at the call.
   * Default empty.
   */
  readonly body?: string | Uint8Array | undefined;
  /**
   * Goes out as JSON text, with content type `application/json` unless another is given. A promise is refused, and a `Map` and
   * a `Set`, of which JSON would make `{}`.
   */
  readonly json?: unknown;
  /** Gone from RabbitMQ since 3.0: refused. */
  readonly immediate?: never;
}
