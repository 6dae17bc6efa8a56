/**
 * How long to wait before an attempt. Pure: chance is an argument.
 * Must not keep count.
 */

/** The bounds of the delays, in milliseconds. */
export interface BackOffBounds {
  readonly minDelay: number;
  readonly maxDelay: number;
}

/**
 * The delay before attempt `attempt`, in milliseconds: at random between a fifth of `minDelay` and
 * `min(maxDelay, minDelay × 2^(attempt - 1))`. The whole window is used, so that many clients that lose one broker do not
 * come back in the same moment.
 *
 * @param attempt 1 for the first.
 * @param random 0 to less than 1.
 */
export function backOffDelay(attempt: number, { minDelay, maxDelay }: BackOffBounds, random: number): number {
  const low = minDelay / 5;
  // Beyond this the power is past any delay that a timer takes.
  const high = Math.min(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 40));
  return low + random * (high - low);
}
