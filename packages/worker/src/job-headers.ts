/**
 * The headers in which a worker keeps what happened to a job, and the copies of a message that carry them: to a delay queue, to
 * the dead letters, back to the queue. Must not publish.
 */
import type { FieldTable, FieldTableInput, FieldValue, FieldValueInput, Message, PublishOptions } from '@puka/client';
import { UsageError } from '@puka/errors';
import { atOnce } from './at-once.ts';

/** Why a job went to the dead letters. */
export type DeadReason =
  /** Its last attempt failed. */
  | 'attempts'
  /** Its handler threw `Discard`. */
  | 'discarded'
  /** It did not fit: see `parse`. */
  | 'invalid'
  /** It was delivered as often as it may be begun, and no outcome was reported: it may have crashed its worker. */
  | 'redelivered'
  /** The headers of the message cannot be read, or leave no room in a frame for those of the worker. */
  | 'malformed';

/** The names of the headers. */
export const headerNames = {
  attempts: 'puka-attempts',
  firstAttempt: 'puka-first-attempt',
  lastAttempt: 'puka-last-attempt',
  queue: 'puka-queue',
  exchange: 'puka-exchange',
  routingKey: 'puka-routing-key',
  userId: 'puka-user-id',
  errorName: 'puka-error-name',
  error: 'puka-error',
  errorStack: 'puka-error-stack',
  reason: 'puka-reason',
  issues: 'puka-issues',
} as const;

/** What a redrive takes off, so that the job begins anew. */
const outcomeHeaders: readonly string[] = [
  headerNames.attempts,
  headerNames.firstAttempt,
  headerNames.lastAttempt,
  headerNames.errorName,
  headerNames.error,
  headerNames.errorStack,
  headerNames.reason,
  headerNames.issues,
];

/**
 * Headers of the broker's that a copy must not have. `CC` and `BCC` would send it to further queues. `x-death` would make
 * RabbitMQ treat a returning job as part of a dead-letter cycle, and drop it (rabbit_dead_letter:is_cycle).
 * The counts belong to the delivery, and so does the offset in a stream, which would make a queue look like a stream.
 */
const brokerHeaders: readonly string[] = [
  ...['CC', 'BCC', 'x-death', 'x-delivery-count', 'x-acquired-count', 'x-stream-offset'],
  ...['x-last-death-exchange', 'x-last-death-queue', 'x-last-death-reason'],
];
/** Kept if they record what was before the worker; its own delays are left out. */
const firstDeathHeaders: readonly string[] = ['x-first-death-exchange', 'x-first-death-queue', 'x-first-death-reason'];

const nameLimit = 200;
const textLimit = 1000;
const stackLimit = 4000;

/** What is known of a job before it begins. */
export interface JobPast {
  /** How often it was begun, as far as the broker knows. */
  readonly begun: number;
  /** The broker has delivered it before and keeps no count of it: the count has to be written into the message. */
  readonly needsRecount: boolean;
  /** The headers can be read. */
  readonly isReadable: boolean;
}

const fresh: JobPast = { begun: 0, needsRecount: false, isReadable: true };

/** Reads how often a job was begun. */
export function pastOf(message: Message): JobPast {
  let headers: FieldTable;
  try {
    ({ headers } = message);
  } catch {
    return { begun: 0, needsRecount: false, isReadable: false };
  }
  const written = countIn(headers[headerNames.attempts]);
  // Quorum queues count deliveries in a header; classic queues report only that there was one.
  const counted = countIn(headers['x-delivery-count']);
  if (!message.redelivered) {
    if (written === 0 && counted === 0) return fresh;
    // A count on a first delivery is of another queue, copied by a tool: left there it would pass for one of this queue.
    return { begun: written, needsRecount: counted > 0, isReadable: true };
  }
  return { begun: written + Math.max(1, counted), needsRecount: counted === 0, isReadable: true };
}

