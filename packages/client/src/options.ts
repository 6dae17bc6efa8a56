/** What the calls of a client take and give. Types only. */
import type { AbortSignalLike, TlsOptions, TransportConnector } from '@puka/transport';
import type { BasicProperties, FieldTableInput } from '@puka/wire';
import type { ConnectingOptions } from './connecting/client-options.ts';
import type { Runtime } from './runtime/runtime.ts';

/** Options of `new Client`. */
export interface ClientOptions extends ConnectingOptions {
  /** Heartbeat interval in seconds, 0 to 65535; 0 is off. Default 60. */
  readonly heartbeat?: number | undefined;
  /**
   * Whether publishes are confirmed by the broker. Default: where the broker says it can. `true` insists: `connect()` fails
   * where it cannot. `false` emulates it, for brokers without confirms: a publish ends when the broker has routed it,
   * which may be before its queues have it: a passive declare just after it may count fewer messages.
   */
  readonly pubacks?: boolean | undefined;
  /**
   * Who moves the bytes. `'manual'`: nothing is read, written, timed or called back but by `onRead`, `onWrite`,
   * `runAnyCallbacks`, `wait`, `loop` and `handleTimeout`. Default `'auto'`.
   */
  readonly drive?: 'auto' | 'manual' | undefined;
  /** Added to what the client tells of itself. */
  readonly clientProperties?: FieldTableInput | undefined;
  /** Shown by RabbitMQ's management page. */
  readonly connectionName?: string | undefined;
  /** TLS options; `amqps://` alone means `{}`. Given with `amqp://` they turn TLS on. */
  readonly tls?: TlsOptions | undefined;
  /** The largest frame offered, in bytes, 8192 at least; 0 leaves it to the broker. Default 131072. */
  readonly frameMax?: number | undefined;
  /** The highest channel number offered, 4 to 65535; 0 leaves it to the broker. Default 2047. */
  readonly channelMax?: number | undefined;
  /** Largest message taken, in bytes. A larger one ends the connection with `LimitExceeded`. Default 128 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Most tables and arrays in one another, in headers and arguments, the outermost counted, 1 to 512. Deeper ones of yours are
   * a `UsageError`; of a message received, `headers` throws `LimitExceeded`. Default 64.
   */
  readonly maxTableDepth?: number | undefined;
  /** Outbound bytes above which `needsDrain` is true; at twice that a publish fails with `LimitExceeded`. Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /**
   * Inbound bytes not yet handed out above which the socket is not read. Default 64 MiB. It is read on while an answer is
   * awaited: a confirm or a reply comes behind the messages that were sent before it.
   */
  readonly maxInboundBytes?: number | undefined;
  /**
   * Time to connect, in milliseconds: for credentials, name look-up, TCP, TLS and handshake, of all hosts together. Of
   * several hosts each gets an even share of what is left. Default 10 000.
   */
  readonly connectTimeout?: number | undefined;
  /** Time the broker has to answer our close, in milliseconds. Default 5000. */
  readonly closeTimeout?: number | undefined;
  /** Makes the connections. Default: the adapter of the runtime. */
  readonly transport?: TransportConnector | undefined;
  /** Clock and timers. Default: those of the runtime. */
  readonly runtime?: Runtime | undefined;
}

/** What every operation takes. */
export interface OperationOptions {
  /** Gives the operation up: it rejects with `signal.reason`. What has been sent is not taken back. */
  readonly signal?: AbortSignalLike | undefined;
  /** Gives it up after this many milliseconds: it rejects with `OperationTimeout`. Default: never. */
  readonly timeout?: number | undefined;
}

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
  readonly arguments?: FieldTableInput | undefined;
}

/** What a declared queue is. */
export interface QueueDeclared {
  readonly queue: string;
  /** Messages ready for delivery, at that moment. */
  readonly messageCount: number;
  readonly consumerCount: number;
}

/** How many messages went with it. */
export interface MessagesDropped {
  readonly messageCount: number;
}

/** Options of `queueDelete`. */
export interface QueueDeleteOptions extends OperationOptions {
  readonly queue: string;
  /** Refuse when it has consumers. Default `false`. */
  readonly ifUnused?: boolean | undefined;
  /** Refuse when it has messages. Default `false`. */
  readonly ifEmpty?: boolean | undefined;
}

/** Options of `queuePurge`. */
export interface QueuePurgeOptions extends OperationOptions {
  readonly queue: string;
}

