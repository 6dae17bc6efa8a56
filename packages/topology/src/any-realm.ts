/** Recognises a `Map` and a `Date` of any realm, such as a test runner's sandbox, where `instanceof` fails. Must not read their content. */

/** Whether a value is a `Map`. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]';
}

/** Whether a value is a `Date`, valid or not. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
