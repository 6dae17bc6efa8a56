/**
 * Queues that were restored and are gone again: how often each has vanished within one connection, and so whether it is made
 * again at once, after a pause, or no more. Must not make a queue, nor wait by itself.
 */
import type { RetryBounds } from './recover-options.ts';

/** How often in one connection a queue that has vanished is made again at once. Then it is made again after growing delays. */
const maxVanished = 5;

interface Vanished {
  count: number;
  /** When it was first made again after a pause. */
  pausedSinceMs: number | undefined;
  isGivenUp: boolean;
}

/** What follows for a queue that has vanished. */
export interface Remaking {
  /** Milliseconds before it is made again, 0 for at once; `undefined`: it has been tried for long enough. */
  readonly delayMs: number | undefined;
  /** Whether it has to be reported: the first pause, and that no more tries follow. */
  readonly isNews: boolean;
}

/** The vanished queues of one connection. */
export class VanishedQueues {
  private readonly options: RetryBounds;
  private readonly queues = new Map<string, Vanished>();

  constructor(options: RetryBounds) {
    this.options = options;
  }

  /** The queue has vanished, for the first time or again. */
  note(queue: string, nowMs: number): Remaking {
    const { minDelay, maxDelay, retryFor } = this.options;
    const vanished = this.queues.get(queue) ?? { count: 0, pausedSinceMs: undefined, isGivenUp: false };
    this.queues.set(queue, vanished);
    const pauses = ++vanished.count - maxVanished;
    if (pauses <= 0) return { delayMs: 0, isNews: false };
    if (vanished.isGivenUp) return { delayMs: undefined, isNews: false };
    const isFirstPause = vanished.pausedSinceMs === undefined;
    vanished.pausedSinceMs ??= nowMs;
    if (nowMs - vanished.pausedSinceMs >= retryFor) {
      vanished.isGivenUp = true;
      return { delayMs: undefined, isNews: true };
    }
    return { delayMs: Math.min(maxDelay, Math.max(minDelay, 1) * 2 ** (pauses - 1)), isNews: isFirstPause };
  }
}
