/** At most ten warnings a minute. Must not read a clock. */
export class WarningLimit {
  private windowStart = Number.NEGATIVE_INFINITY;
  private count = 0;

  /** Whether one more may be given now. */
  allows(nowMs: number): boolean {
    if (nowMs - this.windowStart >= 60_000) {
      this.windowStart = nowMs;
      this.count = 0;
    }
    return this.count++ < 10;
  }
}
