/** What the core of a worker and those who run its jobs know of each other. */
import type { Message } from '@puka/client';
import type { Delivery } from './delivery.ts';
import type { Settings } from './settings.ts';

/** Chooses who runs next, and runs it. */
export interface Runner {
  /** The delivery is to run when its turn comes. */
  schedule(delivery: Delivery): void;
  /** Its outcome is written, or it is lost. */
  over(delivery: Delivery): void;
  /** Forgets those that have not begun. */
  dropWaiting(): void;
}

/** What a runner needs of the core. */
export interface RunnerHost {
  readonly settings: Settings;
  /** Runs the handler, as the work on these messages that the client's diagnostics see. @returns what it returns. */
  process(messages: Message | readonly Message[], work: () => unknown): unknown;
  /** The handler begins. */
  began(delivery: Delivery): void;
  /** The handler has come back, however. */
  ended(delivery: Delivery): void;
  /** Does nothing if the outcome is decided already. */
  succeed(delivery: Delivery): void;
  /** As `succeed`. */
  fail(delivery: Delivery, error: unknown): void;
  /** The handler has had its time. */
  timeOut(deliveries: readonly Delivery[], abort: (reason: unknown) => void): void;
}
