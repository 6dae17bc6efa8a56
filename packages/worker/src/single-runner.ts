/** Runs one job at a time in each of `concurrency` places, those of one key one after the other. Must not settle them. */
import type { Delivery } from './delivery.ts';
import type { Handler, Parse } from './options.ts';
import { parseJob } from './parsing.ts';
import { isThenable, type Runner, type RunnerHost } from './runner.ts';

/** Runs a handler on one job at a time, many side by side. */
export class SingleRunner<Job> implements Runner {
  private readonly host: RunnerHost;
  private readonly handler: Handler<Job>;
  private readonly parse: Parse<Job> | undefined;
  private free: number;
  /** Those whose key is free, in their order. */
  private readonly ready = new Set<Delivery>();
  /** For each key in work, those that wait for it. */
  private readonly lanes = new Map<string, Delivery[]>();
  private isFilling = false;

  constructor(host: RunnerHost, handler: Handler<Job>, parse: Parse<Job> | undefined) {
    this.host = host;
    this.handler = handler;
    this.parse = parse;
    this.free = host.settings.concurrency;
  }

  schedule(delivery: Delivery): void {
    if (this.host.settings.key !== undefined) {
      const lane = this.lanes.get(delivery.key);
      if (lane !== undefined) {
        lane.push(delivery);
        return;
      }
      this.lanes.set(delivery.key, []);
    }
    if (this.free > 0 && this.ready.size === 0) this.run(delivery);
    else this.ready.add(delivery);
  }

  over(delivery: Delivery): void {
    if (!delivery.isHandled) this.leave(delivery);
  }

  dropWaiting(): void {
    // A key of which none has begun is free again; one in work has nobody waiting for it.
    for (const { key } of this.ready) this.lanes.delete(key);
    this.ready.clear();
    for (const lane of this.lanes.values()) lane.length = 0;
  }

  private run(delivery: Delivery): void {
    const { host, parse } = this;
    this.free--;
    delivery.hasPlace = true;
    host.began(delivery);
    this.limit(delivery);
    try {
      // Without `parse` the job is the message.
      const returned = host.process([delivery.message], () =>
        parse === undefined ? this.handler(delivery.message as Job, delivery) : this.parsed(delivery, parse),
      );
      if (isThenable(returned)) {
        returned.then(
          () => this.succeeded(delivery),
          (error: unknown) => this.failed(delivery, error),
        );
        return;
      }
    } catch (error) {
      this.failed(delivery, error);
      return;
    }
    this.succeeded(delivery);
  }

  private async parsed(delivery: Delivery, parse: Parse<Job>): Promise<unknown> {
    const job = await parseJob(parse, delivery.message);
    // It may have been lost, or have run out of time, meanwhile.
    return delivery.state === 'running' ? this.handler(job, delivery) : undefined;
  }

  private limit(delivery: Delivery): void {
    const { handlerTimeout, runtime } = this.host.settings;
    if (handlerTimeout === undefined) return;
    const timeOut = (): void => this.host.timeOut([delivery], (reason) => delivery.abort(reason));
    delivery.timer = runtime.startTimer(timeOut, handlerTimeout);
  }

  private succeeded(delivery: Delivery): void {
    this.cameBack(delivery);
    this.host.succeed(delivery);
    if (delivery.isOver) this.leave(delivery);
  }

  private failed(delivery: Delivery, error: unknown): void {
    this.cameBack(delivery);
    this.host.fail(delivery, error);
    if (delivery.isOver) this.leave(delivery);
  }

  private cameBack(delivery: Delivery): void {
    if (delivery.timer !== undefined) this.host.settings.runtime.stopTimer(delivery.timer);
    this.host.ended(delivery);
  }

  /** Its place is free, and so is its key: the handler has come back and the outcome is written. */
  private leave(delivery: Delivery): void {
    if (!delivery.hasPlace) return;
    delivery.hasPlace = false;
    this.free++;
    if (this.host.settings.key !== undefined) this.freeKey(delivery.key);
    if (this.ready.size > 0) this.fill();
  }

  private freeKey(key: string): void {
    const next = this.lanes.get(key)?.shift();
    if (next === undefined) this.lanes.delete(key);
    else this.ready.add(next);
  }

  private fill(): void {
    // A handler that returns at once comes back here within the loop.
    if (this.isFilling) return;
    this.isFilling = true;
    for (const delivery of this.ready) {
      if (this.free === 0) break;
      this.ready.delete(delivery);
      this.run(delivery);
    }
    this.isFilling = false;
  }
}
