/// <reference lib="esnext.disposable" preserve="true" />
/** A caller as its users hold it: an object with a function for each method of a service. Holds no logic. */
import type { Client } from '@puka/client';
import { UsageError } from '@puka/errors';
import { Calls } from './calls.ts';
import type { CallerOptions, CallerStats, CallOptions, Handler } from './options.ts';
import type { Service } from './service.ts';

/** The handlers of a service, or handlers themselves. */
type HandlersOf<Served> = Served extends Service<infer Known> ? Known : Served;

/** A handler as its caller sees it. */
export type Method<Called extends Handler> =
  Parameters<Called> extends []
    ? (argument?: undefined, options?: CallOptions) => Promise<Awaited<ReturnType<Called>>>
    : undefined extends Parameters<Called>[0]
      ? (argument?: Parameters<Called>[0], options?: CallOptions) => Promise<Awaited<ReturnType<Called>>>
      : (argument: Parameters<Called>[0], options?: CallOptions) => Promise<Awaited<ReturnType<Called>>>;

/** The methods of a service, except `then` and `toJSON`, which JavaScript itself calls. `await using` closes the caller. */
export type Caller<Served> = {
  readonly [Name in Exclude<
    keyof HandlersOf<Served> & string,
    'then' | 'toJSON'
  >]: HandlersOf<Served>[Name] extends infer Called extends Handler ? Method<Called> : never;
} & AsyncDisposable;

/** How many functions are kept, so that not every call creates one. */
const mostMethods = 1000;

const callsOf = new WeakMap<object, Calls>();

/**
 * Calls the methods of a service, typed by the service: `caller<typeof service>`, or by the type of its handlers. A thousand calls
 * may be open at once; their replies come to one consumer.
 *
 * A call rejects with `RemoteError` (the handler threw), `NoRoute` at once (no server), `OperationTimeout`, the reason of its
 * `signal`, or `ConnectionBroken`: with `outcome: 'unknown'` if a server may have got it. Calls marked `idempotent` are sent again
 * instead, over the next connection of the client.
 *
 * @throws {UsageError} for an option out of its range.
 * @example
 * ```ts
 * import { Client } from '@puka/client';
 * import { caller } from '@puka/rpc';
 *
 * interface Maths {
 *   add(pair: { a: number; b: number }): number;
 * }
 *
 * const client = new Client('amqp://localhost');
 * await client.connect();
 * const maths = caller<Maths>(client, { queue: 'maths', timeout: 5000 });
 * console.log(await maths.add({ a: 1, b: 2 }, { timeout: 1000 })); // 3
 * ```
 */
export function caller<Served>(client: Client, options: CallerOptions): Caller<Served> {
  const calls = new Calls(client, options);
  const methods = new Map<string, (argument: unknown, options?: CallOptions) => Promise<unknown>>();
  const face = new Proxy(
    {},
    {
      get(_target, name) {
        if (name === Symbol.asyncDispose) return () => calls.close();
        if (name === Symbol.toPrimitive) return () => `the caller of queue '${calls.queue}'`;
        // An object with a `then` would be treated as a promise, and JSON.stringify would call `toJSON`.
        if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined;
        const known = methods.get(name);
        if (known !== undefined) return known;
        const method = (argument: unknown, own?: CallOptions) => calls.call(name, argument, own);
        // The number of names has no limit: they may come from requests to a gateway.
        if (methods.size < mostMethods) methods.set(name, method);
        return method;
      },
    },
  );
  callsOf.set(face, calls);
  return face as Caller<Served>; // The names are the types' business; a server that has none answers so.
}

/** How a caller has fared so far. @throws {UsageError} for what `caller()` has not made. */
export function callerStats(made: AsyncDisposable): CallerStats {
  return checked(made).stats;
}

/**
 * Ends a caller, as `await using` does: open calls fail, and the reply queue is deleted. It waits up to 5 seconds for the broker, but not for a
 * connection. @throws {UsageError} as above.
 */
export function closeCaller(made: AsyncDisposable): Promise<void> {
  return checked(made).close();
}

function checked(made: AsyncDisposable): Calls {
  const calls = callsOf.get(made);
  if (calls === undefined) throw new UsageError('this takes what caller() has made');
  return calls;
}
