/** What a handler throws to choose the outcome of its job. Must not know how the outcome is written. */
import { UsageError } from '@puka/errors';

/** Registered with the runtime, so that every copy of this package in one process means the same symbol. */
const brand: unique symbol = Symbol.for('puka.worker.outcome');

/** The longest delay: 30 days. RabbitMQ takes no more than 49 for the life of a queue. */
export const maxDelayMs = 2_592_000_000;

/** Thrown by a handler: the job goes to the dead letters at once, whatever attempts are left. */
export class Discard extends Error {
  /** The name of the class. */
  override readonly name = 'Discard';

  static {
    Object.defineProperty(Discard.prototype, brand, { value: 'discard' });
  }

  /** @param reason for people; it goes into the header `puka-error`. */
  constructor(reason: string, options?: { readonly cause?: unknown }) {
    super(reason, options);
  }
}

/** Thrown by a handler: the attempt has failed, and the next one comes after this delay. */
export class Later extends Error {
  /** The name of the class. */
  override readonly name = 'Later';
  /** In milliseconds. */
  readonly delayMs: number;

  static {
    Object.defineProperty(Later.prototype, brand, { value: 'later' });
  }

  /**
   * @param delayMs milliseconds, 0 to 30 days. The broker's queue for it may round it up by half at most.
   * @param reason for people; it goes into the header `puka-error`.
   * @throws {UsageError} for a delay out of its range.
   */
  constructor(delayMs: number, reason?: string, options?: { readonly cause?: unknown }) {
    checkDelay('Later', delayMs);
    super(reason ?? `again in ${delayMs} ms`, options);
    this.delayMs = delayMs;
  }
}

/** What a thrown value asks for, of this copy of the package or of another. */
export function outcomeOf(error: unknown): 'discard' | { readonly delayMs: number } | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    if (!(brand in error)) return undefined;
    if (error[brand] === 'discard') return 'discard';
    const delayMs = 'delayMs' in error ? error.delayMs : undefined;
    return typeof delayMs === 'number' ? { delayMs } : undefined;
  } catch {
    return undefined; // A proxy that throws when it is read.
  }
}

/** @throws {UsageError} for a delay out of its range. */
export function checkDelay(name: string, delayMs: unknown): void {
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= maxDelayMs) return;
  throw new UsageError(`${name} takes milliseconds from 0 to ${maxDelayMs} (30 days), not ${String(delayMs)}`);
}
