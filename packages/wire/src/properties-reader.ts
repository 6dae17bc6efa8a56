/**
 * Reads the properties of class basic, each on demand.
 *
 * Must not: throw for malformed bytes. A malformed property must not lose the message.
 */

import { AmqpSyntaxError, LimitExceeded, UnexpectedFrame } from '@puka/errors';
import { ByteReader } from './byte-reader.ts';
import { readFieldTable, readTaggedTable, type TableReadOptions } from './field-table.ts';
import { type FieldTable, type Tagged, Timestamp } from './field-values.ts';
import { decodeText } from './lossless-text.ts';
import { type BasicProperties, basicClassId, PropertyFlag } from './properties.ts';

/** Octets of a content header payload before the flags: class 2, weight 2, body size 8. AMQP 0-9-1 §4.2.6.1. */
export const contentPropertiesOffset = 12;

const twoTo32 = 0x1_0000_0000;
/** The largest time of a `Date`, in seconds: ECMAScript's time range is ±8.64e15 ms. */
const maxDateSeconds = 8_640_000_000_000;

/**
 * Reads the size of the body from a content header payload; the properties start `contentPropertiesOffset` after `start`.
 *
 * @returns bytes, 0 to 2^53 - 1.
 * @throws {AmqpSyntaxError} when the payload is too short or the weight is not 0.
 * @throws {UnexpectedFrame} when the class is not basic.
 * @throws {LimitExceeded} when the size is 2^53 or more, with blame `peer`.
 */
export function contentBodySize(bytes: Uint8Array, start: number, end: number = bytes.length): number {
  if (end - start < contentPropertiesOffset) {
    throw new AmqpSyntaxError(`content header of ${end - start} bytes`, { blame: 'peer' });
  }
  const classId = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  if (classId !== basicClassId) {
    throw new UnexpectedFrame(`content header of class ${classId}; only ${basicClassId} has content`, {
      blame: 'peer',
    });
  }
  if (bytes[start + 2] !== 0 || bytes[start + 3] !== 0) {
    throw new AmqpSyntaxError('content header with a weight other than 0', { blame: 'peer' });
  }
  const high = uint32At(bytes, start + 4);
  if (high > 0x1f_ffff) {
    throw new LimitExceeded('content header announces a body of 2^53 bytes or more', {
      blame: 'peer',
      scope: 'connection',
      outcome: 'unknown',
    });
  }
  return high * twoTo32 + uint32At(bytes, start + 8);
}

/**
 * Whether the flags announce no headers, without a reader for it.
 *
 * @param start index of the flags.
 * @param end index after the last property.
 * @returns `false` also if there are no flags.
 */
export function isWithoutHeaders(bytes: Uint8Array, start: number, end: number): boolean {
  return start + 2 <= end && (((bytes[start] ?? 0) << 8) & PropertyFlag.headers) === 0;
}

/**
 * Reads properties in place and decodes each on demand. Getters return `undefined` for a property that is absent or malformed;
 * `error` distinguishes the two. Octets that are not valid UTF-8 are kept in the text, as `decodeText` describes; `bytesOf()` and `raw` have them as bytes.
 */
export class PropertiesReader {
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly end: number;
  private readonly options: TableReadOptions | undefined;
  /** The word of flags; -1 until it is read. */
  private flags = -1;
  /** Index of the first property. */
  private first = 0;
  /** `null` after it was found to be absent or malformed. */
  private table: FieldTable | null | undefined;
  private tableError: AmqpSyntaxError | LimitExceeded | undefined;

  /**
   * @param bytes are kept, not copied: the reader keeps the whole chunk in memory.
   * @param start index of the flags.
   * @param end index after the last property.
   * @param options for the headers table.
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, options?: TableReadOptions) {
    this.bytes = bytes;
    this.start = start;
    this.end = Math.min(end, bytes.length);
    this.options = options;
  }

  /** MIME type of the body. */
  get contentType(): string | undefined {
    return this.shortString(PropertyFlag.contentType);
  }

