/**
 * A message as the user gets it. Nothing in it is decoded before it is asked for.
 * Must not write to a channel but through its settlement.
 */

import { peerText, UsageError } from '@puka/errors';
import {
  type BasicProperties,
  ByteReader,
  decodeUtf8,
  type FieldTable,
  isWithoutHeaders,
  PropertiesReader,
  type TableReadOptions,
  type Tagged,
  type Timestamp,
} from '@puka/wire';
import { type CallForm, checkOptions } from '../operations/call-check.ts';
import { printAs } from '../runtime/inspect.ts';
import type { ReceivedContent } from '../session/index.ts';
import type { BodyLoan } from './body-loan.ts';

/** Settles the deliveries of one channel. */
export interface Settlement {
  /** Its deliveries are those of a stream: they can be acked and nothing else. */
  readonly acksOnly?: boolean;
  /** Each answers `false` if the channel is gone: the broker delivers the message again. */
  ack(deliveryTag: number): boolean;
  reject(deliveryTag: number, requeue: boolean): boolean;
  nack(deliveryTag: number, requeue: boolean): boolean;
  /** Drops a delivery that was not handed out. */
  putBack?(deliveryTag: number): void;
}

/** Where messages came from: one object for all of a subscription, or of a queue's gets. A message keeps it in place of its parts. */
export interface MessageOrigin {
  /** Which method brings them. */
  readonly kind: 'deliver' | 'get-ok';
  /** See `Message`. */
  readonly queue: string;
  /** See `Message`. */
  readonly consumerTag: string | undefined;
  /** What settles them; `undefined` if the broker has forgotten them. */
  readonly settlement: Settlement | undefined;
  /** How deep their headers may be. */
  readonly tables: TableReadOptions | undefined;
}

const noBytes = new Uint8Array(0);
const noHeaders: FieldTable = Object.freeze(Object.create(null) as FieldTable); // An empty table has no field to be wrong.
/** A body that is less than a quarter of the bytes it lies in is copied, so that keeping it keeps little else. */
const copyBelowShare = 0.25;
/** Bytes of a message beside those that were received, roughly. Two million messages of 16 octets took 390 MB in all. */
const objectBytes = 160;

/** A message from `basicGet` or a consumer. */
export class Message {
  /** Its tag on its channel; means nothing elsewhere. */
  readonly deliveryTag: number;
  private origin: MessageOrigin;
  private readonly methodBytes: Uint8Array;
  private readonly methodStart: number;
  private readonly methodEnd: number;
  private readonly propertiesBytes: Uint8Array;
  private readonly propertiesStart: number;
  private readonly propertiesEnd: number;
  private bodyBytes: Uint8Array;
  private bodyStart: number;
  private bodyEnd: number;
  private reader: PropertiesReader | undefined;
  private route: Route | undefined;
  private settledOnce = false;
  /** The body, if it is lent. */
  private loan: BodyLoan | undefined = undefined;

  /** Made by the client. */
  constructor(content: ReceivedContent, origin: MessageOrigin) {
    this.deliveryTag = content.deliveryTag;
    this.origin = origin;
    this.methodBytes = content.methodBytes;
    this.methodStart = content.methodStart;
    this.methodEnd = content.methodEnd;
    this.propertiesBytes = content.propertiesBytes;
    this.propertiesStart = content.propertiesStart;
    this.propertiesEnd = content.propertiesEnd;
    this.bodyBytes = content.bodyBytes;
    this.bodyStart = content.bodyStart;
    this.bodyEnd = content.bodyEnd;
  }

  /** The consumer it came to; `undefined` for one from `basicGet`. */
  get consumerTag(): string | undefined {
    return this.origin.consumerTag;
  }

  /** The queue of the consumer or of the get. */
  get queue(): string {
    return this.origin.queue;
  }

