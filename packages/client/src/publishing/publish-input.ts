/** Makes of the options of a publish what goes out. Takes a copy of the properties, none of the body. Must not send. */
import { UsageError } from '@puka/errors';
import {
  type BasicProperties,
  ByteWriter,
  encodeUtf8,
  isMap,
  isPlainObject,
  Tagged,
  type TaggedField,
  toBytes,
  utf8Length,
  writeProperties,
} from '@puka/wire';
import { described } from '../operations/call-check.ts';
import { checkIsUtf8 } from '../operations/short-strings.ts';
import { isThenable } from '../runtime/thenable.ts';
import type { PublishInput } from '../session/index.ts';
import type { PublishOptions } from './options.ts';

const noBytes = new Uint8Array(0);
/** Flags with the delivery mode alone. AMQP 0-9-1 §4.2.6.1. */
const transientProperties = Uint8Array.of(0x10, 0, 1);
/** Those of a publish that states no delivery mode. */
const persistentProperties = Uint8Array.of(0x10, 0, 2);
/** Room for most properties. */
const propertiesBytes = 512;
/** The delivery mode of a message that states none. */
const persistent = 2;
const decimal = /^\d+$/;
/** RabbitMQ: ten years, the most a time to live may be. */
const longestExpirationMs = 315_360_000_000;

/** @throws {UsageError} for what the broker would refuse and what cannot be encoded. */
export function publishInput(options: PublishOptions, maxTableDepth = 64): PublishInput {
  const { exchange = '', routingKey, mandatory = false } = options;
  if (typeof mandatory !== 'boolean') {
    throw new UsageError(`mandatory of basic.publish is a ${typeof mandatory}; it takes true or false`);
  }
  checkShortString(exchange, 'exchange');
  checkShortString(routingKey, 'routingKey');
  if ('immediate' in options && options.immediate) {
    throw new UsageError('RabbitMQ removed immediate in 3.0: it would close the connection');
  }
  const properties = encodedProperties(options, maxTableDepth);
  return { exchange, routingKey, mandatory, properties, body: bodyOf(options) };
}

/** The same message with the properties of other options. @throws {UsageError} as `publishInput`. */
export function withProperties(input: PublishInput, options: PublishOptions, maxTableDepth: number): PublishInput {
  const { exchange, routingKey, mandatory, body } = input;
  return { exchange, routingKey, mandatory, properties: encodedProperties(options, maxTableDepth), body };
}

function checkShortString(text: unknown, name: string): void {
  if (typeof text !== 'string') throw new UsageError(`${name} of basic.publish is ${typeof text}, not a string`);
  checkIsUtf8(text, name, 'basic.publish');
  if (text.length <= 85) return;
  if (utf8Length(text) > 255) throw new UsageError(`${name} of basic.publish is over 255 bytes`);
}

function bodyOf(options: PublishOptions): Uint8Array {
  const { body, json } = options;
  if (json !== undefined) {
    if (body !== undefined) throw new UsageError('basic.publish takes body or json, not both');
    if (isThenable(json)) throw new UsageError('json of basic.publish is a promise; await it first');
    return encodeUtf8(jsonText(json));
  }
  if (body === undefined) {
    if (!('json' in options)) return noBytes;
    throw new UsageError('json of basic.publish is undefined, which has no JSON form; null has one');
  }
  if (typeof body === 'string') return encodeUtf8(body);
  const bytes = bytesOf(body);
  if (bytes !== undefined) return bytes;
  if (isThenable(body)) throw new UsageError('body of basic.publish is a promise; await it first');
  throw new UsageError('body of basic.publish is neither a string nor bytes; json: takes any value');
}

/** @throws {UsageError} for bytes whose buffer was transferred or has shrunk: they read as empty, or cannot be read. */
function bytesOf(body: unknown): Uint8Array | undefined {
  try {
    const bytes = toBytes(body);
    // The one call that throws for such bytes in every runtime, and that `Buffer` does not replace.
    if (bytes?.length === 0) bytes.keys();
    return bytes;
  } catch (cause) {
    throw new UsageError('body of basic.publish has no memory any more: its buffer was transferred or resized', {
      cause,
    });
  }
}

function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    // A bigint, a circle, or a toJSON() that throws.
    throw new UsageError('json of basic.publish cannot be written as JSON', { cause });
  }
  if (text === undefined) throw new UsageError('json of basic.publish has no JSON form');
  if (text === '{}' && isCollection(value)) {
    throw new UsageError(
      'json of basic.publish is a Map or a Set, which JSON cannot express; make an object or an array of it',
    );
  }
  return text;
}

function isCollection(value: unknown): boolean {
  return isMap(value) || Object.prototype.toString.call(value) === '[object Set]';
}

