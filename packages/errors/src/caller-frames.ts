/**
 * Adds the caller's place in the program to an error that was made elsewhere. Must not capture a stack itself: when to
 * do so is the caller's decision, for it costs microseconds.
 */

const frameLine = /^\s*at /;

/**
 * Appends the frames of a captured stack to the `stack` of an error. An error that the broker caused is made where its
 * bytes are read, so its own stack does not show which call failed; the captured one does.
 *
 * Capture the stack when an operation fails, not when it starts: nobody pays for an operation that succeeds. V8 (Node,
 * Deno) knows the functions that await a promise while it runs a reaction of that promise:
 *
 * ```ts
 * import { addCallerFrames, type PukaError } from '@puka/errors';
 *
 * declare const Error: { captureStackTrace?: (holder: object, leftOut: object) => void };
 *
 * export function rejectWithCaller(resolve: (value: Promise<never>) => void, error: PukaError): void {
 *   function reject(): never {
 *     const holder: { readonly stack?: string } = {};
 *     Error.captureStackTrace?.(holder, reject);
 *     addCallerFrames(error, holder);
 *     throw error;
 *   }
 *   // By the third reaction the functions that await are linked to the promise.
 *   resolve(Promise.resolve().then(() => {}).then(() => {}).then(reject));
 * }
 * ```
 *
 * Bun does not link them: there the stack stays as it is. Frames that the error has already are not repeated. A holder
 * without frames changes nothing, nor does a `stack` that cannot be set.
 *
 * @param error The error to complete; its message and its own frames stay.
 * @param holder What `Error.captureStackTrace` was called on, or another error. Its `stack` is read here, once.
 */
export function addCallerFrames(error: Error, holder: { readonly stack?: string | undefined }): void {
  const frames = (holder.stack ?? '').split('\n').filter((line) => frameLine.test(line));
  const own = typeof error.stack === 'string' ? error.stack : String(error);
  const added = frames.filter((line) => !own.includes(line));
  if (added.length > 0) Reflect.set(error, 'stack', [own, ...added].join('\n'));
}
