/** Moves bytes away from all code that holds them. Must not decide when. */

// Part of the language since ES2024; Node 20 does not have it.
interface Transferable {
  transfer?(): ArrayBuffer;
}

declare function structuredClone(
  value: ArrayBuffer,
  options: { readonly transfer: readonly ArrayBuffer[] },
): ArrayBuffer;

/**
 * Detaches a buffer: every view of it has length 0 from then on.
 *
 * @returns a buffer with the same bytes in the same memory, which no other code holds.
 * @throws {TypeError | DOMException} for one that is detached, or cannot be.
 */
export function movedBuffer(buffer: ArrayBuffer): ArrayBuffer {
  return (buffer as Transferable).transfer?.() ?? structuredClone(buffer, { transfer: [buffer] });
}
