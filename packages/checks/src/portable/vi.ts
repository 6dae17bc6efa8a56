/** The parts of vitest's `vi` that need no transforming of modules. */
import { fn, restoreAllMocks, spyOn } from '@vitest/spy';

/** Spies, and waiting for what comes in its own time. */
export const vi: {
  readonly fn: typeof fn;
  readonly spyOn: typeof spyOn;
  readonly restoreAllMocks: typeof restoreAllMocks;
  readonly waitFor: typeof waitFor;
  readonly waitUntil: typeof waitUntil;
} = { fn, spyOn, restoreAllMocks, waitFor, waitUntil };

interface WaitOptions {
  readonly timeout?: number;
  readonly interval?: number;
}

/** Calls until it does not throw. */
async function waitFor<T>(attempt: () => T | Promise<T>, options: WaitOptions | number = {}): Promise<T> {
  const { timeout = 1000, interval = 50 } = typeof options === 'number' ? { timeout: options } : options;
  const end = performance.now() + timeout;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

/** Calls until the answer is truthy. */
function waitUntil<T>(ask: () => T | Promise<T>, options?: WaitOptions | number): Promise<T> {
  return waitFor(async () => {
    const answer = await ask();
    if (!answer) throw new Error(`still ${String(answer)}`);
    return answer;
  }, options);
}
