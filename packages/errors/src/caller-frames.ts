/**
 * Adds the caller's place in the program to an error that was made elsewhere. Must not capture a stack itself: when to
 * do so is the caller's decision, because it costs microseconds.
 */

const frameLine = /^\s*at /;
/** Callers of one error whose frames are kept: the loss of a connection may fail thousands of calls. */
const mostHolders = 10;

/** What a stack was captured in. */
interface Holder {
  readonly stack?: string | undefined;
}

/** The holders of an error whose `stack` has not been read yet. */
const waiting = new WeakMap<Error, Holder[]>();

/**
 * Appends the frames of a captured stack to the `stack` of an error. An error that the broker caused is made where its
 * bytes are read, so its own stack does not show which call failed; the captured one does.
 *
 * Capture the stack when an operation fails, not when it starts: an operation that succeeds then costs nothing. V8 (Node,
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
 * @param holder What `Error.captureStackTrace` was called on, or another error. Its `stack` is read once: when
 * that of the error is read for the first time, or here if the engine keeps the text of a stack.
 */
export function addCallerFrames(error: Error, holder: Holder): void {
  const others = waiting.get(error);
  if (others !== undefined) {
    if (others.length < mostHolders) others.push(holder);
    return;
  }
  // As the engine defines it: an accessor if the text is made on each read (V8 since Node 21), a text elsewhere.
  const readOwn = Object.getOwnPropertyDescriptor(error, 'stack')?.get;
  if (readOwn === undefined) {
    setStack(error, completed(error, error.stack, [holder]));
    return;
  }
  const holders = [holder];
  const setNow = (value: unknown): void => {
    waiting.delete(error);
    setStack(error, value);
  };
  // To make the text takes longer than everything else about a failure, and most programs never read it.
  const isDeferred = Reflect.defineProperty(error, 'stack', {
    configurable: true,
    enumerable: false,
    get(): unknown {
      const stack = completed(error, Reflect.apply(readOwn, error, []), holders);
      setNow(stack);
      return stack;
    },
    set: setNow,
  });
  if (isDeferred) waiting.set(error, holders);
}

function completed(error: Error, stack: unknown, holders: readonly Holder[]): string {
  const lines = [typeof stack === 'string' ? stack : String(error)];
  for (const { stack: captured = '' } of holders) {
    const own = lines.join('\n');
    lines.push(...captured.split('\n').filter((line) => frameLine.test(line) && !own.includes(line)));
  }
  return lines.join('\n');
}

function setStack(error: Error, value: unknown): void {
  // An error that cannot be changed keeps the stack that it has.
  Reflect.defineProperty(error, 'stack', { configurable: true, enumerable: false, writable: true, value });
}
