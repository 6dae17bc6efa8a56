/**
 * Operations of one method and one reply, each on a channel of its own while it lasts: declares, deletes, binds, purges.
 * They outlive their connection: what can be repeated is sent again over the next one, in the order of the calls.
 * Must not know single methods: `declarations.ts` does.
 */
import { AmqpError, type PukaError, ResourceLocked } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import type { ChannelPool, ChannelTask } from '../connection/channel-pool.ts';
import { asRefused, notAnswered, notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type { Operation } from '../operations/operation.ts';
import { isSurelyEncodable } from '../operations/short-strings.ts';
import { isUnnamedError, mostUnnamedEnds } from '../operations/unnamed-error.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import { LazyMap } from '../runtime/lazy-collections.ts';
import { Queue } from '../runtime/queue.ts';
import type { ConnectionInfo, Session, SessionChannel } from '../session/index.ts';
import { checkEncodable, type Declaration, declaredQueue } from './declarations.ts';
import type { DeclaredTopology, TopologyChange } from './declared-topology.ts';
import { isAtLeast } from './method-input.ts';
import type { QueueDeclared } from './options.ts';
import { lockedDelayMs } from './refusals.ts';

/** What requests need of their client. */
export interface RequestsHost {
  /** As the option of that name. */
  readonly maxTableDepth: number;
  readonly deadlines: Deadlines;
  readonly recovery: {
    /** How long what the broker takes for the lost connection's is tried again, in milliseconds. */
    readonly exclusiveForMs: number;
  };
  /** The client's clock, in milliseconds. */
  now(): number;
  /** There is something to send. */
  wake(): void;
  /** A request has its outcome. */
  settled(): void;
}

/** One request, from its call to its outcome. */
interface Request extends Declaration<unknown> {
  readonly operation: Operation<unknown>;
  /** With the names that server-named queues had when it was called, or sent last. As `change`. */
  method: MethodInput;
  change: TopologyChange | undefined;
  /** Ends what the request announced to the record. */
  leave: () => void;
  /** It was sent over an earlier connection: the broker may have acted on it. */
  isRepeated: boolean;
  /** It may have made the broker close the connection: it is sent alone, before the others. */
  isSuspect: boolean;
  /** Connections that have ended under it by an error of the broker's that names nothing. */
  unnamedEnds: number;
  /** When the broker first took its queue for the lost connection's. */
  lockedSinceMs: number | undefined;
  /** The delay before its next try, in milliseconds. */
  lockedDelayMs: number | undefined;
}

const ignore = (): void => {};

/** The requests of one client. */
export class Requests implements ConnectionUser {
  /** Requests without an outcome of the broker's. One that its caller gave up counts until its answer has come. */
  outstanding = 0;
  /** RabbitMQ 4.3 and later: a queue has to be durable or exclusive. */
  refusesTransientQueues = false;
  private readonly pool: ChannelPool;
  readonly #host: RequestsHost;
  private readonly topology: DeclaredTopology | undefined;
  private isAttached = false;
  private willRecover = false;
  /** They go first, one by one, the first of them now: everything else that is called meanwhile waits for them. */
  private suspects: Request[] | undefined = undefined;
  /** Those that wait for the next connection, or for another try. */
  private readonly held = new LazyMap<Operation<unknown>, Request>();
  /** Those that wait for a channel, in the order in which the pool was asked. */
  private waiting: Queue<Request> | undefined = undefined;
  /** One for all requests: of those that wait there may be a million. */
  private readonly serveNext: ChannelTask = (channel, lost) => this.serve(channel, lost);

  /** @param topology the record of what was declared; `undefined` if the client does not recover. */
  constructor(pool: ChannelPool, topology: DeclaredTopology | undefined, host: RequestsHost) {
    this.pool = pool;
    this.topology = topology;
    this.#host = host;
  }

  /** Those that wait for the next connection. */
  get heldCount(): number {
    return this.held.size;
  }

  /** Sends what waits: suspects one by one, then the others in the order of their calls. */
  attach(_session: Session, info: ConnectionInfo): void {
    this.isAttached = true;
    this.refusesTransientQueues = isAtLeast(info.serverProperties.version, 4, 3);
    const held = this.takeHeld().sort((one, other) => one.operation.number - other.operation.number);
    const suspects = held.filter(({ isSuspect }) => isSuspect);
    this.suspects = suspects.length > 0 ? suspects : undefined;
    // The connection may end again while the suspects are sent, so the others stay held until then.
    for (const request of held) if (!request.isSuspect) this.held.set(request.operation, request);
    this.sendSuspect();
  }

  /** Those under way get their error from their channel, those that wait for a channel from the pool. */
  detach(error: PukaError, willRecover: boolean): void {
    this.isAttached = false;
    this.willRecover = willRecover;
    if (willRecover) return;
    for (const request of this.takeHeld()) this.fail(request, error);
  }

  /** Sends a method when there is a channel for it, and settles the operation with what its reply means. */
  start<Result>(operation: Operation<Result>, { method, read, change }: Declaration<Result>): void {
    const request: Request = {
      operation: operation as Operation<unknown>, // It is fulfilled with what its own declaration reads.
      method,
      read,
      change,
      leave: ignore,
      isRepeated: false,
      isSuspect: false,
      unnamedEnds: 0,
      lockedSinceMs: undefined,
      lockedDelayMs: undefined,
    };
    this.useNamesOfNow(request);
    request.leave = this.announce(request);
    this.outstanding++;
    if (this.isAttached && this.suspects === undefined) {
      if (!this.acquire(request)) this.check(request);
    } else {
      this.check(request);
      this.hold(request);
    }
  }

  /** Given up, or refused at the call: what has not been sent is not sent. */
  forget(operation: Operation<unknown>): void {
    const request = this.held.get(operation);
    if (request === undefined) return;
    this.held.delete(operation);
    this.ended(request);
  }

  private takeHeld(): Request[] {
    const held = [...this.held.values()];
    this.held.clear();
    return held;
  }

  /** Announces to the record what the request will do to it. @returns ends that. */
  private announce({ change }: Request): () => void {
    return (change === undefined ? undefined : this.topology?.begin(change)) ?? ignore;
  }

  /** Server-named queues get other names over connections: what is sent and what is recorded has to follow together. */
  private useNamesOfNow(request: Request): void {
    const { topology } = this;
    if (topology?.hasRenames !== true) return;
    request.method = topology.translate(request.method);
    if (request.change !== undefined) request.change = topology.translateChange(request.change);
  }

  /** What cannot be encoded fails at the call, though it would be sent later. */
  private check({ operation, method }: Request): void {
    if (isSurelyEncodable(method)) return;
    try {
      checkEncodable(method, this.#host.maxTableDepth);
    } catch (error) {
      operation.reject(error);
    }
  }

  private hold(request: Request): void {
    if (request.operation.state === 'pending') this.held.set(request.operation, request);
    else this.ended(request);
  }

  /** Sends the first suspect; after the last of them all that is held. */
  private sendSuspect(): void {
    const first = this.suspects?.[0];
    if (first !== undefined) {
      this.acquire(first);
      return;
    }
    this.suspects = undefined;
    for (const request of this.takeHeld()) this.acquire(request);
  }

  /** Lets the next suspect follow, if this one was sent alone. */
  private answered(request: Request): void {
    if (this.suspects?.[0] !== request) return;
    this.suspects.shift();
    if (this.isAttached) {
      this.sendSuspect();
      return;
    }
    for (const suspect of this.suspects) this.hold(suspect);
    this.suspects = undefined;
  }

  /** @returns whether it was sent, or has ended, at once. */
  private acquire(request: Request): boolean {
    this.waiting ??= new Queue();
    this.waiting.push(request);
    return this.pool.acquire(this.serveNext);
  }

  /** There is a channel for the one that has waited longest; `undefined` if there will be none. */
  private serve(channel: SessionChannel | undefined, lost: PukaError | undefined): void {
    const request = this.waiting?.shift();
    if (request === undefined) return;
    if (channel !== undefined && request.operation.state === 'pending') {
      this.send(request, channel);
      return;
    }
    if (channel === undefined) this.unserved(request, lost);
    else {
      this.pool.release(channel);
      this.ended(request);
    }
    this.answered(request);
  }

  /** There is no channel for it. */
  private unserved(request: Request, lost: PukaError | undefined): void {
    const { operation, method } = request;
    if (this.willRecover && operation.state === 'pending') {
      this.hold(request);
      return;
    }
    operation.reject(notSent(method.type, lost));
    this.ended(request);
  }

  private send(request: Request, channel: SessionChannel): void {
    const { operation, change } = request;
    this.useNamesOfNow(request);
    const { method } = request;
    if (request.change !== change) {
      request.leave();
      request.leave = this.announce(request);
    }
    const finish = (reply: Method | undefined, error: PukaError | undefined): void => {
      this.pool.release(channel);
      this.finish(request, reply, error);
      this.answered(request);
    };
    try {
      operation.isSent = channel.request(method, finish);
      if (!operation.isSent) finish(undefined, notSent(method.type, undefined));
    } catch (error) {
      // Rejected first, because the answer without an error would be the outcome.
      operation.reject(error);
      finish(undefined, undefined);
    }
    this.#host.wake();
  }

  private finish(request: Request, reply: Method | undefined, error: PukaError | undefined): void {
    const { operation, method } = request;
    if (reply !== undefined) {
      const change = request.change ?? declaredQueue(method, reply);
      if (change !== undefined) this.topology?.apply(change);
      const result = request.read(reply); // The session matches replies by method.
      operation.fulfil(this.withLiveName(method, result));
    } else if (error !== undefined && this.isCarriedOver(request, error)) {
      request.isRepeated = true;
      request.isSuspect = isSuspected(error, method);
      const { cause } = error;
      if (!isUnnamedError(cause) || ++request.unnamedEnds < mostUnnamedEnds) {
        this.hold(request);
        return;
      }
      operation.reject(asRefused(cause, true));
    } else if (error !== undefined && this.isLockedByLost(request, error)) {
      this.tryAgainLater(request);
      return;
    } else {
      operation.reject(error instanceof AmqpError ? asRefused(error, request.isRepeated) : error);
    }
    this.ended(request);
  }

  /** The name of a server-named queue in the result of its declare is the one that it has when it is asked for. */
  private withLiveName(method: MethodInput, result: unknown): unknown {
    const { topology } = this;
    if (topology === undefined || method.type !== 'queue.declare' || method.queue !== '') return result;
    const { queue, ...counts } = result as QueueDeclared; // It is what the declaration has read.
    return {
      get queue() {
        return topology.nameOf(queue);
      },
      ...counts,
    };
  }

  /** Whether it is sent again over the next connection. A second purge would take messages that came meanwhile. */
  private isCarriedOver({ operation, method }: Request, error: PukaError): boolean {
    if (!this.willRecover || this.isAttached || operation.state !== 'pending') return false;
    // The culprit of a hard error gets the broker's own error, not that of a lost connection.
    return error.code === 'CONNECTION_BROKEN' && method.type !== 'queue.purge';
  }

  /**
   * Whether the broker takes the exclusive queue of a repeated declare for the lost connection's, which it may not have found
   * dead yet. It is asked again for as long as a queue of the record would be.
   */
  private isLockedByLost(request: Request, error: PukaError): boolean {
    const { operation, method, isRepeated } = request;
    if (!(error instanceof ResourceLocked) || !isRepeated || operation.state !== 'pending') return false;
    if (method.type !== 'queue.declare' || method.exclusive !== true || method.passive === true) return false;
    const nowMs = this.#host.now();
    request.lockedSinceMs ??= nowMs;
    return nowMs - request.lockedSinceMs < this.#host.recovery.exclusiveForMs;
  }

  /** It is held until then: whatever ends those that are held ends it too, and the next connection sends it. */
  private tryAgainLater(request: Request): void {
    const { operation } = request;
    const { deadlines } = this.#host;
    request.lockedDelayMs = lockedDelayMs(request.lockedDelayMs);
    this.hold(request);
    const tryAgain = (): void => {
      // Else it was sent meanwhile, or is sent after the suspects, or over the next connection.
      if (!this.isAttached || this.suspects !== undefined || !this.held.has(operation)) return;
      this.held.delete(operation);
      this.acquire(request);
    };
    const undo = deadlines.add(this.#host.now() + request.lockedDelayMs, tryAgain, { keepsProcess: false });
    operation.whenSettled(undo);
  }

  private fail(request: Request, cause: PukaError): void {
    const { operation, method, isRepeated } = request;
    operation.reject(isRepeated ? notAnswered(method.type, cause) : notSent(method.type, cause));
    this.ended(request);
  }

  private ended(request: Request): void {
    request.leave();
    this.outstanding--;
    this.#host.settled();
  }
}

/** A hard error that names the method, where several of that name were under way, or none, may be the fault of any. */
function isSuspected({ cause }: PukaError, method: MethodInput): boolean {
  return isUnnamedError(cause) || (cause instanceof AmqpError && cause.method === method.type);
}
