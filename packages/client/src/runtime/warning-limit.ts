/** At most ten warnings in any minute. Must not read a clock. */

const mostWarnings = 10;
const windowMs = 60_000;

/** Of one client. */
export class WarningLimit {
  /** When the last ones were given, the oldest first. */
  private readonly given: number[] = [];

  /** Whether one more may be given now. */
  allows(nowMs: number): boolean {
    const { given } = this;
    const [oldest = Number.NEGATIVE_INFINITY] = given;
    if (given.length === mostWarnings) {
      if (nowMs - oldest < windowMs) return false;
      given.shift();
    }
    given.push(nowMs);
    return true;
  }
}
