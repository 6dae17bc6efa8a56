/** Connections that have gone silent, and when the broker closes each. Must not know what a connection holds. */

/** A connection that can go silent. */
export interface Ghost {
  /** Nothing passes any more, in either direction. */
  becomeGhost(): void;
  /** The broker closes it; its client is not notified. */
  reset(): void;
  /** The network is back: the broker closes it, and its client sees the end. */
  endGhost(): void;
}

/** The silent connections of a broker. */
export class Ghosts {
  private readonly ghosts = new Map<Ghost, number>();

  /** @param untilMs when the broker closes it; `Infinity` leaves that to the heartbeat. */
  add(ghost: Ghost, untilMs: number): void {
    if (this.ghosts.has(ghost)) return;
    this.ghosts.set(ghost, untilMs);
    ghost.becomeGhost();
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const untilMs of this.ghosts.values()) least = Math.min(least, untilMs);
    return least;
  }

  handleTimeout(nowMs: number): void {
    for (const [ghost, untilMs] of [...this.ghosts]) {
      if (untilMs > nowMs) continue;
      // It stays here: its client has not seen the end yet.
      this.ghosts.set(ghost, Number.POSITIVE_INFINITY);
      ghost.reset();
    }
  }

  clear(): void {
    for (const ghost of [...this.ghosts.keys()]) ghost.endGhost();
    this.ghosts.clear();
  }
}
