/**
 * What was asked on a channel and has no answer yet: which of it a refusal is for, and what becomes of the rest.
 * Must not call a handler: the channel does.
 */
import { ConnectionBroken, type PukaError } from '@puka/errors';
import type { MethodInput } from '@puka/wire';
import { cutOff } from './closed-by-us.ts';
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

/** The list is cut when so many of its places are spent, and half of them. */
const leastSpent = 256;

/** The requests of one channel, in the order in which they were sent. Nearly always the first is answered first. */
export class RequestQueue {
  private requests: (Request | undefined)[] = [];
  /** The index of the first request. The places before it are spent. */
  private head = 0;

  /** How many there are. */
  get size(): number {
    return this.requests.length - this.head;
  }

  push(request: Request): void {
    this.requests.push(request);
  }

  /**
   * Takes out the first request that a method answers.
   *
   * @param replyId the id of the method.
   * @param consumerTag the consumer that the method names: it answers no request about another.
   */
  takeAnswered(replyId: number, consumerTag?: string): Request | undefined {
    let withoutTag = -1;
    for (let index = this.head; index < this.requests.length; index++) {
      const request = this.requests[index];
      if (request === undefined || !request.replies.includes(replyId)) continue;
      const wanted = consumerTag === undefined ? undefined : consumerTagOf(request);
      if (wanted === consumerTag) return this.takeAt(index);
      if (wanted === undefined && withoutTag < 0) withoutTag = index;
    }
    return withoutTag < 0 ? undefined : this.takeAt(withoutTag);
  }

  /** Takes out the consume with that tag. */
  takeConsume(consumerTag: string): Request | undefined {
    const index = this.requests.findIndex(
      (request) => request?.name === 'basic.consume' && consumerTagOf(request) === consumerTag,
    );
    return index < 0 ? undefined : this.takeAt(index);
  }

  /** Takes out all, in their order. */
  takeAll(): Request[] {
    const all = this.requests.slice(this.head).filter((request) => request !== undefined);
    this.requests = [];
    this.head = 0;
    return all;
  }

  /** Requests of that name. */
  count(name: string): number {
    return this.requests.filter((request) => request?.name === name).length;
  }

  /** The first is not moved out of the array: with thousands after it each of them would be moved, for each answer. */
  private takeAt(index: number): Request | undefined {
    if (index > this.head) return this.requests.splice(index, 1)[0];
    const request = this.requests[index];
    this.requests[index] = undefined;
    this.head++;
    if (this.head === this.requests.length) {
      this.requests = [];
      this.head = 0;
    } else if (this.head >= leastSpent && this.head * 2 >= this.requests.length) {
      this.requests = this.requests.slice(this.head);
      this.head = 0;
    }
    return request;
  }
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

/** The connection was lost before the answer: what became of the request is not known. */
export function connectionLostError({ name }: Request, cause: PukaError): ConnectionBroken {
  const details = { method: name, outcome: 'unknown', retryable: cause.retryable } as const;
  return cutOff(`before ${name} was answered`, cause, details);
}

/** The consumer tag of a consume or a cancel; `undefined` if it is absent or empty, so that the broker chooses it. */
function consumerTagOf({ method }: Request): string | undefined {
  return method !== undefined && 'consumerTag' in method && method.consumerTag !== '' ? method.consumerTag : undefined;
}

/**
 * Which of the requests the broker's refusal is for. It is the first, with one exception. RabbitMQ sends consume-ok from
 * the process of the queue, so that a consume that succeeded may still be without its answer. The text of the refusal names the queue then.
 */
export function refusedRequest(requests: readonly Request[], error: PukaError): Request | undefined {
  const [first] = requests;
  if (error.method !== 'basic.consume') return first;
  const consumes = requests.filter(({ name }) => name === 'basic.consume');
  const isNamed = ({ method }: Request): boolean =>
    method?.type === 'basic.consume' && error.replyText?.includes(`queue '${method.queue}'`) === true;
  return consumes.find(isNamed) ?? consumes[0] ?? first;
}
