/** What a session and its channels call on their owner. Interfaces only. No event costs an object of its own. */
import type { PukaError } from '@puka/errors';
import type { FieldTable, Method } from '@puka/wire';
import type { DeliveryCounts } from './delivery-counts.ts';

/** What the handshake agreed on. */
export interface ConnectionInfo {
  /** What the broker reports of itself: `product`, `version`, `capabilities` … */
  readonly serverProperties: FieldTable;
  /** The tuned frame size in bytes; 0 is no limit. */
  readonly frameMax: number;
  /** The highest channel number, 1 to 65535. */
  readonly channelMax: number;
  /** The heartbeat interval in seconds; 0 is off. */
  readonly heartbeat: number;
}

/** Called with what happens to the connection. None of these may throw. */
export interface SessionSink {
  /** The handshake is done. */
  opened(info: ConnectionInfo): void;
  /** RabbitMQ extension: the broker is short of a resource and stops reading from this connection. */
  blocked(reason: string): void;
  /** RabbitMQ extension: it reads again. */
  unblocked(): void;
  /** A channel has something to send besides what was called on it in `receive`: take the output by the end of the turn. */
  outputWaiting(): void;
  /** A channel is opened: `channel.open` is written. */
  channelOpened?(channel: number): void;
  /** A channel has ended. @param error the broker's, if it closed the channel. @param deliveries what became of them. */
  channelClosed?(channel: number, error: PukaError | undefined, deliveries: DeliveryCounts): void;
  /** Called exactly once, when the connection is over and before its channels end, with what `closed` will get. */
  ending?(error: PukaError | undefined): void;
  /** The last call, exactly once: `undefined` after our own clean close. Every channel has ended before. */
  closed(error: PukaError | undefined): void;
}

/** The kinds of method that carry a message to the client. */
export type ContentKind = 'deliver' | 'get-ok' | 'return';

/** Memory for bodies, in place of fresh memory for each. */
export interface BodyMemory {
  /** Bodies of so many bytes or more are copied into it as they come, so that what was read can be read into again. */
  readonly copiedFromBytes: number;
  /**
   * Returns memory for one body.
   *
   * @returns at least so many bytes, with anything in them. They are the caller's to fill, and then the message's.
   */
  take(byteCount: number): Uint8Array;
}

/**
 * A message as it came: positions in bytes that are never rewritten, so they may be kept. Its method was checked and can be
 * decoded without an error. The object is used again for the next message: take what you need before you return.
 */
export interface ReceivedContent {
  /** Which method brought it. */
  kind: ContentKind;
  /** Its number on the channel; 0 for a return. */
  deliveryTag: number;
  /** The method frame's payload. */
  methodBytes: Uint8Array;
  /** Index in `methodBytes` of the first octet. */
  methodStart: number;
  /** Index after the last octet. */
  methodEnd: number;
  /** The content header's flags and properties. */
  propertiesBytes: Uint8Array;
  /** Index in `propertiesBytes` of the first octet. */
  propertiesStart: number;
  /** Index after the last octet. */
  propertiesEnd: number;
  /** The body: lies between two positions of the received bytes, or in an array of its own. */
  bodyBytes: Uint8Array;
  /** Index in `bodyBytes` of the first octet. */
  bodyStart: number;
  /** Index after the last octet. */
  bodyEnd: number;
  /** What the body was copied into as it came; `undefined` for memory that is used once. */
  bodyMemory: BodyMemory | undefined;
  /**
   * Why the body is not here: the message is over the limit that this text names, and its body is passed over.
   * The message belongs back in its queue. `undefined` for a message that is whole.
   */
  overLimit: string | undefined;
}

/** Called with what happens on one channel. None of these may throw. */
export interface ChannelSink {
  /**
   * A message has arrived, whole or over a limit. A delivery may be settled within the call. A returned message that is over a
   * limit is dropped.
   *
   * @returns whether it has to be settled: `false` for a return, and for what the broker has forgotten.
   */
  content(content: ReceivedContent): boolean;
  /** RabbitMQ extension: a confirm or a refusal of publishes, by delivery tag. */
  confirmed(deliveryTag: number, multiple: boolean, ack: boolean): void;
  /** RabbitMQ extension: the broker ended a consumer. */
  consumerCancelled(consumerTag: string): void;
  /** The last call, exactly once. Requests without a reply have got the error before, in their order. */
  closed(error: PukaError | undefined): void;
}

/** Takes the outcome of a request: its reply, or the error that came instead. Called once. */
export type ReplyHandler = (reply: Method | undefined, error: PukaError | undefined) => void;
