/** Keeps shared memory from being transferred away. It must not decide what is shared. */

import { builtinModule, memberOf } from './builtin-module.ts';

/** Makes a buffer one that `postMessage()` and `structuredClone()` do not detach. */
export type Marker = (buffer: ArrayBufferLike) => void;

/**
 * How this runtime marks a buffer as not transferable. Without the mark, a program that transfers one message's body to a worker would
 * empty all messages that lie in the same buffer.
 *
 * Node, Deno and Bun have `markAsUntransferable()`. If there is none, the marker does nothing.
 */
export function untransferableMarker(): Marker {
  const mark = memberOf(builtinModule('node:worker_threads'), 'markAsUntransferable');
  return typeof mark === 'function' ? (buffer) => void mark(buffer) : () => undefined;
}

let marker: Marker | undefined;

/** Marks a buffer as this runtime does. */
export function markUntransferable(buffer: ArrayBufferLike): void {
  marker ??= untransferableMarker();
  marker(buffer);
}
