/**
 * Says what counts as bytes.
 *
 * Must not: copy or convert anything.
 */

/**
 * Tells whether a value is a `Uint8Array` (a Node `Buffer` is one), also one of another realm, as in a test runner's sandbox.
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}
