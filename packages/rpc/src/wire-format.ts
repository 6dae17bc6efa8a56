/** The names used in messages: docs/rpc.md describes them for other languages. Must not send anything. */
import { isPukaError } from '@puka/errors';

/** `type` of a reply that carries the result; a reply without a `type` is taken for one. */
export const resultType = 'result';
/** `type` of a reply that carries an error. */
export const errorType = 'error';
/** `type` of the message by which a caller cancels a call. */
export const cancelType = 'cancel';
/** Header of a request that may be run twice. */
export const idempotentHeader = 'idempotent';
/** RabbitMQ: requests direct replies; the address that the broker puts in its place begins with this and a dot. */
export const directReplyTo = 'amq.rabbitmq.reply-to';
/** Every virtual host has it: nothing has to be declared to cancel a call. */
export const cancelExchange = 'amq.direct';

/** The routing key by which the servers of a queue hear of calls given up. */
export function cancelKey(queue: string): string {
  return `puka.rpc.cancel.${queue}`;
}

/** Codes of errors that are the server's own, not the handler's. */
export const serverCodes = {
  /** No handler of that name. */
  unknownMethod: 'UNKNOWN_METHOD',
  /** The argument cannot be decoded. */
  badRequest: 'BAD_REQUEST',
  /** The result cannot be encoded or sent. */
  badResult: 'BAD_RESULT',
  /** Another server had it, and it may have run there. */
  outcomeUnknown: 'OUTCOME_UNKNOWN',
  /** The last server was stopping, and has not run it. */
  notRun: 'NOT_RUN',
  /** The server stopped before the handler was done. */
  stopped: 'SERVICE_STOPPED',
} as const;

/** An error as it appears in a reply. */
export interface ErrorBody {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly stack?: string;
}

/**
 * The part of a thrown value that is sent to the caller: name, code, text and its own `data`; the stack only with `withStack`. A field that
 * cannot be read is left out.
 */
export function errorBody(thrown: unknown, withStack: boolean): ErrorBody {
  if (!isError(thrown)) return { name: 'Error', message: textOf(thrown) };
  const [name, message, code, stack] = (['name', 'message', 'code', 'stack'] as const).map((each) =>
    read(thrown, each),
  );
  const data = isPukaError(thrown) ? undefined : read(thrown, 'data');
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: textOf(message ?? ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(data === undefined ? {} : { data }),
    ...(withStack && typeof stack === 'string' ? { stack } : {}),
  };
}

/** Whether a value is an error of any realm. For another realm, such as a test runner's sandbox, `instanceof` fails. */
function isError(value: unknown): value is object {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
  } catch {
    return false; // A proxy that throws when it is read.
  }
}

/** A field of an error. The error may be of any class, with getters that throw. */
function read(error: object, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'the thrown value cannot be converted to a string';
  }
}

const noText = 'the server sent no error text';

/** Reads the body of an error from any program. A missing field gets a default. */
export function readErrorBody(value: unknown): ErrorBody {
  if (value === undefined || value === null) return { name: 'Error', message: noText };
  if (typeof value !== 'object') return { name: 'Error', message: String(value) };
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { name, message, code, data, stack } = fields;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : noText,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(data === undefined ? {} : { data }),
    ...(typeof stack === 'string' ? { stack } : {}),
  };
}
