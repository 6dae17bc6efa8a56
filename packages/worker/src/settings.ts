/** The options of a worker, checked and with their defaults. Must not ask the broker. */
import { UsageError } from '@puka/errors';
import { bytesOf, type CallForm, checkFlag, checkFunction, checkOptions, kindOf } from './check-options.ts';
import { checkDelays, exponential } from './delays.ts';
import type { BatchOptions, Parse, WorkerOptions } from './options.ts';
import { isSchema } from './parsing.ts';
import { defaultRuntime } from './runtime.ts';

/** The options of `startWorker` for any handler. */
export type AnyOptions = WorkerOptions & {
  readonly parse?: Parse<unknown> | undefined;
  readonly batch?: BatchOptions | undefined;
};

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

const startWorkerForm: CallForm<AnyOptions> = {
  call: 'startWorker',
  example: "startWorker(client, { queue: 'jobs', concurrency: 8 }, handler)",
  options: {
    ...{ queue: true, concurrency: true, prefetch: true, attempts: true, delay: true, deadLetter: true },
    ...{ queueType: true, key: true, handlerTimeout: true, stackInHeaders: true, redact: true },
    ...{ consumeArguments: true, bodies: true, runtime: true, parse: true, batch: true },
  },
};
const batchForm: CallForm<BatchOptions> = {
  call: 'batch',
  example: "startWorker(client, { queue: 'jobs', batch: { size: 100, wait: 200 } }, handler)",
  options: { size: true, wait: true },
};

const maxPrefetch = 65_535;
/** With this limit the longest name of a delay queue, `<queue>.retry.2592000000`, has at most 255 bytes. */
const maxQueueBytes = 238;
/** The most that a timer of JavaScript takes. */
export const maxTimerMs = 2_147_483_647;
/** With order by key: so that one busy key does not at once keep all others waiting. */
const prefetchByKey = 4;

/** @throws {UsageError} for an option out of its range. */
export function settingsOf(options: AnyOptions): Settings {
  checkOptions(startWorkerForm, options);
  const { queue, concurrency = 1, attempts = 5, delay = exponential(), batch, key } = options;
  const { deadLetter = `${queue}.dead`, queueType = 'quorum', stackInHeaders = false } = options;
  const { handlerTimeout, redact, consumeArguments, bodies, runtime = defaultRuntime } = options;
  if (typeof queue !== 'string' || queue === '') {
    throw new UsageError(`startWorker takes the name of a queue: ${startWorkerForm.example}`);
  }
  const queueBytes = bytesOf(queue);
  if (queueBytes > maxQueueBytes) {
    throw new UsageError(`queue has ${queueBytes} bytes; a worker takes up to ${maxQueueBytes}, for its delay queues`);
  }
  if (deadLetter === '' || deadLetter === queue || (typeof deadLetter !== 'string' && deadLetter !== false)) {
    throw new UsageError(`deadLetter takes the name of another queue, or false; it is ${kindOf(deadLetter)}`);
  }
  if (queueType !== 'classic' && queueType !== 'quorum') {
    throw new UsageError(`queueType is 'classic' or 'quorum', not '${String(queueType)}'`);
  }
  checkWhole('concurrency', concurrency, 1, maxPrefetch);
  checkWhole('attempts', attempts, 1, 1_000_000);
  checkDelays(delay);
  checkFlag('stackInHeaders', stackInHeaders);
  checkFunction('key', key, 'key: ({ headers }) => String(headers.customer)');
  checkFunction('redact', redact, 'redact: (text) => text.replaceAll(secret, "***")');
  checkParse(options.parse);
  if (handlerTimeout !== undefined) checkRange('handlerTimeout', handlerTimeout, 1, maxTimerMs);
  if (batch !== undefined) {
    checkOptions(batchForm, batch);
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

function checkParse(parse: unknown): void {
  if (parse === undefined || typeof parse === 'function') return;
  const isObject = typeof parse === 'object' && parse !== null;
  if (isObject && isSchema(parse as Parse<unknown>)) return;
  const what = isObject ? "an object without '~standard'" : kindOf(parse);
  throw new UsageError(
    `parse is ${what}; it takes a function of the message, or a schema that follows Standard Schema ` +
      '(zod from 3.24, valibot from 1.0, arktype from 2.0)',
  );
}