  /** MIME encoding of the body. */
  get contentEncoding(): string | undefined {
    return this.shortString(PropertyFlag.contentEncoding);
  }

  /** The headers table, decoded at the first call and the same object from then on; see `readFieldTable`. */
  get headers(): FieldTable | undefined {
    if (this.table === undefined) this.table = this.decodeHeaders() ?? null;
    return this.table ?? undefined;
  }

  /** The headers table with its type tags, decoded anew at each call; see `readTaggedTable`. */
  get taggedHeaders(): Tagged | undefined {
    const at = this.find(PropertyFlag.headers);
    if (at < 0 || this.headers === undefined) return undefined;
    return readTaggedTable(new ByteReader(this.bytes, at, this.end), this.options);
  }

  /** 1 transient, 2 persistent. */
  get deliveryMode(): number | undefined {
    return this.octet(PropertyFlag.deliveryMode);
  }

  /** 0 to 255. */
  get priority(): number | undefined {
    return this.octet(PropertyFlag.priority);
  }

  /** For the application. */
  get correlationId(): string | undefined {
    return this.shortString(PropertyFlag.correlationId);
  }

  /** The address for replies. */
  get replyTo(): string | undefined {
    return this.shortString(PropertyFlag.replyTo);
  }

  /** Milliseconds in decimal digits. */
  get expiration(): string | undefined {
    return this.shortString(PropertyFlag.expiration);
  }

  /** For the application. */
  get messageId(): string | undefined {
    return this.shortString(PropertyFlag.messageId);
  }

  /** The time, in whole seconds; a `Timestamp` when it is out of the range of `Date`. */
  get timestamp(): Date | Timestamp | undefined {
    const at = this.find(PropertyFlag.timestamp);
    if (at < 0) return undefined;
    const seconds = new ByteReader(this.bytes, at, this.end).readUint64();
    return seconds <= maxDateSeconds ? new Date(Number(seconds) * 1000) : new Timestamp(seconds);
  }

  /** For the application. */
  get type(): string | undefined {
    return this.shortString(PropertyFlag.type);
  }

  /** The publisher's user, checked by RabbitMQ. */
  get userId(): string | undefined {
    return this.shortString(PropertyFlag.userId);
  }

  /** For the application. */
  get appId(): string | undefined {
    return this.shortString(PropertyFlag.appId);
  }

  /** Deprecated by the standard. */
  get clusterId(): string | undefined {
    return this.shortString(PropertyFlag.clusterId);
  }

