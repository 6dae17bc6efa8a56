/**
 * Writes the properties of class basic, and the content header frame that carries them.
 *
 * Must not: read them; see properties-reader.ts.
 */

import { LimitExceeded, UsageError } from '@puka/errors';
import { isDate } from './any-realm.ts';
import { ByteWriter } from './byte-writer.ts';
import { describe } from './field-place.ts';
import { type TableWriteOptions, writeFieldTable } from './field-table.ts';
import { type FieldTableInput, Timestamp } from './field-values.ts';
import { FrameType } from './frame-format.ts';
import { beginFrame, endFrame } from './frame-writer.ts';
import { isMilliseconds, millisecondsRule } from './seconds.ts';

/** The class of all content: basic. */
export const basicClassId = 60;

/**
 * The fourteen properties of a message. Only `undefined` means absent: `priority: 0` and `''` are sent.
 * Strings are short strings of at most 255 bytes. AMQP 0-9-1 §1.8.1.
 */
export interface BasicProperties {
  /** MIME type of the body. */
  readonly contentType?: string | undefined;
  /** MIME encoding of the body. */
  readonly contentEncoding?: string | undefined;
  /** A field table; see `writeFieldTable` for its values. */
  readonly headers?: FieldTableInput | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: number | undefined;
  /** 0 to 255; its meaning depends on the queue. */
  readonly priority?: number | undefined;
  /** For the application. */
  readonly correlationId?: string | undefined;
  /** The address for replies. */
  readonly replyTo?: string | undefined;
  /** Milliseconds in decimal digits, as RabbitMQ wants them. */
  readonly expiration?: string | undefined;
  /** For the application. */
  readonly messageId?: string | undefined;
  /**
   * A `Date` (milliseconds are dropped), or POSIX seconds. A number beyond the year 9999 is refused, because it is a time in
   * milliseconds by mistake; a bigint or a `Timestamp` takes every time.
   */
  readonly timestamp?: Date | number | bigint | Timestamp | undefined;
  /** For the application. */
  readonly type?: string | undefined;
  /** RabbitMQ refuses any but the name of the connection's user. */
  readonly userId?: string | undefined;
  /** For the application. */
  readonly appId?: string | undefined;
  /** Deprecated by the standard; carried as it is. */
  readonly clusterId?: string | undefined;
}

/** The bit of each property in the first word of flags, the highest first. AMQP 0-9-1 §4.2.6.1. */
export const PropertyFlag = {
  /** `content-type`. */
  contentType: 0x8000,
  /** `content-encoding`. */
  contentEncoding: 0x4000,
  /** `headers`. */
  headers: 0x2000,
  /** `delivery-mode`. */
  deliveryMode: 0x1000,
  /** `priority`. */
  priority: 0x0800,
  /** `correlation-id`. */
  correlationId: 0x0400,
  /** `reply-to`. */
  replyTo: 0x0200,
  /** `expiration`. */
  expiration: 0x0100,
  /** `message-id`. */
  messageId: 0x0080,
  /** `timestamp`. */
  timestamp: 0x0040,
  /** `type`. */
  type: 0x0020,
  /** `user-id`. */
  userId: 0x0010,
  /** `app-id`. */
  appId: 0x0008,
  /** `cluster-id; deprecated by the standard`. */
  clusterId: 0x0004,
} as const;

/** Frame header 7, class 2, weight 2, body size 8, flags 2, end octet 1. */
const fixedBytes = 22;

/**
 * Writes a content header frame. It belongs to the unit that the method frame before it started, and starts none. AMQP 0-9-1 §4.2.6.1.
 *
 * @param bodySize bytes of the body, 0 to 2^53 − 1.
 * @param frameMaxBytes the tuned `frame_max`, or 0 for no limit; a content header cannot be split over frames.
 * @throws {LimitExceeded} when the frame is longer than `frameMaxBytes`.
 * @throws {UsageError} when a property cannot be encoded. On any error nothing of the frame is left in the writer.
 */
export function writeContentHeader(
  writer: ByteWriter,
  channel: number,
  bodySize: number,
  properties: BasicProperties,
  frameMaxBytes: number,
  options?: TableWriteOptions,
): void {
  const before = writer.writtenBytes;
  try {
    const frameAt = beginContentHeader(writer, channel, bodySize);
    writeProperties(writer, properties, options);
    endContentHeader(writer, frameAt, frameMaxBytes);
  } catch (error) {
    writer.rollbackTo(before);
    throw error;
  }
}

/**
 * Writes a content header frame with properties that are encoded already: those of a received message as they came
 * (`PropertiesReader.raw`), or `encodeProperties()` done once for many messages.
 *
 * @param rawProperties flags and properties; copied, not checked.
 * @throws {LimitExceeded | UsageError} as `writeContentHeader` does.
 */
export function writeRawContentHeader(
  writer: ByteWriter,
  channel: number,
  bodySize: number,
  rawProperties: Uint8Array,
  frameMaxBytes: number,
): void {
  const before = writer.writtenBytes;
  try {
    const frameAt = beginContentHeader(writer, channel, bodySize);
    writer.writeBytes(rawProperties);
    endContentHeader(writer, frameAt, frameMaxBytes);
  } catch (error) {
    writer.rollbackTo(before);
    throw error;
  }
}

