// Waits for something that a real broker or socket does in its own time, by polling.
// It must not be used if a virtual clock or an event is available.

/** How long to wait, and how often to ask. */
export interface WaitOptions {
  /** Default 60000: a busy machine takes its time, and what never comes is found all the same. */
  readonly timeoutMs?: number;
  /** Between the end of one question and the next. Default 20. */
  readonly intervalMs?: number;
  /** What is waited for, for the error. Default: the text of the question. */
  readonly description?: string;
}

/** What counts as "not yet". */
export type NotYet = undefined | null | false;

/**
 * Asks until the answer is neither `undefined`, `null` nor `false`, and resolves with that answer.
 * Rejects when the time is over, with the last error of the question as its cause. An error before that counts as "not
 * yet".
 *
 * @example
 * ```ts
 * await waitFor(async () => (await broker.listQueues()).length === 0);
 * ```
 */
export async function waitFor<T>(
  question: () => T | NotYet | Promise<T | NotYet>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 20, description = question.toString() } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await question();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${description}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
