/**
 * Runs a callback in the async context in which it was given: what `AsyncLocalStorage` holds there. By itself it would run
 * in the context of the code that read the socket. Must not know what calls back.
 */
import { type AsyncContextAccess, builtinModule, denoAsyncContexts } from './runtime.ts';

/** The async context of the call that captured it. */
export interface AsyncContext {
  /** Calls the function in that context. @returns what it returned. */
  runInAsyncScope<Values extends readonly unknown[], Result>(
    work: (...values: Values) => Result,
    receiver: undefined,
    ...values: Values
  ): Result;
}

interface AsyncHooks {
  readonly AsyncResource?: new (type: string, triggerAsyncId: number) => AsyncContext;
}

/**
 * A context on Deno. There, an `AsyncResource` holds on to the one in whose scope it was made: publishes whose callbacks
 * publish kept 570 bytes each, and released none.
 */
class DenoContext implements AsyncContext {
  private readonly access: AsyncContextAccess;
  private readonly context: unknown;

  constructor(access: AsyncContextAccess) {
    this.access = access;
    this.context = access.getAsyncContext();
  }

  runInAsyncScope<Values extends readonly unknown[], Result>(
    work: (...values: Values) => Result,
    _receiver: undefined,
    ...values: Values
  ): Result {
    const { access, context } = this;
    const prior = access.getAsyncContext();
    access.setAsyncContext(context);
    try {
      return work(...values);
    } finally {
      access.setAsyncContext(prior);
    }
  }
}

/** Looked up once, when the first callback is given. */
let capture: (() => AsyncContext | undefined) | undefined;

function lookUp(): () => AsyncContext | undefined {
  const deno = denoAsyncContexts();
  if (deno !== undefined) return () => new DenoContext(deno);
  const hooks = builtinModule('node:async_hooks') as AsyncHooks | undefined; // Node's documentation; all of it may be missing.
  // `AsyncLocalStorage.snapshot()` and `AsyncResource.bind()` do the same, and took 15 us a call on Node 20.
  const Resource = hooks?.AsyncResource;
  // The trigger, which only tools for async hooks read, is left unknown: Node keeps a known one as a number on the heap,
  // which cost 0.2 us a publish.
  return Resource === undefined ? () => undefined : () => new Resource('puka', 0);
}

/** @returns the context of this call; `undefined` if a runtime has none. */
export function currentContext(): AsyncContext | undefined {
  capture ??= lookUp();
  return capture();
}

/** @returns a function that runs the callback in the context of this call; the callback itself if a runtime has none. */
export function inThisContext<Values extends readonly unknown[], Result>(
  callback: (...values: Values) => Result,
): (...values: Values) => Result {
  const context = currentContext();
  return context === undefined ? callback : (...values) => context.runInAsyncScope(callback, undefined, ...values);
}
