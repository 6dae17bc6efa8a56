/**
 * A signal for publishes that must not outlive an address for replies. An `AbortSignal` costs several times what a publish does, because it
 * makes an event listener of each. Must not be passed to any code but the client.
 */

/** Has what the client needs of an `AbortSignal`. */
export class LossSignal {
  aborted = false;
  reason: unknown = undefined;
  private readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  /** Ends what uses it. */
  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}
