/** What a vector of a method is. The vectors themselves are in the files named after the classes. */
import type { Method, MethodInput } from '../../src/methods.ts';
import { fromHex } from '../hex.ts';

/** A whole method frame and what it means. */
export interface MethodVector {
  readonly name: string;
  /** From the frame's type to its end octet. */
  readonly frame: Uint8Array;
  readonly channel: number;
  /** The result of decoding. */
  readonly method: Method;
  /** What encodes to the same octets; with as little stated as will do. */
  readonly input: MethodInput;
}

/**
 * Makes a vector.
 *
 * @param hex The octets with a comment for each field.
 * @param input Given where it is something else than the decoded method.
 */
export function vector(name: string, hex: string, method: Method, input: MethodInput = method): MethodVector {
  const frame = fromHex(hex);
  return { name, frame, channel: ((frame[1] ?? 0) << 8) | (frame[2] ?? 0), method, input };
}