/**
 * Writes the flags and the properties, without the frame and the fields before them.
 *
 * @throws {UsageError} when a property cannot be encoded; the writer is left in the middle then.
 */
export function writeProperties(writer: ByteWriter, properties: BasicProperties, options?: TableWriteOptions): void {
  writer.reserve(2);
  const flagsAt = writer.position - writer.unitStart;
  writer.position += 2;
  const { contentType, contentEncoding, headers, deliveryMode, priority, correlationId, replyTo } = properties;
  const { expiration, messageId, timestamp, type, userId, appId, clusterId } = properties;
  let flags = 0;
  if (contentType !== undefined) {
    flags = PropertyFlag.contentType;
    writer.writeShortString(contentType, 'contentType');
  }
  if (contentEncoding !== undefined) {
    flags |= PropertyFlag.contentEncoding;
    writer.writeShortString(contentEncoding, 'contentEncoding');
  }
  if (headers !== undefined) {
    flags |= PropertyFlag.headers;
    writeFieldTable(writer, headers, 'headers', options);
  }
  if (deliveryMode !== undefined) {
    flags |= PropertyFlag.deliveryMode;
    writer.writeUint8(deliveryMode, 'deliveryMode');
  }
  if (priority !== undefined) {
    flags |= PropertyFlag.priority;
    writer.writeUint8(priority, 'priority');
  }
  if (correlationId !== undefined) {
    flags |= PropertyFlag.correlationId;
    writer.writeShortString(correlationId, 'correlationId');
  }
  if (replyTo !== undefined) {
    flags |= PropertyFlag.replyTo;
    writer.writeShortString(replyTo, 'replyTo');
  }
  if (expiration !== undefined) {
    flags |= PropertyFlag.expiration;
    writer.writeShortString(expiration, 'expiration');
  }
  if (messageId !== undefined) {
    flags |= PropertyFlag.messageId;
    writer.writeShortString(messageId, 'messageId');
  }
  if (timestamp !== undefined) {
    flags |= PropertyFlag.timestamp;
    writer.writeUint64(secondsOf(timestamp), 'timestamp');
  }
  if (type !== undefined) {
    flags |= PropertyFlag.type;
    writer.writeShortString(type, 'type');
  }
  if (userId !== undefined) {
    flags |= PropertyFlag.userId;
    writer.writeShortString(userId, 'userId');
  }
  if (appId !== undefined) {
    flags |= PropertyFlag.appId;
    writer.writeShortString(appId, 'appId');
  }
  if (clusterId !== undefined) {
    flags |= PropertyFlag.clusterId;
    writer.writeShortString(clusterId, 'clusterId');
  }
  writer.bytes[writer.unitStart + flagsAt] = flags >>> 8;
  writer.bytes[writer.unitStart + flagsAt + 1] = flags;
}

/**
 * Encodes properties once for many messages: flags and properties, as `writeRawContentHeader` takes them.
 *
 * @returns bytes of the caller's own.
 * @throws {UsageError} when a property cannot be encoded.
 */
export function encodeProperties(properties: BasicProperties, options?: TableWriteOptions): Uint8Array {
  const writer = new ByteWriter(256);
  writer.begin();
  writeProperties(writer, properties, options);
  return writer.bytes.slice(writer.unitStart, writer.position);
}

/** A fraction, NaN and a time before 1970 are left to `writeUint64`, which refuses them by name. */
function secondsOf(timestamp: Date | number | bigint | Timestamp): number | bigint {
  if (typeof timestamp === 'bigint') return timestamp;
  if (typeof timestamp === 'number') {
    if (!isMilliseconds(timestamp)) return timestamp;
    throw new UsageError(`timestamp is ${timestamp}; ${millisecondsRule(timestamp)}`);
  }
  if (isDate(timestamp)) {
    const milliseconds = timestamp.getTime();
    if (Number.isNaN(milliseconds)) throw new UsageError('timestamp is an invalid Date; it takes seconds, or a Date');
    return Math.floor(milliseconds / 1000);
  }
  if (timestamp instanceof Timestamp) return timestamp.seconds;
  throw new UsageError(`timestamp is ${describe(timestamp)}; it takes seconds, or a Date`);
}

function beginContentHeader(writer: ByteWriter, channel: number, bodySize: number): number {
  writer.reserve(fixedBytes);
  const frameAt = beginFrame(writer, FrameType.header, channel);
  writer.writeUint16(basicClassId);
  writer.writeUint16(0); // weight, which must be 0
  writer.writeUint64(bodySize, 'body size');
  return frameAt;
}

function endContentHeader(writer: ByteWriter, frameAt: number, frameMaxBytes: number): void {
  endFrame(writer, frameAt);
  const size = writer.position - writer.unitStart - frameAt;
  if (size <= frameMaxBytes || frameMaxBytes === 0) return;
  const message = `content header frame of ${size} bytes, headers and properties; the limit is ${frameMaxBytes} (frame_max)`;
  throw new LimitExceeded(message, { blame: 'caller', outcome: 'not-sent', scope: 'operation' });
}
