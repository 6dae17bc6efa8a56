/** Decodes the methods of clients, and what becomes of those that cannot be. Must not act on them. */
import { type AmqpError, FrameError, InternalError, isPukaError } from '@puka/errors';
import { decodeMethod, type Method, methodIdAt, methodName } from '@puka/wire';
import { octetsTerm } from '../model/erlang-terms.ts';
import { hasWellFormedTexts } from './method-texts.ts';

/** The most that is shown of malformed fields: a text cannot hold more. */
const toldOctets = 255;

/** The connection is dropped without a close, as RabbitMQ does when it crashes over a frame. */
export class ConnectionDropped extends Error {
  override readonly name = 'ConnectionDropped';
  /** The client is the cause, and no fault. */
  readonly isMistake: boolean;

  constructor(message: string, { isMistake }: { readonly isMistake: boolean }) {
    super(message);
    this.isMistake = isMistake;
  }
}

/** Where a refusal that ends the connection came from. */
export interface RefusalOrigin {
  readonly channelId: number;
  readonly method: Method;
}

/** A refusal that ends the connection, and the method at fault. */
export class ConnectionRefusal extends Error {
  override readonly name = 'ConnectionRefusal';
  readonly error: AmqpError;
  /** As in `MethodId`; 0 if none is at fault. */
  readonly methodId: number;
  /** `undefined` for what belongs to no channel. */
  readonly origin: RefusalOrigin | undefined;

  constructor(error: AmqpError, methodId: number, origin?: RefusalOrigin) {
    super(error.message, { cause: error });
    this.error = error;
    this.methodId = methodId;
    this.origin = origin;
  }
}

/**
 * Decodes a method frame.
 *
 * @throws {ConnectionDropped} for an undefined method.
 * @throws {ConnectionRefusal} for malformed fields, which RabbitMQ reports on channel 0 only, and for
 * texts that are not UTF-8.
 */
export function decodedMethod(channel: number, bytes: Uint8Array, start: number, end: number): Method {
  if (end - start < 4) throw new ConnectionDropped('a method without an id', { isMistake: true });
  const methodId = methodIdAt(bytes, start, end);
  if (methodName(methodId >>> 16, methodId & 0xffff) === undefined)
    throw new ConnectionDropped('unknown method', { isMistake: true });
  let method: Method;
  try {
    method = decodeMethod(bytes, start, end);
  } catch (error) {
    if (!isPukaError(error)) throw error;
    if (channel === 0) throw new ConnectionRefusal(new InternalError(''), 0);
    const fields = octetsTerm(bytes.subarray(start + 4, Math.min(end, start + 4 + toldOctets)));
    throw new ConnectionRefusal(new FrameError(`cannot decode ${fields}`), methodId);
  }
  if (hasWellFormedTexts(methodId, bytes, start, end)) return method;
  // RabbitMQ: a channel does not report which method it was.
  throw new ConnectionRefusal(new FrameError('Malformed UTF-8 in shortstr'), channel === 0 ? methodId : 0);
}
