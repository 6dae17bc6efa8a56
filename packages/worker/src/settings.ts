/** The options of a worker, checked and with their defaults. Must not ask the broker. */
import { UsageError } from '@puka/errors';
import { checkDelays, exponential } from './delays.ts';
import type { BatchOptions, WorkerOptions } from './options.ts';
import { defaultRuntime } from './runtime.ts';

/** What is settled once the options are read. */
export interface Settings
  extends Required<Pick<WorkerOptions, 'queue' | 'concurrency' | 'prefetch' | 'attempts' | 'delay' | 'deadLetter'>>,
    Required<Pick<WorkerOptions, 'queueType' | 'stackInHeaders' | 'runtime'>>,
    Pick<WorkerOptions, 'key' | 'handlerTimeout' | 'redact' | 'consumeArguments' | 'bodies'> {
  readonly concurrency: number;
  readonly prefetch: number;
  readonly attempts: number;
  readonly delay: NonNullable<WorkerOptions['delay']>;
  readonly deadLetter: string | false;
  readonly queueType: 'classic' | 'quorum';
  readonly stackInHeaders: boolean;
  readonly runtime: NonNullable<WorkerOptions['runtime']>;
  readonly batch: { readonly size: number; readonly waitMs: number } | undefined;
}

const maxPrefetch = 65_535;
/** The most that a timer of JavaScript takes. */
export const maxTimerMs = 2_147_483_647;
/** With order by key: so that one busy key does not at once keep all others waiting. */
const prefetchByKey = 4;

/** @throws {UsageError} for an option out of its range. */
export function settingsOf(options: WorkerOptions & { readonly batch?: BatchOptions | undefined }): Settings {
  const { queue, concurrency = 1, attempts = 5, delay = exponential(), batch, key } = options;
  const { deadLetter = `${queue}.dead`, queueType = 'quorum', stackInHeaders = false } = options;
  const { handlerTimeout, redact, consumeArguments, bodies, runtime = defaultRuntime } = options;
  if (typeof queue !== 'string' || queue === '') throw new UsageError('startWorker takes the name of a queue');
  if (deadLetter === '' || deadLetter === queue) {
    throw new UsageError('deadLetter takes the name of another queue, or false');
  }
  if (queueType !== 'classic' && queueType !== 'quorum') {
    throw new UsageError(`queueType is 'classic' or 'quorum', not '${String(queueType)}'`);
  }
  checkWhole('concurrency', concurrency, 1, maxPrefetch);
  checkWhole('attempts', attempts, 1, 1_000_000);
  checkDelays(delay);
  if (handlerTimeout !== undefined) checkRange('handlerTimeout', handlerTimeout, 1, maxTimerMs);
  if (batch !== undefined) {
    if (key !== undefined) throw new UsageError('batch and key do not go together: a batch has no order of keys');
    checkWhole('batch.size', batch.size, 1, maxPrefetch);
    checkRange('batch.wait', batch.wait ?? 0, 0, maxTimerMs);
  }
  const least = concurrency * (batch?.size ?? 1);
  const { prefetch = Math.min(maxPrefetch, key === undefined ? least : least * prefetchByKey) } = options;
  checkWhole('prefetch', prefetch, least, maxPrefetch);
  return {
    ...{ queue, concurrency, prefetch, attempts, delay, deadLetter, queueType, stackInHeaders, runtime },
    ...{ key, handlerTimeout, redact, consumeArguments, bodies },
    batch: batch === undefined ? undefined : { size: batch.size, waitMs: batch.wait ?? 100 },
  };
}

/** @throws {UsageError} for what is not a number of the range. */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new UsageError(`${name} is ${least} to ${most}, not ${String(value)}`);
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  checkRange(name, value, least, most);
  if (!Number.isInteger(value)) throw new UsageError(`${name} is a whole number, not ${value}`);
}
