/**
 * The promise of one operation. It settles once; a native promise is made only on request.
 * Must not know the protocol.
 */

import { addCallerFrames, isPukaError, UsageError } from '@puka/errors';
import { type AsyncContext, currentContext } from '../runtime/async-context.ts';
import { printAs } from '../runtime/inspect.ts';
import type { ErrorFirst, UntypedErrorFirst } from './error-first.ts';

/**
 * Called with the outcome of an operation: never inside the call that started it, and in the async context (`AsyncLocalStorage`)
 * of the call that passed it.
 */
export type Callback<Result> = ErrorFirst<Result, Operation<Result>>;

/** What an operation needs of its client. */
export interface OperationHost {
  /** Numbers the promises of a client: 1, 2, 3 … */
  nextNumber(): number;
  /** An operation with a callback has settled. */
  callbackReady(operation: Operation<unknown>): void;
  /** An operation has failed, and no caller has observed its outcome so far. */
  failedUnseen(operation: Operation<unknown>): void;
}

/** The outcomes of operations of one kind. */
export interface OutcomeCounts {
  succeeded: number;
  failed: number;
  /** Without an outcome. */
  open: number;
}

/** What is called when an operation settles, beside its callback. Most operations have none. */
interface Followers {
  /** Called before the callback. */
  first?: (() => void)[];
  /** They count as observers. */
  watchers?: Set<() => void>;
}

/**
 * An operation under way: awaitable, and at home in `Promise.all`. One that is ignored costs no native promise; when it
 * fails the failure goes to the client's `unobserved` listener.
 */
export class Operation<Result> implements Promise<Result> {
  /** A small integer, unique in the client. */
  readonly number: number;
  /** The AMQP name of its method. */
  readonly method: string;
  /** `pending`, then one of the others for good. */
  state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  /** Whether a caller has observed the outcome. */
  isObserved: boolean;
  /** @internal Those that it counts among the open ones until it is settled; for the client. */
  counts: OutcomeCounts | undefined = undefined;
  /** @internal Whether any byte of it can have reached the broker; for the client. */
  isSent = false;
  /** The result or the error; before that, what settles its native promise. */
  private outcome: unknown = undefined;
  // Kept without its type, so that an operation with a narrow result passes for one with a wide one.
  private callback: UntypedErrorFirst | undefined = undefined;
  /** In which the callback runs. */
  private context: AsyncContext | undefined = undefined;
  readonly #host: OperationHost;
  private promise: Promise<unknown> | undefined = undefined;
  private followers: Followers | undefined = undefined;

  /** Made by the client. */
  constructor(host: OperationHost, method: string, callback: Callback<Result> | undefined) {
    this.#host = host;
    this.number = host.nextNumber();
    this.method = method;
    this.isObserved = callback !== undefined;
    // `runCallback` passes it the result of `fulfil`.
    if (callback !== undefined) {
      this.callback = callback as UntypedErrorFirst;
      this.context = currentContext();
    }
  }

  /** @internal For the client: whether it is one of that client's. */
  isOf(host: OperationHost): boolean {
    return this.#host === host;
  }

  /** For `Object.prototype.toString`. */
  get [Symbol.toStringTag](): string {
    return 'Operation';
  }

  static {
    printAs(Operation, 'Operation', (shown) => shown.toJSON());
  }

  /** For `JSON.stringify`: number, method and state, neither result nor error. */
  toJSON(): {
    /** As of the operation. */
    readonly number: number;
    /** As of the operation. */
    readonly method: string;
    /** `pending`, `fulfilled` or `rejected`. */
    readonly state: string;
  } {
    return { number: this.number, method: this.method, state: this.state };
  }