function encodedProperties(options: PublishOptions, maxTableDepth: number): Uint8Array {
  const isBare =
    options.contentType === undefined &&
    options.contentEncoding === undefined &&
    options.headers === undefined &&
    options.priority === undefined &&
    options.correlationId === undefined &&
    options.replyTo === undefined &&
    options.expiration === undefined &&
    options.messageId === undefined &&
    options.timestamp === undefined &&
    options.type === undefined &&
    options.userId === undefined &&
    options.appId === undefined &&
    options.clusterId === undefined &&
    options.json === undefined;
  if (isBare) {
    const { deliveryMode } = options;
    if (deliveryMode === undefined || deliveryMode === persistent) return persistentProperties;
    if (deliveryMode === 1) return transientProperties;
  }
  if (options.expiration !== undefined) checkExpiration(options.expiration);
  checkProperties(options);
  return written(withDefaults(options), maxTableDepth);
}

/** The properties in the same order for every publish, so that the engine knows the object when it is written. */
function withDefaults(options: PublishOptions): BasicProperties {
  const { contentType, contentEncoding, headers, deliveryMode, priority, correlationId, replyTo } = options;
  const { expiration, messageId, timestamp, type, userId, appId, clusterId, json } = options;
  return {
    contentType: contentType === undefined && json !== undefined ? 'application/json' : contentType,
    contentEncoding,
    headers,
    deliveryMode: deliveryMode === undefined ? persistent : deliveryMode,
    priority,
    correlationId,
    replyTo,
    expiration,
    messageId,
    timestamp,
    type,
    userId,
    appId,
    clusterId,
  };
}

/** @throws {UsageError} for what RabbitMQ would refuse with 406: anything but whole milliseconds as text, and more than ten years. */
function checkExpiration(expiration: unknown): void {
  if (typeof expiration !== 'string') {
    throw new UsageError(
      `expiration of basic.publish is ${described(expiration)}; it takes whole milliseconds as text`,
    );
  }
  if (!decimal.test(expiration)) {
    throw new UsageError(`expiration of basic.publish is '${expiration}'; it takes whole milliseconds as text`);
  }
  if (Number(expiration) <= longestExpirationMs) return;
  throw new UsageError(`expiration of basic.publish is '${expiration}'; RabbitMQ takes up to ${longestExpirationMs}`);
}

/** @throws {UsageError} for what RabbitMQ would refuse by closing the channel, under all publishes that are on it. */
function checkProperties({ deliveryMode, headers, priority }: PublishOptions): void {
  if (deliveryMode !== undefined && deliveryMode !== 1 && deliveryMode !== 2) {
    throw new UsageError(
      `deliveryMode of basic.publish is ${String(deliveryMode)}; it takes 1 (transient) or 2 (persistent)`,
    );
  }
  // The encoder checks the range, and can only calculate with numbers.
  if (priority !== undefined && typeof priority !== 'number') {
    throw new UsageError(`priority of basic.publish is ${described(priority)}; it takes integers from 0 to 255`);
  }
  if (headers === undefined) return;
  for (const name of ['CC', 'BCC']) {
    const keys = fieldOf(headers, name);
    // RabbitMQ: further routing keys.
    if (keys === undefined || isArrayOfTexts(keys)) continue;
    throw new UsageError(`header ${name} of basic.publish takes an array of texts: routing keys`);
  }
}

/** A field of a table in whatever form the encoder takes it; nothing of what it refuses. */
function fieldOf(table: unknown, name: string): unknown {
  if (isPlainObject(table)) return table[name];
  if (isMap(table)) return table.get(name);
  if (!(table instanceof Tagged)) return undefined;
  const { value } = table;
  if (!Array.isArray(value)) return fieldOf(value, name);
  const fields: readonly (TaggedField | null | undefined)[] = value;
  return fields.find((field) => field?.name === name)?.value;
}

/** With its tag chosen, as in a message passed on, what is no text in the array goes through: RabbitMQ ignores it. */
function isArrayOfTexts(value: unknown): boolean {
  if (value instanceof Tagged) return value.tag === 'A';
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

/** Used again and again, but for a publish in the middle of another: headers may have getters. */
let idleWriter: ByteWriter | undefined = new ByteWriter(propertiesBytes);

function written(properties: BasicProperties, maxTableDepth: number): Uint8Array {
  const writer = idleWriter ?? new ByteWriter(propertiesBytes);
  idleWriter = undefined;
  writer.maxTableDepth = maxTableDepth;
  writer.begin();
  try {
    writeProperties(writer, properties);
    return writer.bytes.slice(writer.unitStart, writer.position);
  } finally {
    writer.rollback();
    // One that has grown is not kept.
    idleWriter = writer.bytes.length === propertiesBytes ? writer : new ByteWriter(propertiesBytes);
  }
}
