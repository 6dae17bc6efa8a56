/** A message as a line of JSON, and back. Nothing of it is lost: properties, types of headers, bytes. */
import { type Message, type PublishOptions, Timestamp, UsageError } from '@puka/client';
import { checkNumbers } from './exact-json.ts';
import { base64, bytesFrom, type TableJson, tableFromJson, tableToJson } from './field-json.ts';

/** The properties that are text. */
const textProperties = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const;
const numberProperties = ['deliveryMode', 'priority'] as const;
/** What a line may have. */
const lineKeys: ReadonlySet<string> = new Set([
  ...textProperties,
  ...numberProperties,
  ...['queue', 'exchange', 'routingKey', 'redelivered', 'headers', 'timestamp', 'body', 'json', 'base64'],
]);

/** A message that was read from a line. */
export interface MessageOfLine {
  /** Where it was; `undefined` if the line does not have it. */
  readonly queue: string | undefined;
  /** Ready to publish; the routing key is empty if the line has none. */
  readonly message: PublishOptions;
}

/** @param form `exact` always has the body in base64; `readable` as text if it is UTF-8. */
export function messageToLine(message: Message, form: 'exact' | 'readable'): string {
  const { queue, exchange, routingKey, redelivered, body, taggedHeaders } = message;
  const properties: Record<string, unknown> = {};
  for (const name of [...textProperties, ...numberProperties]) {
    if (message[name] !== undefined) properties[name] = message[name];
  }
  const { timestamp } = message;
  if (timestamp !== undefined) properties.timestamp = secondsOf(timestamp);
  const headers: { headers?: TableJson } = taggedHeaders === undefined ? {} : { headers: tableToJson(taggedHeaders) };
  const text = form === 'readable' ? textOf(body) : undefined;
  const content = text === undefined ? { base64: base64(body) } : { body: text };
  return JSON.stringify({ queue, exchange, routingKey, redelivered, ...properties, ...headers, ...content });
}

function secondsOf(timestamp: Date | Timestamp): number | string {
  if (timestamp instanceof Date) return timestamp.getTime() / 1000;
  const { seconds } = timestamp;
  return typeof seconds === 'bigint' ? String(seconds) : seconds;
}

/** @returns `undefined` for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws {UsageError} for a line that holds no message. */
export function messageFromLine(line: Uint8Array): MessageOfLine {
  const text = textOf(line);
  if (text === undefined) throw new UsageError('the line is not UTF-8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('the line is not valid JSON', { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UsageError('the line is not a JSON object');
  }
  const unknown = Object.keys(json).find((key) => !lineKeys.has(key));
  if (unknown !== undefined) throw new UsageError(`a message has no '${unknown}'`);
  const fields: Readonly<Record<string, unknown>> = { ...json };
  const queue = textField(fields, 'queue');
  const deliveryMode = numberField(fields, 'deliveryMode');
  // In the list of headers that `dump` writes, each number has a type.
  if ('json' in fields || !Array.isArray(fields.headers)) checkNumbers(text);
  return {
    queue,
    message: {
      ...Object.assign({}, ...textProperties.map((name) => optional(name, textField(fields, name)))),
      ...optional('priority', numberField(fields, 'priority')),
      // RabbitMQ: a message is persistent if this is 2, and for nothing else. A client of Puka sends 1 or 2.
      ...optional('deliveryMode', isDumped(fields) ? (deliveryMode === 2 ? 2 : 1) : deliveryMode),
      ...timestampOf(fields.timestamp),
      ...headersOf(fields.headers),
      ...bodyOf(fields),
      exchange: textField(fields, 'exchange') ?? '',
      routingKey: textField(fields, 'routingKey') ?? '',
    },
  };
}

/** A line that `messageToLine` wrote: what is absent in it was absent. */
function isDumped(fields: Readonly<Record<string, unknown>>): boolean {
  return 'redelivered' in fields;
}

function optional(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}

function textField(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new UsageError(`'${name}' of a message is a text`);
}

function numberField(fields: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'number') return value;
  throw new UsageError(`'${name}' of a message is a number`);
}

function timestampOf(value: unknown): { readonly timestamp?: Timestamp } {
  if (value === undefined) return {};
  if (/^\d+$/.test(String(value))) return { timestamp: new Timestamp(BigInt(String(value))) };
  throw new UsageError("'timestamp' of a message is in whole seconds");
}

/** Pairs with types, as `messageToLine` writes them; or an object as people write it. */
function headersOf(value: unknown): Pick<PublishOptions, 'headers'> {
  if (value === undefined) return {};
  if (Array.isArray(value)) return { headers: tableFromJson(value) };
  if (typeof value === 'object' && value !== null) return { headers: value as NonNullable<PublishOptions['headers']> };
  throw new UsageError("'headers' of a message is an object, or a list of pairs");
}

function bodyOf(fields: Readonly<Record<string, unknown>>): Pick<PublishOptions, 'body' | 'json'> {
  const given = ['body', 'json', 'base64'].filter((name) => name in fields);
  if (given.length > 1) throw new UsageError(`a message has one of ${given.join(' and ')}`);
  if ('json' in fields) return { json: fields.json };
  const encoded = textField(fields, 'base64');
  if (encoded !== undefined) return { body: bytesFrom(encoded) };
  return { body: textField(fields, 'body') ?? '' };
}
