/** What a listener of the diagnostics hook is called with. Types only. */
import type { FieldValueInput } from '@puka/wire';
import type { Message } from '../consuming/message.ts';
import type { PublishOptions } from '../publishing/options.ts';
import type { PlannedAttempt, RecoveryReport } from '../recovery/recovery.ts';

/**
 * The client that something happened to. The same object in all calls of one client, so that it can be the key of a
 * `WeakMap`. Nothing in it is secret.
 */
export interface ObservedClient {
  /** As the option of that name. */
  readonly connectionName: string | undefined;
  /** Host that it is connected to, or tried last; empty before the first attempt. */
  readonly host: string;
  /** Its port; 0 before the first attempt. */
  readonly port: number;
  /** The virtual host of that connection. */
  readonly virtualHost: string;
}

/** Has a client. */
export interface ClientData {
  /** Whose it is. */
  readonly client: ObservedClient;
}

/** One attempt to connect to one host. */
export interface ConnectData extends ClientData {
  /** The name or the IP address; IPv6 without brackets. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
  /** The virtual host. */
  readonly virtualHost: string;
  /** Whether it follows a connection that was lost. */
  readonly isRecovery: boolean;
}

/** A connection that was open has ended. */
export interface DisconnectData extends ClientData {
  /** Why; `undefined` after our own close. */
  readonly error: unknown;
  /** Whether another connection follows. */
  readonly isRecovering: boolean;
}

/** A request: `queue.declare` and its kin, `basic.get`, `basic.consume`, `basic.qos`, `basic.cancel`. */
export interface RequestData extends ClientData {
  /** The AMQP name of the method. */
  readonly method: string;
  /** The options of the call, as they were passed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The queues that the options name; empty if they name none. */
  readonly queues: readonly string[];
}

/** A publish. */
export interface PublishData extends ClientData {
  /** Empty: the default exchange. */
  readonly exchange: string;
  /** To the default exchange: the name of the queue. */
  readonly routingKey: string;
  /** Whether it is returned when no queue takes it. */
  readonly mandatory: boolean;
  /** In bytes; 0 for a publish that was refused at the call. */
  readonly bodyBytes: number;
  /** The options of the call, as they were passed. */
  readonly options: PublishOptions;
  /**
   * Adds a header to the message, or replaces it. Only within `publishStarted`; later it does nothing.
   *
   * @throws nothing; a value that has no form on the wire fails the publish with `UsageError`.
   */
  setHeader(name: string, value: FieldValueInput): void;
}

/** A message in the user's hands. */
export interface DeliveryData extends ClientData {
  /** The message that was handed out. */
  readonly message: Message;
  /** To what it was handed. */
  readonly by: 'callback' | 'loop' | 'wait' | 'get';
}

/** How a message was settled. */
export interface SettlementData {
  /** How it was settled. */
  readonly method: 'basic.ack' | 'basic.nack' | 'basic.reject';
  /** Whether it goes back to its queue; `false` for an ack. */
  readonly requeue: boolean;
  /** `false` if the channel of the delivery is gone: the broker delivers the message again. */
  readonly isSent: boolean;
}

/** The work on one message, or on several together. */
export interface ProcessData extends ClientData {
  /** At least one. */
  readonly messages: readonly Message[];
  /** A callback's run with its promise; the body of a loop; what `client.process` was given. */
  readonly by: 'callback' | 'loop' | 'process';
}

/**
 * A listener of everything a client does. All methods are optional; implement those that you need. A method whose name ends in
 * `Started` returns a value of your choice, which the method that ends the same thing gets as `slot`.
 *
 * The methods are called within the client's own work: they should be quick, and must not call the client. What one throws,
 * or rejects with, goes to `unobserved` and changes nothing else. `this` is the listener.
 */
export interface Diagnostics {
  /** An attempt to connect begins. */
  connectStarted?(connect: ConnectData): unknown;
  /** The handshake is done, or the attempt has failed. @param error `undefined` if the connection is open. */
  connectEnded?(slot: unknown, connect: ConnectData, error: unknown): void;
  /** A connection that was open is gone. */
  disconnected?(disconnect: DisconnectData): void;
  /** An attempt to connect again is planned. */
  recoveryPlanned?(
    plan: ClientData & {
      /** Which attempt, and when. */
      readonly attempt: PlannedAttempt;
    },
  ): void;
  /** A connection is open again, and what was lost is restored. */
  recovered?(
    recovery: ClientData & {
      /** What was restored. */
      readonly report: RecoveryReport;
    },
  ): void;
  /** RabbitMQ extension: the broker is short of a resource and does not read what is published. */
  blocked?(
    blocked: ClientData & {
      /** In the words of the broker. */
      readonly reason: string;
    },
  ): void;
  /** RabbitMQ extension: it reads again, or the connection has ended. */
  unblocked?(unblocked: ClientData): void;
  /** A channel is opened. @param opened `channel` is its number. */
  channelOpened?(
    opened: ClientData & {
      /** Its number, from 1. */
      readonly channel: number;
    },
  ): void;
  /** A channel is closed, by itself or with its connection. @param closed `error` is the broker's, if it closed the channel. */
  channelClosed?(
    closed: ClientData & {
      /** Its number, from 1. */
      readonly channel: number;
      /** Why the broker closed it; `undefined` for a close of ours. */
      readonly error: unknown;
    },
  ): void;
  /** Bytes were read from the socket. */
  bytesReceived?(
    received: ClientData & {
      /** How many. */
      readonly bytes: number;
    },
  ): void;
  /** Bytes were handed to the socket. */
  bytesSent?(
    sent: ClientData & {
      /** How many. */
      readonly bytes: number;
    },
  ): void;
  /** A request is called. */
  requestStarted?(request: RequestData): unknown;
  /** It has its outcome. @param result what it resolves with; the consumer for `basic.consume`. */
  requestEnded?(slot: unknown, request: RequestData, error: unknown, result: unknown): void;
  /** A publish is called. The message is encoded after this call, so that headers can be added. */
  publishStarted?(publish: PublishData): unknown;
  /** It has its outcome. @param error `undefined` for one that was confirmed. */
  publishEnded?(slot: unknown, publish: PublishData, error: unknown): void;
  /** A message is handed to the user. */
  delivered?(delivery: DeliveryData): unknown;
  /** The user has settled it. @param slot what `delivered` returned. */
  settled?(slot: unknown, delivery: DeliveryData, settlement: SettlementData): void;
  /** The work on a message begins, after its `delivered`. */
  processStarted?(process: ProcessData): unknown;
  /**
   * Runs the work, so that it can be given an async context. Not called for the body of a loop, which runs in the context
   * of its function.
   *
   * @param work must be called once, within this call. It returns what the work returns and throws what it throws.
   */
  runProcess?(slot: unknown, work: () => unknown): unknown;
  /** The work is done: a callback's promise has settled, a loop has come back. @param error what it threw. */
  processEnded?(slot: unknown, process: ProcessData, error: unknown): void;
}