  /**
   * The body; yours to keep and to change. Its buffer may hold other bytes received.
   *
   * Of a consumer with `bodies: 'lent'` it is yours until the message is settled. Then it is detached, with every view of its
   * buffer: `length` is 0.
   */
  get body(): Uint8Array {
    if (this.loan !== undefined) return this.loan.body;
    const { bodyBytes, bodyStart, bodyEnd } = this;
    const length = bodyEnd - bodyStart;
    if (length === bodyBytes.length) return bodyBytes;
    const copy = length < bodyBytes.buffer.byteLength * copyBelowShare;
    this.bodyBytes = copy ? bodyBytes.slice(bodyStart, bodyEnd) : bodyBytes.subarray(bodyStart, bodyEnd);
    this.bodyStart = 0;
    this.bodyEnd = length;
    return this.bodyBytes;
  }

  /** Bytes of the body, without touching it. */
  get bodySize(): number {
    return this.bodyEnd - this.bodyStart;
  }

  /** @internal For the client: what it costs in memory, in bytes, roughly. */
  get costBytes(): number {
    const received = this.bodyEnd - this.bodyStart + this.propertiesEnd - this.propertiesStart;
    return received + this.methodEnd - this.methodStart + objectBytes;
  }

  /**
   * The body as UTF-8; what is not becomes U+FFFD. The string is yours.
   *
   * @throws {UsageError} if the body was lent and the client has taken it back.
   */
  text(): string {
    const { loan } = this;
    if (loan !== undefined) {
      if (loan.isEnded)
        throw new UsageError(
          `the body of message ${this.deliveryTag} of queue '${peerText(this.queue)}' was lent, and the client has taken it back`,
        );
      return loan.text();
    }
    return decodeUtf8(this.bodyBytes, this.bodyStart, this.bodyEnd);
  }

  /** The body as JSON. @throws {SyntaxError} when it is none. @throws {UsageError} as `text()`. */
  json<Value = unknown>(): Value {
    return JSON.parse(this.text()) as Value; // The caller's claim, as with every JSON.parse.
  }

  /** All the properties that are there. @throws {AmqpSyntaxError} when the publisher's headers are malformed. */
  get properties(): BasicProperties {
    this.checkHeaders();
    return this.lazyReader.toObject();
  }
  /**
   * The headers; an empty table if there are none.
   *
   * @throws {AmqpSyntaxError | LimitExceeded} when the publisher's are malformed. All else of the message can still be read.
   */
  get headers(): FieldTable {
    const { propertiesBytes, propertiesStart, propertiesEnd } = this;
    if (this.reader === undefined && isWithoutHeaders(propertiesBytes, propertiesStart, propertiesEnd))
      return noHeaders;
    const { headers } = this.lazyReader;
    if (headers !== undefined) return headers;
    this.checkHeaders();
    return noHeaders;
  }
  /**
   * The headers with their types, in the order they came: published as `headers`, they are the same octets again, which
   * `headers` are not (an `int8` of 5 would go out as an `int32`). `undefined` if there are none. Decoded anew at each call.
   *
   * @throws {AmqpSyntaxError | LimitExceeded} when the publisher's are malformed.
   */
  get taggedHeaders(): Tagged | undefined {
    this.checkHeaders();
    return this.lazyReader.taggedHeaders;
  }
  /** MIME type of the body. */
  get contentType(): string | undefined {
    return this.lazyReader.contentType;
  }
  /** MIME encoding of the body. */
  get contentEncoding(): string | undefined {
    return this.lazyReader.contentEncoding;
  }
  /** 2 is persistent. */
  get deliveryMode(): number | undefined {
    return this.lazyReader.deliveryMode;
  }
  /** 0 to 255. */
  get priority(): number | undefined {
    return this.lazyReader.priority;
  }
  /** Relates a reply to its request. Set by the publisher. */
  get correlationId(): string | undefined {
    return this.lazyReader.correlationId;
  }
  /** Where to answer. */
  get replyTo(): string | undefined {
    return this.lazyReader.replyTo;
  }
  /** Milliseconds to live, as text. */
  get expiration(): string | undefined {
    return this.lazyReader.expiration;
  }
  /** The application's id of the message. */
  get messageId(): string | undefined {
    return this.lazyReader.messageId;
  }
  /** When it was made. */
  get timestamp(): Date | Timestamp | undefined {
    return this.lazyReader.timestamp;
  }
  /** The application's kind of message. */
  get type(): string | undefined {
    return this.lazyReader.type;
  }
  /** The user that published it, as the broker has checked. */
  get userId(): string | undefined {
    return this.lazyReader.userId;
  }
  /** The application that made it. */
  get appId(): string | undefined {
    return this.lazyReader.appId;
  }
  /** Without a use in RabbitMQ. */
  get clusterId(): string | undefined {
    return this.lazyReader.clusterId;
  }
  /** The exchange it was published to; empty for the default exchange. Text as in `routingKey`. */
  get exchange(): string {
    return this.lazyRoute.exchange;
  }
  /**
   * The routing key it was published with.
   *
   * Names, keys and the text properties of a message may hold octets that are no UTF-8. Each of these comes as one of the
   * lone surrogates U+DC80 to U+DCFF, so that different keys are different strings and a key that is published again is the
   * same. `encodeText(message.routingKey)` returns the octets.
   */
  get routingKey(): string {
    return this.lazyRoute.routingKey;
  }
  /** Whether the broker may have delivered it before. */
  get redelivered(): boolean {
    const { methodBytes, methodStart, methodEnd } = this;
    const at = endOfDeliveryTag(this.origin.kind, methodBytes, methodStart);
    // Read in place: a worker asks each message, and most programs ask for no name and no key.
    return at < methodEnd ? ((methodBytes[at] ?? 0) & 1) === 1 : this.lazyRoute.redelivered;
  }
  /** Messages left in the queue when `basicGet` took this one; `undefined` for one of a consumer. */
  get messageCount(): number | undefined {
    return this.lazyRoute.messageCount;
  }

