/** One job of a batch, as its handler gets it. Must not know the rest of the batch. */
import type { Message } from '@puka/client';
import type { Delivery, LazySignal } from './delivery.ts';
import type { BatchItem } from './options.ts';
import type { RunnerHost } from './runner.ts';
import type { JobSignal } from './runtime.ts';

/** One job of a batch. */
export class BatchJob<Job> implements BatchItem<Job> {
  readonly job: Job;
  readonly #host: RunnerHost;
  readonly #delivery: Delivery;
  readonly #batch: LazySignal;

  constructor(host: RunnerHost, delivery: Delivery, batch: LazySignal, job: Job) {
    this.#host = host;
    this.#delivery = delivery;
    this.#batch = batch;
    this.job = job;
  }

  /** Nothing has become of it yet. */
  get isOpen(): boolean {
    return this.#delivery.state === 'running';
  }

  get message(): Message {
    return this.#delivery.message;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get signal(): JobSignal {
    return this.#batch.signal;
  }

  get exchange(): string {
    return this.#delivery.exchange;
  }

  get routingKey(): string {
    return this.#delivery.routingKey;
  }

  done(): void {
    this.#host.succeed(this.#delivery);
  }

  fail(error: unknown): void {
    this.#host.fail(this.#delivery, error);
  }
}
