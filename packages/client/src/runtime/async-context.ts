/**
 * Runs a callback in the async context in which it was given: what `AsyncLocalStorage` holds there. By itself it would run
 * in the context of whatever read the socket. Must not know who calls back.
 */
import { builtinModule } from './runtime.ts';

/** Runs a function in the context of the snapshot. */
type Snapshot = <Values extends readonly unknown[], Result>(
  work: (...values: Values) => Result,
  ...values: Values
) => Result;

interface AsyncHooks {
  readonly AsyncLocalStorage?: { snapshot?(): Snapshot };
}

/** Looked up once, when the first callback is given. */
let takeSnapshot: (() => Snapshot | undefined) | undefined;

function lookUp(): () => Snapshot | undefined {
  const hooks = builtinModule('node:async_hooks') as AsyncHooks | undefined; // Node's documentation; all of it may be missing.
  const storage = hooks?.AsyncLocalStorage;
  return storage?.snapshot === undefined ? () => undefined : () => storage.snapshot?.();
}

/** @returns a function that runs the callback in the context of this call; the callback itself where a runtime has none. */
export function inThisContext<Values extends readonly unknown[], Result>(
  callback: (...values: Values) => Result,
): (...values: Values) => Result {
  takeSnapshot ??= lookUp();
  const run = takeSnapshot();
  return run === undefined ? callback : (...values) => run(callback, ...values);
}
