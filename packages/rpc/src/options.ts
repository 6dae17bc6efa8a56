/** The options of a server and a caller, the types that pass between them, and checks of single options. */
import type { FieldValueInput, Message, OperationOptions, QueueDeclareOptions } from '@puka/client';
import { UsageError } from '@puka/errors';
import { bytesOf, kindOf } from './check-options.ts';
import type { Codec } from './codec.ts';
import type { ReplyStrategy } from './replies.ts';
import { type CallSignal, longestMs } from './timers.ts';

/** What a handler gets beside its argument. */
export interface CallContext {
  /**
   * Aborted when the result is no longer waited for: the caller gave up, its time is over, the service is stopping and out of
   * time, or the connection has ended.
   */
  readonly signal: CallSignal;
  /** The request itself, with its headers and properties. It is settled by the service. */
  readonly message: Message;
}

/** A handler: takes the caller's argument, returns or resolves to the result. */
export type Handler = (argument: never, context: CallContext) => unknown;

/** Handlers by the name of their method. */
export type Handlers = Readonly<Record<string, Handler>>;

/** Options of `serve`. */
export interface ServeOptions {
  /** The queue that requests come to, up to 239 bytes. */
  readonly queue: string;
  /** Most handlers at once, 1 to 65535. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * How the queue is declared, over `{ autoDelete: true }`: gone with its last server, so that a call then fails at once with
   * `NoRoute`. `false`: it is there already.
   */
  readonly declare?: false | Omit<QueueDeclareOptions, 'queue' | 'passive' | keyof OperationOptions> | undefined;
  /** Default: JSON. */
  readonly codec?: Codec | undefined;
  /** `true`: errors go to the caller with their stack, which shows files and versions. Default `false`. */
  readonly withStack?: boolean | undefined;
  /** `false`: does not listen for calls given up; handlers are aborted by their time alone. Default `true`. */
  readonly cancels?: boolean | undefined;
}

/** How a service has fared so far. */
export interface ServiceStats {
  /** Handlers that run. */
  readonly running: number;
  /** Handlers that returned. */
  readonly done: number;
  /** Handlers that threw, and requests that could not be run. */
  readonly failed: number;
  /** Calls that were given up, before or while they ran. */
  readonly cancelled: number;
  /** Requests that may have run on another server and must not run twice, or that came while the last server stopped. */
  readonly refused: number;
  /** Replies whose caller was gone. The broker does not report direct replies. */
  readonly unheard: number;
}

/** Options of `stop`. */
export interface StopOptions {
  /** Milliseconds until running handlers are aborted, 0 to 2 147 483 647, or `Infinity`. Default 30 000. */
  readonly timeout?: number | undefined;
}

/** Options of `caller`. */
export interface CallerOptions {
  /** The queue of the service. */
  readonly queue: string;
  /** Milliseconds a call may take, 1 to 2 147 483 647, or `Infinity`. Default 30 000. */
  readonly timeout?: number | undefined;
  /** Methods that may run twice: they are sent again after a lost connection. `true`: all. Default: none. */
  readonly idempotent?: boolean | readonly string[] | undefined;
  /** Default: JSON. */
  readonly codec?: Codec | undefined;
  /** Where replies come to: `directReplies`, the default, or `replyQueue`. */
  readonly replies?: ReplyStrategy | undefined;
  /** `false`: servers are not notified of calls given up. Default `true`. */
  readonly cancels?: boolean | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call: it rejects with `signal.reason`, and the server is notified. */
  readonly signal?: OperationOptions['signal'];
  /** As in `CallerOptions`, for this call. */
  readonly timeout?: number | undefined;
  /** As in `CallerOptions`, for this call. */
  readonly idempotent?: boolean | undefined;
  /** Headers of the request, a plain object or a `Map`; the handler finds them in `context.message.headers`. */
  readonly headers?: Readonly<Record<string, FieldValueInput>> | ReadonlyMap<string, FieldValueInput> | undefined;
}

/** How a caller has fared so far. */
export interface CallerStats {
  /** Calls without an outcome. */
  readonly open: number;
  /** Calls that were answered, by a result or by an error. */
  readonly answered: number;
  /** Calls that failed without an answer. */
  readonly failed: number;
  /** Requests that were sent again because the connection, or the channel of the replies, was lost. */
  readonly resent: number;
  /** Replies to calls that have ended already. */
  readonly lateReplies: number;
}

/** @throws {UsageError} for anything but a time in milliseconds. */
export function checkTime(name: string, value: unknown, least: number): void {
  if (typeof value === 'number') {
    if (value === Number.POSITIVE_INFINITY || (value >= least && value <= longestMs)) return;
  }
  const met = typeof value === 'number' ? String(value) : kindOf(value);
  throw new UsageError(`${name} is ${met}; it takes milliseconds from ${least} to ${longestMs}, or Infinity`);
}

/** @throws {UsageError} for an object that lacks a part of a codec, and for any other value. */
export function checkCodec(codec: unknown): void {
  if (codec === undefined) return;
  const { contentType, encode, decode }: Partial<Codec> = typeof codec === 'object' && codec !== null ? codec : {};
  if (typeof contentType === 'string' && typeof encode === 'function' && typeof decode === 'function') return;
  throw new UsageError(`codec is ${kindOf(codec)}, not a codec; it takes { contentType, encode, decode }`);
}

/** @throws {UsageError} for anything but a valid name of a service's queue. */
export function checkQueue(queue: unknown): void {
  const bytes = typeof queue === 'string' ? bytesOf(queue) : undefined;
  if (bytes !== undefined && bytes > 0 && bytes <= 239) return;
  throw new UsageError(
    `queue is ${bytes === undefined ? kindOf(queue) : `of ${bytes} bytes`}; it takes a name of 1 to 239 bytes`,
  );
}