  /** As `Promise.prototype.then`. */
  // biome-ignore lint/suspicious/noThenProperty: an operation is a promise.
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((error: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.native().then(onFulfilled, onRejected);
  }

  /** As `Promise.prototype.catch`. */
  catch<Rejected = never>(
    onRejected?: ((error: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Result | Rejected> {
    return this.native().catch(onRejected);
  }

  /** As `Promise.prototype.finally`. */
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.native().finally(onFinally);
  }

  /** @internal For the client: the operation has succeeded. Does nothing when it is settled. */
  fulfil(result: Result): void {
    if (this.state !== 'pending') return;
    this.settle('fulfilled', result);
  }

  /** @internal For the client: the operation has failed. Does nothing when it is settled. */
  reject(error: unknown): void {
    if (this.state !== 'pending') return;
    this.settle('rejected', error);
  }

  /** @internal For the client: the result it was fulfilled with. */
  get result(): Result {
    return this.outcome as Result; // Asked for in state `fulfilled` only, where `fulfil` has set it.
  }

  /** @internal For the client: the error it was rejected with. */
  get error(): unknown {
    return this.state === 'rejected' ? this.outcome : undefined;
  }

  /** @internal For the client: takes another callback, also for an outcome that is there already. */
  setCallback(callback: Callback<Result>): void {
    this.callback = callback as UntypedErrorFirst; // As in the constructor.
    this.context = currentContext();
    this.isObserved = true;
    if (this.state !== 'pending') this.#host.callbackReady(this);
  }

  /** @internal For the client: calls the callback, once. @returns what it returned. */
  runCallback(): unknown {
    const { callback, context, error } = this;
    this.callback = undefined;
    this.context = undefined;
    if (callback === undefined) return undefined;
    const result = this.state === 'fulfilled' ? this.outcome : undefined;
    if (context === undefined) return callback(error, result, this);
    return context.runInAsyncScope(callback, undefined, error, result, this);
  }

  /** @internal For the client: calls once when it has its outcome, before all code that waits for that. Does not observe it. */
  whenSettled(call: () => void): void {
    if (this.state !== 'pending') {
      call();
      return;
    }
    this.followers ??= {};
    this.followers.first ??= [];
    this.followers.first.push(call);
  }

  /** @internal For the client: called when it settles, without a native promise. @returns undoes it. */
  watch(watcher: () => void): () => void {
    this.followers ??= {};
    this.followers.watchers ??= new Set();
    const { watchers } = this.followers;
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }

  private settle(state: 'fulfilled' | 'rejected', outcome: unknown): void {
    const { counts, followers } = this;
    const resolve = this.outcome as ((outcome: unknown) => void) | undefined; // Set by `pendingPromise` alone.
    this.state = state;
    this.outcome = outcome;
    if (state === 'rejected' && !this.isObserved && !followers?.watchers?.size) this.#host.failedUnseen(this);
    if (counts !== undefined) {
      counts.open--;
      if (state === 'fulfilled') counts.succeeded++;
      else counts.failed++;
    }
    resolve?.(this.promised());
    // A caller that asks again gets another: a consumer keeps the operation of its start for as long as it lives.
    if (state === 'fulfilled') this.promise = undefined;
    if (followers?.first !== undefined) for (const call of followers.first) call();
    if (this.callback !== undefined) this.#host.callbackReady(this);
    this.followers = undefined;
    if (followers?.watchers !== undefined) for (const watcher of followers.watchers) watcher();
  }

  private native(): Promise<Result> {
    this.isObserved = true;
    this.promise ??= this.state === 'pending' ? this.pendingPromise() : Promise.resolve(this.promised());
    return this.promise as Promise<Result>; // It resolves with the argument of `fulfil`.
  }

  /** Keeps of it what settles it, and nothing else: of awaited operations there may be a million. */
  private pendingPromise(): Promise<unknown> {
    return new Promise((resolve) => {
      this.outcome = resolve;
    });
  }

  /** What the promise is resolved with. */
  private promised(): unknown {
    return this.state === 'fulfilled' ? this.outcome : rejected(this.outcome);
  }
}

/** As in V8, and of no use elsewhere. */
interface WithCapture {
  captureStackTrace?(holder: object, leftOut: object): void;
}

/** Its own stack shows where the broker's bytes were read. That of a `UsageError` shows the call already. */
function isToldWithCaller(error: unknown): error is Error {
  return isPukaError(error) && !(error instanceof UsageError);
}

function rejected(error: unknown): Promise<never> {
  if (isToldWithCaller(error)) return rejectedWithCaller(error);
  // Not at once: a promise that is rejected before a caller waits for it counts as unhandled.
  return Promise.resolve().then(() => {
    throw error;
  });
}

/** Rejects with the error, its stack completed by those who await it. See `addCallerFrames`. */
function rejectedWithCaller(error: Error): Promise<never> {
  function reject(): never {
    const holder: { readonly stack?: string } = {};
    (Error as WithCapture).captureStackTrace?.(holder, reject);
    addCallerFrames(error, holder);
    throw error;
  }
  // By the third reaction the functions that await are linked to the promise.
  return Promise.resolve()
    .then(() => {})
    .then(() => {})
    .then(reject);
}

/** Settles one operation with the outcome of another. */
export function follow<Result>(leader: Operation<Result>, operation: Operation<Result>): void {
  const settle = (): void => {
    if (leader.state === 'fulfilled') operation.fulfil(leader.result);
    else operation.reject(leader.error);
  };
  if (leader.state === 'pending') leader.watch(settle);
  else settle();
}
