/** Conditions of a test that it waits for. They are checked whenever something has happened. Must not poll. */
import type { WaitOptions, Waits } from './waits.ts';

/** How long to wait, and the text of the error. */
export interface ConditionOptions extends WaitOptions {
  /** Returns what there is instead, when it has taken too long. Default: the text of the condition. */
  readonly describe?: () => string;
}

interface Waiter {
  readonly condition: () => boolean;
  readonly done: (value: undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** Conditions of a test that it waits for. They are checked whenever something has happened. */
export class Conditions {
  private readonly waits: Waits;
  private readonly waiting = new Set<Waiter>();

  constructor(waits: Waits) {
    this.waits = waits;
  }

  /** Resolves as soon as the condition holds. @throws (rejects) {OperationTimeout}, or what the condition throws. */
  async until(condition: () => boolean, options: ConditionOptions): Promise<void> {
    if (condition()) return;
    const { describe = () => `until(${condition.toString()}): the condition did not become true` } = options;
    await this.waits.start<undefined>(options, {
      describe,
      begin: (done, fail) => {
        const waiter = { condition, done, fail };
        this.waiting.add(waiter);
        return () => this.waiting.delete(waiter);
      },
    });
  }

  /** Something has happened. */
  turnOver(): void {
    for (const { condition, done, fail } of this.waiting) {
      try {
        if (condition()) done(undefined);
      } catch (error) {
        // It is code of the test: the broker goes on, and the wait rejects with it.
        fail(error);
      }
    }
  }
}
