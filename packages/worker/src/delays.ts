/** How long a job waits before its next attempt: pure numbers. Must not know the queues that keep the delays. */
import { UsageError } from '@puka/errors';
import { atOnce } from './at-once.ts';
import { type CallForm, checkOptions } from './check-options.ts';
import { checkDelay, maxDelayMs } from './outcome-errors.ts';

/** The delays after the first attempt, the second, and so on; the last one holds for all that follow. */
export type DelaySchedule = readonly number[];

/** What the option `delay` takes. */
export type Delay = number | DelaySchedule | ((attempt: number, error: unknown) => number);

/** What `exponential` takes. */
export interface Exponential {
  /** The delay after the first attempt, in milliseconds, at least 1. Default 1000. */
  readonly first?: number | undefined;
  /** The longest delay, in milliseconds. Default 60 000. */
  readonly most?: number | undefined;
  /** By what the delay grows with each attempt, more than 1. Default 2. */
  readonly factor?: number | undefined;
}

const exponentialForm: CallForm<Exponential> = {
  call: 'exponential',
  example: 'exponential({ first: 1000, most: 60_000 })',
  options: { first: true, most: true, factor: true },
};

/**
 * Delays that grow: `first`, `first × factor`, … up to `most`. Each has a queue of its own at the broker, so they are
 * few: seven with the defaults.
 *
 * @throws {UsageError} for a value out of its range, and for more than 64 delays.
 */
export function exponential(options: Exponential = {}): DelaySchedule {
  checkOptions(exponentialForm, options);
  const { first = 1000, most = 60_000, factor = 2 } = options;
  checkDelay('exponential: most', most);
  if (!(typeof first === 'number' && first >= 1 && first <= most)) {
    throw new UsageError(`exponential: first is 1 to most (${most} ms), not ${String(first)}`);
  }
  if (!(typeof factor === 'number' && factor > 1))
    throw new UsageError(`exponential: factor must be more than 1, not ${String(factor)}`);
  const delays: number[] = [];
  for (let delay = first; delay < most; delay *= factor) {
    delays.push(Math.round(delay));
    if (delays.length === 64) throw new UsageError(`exponential: more than 64 delays between ${first} and ${most} ms`);
  }
  return [...delays, most];
}

/** The parts of a unit that have a queue; the next is one of the unit above. */
const steps = [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800];
const units = [1, 1000, 60_000, 3_600_000, 86_400_000];

/** The delay, rounded up so that there are few queues: to a round number of milliseconds, seconds, minutes, hours or days. */
export function roundedUp(delayMs: number): number {
  for (const [index, unit] of units.entries()) {
    const nextUnit = units[index + 1] ?? Number.POSITIVE_INFINITY;
    if (delayMs > nextUnit) continue;
    const step = steps.find((each) => Math.ceil(each * unit) >= delayMs && each * unit < nextUnit);
    return Math.min(step === undefined ? nextUnit : Math.ceil(step * unit), maxDelayMs);
  }
  return maxDelayMs;
}

/** The delays that are known from the start: each has exactly its own queue. */
export function scheduleOf(delay: Delay): DelaySchedule {
  if (typeof delay === 'function') return [];
  return (typeof delay === 'number' ? [delay] : delay).map(whole);
}

/** @throws {UsageError} for what the option `delay` does not take. */
export function checkDelays(delay: Delay): void {
  if (typeof delay === 'function') return;
  const delays: DelaySchedule = typeof delay === 'number' ? [delay] : delay;
  if (!Array.isArray(delays) || delays.length === 0 || delays.length > 64) {
    throw new UsageError('delay takes milliseconds, a list of 1 to 64 of them, or a function');
  }
  for (const each of delays) checkDelay('delay', each);
}

/**
 * The delay after an attempt, in whole milliseconds, at least 1.
 *
 * @throws whatever a function given as `delay` throws, and {UsageError} for what it must not return.
 */
export function delayBehind(delay: Delay, attempt: number, error: unknown): number {
  if (typeof delay === 'function') {
    const chosen = atOnce(delay(attempt, error), 'the function given as delay');
    checkDelay('the function given as delay returns', chosen);
    return roundedUp(whole(chosen));
  }
  if (typeof delay === 'number') return whole(delay);
  return whole(delay[Math.min(attempt, delay.length) - 1] ?? 0);
}

/** RabbitMQ knows whole milliseconds; 0 is 1, so that every retry goes the same way. */
export function whole(delayMs: number): number {
  return Math.max(1, Math.ceil(delayMs));
}
