/** Puts jobs together and runs up to `concurrency` batches at a time. Must not settle their jobs. */

import type { Timer } from '@puka/client';
import { isThenable } from './at-once.ts';
import { BatchJob } from './batch-job.ts';
import { type Delivery, LazySignal } from './delivery.ts';
import type { BatchContext, BatchHandler, Parse } from './options.ts';
import { parseJob } from './parsing.ts';
import type { Runner, RunnerHost } from './runner.ts';
import type { JobSignal } from './runtime.ts';
import type { Settings } from './settings.ts';

/** Jobs that run together. */
class Batch extends LazySignal {
  readonly deliveries: readonly Delivery[];
  isHandled = true;
  hasPlace = true;

  constructor(deliveries: readonly Delivery[]) {
    super();
    this.deliveries = deliveries;
  }

  /** No handler runs, and nothing has to be written. */
  get isOver(): boolean {
    return !this.isHandled && this.deliveries.every((delivery) => delivery.isOver);
  }
}

/** Runs a handler on batches of jobs. */
export class BatchRunner<Job> implements Runner {
  private readonly host: RunnerHost;
  private readonly settings: Settings;
  private readonly handler: BatchHandler<Job>;
  private readonly parse: Parse<Job> | undefined;
  private readonly size: number;
  private readonly waitMs: number;
  private free: number;
  /** The batch that is being put together. */
  private open: Delivery[] = [];
  private timer: Timer | undefined = undefined;
  private readonly ready: Delivery[][] = [];
  private readonly batches = new Map<Delivery, Batch>();
  private isFilling = false;

  constructor(host: RunnerHost, handler: BatchHandler<Job>, parse: Parse<Job> | undefined) {
    const { settings } = host;
    this.host = host;
    this.settings = settings;
    this.handler = handler;
    this.parse = parse;
    this.size = settings.batch?.size ?? 1;
    this.waitMs = settings.batch?.waitMs ?? 0;
    this.free = settings.concurrency;
  }

  schedule(delivery: Delivery): void {
    this.open.push(delivery);
    if (this.open.length >= this.size) this.closeOpen();
    else this.timer ??= this.settings.runtime.startTimer(() => this.closeOpen(), this.waitMs);
  }

  over(delivery: Delivery): void {
    const batch = this.batches.get(delivery);
    if (batch !== undefined) this.leave(batch);
  }

  dropWaiting(): void {
    this.stopTimer();
    this.open = [];
    this.ready.length = 0;
  }

  private closeOpen(): void {
    this.stopTimer();
    this.ready.push(this.open);
    this.open = [];
    this.fill();
  }

  private stopTimer(): void {
    if (this.timer !== undefined) this.settings.runtime.stopTimer(this.timer);
    this.timer = undefined;
  }

  private fill(): void {
    if (this.isFilling) return;
    this.isFilling = true;
    while (this.free > 0) {
      const next = this.ready.shift();
      if (next === undefined) break;
      this.run(next);
    }
    this.isFilling = false;
  }

  private run(together: readonly Delivery[]): void {
    const deliveries: Delivery[] = [];
    const batch = new Batch(deliveries);
    this.free--;
    for (const delivery of together) {
      // A listener of `started` may have stopped the worker: jobs that had not begun are back in their queue.
      if (delivery.isOver) continue;
      deliveries.push(delivery);
      this.batches.set(delivery, batch);
      delivery.batch = batch;
      this.host.began(delivery);
    }
    const timer = this.limited(batch);
    const cameBack = (): void => {
      if (timer !== undefined) this.settings.runtime.stopTimer(timer);
      batch.isHandled = false;
      for (const delivery of deliveries) this.host.ended(delivery);
    };
    const succeeded = (): void => {
      cameBack();
      for (const delivery of deliveries) this.host.succeed(delivery);
      this.leave(batch);
    };
    const failed = (error: unknown): void => {
      cameBack();
      for (const delivery of deliveries) this.host.fail(delivery, error);
      this.leave(batch);
    };
    try {
      const messages = deliveries.map(({ message }) => message);
      const { parse } = this;
      const returned = this.host.process(messages, () =>
        parse === undefined ? this.handle(batch) : this.parsed(batch, parse),
      );
      if (isThenable(returned)) {
        // A promise of another library might settle twice.
        Promise.resolve(returned).then(succeeded, failed);
        return;
      }
    } catch (error) {
      failed(error);
      return;
    }
    succeeded();
  }

  private limited(batch: Batch): Timer | undefined {
    const { handlerTimeout, runtime } = this.settings;
    if (handlerTimeout === undefined) return undefined;
    const timeOut = (): void => this.host.timeOut(batch.deliveries, (reason) => batch.abort(reason));
    return runtime.startTimer(timeOut, handlerTimeout);
  }

  private handle(batch: Batch): unknown {
    // Without `parse` the job is the message.
    const items = batch.deliveries.map((delivery) => this.item(batch, delivery, delivery.message as Job));
    return this.call(batch, items);
  }

  private async parsed(batch: Batch, parse: Parse<Job>): Promise<unknown> {
    const fitting = async (delivery: Delivery): Promise<BatchJob<Job> | undefined> => {
      try {
        return this.item(batch, delivery, await parseJob(parse, delivery.message));
      } catch (error) {
        this.host.fail(delivery, error);
        return undefined;
      }
    };
    const items = await Promise.all(batch.deliveries.map(fitting));
    // Those that fit, and were not lost meanwhile.
    return this.call(
      batch,
      items.filter((item) => item?.isOpen === true).flatMap((item) => item ?? []),
    );
  }

  private call(batch: Batch, items: readonly BatchJob<Job>[]): unknown {
    if (items.length === 0) return undefined;
    const jobs = items.map(({ job }) => job);
    const context: BatchContext<Job> = {
      items,
      get signal(): JobSignal {
        return batch.signal;
      },
    };
    return this.handler(jobs, context);
  }

  private item(batch: Batch, delivery: Delivery, job: Job): BatchJob<Job> {
    return new BatchJob(this.host, delivery, batch, job);
  }

  private leave(batch: Batch): void {
    if (!batch.isOver || !batch.hasPlace) return;
    batch.hasPlace = false;
    for (const delivery of batch.deliveries) this.batches.delete(delivery);
    this.free++;
    this.fill();
  }
}