  /** Flags and properties as they came. @returns a view of the bytes given to the constructor. */
  get raw(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /**
   * The first fault in the properties, the headers table included; `undefined` if there is none.
   * RabbitMQ: a publisher's properties reach the consumer as they were sent, malformed ones too.
   */
  get error(): AmqpSyntaxError | LimitExceeded | undefined {
    return this.structureError() ?? (this.headers === undefined ? this.tableError : undefined);
  }

  /**
   * Why `headers` is `undefined` although the flags announce a table: it is malformed or over its limits. `undefined`
   * if the headers are good or absent. No other property is looked at.
   */
  get headersError(): AmqpSyntaxError | LimitExceeded | undefined {
    if (this.headers !== undefined) return undefined;
    if (this.tableError !== undefined) return this.tableError;
    // Announced, and never found: the bytes end before it does.
    const isAnnounced = (this.flags & PropertyFlag.headers) !== 0 || this.first < 0;
    return isAnnounced ? this.structureError() : undefined;
  }

  /** The octets of one property as they came, without the length before a string or a table. @returns a view; `undefined` when absent. */
  bytesOf(name: keyof BasicProperties): Uint8Array | undefined {
    const flag = PropertyFlag[name];
    const at = this.find(flag);
    if (at < 0) return undefined;
    return this.bytes.subarray(at + lengthOctetsOf(flag), this.endOf(flag, at));
  }

  /** All properties, in an object of their own that `writeContentHeader` takes as it is; absent ones are `undefined`. */
  toObject(): BasicProperties {
    return {
      contentType: this.contentType,
      contentEncoding: this.contentEncoding,
      headers: this.headers,
      deliveryMode: this.deliveryMode,
      priority: this.priority,
      correlationId: this.correlationId,
      replyTo: this.replyTo,
      expiration: this.expiration,
      messageId: this.messageId,
      timestamp: this.timestamp,
      type: this.type,
      userId: this.userId,
      appId: this.appId,
      clusterId: this.clusterId,
    };
  }

  private decodeHeaders(): FieldTable | undefined {
    const at = this.find(PropertyFlag.headers);
    if (at < 0) return undefined;
    try {
      return readFieldTable(new ByteReader(this.bytes, at, this.end), this.options);
    } catch (error) {
      if (!(error instanceof AmqpSyntaxError || error instanceof LimitExceeded)) throw error;
      this.tableError = error;
      return undefined;
    }
  }

  private shortString(flag: number): string | undefined {
    const at = this.find(flag);
    if (at < 0) return undefined;
    return decodeText(this.bytes, at + 1, at + 1 + (this.bytes[at] ?? 0));
  }

  private octet(flag: number): number | undefined {
    const at = this.find(flag);
    return at < 0 ? undefined : this.bytes[at];
  }

  /** Walks to a property. @returns its index; -1 if it is absent or cut off. */
  private find(flag: number): number {
    if (this.flags < 0) this.readFlags();
    const { flags } = this;
    if ((flags & flag) === 0) return -1;
    let at = this.first;
    for (let bit = PropertyFlag.contentType as number; bit > flag && at >= 0; bit >>>= 1) {
      if ((flags & bit) !== 0) at = this.endOf(bit, at);
    }
    return at >= 0 && this.endOf(flag, at) >= 0 ? at : -1;
  }

  /** Where the property that starts at `at` ends; -1 when that is after the end. */
  private endOf(flag: number, at: number): number {
    const { bytes } = this;
    const valueAt = at + lengthOctetsOf(flag);
    if (valueAt > this.end) return -1;
    let size = bytes[at] ?? 0;
    if (flag === PropertyFlag.headers) size = uint32At(bytes, at);
    else if (flag === PropertyFlag.timestamp) size = 8;
    else if (flag === PropertyFlag.deliveryMode || flag === PropertyFlag.priority) size = 1;
    return valueAt + size <= this.end ? valueAt + size : -1;
  }

  /**
   * Reads the flags. The standard's lowest bit means that another word of flags follows (AMQP 0-9-1 §4.2.6.1). Class basic
   * has one word, and RabbitMQ ignores the two lowest bits. Puka ignores them too, so that both read the same properties.
   */
  private readFlags(): void {
    const { bytes, start, end } = this;
    if (start + 2 > end) {
      this.flags = 0;
      this.first = -1;
      return;
    }
    this.flags = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
    this.first = start + 2;
  }

  private structureError(): AmqpSyntaxError | undefined {
    if (this.flags < 0) this.readFlags();
    let at = this.first;
    if (at < 0) return malformed('less than the 2 octets of the property flags');
    for (let bit = PropertyFlag.contentType as number; bit >= PropertyFlag.clusterId; bit >>>= 1) {
      if ((this.flags & bit) === 0) continue;
      at = this.endOf(bit, at);
      if (at < 0) return malformed('a property that is longer than the content header');
    }
    return at === this.end ? undefined : malformed(`${this.end - at} octets after the properties`);
  }
}

function lengthOctetsOf(flag: number): number {
  if (flag === PropertyFlag.headers) return 4;
  const isFixed = (flag & (PropertyFlag.deliveryMode | PropertyFlag.priority | PropertyFlag.timestamp)) !== 0;
  return isFixed ? 0 : 1;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

function malformed(what: string): AmqpSyntaxError {
  return new AmqpSyntaxError(`content header with ${what}`, { blame: 'peer' });
}
