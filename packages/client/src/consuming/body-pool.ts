/**
 * Memory for the bodies that consumers lend: used again as soon as a body is given back. Must not know messages, nor decide
 * when a body is given back: `body-loan.ts` does.
 */
import type { BodyMemory } from '../session/index.ts';

/** Shorter bodies stay where they were read. To copy them costs more than the memory that it saves. */
const copiedFromBytes = 1024;
/** Longer ones get fresh memory each. */
const longestBytes = 1_048_576;
/** So much is kept for the next bodies at most: about what the processor's cache holds. */
const mostFreeBytes = 4_194_304;

/** The memory of one client. Pieces are powers of two, so that bodies of nearly the same size can use the same. */
export class BodyPool implements BodyMemory {
  readonly copiedFromBytes: number = copiedFromBytes;
  /** Pieces to be used again, by the exponent of their size. The one given back last comes first: it is in the cache still. */
  private readonly free: Uint8Array[][] = Array.from({ length: exponentOf(longestBytes) + 1 }, () => []);
  private freeBytes = 0;
  /** Buffers that users have got. */
  private readonly lent = new Set<ArrayBufferLike>();

  take(byteCount: number): Uint8Array {
    if (byteCount > longestBytes) return new Uint8Array(byteCount);
    const exponent = exponentOf(byteCount);
    const piece = this.free[exponent]?.pop();
    if (piece === undefined) return new Uint8Array(2 ** exponent);
    this.freeBytes -= piece.length;
    return piece;
  }

  /** Notes that a user has got a buffer. */
  lend(buffer: ArrayBufferLike): void {
    this.lent.add(buffer);
  }

  /** Notes that it is lent no more: it was given back, or is the user's for good. */
  endLoan(buffer: ArrayBufferLike): void {
    this.lent.delete(buffer);
  }

  /** Whether a user has the buffer, and not for good. */
  isLent(buffer: ArrayBufferLike): boolean {
    return this.lent.size > 0 && this.lent.has(buffer);
  }

  /** Takes back a piece as `take()` returned it. No code may hold it any more. */
  giveBack(piece: Uint8Array): void {
    const { length } = piece;
    if (length > longestBytes || this.freeBytes + length > mostFreeBytes) return;
    this.free[exponentOf(length)]?.push(piece);
    this.freeBytes += length;
  }
}

/** @returns of the smallest power of two that holds so many bytes. */
function exponentOf(byteCount: number): number {
  return 32 - Math.clz32(byteCount - 1);
}
