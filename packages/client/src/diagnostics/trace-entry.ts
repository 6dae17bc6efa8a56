/** An entry of the log of the wire: a frame, its fields decoded, what is secret left out. Must not print. */

import { peerText } from '@puka/errors';
import {
  contentBodySize,
  contentPropertiesOffset,
  decodeMethod,
  decodeUtf8,
  FrameType,
  isBytes,
  isUtf8,
  PropertiesReader,
  Tagged,
} from '@puka/wire';
import type { WholeFrame } from './frame-splitter.ts';

/** One frame on the wire. */
export interface TraceEntry {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** Connections of a client are numbered from 1. */
  readonly connection: number;
  /** Which way it went. */
  readonly direction: 'sent' | 'received';
  /** 0 for what concerns the connection. */
  readonly channel: number;
  /** The AMQP name of a method, such as `basic.publish`; else `protocol header`, `content header`, `body`, `heartbeat` or `unknown`. */
  readonly name: string;
  /**
   * The fields by their names. In place of credentials, and of a header's value or a body unless it was asked for, there is the
   * length: `{ bytes: 12 }`.
   */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The entry as one line of text. */
  toString(): string;
}

/** What an entry has besides its frame. */
export interface TraceContext {
  readonly timeMs: number;
  readonly connection: number;
  readonly direction: 'sent' | 'received';
  /** Whether bodies and the values of headers were asked for. */
  readonly showsBodies: boolean;
}

/** Fields that log in, by method. */
const secrets: Readonly<Record<string, string>> = {
  'connection.start-ok': 'response',
  'connection.secure': 'challenge',
  'connection.secure-ok': 'response',
  'connection.update-secret': 'newSecret',
};
/** Characters of one text, and fields of one table, that a line shows. */
const maxTextLength = 200;
const maxFields = 50;
const maxDepth = 5;

/** Makes an entry of a frame. Never throws: the entry reports what cannot be decoded. */
export function traceEntry(frame: WholeFrame, context: TraceContext): TraceEntry {
  const { timeMs, connection, direction } = context;
  const { name, fields } = contentOf(frame, context.showsBodies);
  const { channel } = frame;
  return {
    ...{ timeMs, connection, direction, channel, name, fields },
    toString: () => {
      const time = new Date(timeMs).toISOString().slice(11, 23);
      const arrow = direction === 'sent' ? '→' : '←';
      const texts = Object.entries(fields).map(([field, value]) => `${field}=${shown(value)}`);
      return [time, `#${connection}`, arrow, channel, name, ...texts].join(' ');
    },
  };
}

interface Content {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function contentOf({ type, payload }: WholeFrame, showsBodies: boolean): Content {
  try {
    switch (type) {
      case FrameType.method:
        return methodIn(payload);
      case FrameType.header:
        return headerIn(payload, showsBodies);
      case FrameType.body:
        return { name: 'body', fields: { bytes: payload.length, ...(showsBodies ? { body: payload.slice() } : {}) } };
      case FrameType.heartbeat:
        return { name: 'heartbeat', fields: {} };
      default:
        return { name: payload[0] === 0x41 ? 'protocol header' : 'unknown', fields: { bytes: payload.length } };
    }
  } catch (error) {
    return { name: 'unknown', fields: { bytes: payload.length, error: String(error) } };
  }
}

function methodIn(payload: Uint8Array): Content {
  // A copy: the payload is lent, and the entry may be kept.
  const copy = payload.slice();
  const { type: name, ...fields } = decodeMethod(copy, 0, copy.length);
  const secret = secrets[name];
  if (secret === undefined) return { name, fields };
  return { name, fields: { ...fields, [secret]: lengthOf(Reflect.get(fields, secret)) } };
}

function headerIn(payload: Uint8Array, showsBodies: boolean): Content {
  const copy = payload.slice();
  const reader = new PropertiesReader(copy, contentPropertiesOffset, copy.length);
  const { headers } = reader;
  const given = Object.entries(reader.toObject()).filter(([name, value]) => name !== 'headers' && value !== undefined);
  const shownHeaders = headers === undefined || showsBodies ? headers : namesOf(headers);
  return {
    name: 'content header',
    fields: {
      bodySize: contentBodySize(copy, 0, copy.length),
      ...Object.fromEntries(given),
      ...(shownHeaders === undefined ? {} : { headers: shownHeaders }),
    },
  };
}

/** Headers hold what a program likes, tokens among it. */
function namesOf(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, lengthOf(value)]));
}

function lengthOf(value: unknown): unknown {
  if (isBytes(value)) return { bytes: value.byteLength };
  return typeof value === 'string' ? { bytes: value.length } : { hidden: typeof value };
}

/** Any value on one line, of limited length. */
function shown(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `'${peerText(value, maxTextLength)}'`;
  if (isBytes(value)) return shownBytes(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Tagged) return shown(value.value, depth);
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === maxDepth) return '…';
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const texts = entries.slice(0, maxFields).map(([name, field]) => {
    const text = shown(field, depth + 1);
    return isArray ? text : `${peerText(name, maxTextLength)}: ${text}`;
  });
  if (entries.length > maxFields) texts.push('…');
  return isArray ? `[${texts.join(', ')}]` : `{${texts.join(', ')}}`;
}

function shownBytes(bytes: Uint8Array): string {
  if (bytes.length > 0 && isUtf8(bytes, 0, bytes.length))
    return `'${peerText(decodeUtf8(bytes, 0, bytes.length), maxTextLength)}'`;
  return `<${bytes.length} bytes>`;
}