  static {
    printAs(Message, 'Message', (message) => {
      const { bodySize, ...face } = message.toJSON();
      const properties = Object.entries(message.lazyReader.toObject()).filter(([, value]) => value !== undefined);
      return { ...face, properties: Object.fromEntries(properties), body: message.body };
    });
  }

  /** For `JSON.stringify`: the origin of the message, without properties and body. A malformed part is named and never thrown. */
  toJSON(): MessageSummary {
    const { deliveryTag, consumerTag, queue, exchange, routingKey, redelivered, bodySize } = this;
    const face = { deliveryTag, consumerTag, queue, exchange, routingKey, redelivered, bodySize };
    const { error } = this.lazyReader;
    return error === undefined ? face : { ...face, malformed: peerText(error.message) };
  }

  /**
   * Acknowledges the message: queued at once, written at the end of the turn.
   *
   * @returns `false` if its channel is gone; the broker delivers it again.
   * @throws {UsageError} for a message settled before, or one taken with `noAck`.
   */
  ack(): boolean {
    return this.settle('ack').ack(this.deliveryTag);
  }

  /** Rejects the message. @param options.requeue `false` drops or dead-letters it. Default `true`. Otherwise as `ack()`. */
  reject(options: { readonly requeue?: boolean | undefined } = {}): boolean {
    checkOptions(rejectCall, options);
    return this.settle('reject').reject(this.deliveryTag, options.requeue ?? true);
  }

  /** As `reject()`, by RabbitMQ's `basic.nack`. */
  nack(options: { readonly requeue?: boolean | undefined } = {}): boolean {
    checkOptions(nackCall, options);
    return this.settle('nack').nack(this.deliveryTag, options.requeue ?? true);
  }

  /** Whether it has been settled; one that came with `noAck` was settled by the broker. */
  get isSettled(): boolean {
    return this.settledOnce || this.origin.settlement === undefined;
  }

  /** @internal For the client: what settles it; `undefined` if it needs no ack. */
  get settledBy(): Settlement | undefined {
    return this.origin.settlement;
  }

  /** @internal For the client: the body is lent, and the loan hands it out. Called before the message is handed out. */
  lend(loan: BodyLoan): void {
    this.loan = loan;
    this.bodyBytes = noBytes;
  }

  /** @internal For the client: returns the body to the pool, if it was lent. */
  giveBackBody(): void {
    this.loan?.giveBack();
  }

  /** @internal For the client: the user keeps the body, even if it was lent. */
  keepBody(): void {
    if (this.loan === undefined || this.loan.isEnded) return;
    this.bodyBytes = this.loan.keep();
    this.bodyStart = 0;
    this.bodyEnd = this.bodyBytes.length;
    this.loan = undefined;
  }