/** Options of `exchangeDeclare`. */
export interface ExchangeDeclareOptions extends OperationOptions {
  readonly exchange: string;
  /** `direct`, `fanout`, `topic`, `headers`, or one of a plugin. Default `direct`. */
  readonly type?: string | undefined;
  /** Survives a restart of the broker. Default `false`. */
  readonly durable?: boolean | undefined;
  /** Gone with its last binding. Default `false`. */
  readonly autoDelete?: boolean | undefined;
  /** Takes messages from other exchanges only. Default `false`. */
  readonly internal?: boolean | undefined;
  /** Only looks whether it is there. Default `false`. */
  readonly passive?: boolean | undefined;
  /** RabbitMQ's arguments, such as `alternate-exchange`. */
  readonly arguments?: FieldTableInput | undefined;
}

/** Options of `exchangeDelete`. */
export interface ExchangeDeleteOptions extends OperationOptions {
  readonly exchange: string;
  /** Refuse when it has bindings. Default `false`. */
  readonly ifUnused?: boolean | undefined;
}

/** Options of `queueBind` and `queueUnbind`. */
export interface QueueBindOptions extends OperationOptions {
  readonly queue: string;
  readonly exchange: string;
  /** Default empty. */
  readonly routingKey?: string | undefined;
  /** For headers exchanges: what to match. */
  readonly arguments?: FieldTableInput | undefined;
}

/** Options of `basicPublish`: the route, the properties, and one of `body` and `json`. */
export interface PublishOptions extends BasicProperties, OperationOptions {
  /** Default empty: the default exchange. */
  readonly exchange?: string | undefined;
  readonly routingKey: string;
  /** Reject with `NoRoute` when no queue takes it. Default `false`. */
  readonly mandatory?: boolean | undefined;
  /** Text goes out as UTF-8; bytes are lent until the promise settles. Default empty. */
  readonly body?: string | Uint8Array | undefined;
  /** Goes out as JSON text, with content type `application/json` unless another is given. */
  readonly json?: unknown;
  /** Gone from RabbitMQ since 3.0: refused. */
  readonly immediate?: never;
}

/** Options of `basicGet`. */
export interface GetOptions extends OperationOptions {
  readonly queue: string;
  /** The broker forgets the message at once. Default `false`. */
  readonly noAck?: boolean | undefined;
}

/** Options of `basicConsume`. */
export interface ConsumeOptions extends OperationOptions {
  readonly queue: string;
  /** Most messages unacked in your hands, 0 to 65535; 0 is no limit. Default 0. */
  readonly prefetchCount?: number | undefined;
  /** RabbitMQ ignores it. Default `false`. */
  readonly noLocal?: boolean | undefined;
  /** The broker forgets each message as it sends it. Default `false`. */
  readonly noAck?: boolean | undefined;
  /** Refuse other consumers of the queue. Default `false`. */
  readonly exclusive?: boolean | undefined;
  /** Default: one of the client's making. */
  readonly consumerTag?: string | undefined;
  /** RabbitMQ's arguments, such as `x-priority`. */
  readonly arguments?: FieldTableInput | undefined;
  /** Subscribes again when the broker cancels the consumer, as when its queue moves to another node. Default `false`. */
  readonly resubscribe?: boolean | undefined;
}

/** One queue of `basicConsumeMulti`. */
export type ConsumeQueue =
  | string
  | Pick<ConsumeOptions, 'queue' | 'consumerTag' | 'noLocal' | 'exclusive' | 'arguments'>;

/** Options of `basicConsumeMulti`. */
export interface ConsumeMultiOptions extends OperationOptions {
  /** Names, or names with what is special to one of them. At least one, none twice. */
  readonly queues: readonly ConsumeQueue[];
  /** Most messages unacked in your hands, over all the queues, 0 to 65535; 0 is no limit. Default 0. */
  readonly prefetchCount?: number | undefined;
  /** The broker forgets each message as it sends it. Default `false`. */
  readonly noAck?: boolean | undefined;
  /** As in `ConsumeOptions`. */
  readonly resubscribe?: boolean | undefined;
}

/** Options of `basicQos`. */
export interface QosOptions extends OperationOptions {
  /** Most messages unacked in your hands, 0 to 65535; 0 is no limit. */
  readonly prefetchCount: number;
}

/** What `basicCancel` settles with. */
export interface Cancelled {
  /** The tag of the consumer; of one over several queues the first one's. */
  readonly consumerTag: string;
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
