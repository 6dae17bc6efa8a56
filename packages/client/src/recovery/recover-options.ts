/** The option `recover`: what may be given, the defaults, and the ranges. Must not act. */
import { UsageError } from '@puka/errors';
import { inThisContext } from '../runtime/async-context.ts';
import type { RecordedEntity } from '../topology/recorded-entity.ts';

/** How a client comes back after its connection is lost. */
export interface RecoverOptions {
  /**
   * Whether the first `connect()` is tried in rounds too, until a connection is open, the caller gives up, or an error
   * comes that another try does not mend. Default `false`: it fails after one round over the hosts.
   */
  readonly initial?: boolean | undefined;
  /** The base of the delays between attempts, in milliseconds, 0 to 3 600 000. It doubles with each attempt. Default 1000. */
  readonly minDelay?: number | undefined;
  /** The longest delay between attempts, in milliseconds, at least `minDelay`. Default 30 000. */
  readonly maxDelay?: number | undefined;
  /** Attempts in a row, without a stable connection between them, after which recovery is given up. Default `Infinity`. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds a connection has to be open before the attempts are counted from 1 again. Default 10 000. */
  readonly stableAfter?: number | undefined;
  /**
   * Decides whether another attempt follows an error, in place of the client's own rules. Called with the error and the
   * number of the attempt that would follow. What it throws goes to `unobserved`, and the client's own rules hold; the same applies
   * if it returns a promise.
   */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * What becomes of operations, publishes and consumers started while the connection is away. `'hold'`: they wait for the
   * next connection. `'refuse'`: they reject at once with `ConnectionBroken`. Default `'hold'`.
   */
  readonly whileDown?: 'hold' | 'refuse' | undefined;
  /** Most operations besides publishes that wait for the next connection. One more rejects. Default 10 000. */
  readonly maxHeldOperations?: number | undefined;
  /**
   * What is declared again. `'all'`; `'transient'`: exclusive, auto-delete and non-durable queues and exchanges, and the
   * bindings of these; `'none'`: nothing. Consumers subscribe again in any case. Default `'all'`.
   */
  readonly topology?: 'all' | 'transient' | 'none' | undefined;
  /**
   * Called for each recorded entity at each recovery; `false` leaves it out this time. What it throws goes to `unobserved`
   * and counts as `true`; so does a promise.
   */
  readonly filter?: ((entity: RecordedEntity) => boolean) | undefined;
  /** Most queues, exchanges and bindings that are recorded. Default 100 000. */
  readonly maxRecorded?: number | undefined;
  /** How long what is missing or out of reach at the broker is tried again, in milliseconds. Default 300 000. */
  readonly retryFor?: number | undefined;
  /**
   * How long a queue or consumer that the broker still attributes to the lost connection is tried again, in milliseconds.
   * Default: three heartbeats of the lost connection and 10 s; 60 s if heartbeats are off.
   */
  readonly exclusiveFor?: number | undefined;
}

/** The same with every default filled in. */
export interface CompleteRecoverOptions {
  readonly initial: boolean;
  readonly minDelay: number;
  readonly maxDelay: number;
  readonly maxAttempts: number;
  readonly stableAfter: number;
  readonly retryIf: ((error: unknown, attempt: number) => boolean) | undefined;
  readonly whileDown: 'hold' | 'refuse';
  readonly maxHeldOperations: number;
  readonly topology: 'all' | 'transient' | 'none';
  readonly filter: ((entity: RecordedEntity) => boolean) | undefined;
  readonly maxRecorded: number;
  readonly retryFor: number;
  readonly exclusiveFor: number | undefined;
}

/** The pace and the end of retries, in milliseconds. */
export type RetryBounds = Pick<CompleteRecoverOptions, 'minDelay' | 'maxDelay' | 'retryFor'>;

const longestMs = 0x7fff_ffff;

/**
 * Fills in the defaults.
 *
 * @returns `undefined` for `false`: the client does not recover.
 * @throws {UsageError} for an unknown option and a value out of its range.
 */
export function completeRecoverOptions(
  given: boolean | RecoverOptions | undefined,
): CompleteRecoverOptions | undefined {
  if (given === false) return undefined;
  if (given !== true && given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
    throw new UsageError(`recover is ${String(given)}; it takes true, false or an object of options`);
  }
  const options: RecoverOptions = typeof given === 'object' ? given : {};
  checkNames(options);
  const minDelay = milliseconds('minDelay', options.minDelay, 1000, 3_600_000);
  const maxDelay = milliseconds('maxDelay', options.maxDelay, Math.max(30_000, minDelay), longestMs);
  if (maxDelay < minDelay) throw outOfRange('maxDelay', maxDelay, `at least minDelay, which is ${minDelay}`);
  return {
    initial: flag('initial', options.initial, false),
    minDelay,
    maxDelay,
    maxAttempts: count('maxAttempts', options.maxAttempts, Number.POSITIVE_INFINITY, 1),
    stableAfter: milliseconds('stableAfter', options.stableAfter, 10_000, longestMs),
    retryIf: callback('retryIf', options.retryIf),
    whileDown: oneOf('whileDown', options.whileDown, ['hold', 'refuse']),
    maxHeldOperations: count('maxHeldOperations', options.maxHeldOperations, 10_000, 0),
    topology: oneOf('topology', options.topology, ['all', 'transient', 'none']),
    filter: callback('filter', options.filter),
    maxRecorded: count('maxRecorded', options.maxRecorded, 100_000, 0),
    retryFor: milliseconds('retryFor', options.retryFor, 300_000, longestMs),
    exclusiveFor:
      options.exclusiveFor === undefined ? undefined : milliseconds('exclusiveFor', options.exclusiveFor, 0, longestMs),
  };
}

const names: ReadonlySet<string> = new Set<keyof RecoverOptions>([
  'initial',
  'minDelay',
  'maxDelay',
  'maxAttempts',
  'stableAfter',
  'retryIf',
  'whileDown',
  'maxHeldOperations',
  'topology',
  'filter',
  'maxRecorded',
  'retryFor',
  'exclusiveFor',
]);

function checkNames(options: RecoverOptions): void {
  for (const name of Object.keys(options)) {
    if (!names.has(name)) throw new UsageError(`recover has no option ${name}; it takes ${[...names].join(', ')}`);
  }
}

function outOfRange(name: string, value: unknown, range: string): UsageError {
  return new UsageError(`recover.${name} is ${String(value)}; it takes ${range}`);
}

function milliseconds(name: string, value: number | undefined, fallback: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw outOfRange(name, value, `0 to ${most} milliseconds`);
}

function count(name: string, value: number | undefined, fallback: number, least: number): number {
  if (value === undefined) return fallback;
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= least)) return value;
  throw outOfRange(name, value, `a whole number from ${least}, or Infinity`);
}

function flag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? fallback;
  throw outOfRange(name, value, 'true or false');
}

/** It runs in the async context of the call that set it. */
function callback<Values extends readonly unknown[], Result>(
  name: string,
  value: ((...values: Values) => Result) | undefined,
): ((...values: Values) => Result) | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'function') return inThisContext(value);
  throw outOfRange(name, typeof value, 'a function');
}

function oneOf<Word extends string>(name: string, value: Word | undefined, words: readonly [Word, ...Word[]]): Word {
  if (value === undefined) return words[0];
  if (words.includes(value)) return value;
  throw outOfRange(name, value, words.join(', '));
}
