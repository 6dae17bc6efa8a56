/** The public face of `@puka/worker`. Holds no code. */
export { type Delay, type DelaySchedule, type Exponential, exponential } from './delays.ts';
export type { JobInfo, WorkerEvents } from './events.ts';
export type { DurationHistogram } from './histogram.ts';
export type { DeadReason } from './job-headers.ts';
export type {
  BatchContext,
  BatchHandler,
  BatchItem,
  BatchOptions,
  Handler,
  JobContext,
  Parse,
  Parsed,
  StopOptions,
  WorkerOptions,
} from './options.ts';
export { Discard, Later } from './outcome-errors.ts';
export { type RedriveOptions, type RedriveProgress, type RedriveResult, redrive } from './redrive.ts';
export type { JobSignal, WorkerRuntime } from './runtime.ts';
export type { StandardSchema, StandardSchemaIssue, StandardSchemaResult } from './standard-schema.ts';
export { startWorker } from './start-worker.ts';
export type { WorkerStats } from './stats.ts';
export { Worker } from './worker.ts';
