/** How much a queue may hold, and for how long: what its arguments set. Must not drop anything. */
import type { Arguments } from '../arguments.ts';

/** What happens to a message for which there is no room. */
export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

/** The limits in the arguments of a queue; `Infinity` if there is none. */
export interface QueueLimits {
  readonly maxLength: number;
  readonly maxLengthBytes: number;
  readonly overflow: Overflow;
  readonly messageTtlMs: number;
  /** A queue that is unused for so long is deleted. */
  readonly expiresMs: number;
}

/** Reads them; they have been checked. */
export function queueLimits(args: Arguments): QueueLimits {
  const number = (name: string): number => args.number(name) ?? Number.POSITIVE_INFINITY;
  return {
    maxLength: number('x-max-length'),
    maxLengthBytes: number('x-max-length-bytes'),
    overflow: overflowOf(args.text('x-overflow')),
    messageTtlMs: number('x-message-ttl'),
    expiresMs: number('x-expires'),
  };
}

function overflowOf(text: string | undefined): Overflow {
  return text === 'reject-publish' || text === 'reject-publish-dlx' ? text : 'drop-head';
}
