/** Promises of any kind: of this realm, of another, or of a library. Must not wait for one. */

/** Whether something is a promise, or passes for one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