  /** @internal For the client: puts an object between the message and its settlement, if it has one. */
  watchSettlement(watch: (settlement: Settlement) => Settlement): void {
    const { settlement } = this.origin;
    if (settlement !== undefined && !this.settledOnce) this.origin = { ...this.origin, settlement: watch(settlement) };
  }

  /** @internal For the client: the message was not handed out, and will not be. It goes back to its queue. */
  putBack(): void {
    if (this.isSettled) return;
    this.settledOnce = true;
    this.origin.settlement?.putBack?.(this.deliveryTag);
  }

  private checkHeaders(): void {
    const { headersError } = this.lazyReader;
    if (headersError !== undefined) throw headersError;
  }

  private settle(how: 'ack' | 'reject' | 'nack'): Settlement {
    const { settlement } = this.origin;
    if (settlement === undefined) {
      throw new UsageError(
        `message ${this.deliveryTag} of queue '${peerText(this.queue)}' came with noAck: nothing to settle`,
      );
    }
    if (this.settledOnce) {
      throw new UsageError(`message ${this.deliveryTag} of queue '${peerText(this.queue)}' is settled already`);
    }
    if (how !== 'ack' && settlement.acksOnly === true) {
      throw new UsageError(
        `message ${this.deliveryTag} of queue '${peerText(this.queue)}' came from a stream: ${how}() has no meaning there, ack() does`,
      );
    }
    this.settledOnce = true;
    return settlement;
  }

  private get lazyReader(): PropertiesReader {
    const { propertiesBytes, propertiesStart, propertiesEnd } = this;
    this.reader ??= new PropertiesReader(propertiesBytes, propertiesStart, propertiesEnd, this.origin.tables);
    return this.reader;
  }

  private get lazyRoute(): Route {
    this.route ??= readRoute(this.origin.kind, this.methodBytes, this.methodStart, this.methodEnd);
    return this.route;
  }
}

const rejectCall: CallForm = {
  call: 'reject',
  method: 'basic.reject',
  example: 'message.reject({ requeue: false })',
  options: new Set(['requeue']),
  flags: ['requeue'],
};
const nackCall: CallForm = {
  ...rejectCall,
  call: 'nack',
  method: 'basic.nack',
  example: 'message.nack({ requeue: false })',
};

/** What a message shows of itself. */
export interface MessageSummary {
  /** Its tag on its channel. */
  readonly deliveryTag: number;
  /** The consumer it came to; `undefined` for one from `basicGet`. */
  readonly consumerTag: string | undefined;
  /** The queue of the consumer or of the get. */
  readonly queue: string;
  /** The exchange it was published to; empty for the default exchange. */
  readonly exchange: string;
  /** The routing key it was published with. */
  readonly routingKey: string;
  /** Whether the broker may have delivered it before. */
  readonly redelivered: boolean;
  /** In bytes. */
  readonly bodySize: number;
  /** What is wrong with the publisher's properties; absent if nothing is. */
  readonly malformed?: string;
}

interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly messageCount: number | undefined;
}

/** AMQP 0-9-1 §1.8.3: the consumer tag comes first in `basic.deliver`. @returns the index after the delivery tag. */
function endOfDeliveryTag(kind: 'deliver' | 'get-ok', bytes: Uint8Array, start: number): number {
  const tagBytes = kind === 'deliver' ? 1 + (bytes[start + 4] ?? 0) : 0;
  return start + 4 + tagBytes + 8;
}

/** AMQP 0-9-1 §1.8: `basic.deliver` and `basic.get-ok` share the middle of their fields. */
function readRoute(kind: 'deliver' | 'get-ok', bytes: Uint8Array, start: number, end: number): Route {
  const reader = new ByteReader(bytes, start + 4, end);
  if (kind === 'deliver') reader.readShortString();
  reader.readUint64();
  const redelivered = (reader.readUint8() & 1) === 1;
  const exchange = reader.readShortString();
  const routingKey = reader.readShortString();
  return { exchange, routingKey, redelivered, messageCount: kind === 'deliver' ? undefined : reader.readUint32() };
}
