/** The type of callbacks that get an error first, as in Node. Holds no code. */

/** What such a callback gets: the result or the error, never both, and who calls. */
export type ErrorFirstValues<Result, Source> =
  | [error: undefined, result: Result, source: Source]
  | [error: Error, result: undefined, source: Source];

/**
 * A callback that gets either a result or an error: `if (error) throw error;` leaves the result. It may take fewer
 * parameters.
 *
 * The first form types the parameters of a function expression, which TypeScript narrows together. It accepts
 * only functions that take all three. The second accepts the others. It is overloaded with a type parameter in one of the
 * two, because TypeScript then takes no parameter types from it: only one form may have them.
 */
export type ErrorFirst<Result, Source> =
  | ((...values: ErrorFirstValues<Result, Source>) => unknown)
  | {
      /** Called with the error or the result. A method, for the same looseness as that of any callback parameter. */
      call(error: Error | undefined, result: Result | undefined, source: Source): unknown;
      /** The same. */
      call<_>(error: Error | undefined, result: Result | undefined, source: Source): unknown;
    }['call'];

/** One that is called without types: its caller passes either a result or an error. */
export type UntypedErrorFirst = (error: unknown, result: unknown, source: unknown) => unknown;
