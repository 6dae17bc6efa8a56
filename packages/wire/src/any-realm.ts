/**
 * Recognises built-in objects of this realm and of any other: a `vm` context, a test runner's sandbox, a frame. There
 * `instanceof` fails, for each realm has constructors of its own.
 *
 * Must not: take an object for what it only calls itself. Each is recognised by what only the genuine one answers.
 */

type Getter = (this: unknown) => unknown;

/** A getter of a prototype. It throws for every object that lacks what it reads, whatever its realm or its prototype. */
function getterOf(prototype: object, key: string | symbol): Getter {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get ?? nothing;
}

function nothing(): undefined {
  return undefined;
}

/** The class name of a typed array; `undefined` for everything else. */
const typedArrayName = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const mapSize = getterOf(Map.prototype, 'size');
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength');
/** Not in every runtime: browsers hide it where memory must not be shared. */
const sharedBufferLength =
  typeof SharedArrayBuffer === 'undefined' ? bufferLength : getterOf(SharedArrayBuffer.prototype, 'byteLength');

/** Whether a value is a `Uint8Array` of any realm. A Node `Buffer` is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value instanceof Uint8Array || typedArrayName.call(value) === 'Uint8Array');
}

/** Whether a value is an `ArrayBuffer` or a `SharedArrayBuffer` of any realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  return (
    isNamed(value, '[object ArrayBuffer]', bufferLength) ||
    isNamed(value, '[object SharedArrayBuffer]', sharedBufferLength)
  );
}

/** Whether a value is a `Date` of any realm, valid or not. */
export function isDate(value: unknown): value is Date {
  return isNamed(value, '[object Date]', Date.prototype.getTime);
}

/** Whether a value is a `Map` of any realm. */
export function isMap(value: unknown): value is Map<unknown, unknown> {
  return isNamed(value, '[object Map]', mapSize);
}

/** Whether a value is a plain object of any realm, as `{}` or `Object.create(null)`: at most one prototype above it. */
export function isPlainObject(value: unknown): value is { readonly [name: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null;
}

/**
 * Returns the bytes of a `Uint8Array` or of a buffer of any realm as a `Uint8Array` of this realm, which every runtime's
 * sockets take. A view of another kind is not taken: whether it means its numbers or its bytes cannot be known.
 *
 * @returns the value itself if it is a `Uint8Array` of this realm, else a view of the same memory; `undefined` for any other value.
 */
export function toBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (isBytes(value)) return viewOf(value);
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** The name is compared first, because an exception costs more; then the genuine object has to answer. */
function isNamed(value: unknown, name: string, read: Getter): boolean {
  if (typeof value !== 'object' || value === null || Object.prototype.toString.call(value) !== name) {
    return false;
  }
  try {
    read.call(value);
    return true;
  } catch {
    return false;
  }
}