function countIn(value: FieldValue | undefined): number {
  const count = typeof value === 'bigint' ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The exchange and the key of the first publish. */
export function originOf(message: Message): { readonly exchange: string; readonly routingKey: string } {
  const headers = readableHeaders(message);
  const exchange = headers[headerNames.exchange];
  const routingKey = headers[headerNames.routingKey];
  if (typeof exchange === 'string' && typeof routingKey === 'string') return { exchange, routingKey };
  return { exchange: message.exchange, routingKey: message.routingKey };
}

/** What a copy records of its past. */
export interface CopyFacts {
  readonly queue: string;
  readonly begun: number;
  /** When the last attempt began. */
  readonly lastAttempt: Date;
  readonly error?: ErrorFacts | undefined;
  readonly reason?: DeadReason | undefined;
  readonly issues?: readonly { readonly message: string }[] | undefined;
}

/** What a copy records of an error. */
export interface ErrorFacts {
  readonly name: string;
  readonly text: string;
  readonly stack: string | undefined;
}

/**
 * The facts of a thrown value that may be published. Never the value itself, because an object may hold anything. A field that
 * cannot be read or redacted is left out.
 *
 * @param warn called with the error that `redact` throws.
 */
export function errorFacts(
  error: unknown,
  redact: ((text: string) => string) | undefined,
  withStack: boolean,
  warn: (error: unknown) => void,
): ErrorFacts {
  const shown = (text: string, limit: number): string => {
    if (redact === undefined) return cut(text, limit);
    try {
      return cut(redacted(redact, text), limit);
    } catch (thrown) {
      warn(thrown);
      return '';
    }
  };
  if (!isError(error)) {
    const isPlain = typeof error !== 'object' && typeof error !== 'function';
    return { name: typeof error, text: isPlain ? shown(String(error), textLimit) : '', stack: undefined };
  }
  const stack = withStack ? textIn(error, 'stack') : undefined;
  return {
    name: cut(textIn(error, 'name') ?? 'Error', nameLimit),
    text: shown(textIn(error, 'message') ?? '', textLimit),
    stack: stack === undefined ? undefined : shown(stack, stackLimit),
  };
}

/** Halves of a surrogate pair, which a cut may leave. The client refuses them in a header. */
const halves = /\p{Surrogate}/gu;

function cut(text: string, limit: number): string {
  return text.slice(0, limit).replace(halves, '\u{fffd}');
}

function redacted(redact: (text: string) => unknown, text: string): string {
  const changed = atOnce(redact(text), 'redact');
  if (typeof changed !== 'string') throw new UsageError(`redact returned ${typeof changed}; it must return a string`);
  return changed;
}

/** Whether a value is an error of any realm. For another realm, such as a test runner's sandbox, `instanceof` fails. */
function isError(value: unknown): value is object {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** A field of an error as text. The error may be of any class, with getters that throw. */
function textIn(error: object, name: 'name' | 'message' | 'stack'): string | undefined {
  try {
    const value: unknown = Reflect.get(error, name);
    return value === undefined ? undefined : String(value);
  } catch {
    return undefined;
  }
}

/** The copy of a job for its next home, without its route. Persistent, and without a time to live of its own. */
export function copyOf(message: Message, facts: CopyFacts): Omit<PublishOptions, 'routingKey'> {
  const headers = keptHeaders(message);
  const { exchange, routingKey } = originOf(message);
  const lastAttempt = facts.lastAttempt.toISOString();
  const { error, issues } = facts;
  return {
    ...keptProperties(message),
    headers: {
      ...headers,
      [headerNames.queue]: facts.queue,
      [headerNames.exchange]: exchange,
      [headerNames.routingKey]: routingKey,
      ...(message.userId === undefined ? {} : { [headerNames.userId]: message.userId }),
      [headerNames.attempts]: facts.begun,
      [headerNames.firstAttempt]: headers[headerNames.firstAttempt] ?? lastAttempt,
      [headerNames.lastAttempt]: lastAttempt,
      ...(error === undefined ? {} : { [headerNames.errorName]: error.name, [headerNames.error]: error.text }),
      ...(error?.stack === undefined ? {} : { [headerNames.errorStack]: error.stack }),
      ...(facts.reason === undefined ? {} : { [headerNames.reason]: facts.reason }),
      ...(issues === undefined ? {} : { [headerNames.issues]: cut(JSON.stringify(issues), stackLimit) }),
    },
    body: message.body,
  };
}

/** The longest text in a small copy. */
const bareLimit = 255;
const errorHeaders: readonly string[] = [headerNames.error, headerNames.errorName];

/**
 * A copy without the publisher's headers and `replyTo`, for a message that the client refuses to publish whole. The publisher may also
 * have written the worker's own headers: values longer than the worker writes are left out.
 */
export function bareCopy(copy: Omit<PublishOptions, 'routingKey'>): Omit<PublishOptions, 'routingKey'> {
  const { replyTo: _replyTo, headers = {}, ...rest } = copy;
  const bare: Record<string, FieldValueInput> = {};
  const own = new Set<string>(Object.values(headerNames));
  for (const [name, value] of Object.entries(headers)) {
    if (!own.has(name)) continue;
    if (typeof value === 'number' || (typeof value === 'string' && value.length <= bareLimit)) bare[name] = value;
    else if (typeof value === 'string' && errorHeaders.includes(name)) bare[name] = cut(value, bareLimit);
  }
  return { ...rest, headers: bare };
}

/** The copy of a dead letter that starts again at attempt 1, without its route. Its origin is kept. */
export function redriveCopyOf(message: Message): Omit<PublishOptions, 'routingKey'> {
  const headers = keptHeaders(message);
  for (const name of outcomeHeaders) delete headers[name];
  return { ...keptProperties(message), headers, body: message.body };
}

/** The queue a dead letter came from, as the worker or the broker has written it. */
export function queueOf(message: Message): string | undefined {
  const headers = readableHeaders(message);
  for (const name of [headerNames.queue, 'x-first-death-queue']) {
    const queue = headers[name];
    if (typeof queue === 'string' && queue !== '') return queue;
  }
  return undefined;
}

/**
 * The properties that a copy keeps. Not `expiration`, which would take it from its next home too early; not `userId`, which the
 * broker accepts from that user only.
 */
function keptProperties(message: Message): Omit<PublishOptions, 'routingKey' | 'headers' | 'body'> {
  const { contentType, contentEncoding, priority, correlationId, replyTo, messageId, timestamp, type, appId } = message;
  return {
    ...{ contentType, contentEncoding, priority, correlationId, replyTo, messageId, timestamp, type, appId },
    deliveryMode: 2,
  };
}

function keptHeaders(message: Message): Record<string, FieldValueInput> {
  const kept: FieldTableInput = readableHeaders(message);
  const headers: Record<string, FieldValueInput> = { ...kept };
  for (const name of brokerHeaders) delete headers[name];
  const { [headerNames.queue]: queue, 'x-first-death-queue': firstDeath } = headers;
  if (typeof firstDeath === 'string' && firstDeath.startsWith(`${String(queue)}.retry.`)) {
    for (const name of firstDeathHeaders) delete headers[name];
  }
  return headers;
}

function readableHeaders(message: Message): FieldTable {
  try {
    return message.headers;
  } catch {
    return Object.create(null) as FieldTable; // A table without a field.
  }
}
