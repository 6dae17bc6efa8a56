/**
 * The arguments that RabbitMQ knows, so that an editor completes them. Any other argument is taken as well: plugins and later
 * versions have more. Types only.
 */
import type { FieldObjectInput, FieldTableInput, Tagged } from '@puka/wire';

type Integer = number | bigint | Tagged | undefined;

/** Of `queueDeclare`. */
export interface KnownQueueArguments {
  /** What kind of queue it is. Default: that of the virtual host, else `classic`. */
  readonly 'x-queue-type'?: 'classic' | 'quorum' | 'stream' | undefined;
  /** Milliseconds that a message lives in the queue, from 0. */
  readonly 'x-message-ttl'?: Integer;
  /** Milliseconds without a use after which the queue is deleted, from 1. */
  readonly 'x-expires'?: Integer;
  /** Most messages that are ready. */
  readonly 'x-max-length'?: Integer;
  /** Most bytes of bodies that are ready; of a stream, most bytes on disk. */
  readonly 'x-max-length-bytes'?: Integer;
  /** What happens at the limit. Default `drop-head`. */
  readonly 'x-overflow'?: 'drop-head' | 'reject-publish' | 'reject-publish-dlx' | undefined;
  /** Where rejected and expired messages go. */
  readonly 'x-dead-letter-exchange'?: string | undefined;
  /** With which routing key. Default: their own. */
  readonly 'x-dead-letter-routing-key'?: string | undefined;
  /** Quorum queues. Default `at-most-once`. */
  readonly 'x-dead-letter-strategy'?: 'at-most-once' | 'at-least-once' | undefined;
  /** Classic queues: the highest priority, 1 to 255. */
  readonly 'x-max-priority'?: Integer;
  /** Only one of the consumers gets messages. */
  readonly 'x-single-active-consumer'?: boolean | undefined;
  /** Quorum queues: deliveries after which a message is dropped or dead-lettered. */
  readonly 'x-delivery-limit'?: Integer;
  /** Quorum queues and streams: on how many nodes, from 1. */
  readonly 'x-quorum-initial-group-size'?: Integer;
  /** Streams: the same, under its older name. */
  readonly 'x-initial-cluster-size'?: Integer;
  /** Streams: how long messages are kept, such as `7D`. */
  readonly 'x-max-age'?: string | undefined;
  /** Streams: bytes of a segment on disk. */
  readonly 'x-stream-max-segment-size-bytes'?: Integer;
  /** Where the leader is placed. */
  readonly 'x-queue-leader-locator'?: 'client-local' | 'balanced' | undefined;
}

/** Of `exchangeDeclare`. */
export interface KnownExchangeArguments {
  /** The exchange that gets the messages that no queue takes. */
  readonly 'alternate-exchange'?: string | undefined;
}

/** Of `basicConsume`. */
export interface KnownConsumeArguments {
  /** Consumers of a higher one get messages first. Default 0. */
  readonly 'x-priority'?: Integer;
  /** Streams: where to begin. Default `next`. */
  readonly 'x-stream-offset'?: 'first' | 'last' | 'next' | Integer | Date | string;
  /** Quorum queues and classic queues of RabbitMQ 3.12 and later: milliseconds to ack a message. */
  readonly 'x-consumer-timeout'?: Integer;
}

/** Arguments of `queueDeclare`. */
export type QueueArguments = FieldTableInput | (FieldObjectInput & KnownQueueArguments);
/** Arguments of `exchangeDeclare`. */
export type ExchangeArguments = FieldTableInput | (FieldObjectInput & KnownExchangeArguments);
/** Arguments of `basicConsume`. */
export type ConsumeArguments = FieldTableInput | (FieldObjectInput & KnownConsumeArguments);
