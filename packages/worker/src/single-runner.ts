/** Runs one job at a time in each of `concurrency` places, those of one key one after the other. Must not settle them. */
import { isThenable } from './at-once.ts';
import type { Delivery } from './delivery.ts';
import type { Handler, Parse } from './options.ts';
import { parseJob } from './parsing.ts';
import type { Runner, RunnerHost } from './runner.ts';

/** So many empty places are taken away. */
const compactFrom = 1024;

/** Runs a handler on one job at a time, many side by side. */
export class SingleRunner<Job> implements Runner {
  private readonly host: RunnerHost;
  private readonly handler: Handler<Job>;
  private readonly parse: Parse<Job> | undefined;
  private free: number;
  /** Those whose key is free, in their order; before `begun` there are the empty places of those that have begun. */
  private ready: (Delivery | undefined)[] = [];
  private begun = 0;
  /** For each key in work, those that wait for it. */
  private readonly lanes = new Map<string, Delivery[]>();
  private isFilling = false;
  /** The one whose handler is called next. */
  private starting: Delivery | undefined = undefined;
  /** One function for all of them, because a closure would cost each job. */
  private readonly start = (): unknown => {
    const { starting, parse } = this;
    this.starting = undefined;
    if (starting === undefined) return undefined;
    // Without `parse` the job is the message.
    return parse === undefined ? this.handler(starting.message as Job, starting) : this.parsed(starting, parse);
  };

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
    if (this.free > 0 && this.ready.length === 0) this.run(delivery);
    else this.ready.push(delivery);
  }

  over(delivery: Delivery): void {
    if (!delivery.isHandled) this.leave(delivery);
  }

  dropWaiting(): void {
    // A key of which none has begun is free again; one in work has no job waiting for it.
    for (const delivery of this.ready) if (delivery !== undefined) this.lanes.delete(delivery.key);
    this.clearReady();
    for (const lane of this.lanes.values()) lane.length = 0;
  }

  private run(delivery: Delivery): void {
    const { host } = this;
    this.free--;
    delivery.hasPlace = true;
    host.began(delivery);
    if (host.settings.handlerTimeout !== undefined) this.limit(delivery);
    try {
      this.starting = delivery;
      const returned = host.process(delivery.message, this.start);
      if (isThenable(returned)) {
        this.watch(delivery, returned);
        return;
      }
    } catch (error) {
      this.failed(delivery, error);
      return;
    }
    this.succeeded(delivery);
  }

  /** Apart from `run`, because the closures would cost each job whose handler returns at once. */
  private watch(delivery: Delivery, returned: PromiseLike<unknown>): void {
    // A promise of another library might settle twice.
    Promise.resolve(returned).then(
      () => this.succeeded(delivery),
      (error: unknown) => this.failed(delivery, error),
    );
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
    if (this.ready.length > 0) this.fill();
  }

  private freeKey(key: string): void {
    const next = this.lanes.get(key)?.shift();
    if (next === undefined) this.lanes.delete(key);
    else this.ready.push(next);
  }

  private fill(): void {
    // A handler that returns at once comes back here within the loop.
    if (this.isFilling) return;
    this.isFilling = true;
    while (this.free > 0 && this.begun < this.ready.length) {
      const next = this.ready[this.begun];
      this.ready[this.begun++] = undefined;
      if (next !== undefined) this.run(next);
    }
    this.isFilling = false;
    if (this.begun === this.ready.length) this.clearReady();
    else if (this.begun >= compactFrom) this.compactReady();
  }

  private clearReady(): void {
    this.ready = [];
    this.begun = 0;
  }

  /** One busy worker may never have none that waits. */
  private compactReady(): void {
    this.ready = this.ready.slice(this.begun);
    this.begun = 0;
  }
}
