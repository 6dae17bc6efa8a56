/**
 * Recognises the most common mistake with a time in seconds: milliseconds, as `Date.now()` returns them.
 *
 * Must not: read or write bytes.
 */

/** The last second of the year 9999. A larger number is taken for milliseconds. */
export const maxLikelySeconds = 253_402_300_799;

/** Returns whether a number of seconds is so large that milliseconds must have been meant. */
export function isMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && value > maxLikelySeconds;
}

/** The rule that such a number breaks, for an error message after the value. */
export function millisecondsRule(value: number): string {
  const rule = 'it takes seconds, or a Date';
  const year = new Date(value * 1000).getUTCFullYear();
  return Number.isNaN(year) ? rule : `as seconds that is the year ${year}: ${rule}`;
}
