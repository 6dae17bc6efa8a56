/**
 * What was asked on a channel and has no answer yet: which of it a refusal is for, and what becomes of the rest.
 * Pure; must not keep the list: the channel does.
 */
import { ConnectionBroken, type PukaError } from '@puka/errors';
import type { MethodInput } from '@puka/wire';
import type { ReplyHandler } from './sinks.ts';

/** A method sent whose reply is due. */
export interface Request {
  /** The AMQP name of the method. */
  readonly name: string;
  /** The ids of the methods that answer it. */
  readonly replies: readonly number[];
  /** `undefined` for `channel.open`. */
  readonly method: MethodInput | undefined;
  readonly handler: ReplyHandler;
}

/** The broker's refusal is that of one request; the others were dropped unseen. */
export function channelClosedError(request: Request, error: PukaError | undefined): PukaError {
  return new ConnectionBroken(`the channel was closed before ${request.name} was answered`, {
    method: request.name,
    scope: 'channel',
    outcome: 'not-sent',
    ...(error === undefined ? {} : { cause: error }),
  });
}

/** The connection was lost before the answer: what became of it is open. */
export function connectionLostError({ name }: Request, cause: PukaError): ConnectionBroken {
  const text = `the connection ended before ${name} was answered`;
  return new ConnectionBroken(text, { method: name, outcome: 'unknown', retryable: cause.retryable, cause });
}

/** The tag a consume or a cancel is about. */
export function consumerTagOf({ method }: Request): string | undefined {
  return method !== undefined && 'consumerTag' in method ? method.consumerTag : undefined;
}

/**
 * Which of the requests the broker's refusal is for: the first, but that RabbitMQ sends consume-ok from the queue's process,
 * so that a consume that went well may still be without its answer. Its text names the queue then.
 */
export function refusedRequest(requests: readonly Request[], error: PukaError): Request | undefined {
  const [first] = requests;
  if (error.method !== 'basic.consume') return first;
  const consumes = requests.filter(({ name }) => name === 'basic.consume');
  const isNamed = ({ method }: Request): boolean =>
    method?.type === 'basic.consume' && error.replyText?.includes(`queue '${method.queue}'`) === true;
  return consumes.find(isNamed) ?? consumes[0] ?? first;
}
