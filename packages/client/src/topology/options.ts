/** What the calls on queues, exchanges and bindings take and resolve with. Types only. */
import type { FieldTableInput } from '@puka/wire';
import type { OperationOptions } from '../operations/operation-options.ts';
import type { ExchangeArguments, QueueArguments } from './known-arguments.ts';

/** Options of `queueDeclare`. */
export interface QueueDeclareOptions extends OperationOptions {
  /** Its name, up to 255 bytes; empty lets the broker choose. Default empty. */
  readonly queue?: string | undefined;
  /** Survives a restart of the broker. Default `false`; RabbitMQ 4.3 and later: `true` unless it is exclusive. */
  readonly durable?: boolean | undefined;
  /** For this connection alone, gone with it. Default `false`; RabbitMQ 4.3 and later: `true` for a server-named queue. */
  readonly exclusive?: boolean | undefined;
  /** Gone with its last consumer. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** Only looks whether it is there. Default `false`. */
  readonly passive?: boolean | undefined;
  /** RabbitMQ's `x-…` arguments. */
  readonly arguments?: QueueArguments | undefined;
}

/** What a declared queue is. */
export interface QueueDeclared {
  /** Its name. */
  readonly queue: string;
  /** Messages ready for delivery, at that moment. */
  readonly messageCount: number;
  /** Consumers that can take messages, at that moment. */
  readonly consumerCount: number;
}

/** How many messages went with it. */
export interface MessagesDropped {
  /** Messages that were ready for delivery. */
  readonly messageCount: number;
}

/** Options of `queueDelete`. */
export interface QueueDeleteOptions extends OperationOptions {
  /** Its name. */
  readonly queue: string;
  /** Refuse when it has consumers. Default `false`. */
  readonly ifUnused?: boolean | undefined;
  /** Refuse when it has messages. Default `false`. */
  readonly ifEmpty?: boolean | undefined;
}

/** Options of `queuePurge`. */
export interface QueuePurgeOptions extends OperationOptions {
  /** Its name. */
  readonly queue: string;
}

/** Options of `exchangeDeclare`. */
export interface ExchangeDeclareOptions extends OperationOptions {
  /** Its name. */
  readonly exchange: string;
  /** `direct`, `fanout`, `topic`, `headers`, or one of a plugin. Default `direct`. */
  readonly type?: 'direct' | 'fanout' | 'topic' | 'headers' | (string & {}) | undefined;
  /** Survives a restart of the broker. Default `false`. */
  readonly durable?: boolean | undefined;
  /** Gone with its last binding. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** Takes messages from other exchanges only. Default `false`. */
  readonly internal?: boolean | undefined;
  /** Only looks whether it is there. Default `false`. */
  readonly passive?: boolean | undefined;
  /** RabbitMQ's arguments, such as `alternate-exchange`. */
  readonly arguments?: ExchangeArguments | undefined;
}

/** Options of `exchangeDelete`. */
export interface ExchangeDeleteOptions extends OperationOptions {
  /** Its name. */
  readonly exchange: string;
  /** Refuse when it has bindings. Default `false`. */
  readonly ifUnused?: boolean | undefined;
}

/** Options of `queueBind` and `queueUnbind`. */
export interface QueueBindOptions extends OperationOptions {
  /** The queue that gets the messages. */
  readonly queue: string;
  /** The exchange they come from. */
  readonly exchange: string;
  /** What the exchange compares with the routing key of a message. Default empty. */
  readonly routingKey?: string | undefined;
  /** For headers exchanges: what to match. */
  readonly arguments?: FieldTableInput | undefined;
}

/** Options of `exchangeBind` and `exchangeUnbind`. */
export interface ExchangeBindOptions extends OperationOptions {
  /** The exchange that gets the messages. */
  readonly destination: string;
  /** The exchange they come from. */
  readonly source: string;
  /** Default empty. */
  readonly routingKey?: string | undefined;
  /** For a headers exchange: what to match. */
  readonly arguments?: FieldTableInput | undefined;
}
