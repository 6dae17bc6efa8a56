/** Every error class of the package that can be made, by its name, for tests that make a claim about all of them. */
import * as errors from '../src/index.ts';

/** A class that can be made. */
export type ErrorClass = new (message: string, details?: errors.ErrorDetails) => errors.PukaError;

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && Object.hasOwn(value, 'traits') && value !== errors.PukaError;
}

/** Name and class, in the order of the names. */
export const everyClass: readonly (readonly [string, ErrorClass])[] = Object.entries<unknown>({ ...errors }).flatMap(
  ([name, value]) => (isErrorClass(value) ? [[name, value] as const] : []),
);
