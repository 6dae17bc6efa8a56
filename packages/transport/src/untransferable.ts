/** Keeps shared memory from being transferred away. It must not decide what is shared. */

/** Makes a buffer one that `postMessage()` and `structuredClone()` do not detach. */
export type Marker = (buffer: ArrayBufferLike) => void;

/**
 * How this runtime marks a buffer as not transferable. Without the mark, a program that transfers one message's body to a worker would
 * empty all messages that lie in the same buffer.
 *
 * Node, Deno and Bun have `markAsUntransferable()`. If there is none, the marker does nothing.
 */
export function untransferableMarker(): Marker {
  const { process }: { readonly process?: unknown } = globalThis as object;
  // By the process and not by an import: then a runtime without the module still loads this file.
  const getBuiltin = memberOf(process, 'getBuiltinModule');
  if (typeof getBuiltin !== 'function') return () => undefined;
  const mark = memberOf(getBuiltin.call(process, 'node:worker_threads'), 'markAsUntransferable');
  return typeof mark === 'function' ? (buffer) => void mark(buffer) : () => undefined;
}

let marker: Marker | undefined;

/** Marks a buffer as this runtime does. */
export function markUntransferable(buffer: ArrayBufferLike): void {
  marker ??= untransferableMarker();
  marker(buffer);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
