/**
 * A worker at work: takes deliveries in, has them run, decides what becomes of them, and drops those that are lost.
 * Must not publish (`settling.ts`) nor choose who runs next (`single-runner.ts`, `batch-runner.ts`).
 */
import type { Client, Message } from '@puka/client';
import { OperationTimeout, UsageError } from '@puka/errors';
import { atOnce } from './at-once.ts';
import { kindOf } from './check-options.ts';
import type { DelayQueues } from './delay-queues.ts';
import { delayBehind, roundedUp, whole } from './delays.ts';
import { Delivery } from './delivery.ts';
import type { Events } from './events.ts';
import { InHand } from './in-hand.ts';
import { type DeadReason, pastOf } from './job-headers.ts';
import { outcomeOf } from './outcome-errors.ts';
import { InvalidJob } from './parsing.ts';
import type { Runner, RunnerHost } from './runner.ts';
import { atEndOfTurn, type WorkerRuntime } from './runtime.ts';
import type { Settings } from './settings.ts';
import { Settling } from './settling.ts';
import { Counts, type WorkerStats } from './stats.ts';

/** The delay if the function given as `delay` fails. */
const delayInDoubtMs = 60_000;

/** One worker: its consumer, its runner and its outcomes. */
export class WorkerCore implements RunnerHost {
  readonly settings: Settings;
  readonly events: Events;
  private readonly client: Client;
  private readonly settling: Settling;
  private readonly runner: Runner;
  private readonly runtime: WorkerRuntime;
  private readonly counts = new Counts();
  private readonly inHand = new InHand();
  /** Handlers that have not come back, those of lost deliveries among them. */
  private handling = 0;
  private isStopping = false;
  /** The time of this turn, once it was read. */
  private turnMs: number | undefined = undefined;
  private readonly turnOver = (): void => {
    this.turnMs = undefined;
  };
  private idle: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined = undefined;

  constructor(
    client: Client,
    settings: Settings,
    delays: DelayQueues,
    events: Events,
    runnerOf: (host: RunnerHost) => Runner,
  ) {
    this.client = client;
    this.settings = settings;
    this.runtime = settings.runtime;
    this.events = events;
    this.settling = new Settling(client, settings, delays, {
      written: (delivery, outcome) => this.moved(delivery, outcome),
      refused: (delivery, error, againMs) => events.emit('refused', delivery, error, againMs),
    });
    this.runner = runnerOf(this);
  }

  get stats(): WorkerStats {
    let waiting = 0;
    for (const delivery of this.inHand) if (delivery.state === 'waiting') waiting++;
    return this.counts.snapshot(waiting);
  }

  /** Takes a message in. @returns a promise for `client.shutdown()` to wait for, if it does not wait for an earlier one. */
  receive(message: Message): Promise<void> | undefined {
    if (this.isStopping) {
      message.nack();
      return undefined;
    }
    const { begun, needsRecount, isReadable } = pastOf(message);
    const isUsedUp = begun >= this.settings.attempts;
    const delivery = new Delivery(message, isReadable && !isUsedUp ? begun + 1 : begun);
    this.inHand.add(delivery);
    const isFirst = this.idle === undefined;
    if (!isReadable) this.bury(delivery, 'malformed', new Error('the headers of the message cannot be read'));
    else if (isUsedUp) {
      this.bury(delivery, 'redelivered', new Error(`delivered ${begun} times, and the last delivery has no outcome`));
    } else if (needsRecount) void this.recount(delivery);
    else this.schedule(delivery);
    return isFirst && this.inHand.size > 0 ? this.whenIdle() : undefined;
  }

  /** All deliveries that the worker holds are void: their channel or connection is gone. */
  loseAll(error: unknown): void {
    this.runner.dropWaiting();
    for (const delivery of this.inHand) {
      this.lose(delivery, error);
      // If only the consumer has ended, the connection is open and the broker requeues the message.
      if (!delivery.message.isSettled) delivery.message.nack();
    }
  }

  /** No new ones begin, and those that have not begun go back. */
  beginStop(): void {
    this.isStopping = true;
    this.runner.dropWaiting();
    for (const delivery of this.inHand) if (delivery.state === 'waiting') this.giveBack(delivery);
  }

  /** Aborts those that run. What fails from now on goes back to the queue. */
  abortAll(reason: unknown): void {
    for (const delivery of this.inHand) {
      delivery.isStopped = true;
      delivery.abort(reason);
    }
  }

  /** What the worker still holds goes back to the queue. */
  giveAllBack(): void {
    for (const delivery of this.inHand) this.giveBack(delivery);
  }

  /** Resolves when the worker holds no delivery and no handler runs. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    if (this.idle === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((resolved) => {
        resolve = resolved;
      });
      this.idle = { promise, resolve };
    }
    return this.idle.promise;
  }

  process(messages: Message | readonly Message[], work: () => unknown): unknown {
    return this.client.process(messages, work);
  }

  began(delivery: Delivery): void {
    delivery.state = 'running';
    delivery.isHandled = true;
    delivery.startedMs = this.turnMs ?? this.readClock();
    this.handling++;
    this.counts.running++;
    if (this.events.has('started')) this.events.emit('started', delivery);
  }

  ended(delivery: Delivery): void {
    delivery.isHandled = false;
    this.handling--;
    this.counts.running--;
    // What has run may have taken its time: those that begin after it in this turn begin now.
    const nowMs = this.runtime.now();
    if (this.turnMs !== undefined) this.turnMs = nowMs;
    this.counts.durations.add(nowMs - delivery.startedMs);
    if (delivery.isOver) this.checkIdle();
  }

  /** Jobs that begin in one turn share one reading. */
  private readClock(): number {
    const nowMs = this.runtime.now();
    this.turnMs = nowMs;
    atEndOfTurn(this.turnOver);
    return nowMs;
  }

  succeed(delivery: Delivery): void {
    if (delivery.state !== 'running') return;
    if (!this.settling.ack(delivery)) {
      this.lose(delivery, undefined);
      return;
    }
    this.counts.done++;
    if (this.events.has('done')) this.events.emit('done', delivery, this.runtime.now() - delivery.startedMs);
    this.close(delivery, 'written');
  }

  fail(delivery: Delivery, error: unknown): void {
    if (delivery.state !== 'running') return;
    if (delivery.isStopped) {
      this.giveBack(delivery);
      return;
    }
    if (error instanceof InvalidJob) {
      this.bury(delivery, 'invalid', error);
      return;
    }
    this.counts.failed++;
    this.events.emit('failed', delivery, error);
    // A copy would be a second job, and the body of a lent one is gone.
    if (delivery.message.isSettled) {
      this.close(delivery, 'written');
      return;
    }
    const outcome = outcomeOf(error);
    if (outcome === 'discard') this.bury(delivery, 'discarded', error);
    else if (delivery.attempt >= this.settings.attempts) this.bury(delivery, 'attempts', error);
    else void this.retry(delivery, outcome?.delayMs, error);
  }

  /** The handler has had its time: its attempt has failed, though it may go on for a while. */
  timeOut(deliveries: readonly Delivery[], abort: (reason: unknown) => void): void {
    const { handlerTimeout, queue } = this.settings;
    const error = new OperationTimeout(`a handler of queue '${queue}' ran longer than ${handlerTimeout} ms`, {
      blame: 'caller',
    });
    abort(error);
    for (const delivery of deliveries) this.fail(delivery, error);
  }

  private schedule(delivery: Delivery): void {
    const { key } = this.settings;
    if (key !== undefined) {
      try {
        delivery.key = checkedKey(key(delivery.message));
      } catch (error) {
        delivery.state = 'running';
        this.fail(delivery, error);
        return;
      }
    }
    this.runner.schedule(delivery);
  }

  private async recount(delivery: Delivery): Promise<void> {
    delivery.state = 'writing';
    if (!(await this.settling.recount(delivery))) {
      this.bury(delivery, 'malformed', new Error('the message leaves no room for the count of its deliveries'));
      return;
    }
    if (delivery.isOver) {
      if (delivery.isAcked) this.retried(delivery, 0);
      return;
    }
    delivery.state = 'waiting';
    if (this.isStopping) this.giveBack(delivery);
    else this.schedule(delivery);
  }

  private async retry(delivery: Delivery, asked: number | undefined, error: unknown): Promise<void> {
    delivery.state = 'writing';
    const delayMs = asked === undefined ? this.delayBehind(delivery, error) : roundedUp(whole(asked));
    if (!(await this.settling.retry(delivery, delayMs, error))) this.bury(delivery, 'malformed', error);
    else if (delivery.isAcked) this.retried(delivery, delayMs);
  }

  private delayBehind({ attempt }: Delivery, error: unknown): number {
    try {
      return delayBehind(this.settings.delay, attempt, error);
    } catch (thrown) {
      this.runtime.warn('the function given as delay failed', thrown);
      return delayInDoubtMs;
    }
  }

  private retried(delivery: Delivery, delayMs: number): void {
    this.counts.retried++;
    this.events.emit('retried', delivery, delayMs);
  }

  private bury(delivery: Delivery, reason: DeadReason, error: unknown): void {
    delivery.state = 'writing';
    void this.settling.bury(delivery, reason, error).then(() => {
      if (!delivery.isAcked) return;
      this.counts.dead++;
      this.events.emit('dead', delivery, reason, error);
    });
  }

  private moved(delivery: Delivery, outcome: 'acked' | 'lost'): void {
    if (outcome === 'lost') {
      this.lose(delivery, undefined);
      return;
    }
    delivery.isAcked = true;
    this.close(delivery, 'written');
  }

  private lose(delivery: Delivery, error: unknown): void {
    if (delivery.isOver) return;
    const reason = error ?? new Error('the channel of the delivery is gone: the broker delivers it again');
    this.counts.lost++;
    this.close(delivery, 'lost');
    delivery.abort(reason);
    delivery.copying?.abort(reason);
    this.events.emit('lost', delivery, reason);
  }

  private giveBack(delivery: Delivery): void {
    if (delivery.isOver) return;
    if (!delivery.message.isSettled && !delivery.message.nack()) {
      this.lose(delivery, undefined);
      return;
    }
    this.counts.returned++;
    this.close(delivery, 'written');
    delivery.copying?.abort(new Error('the worker has been stopped'));
    this.events.emit('returned', delivery);
  }

  private close(delivery: Delivery, state: 'written' | 'lost'): void {
    delivery.state = state;
    this.inHand.remove(delivery);
    this.runner.over(delivery);
    this.checkIdle();
  }

  private get isIdle(): boolean {
    return this.inHand.size === 0 && this.handling === 0;
  }

  private checkIdle(): void {
    if (this.idle === undefined || !this.isIdle) return;
    const { resolve } = this.idle;
    this.idle = undefined;
    resolve();
  }
}

/** @throws {UsageError} for an object as key: every object is a different key, so jobs of one customer would not wait for each other. */
function checkedKey(key: string): string {
  const value: unknown = atOnce(key, 'key');
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    throw new UsageError(`key returned ${kindOf(value)}; it must return a string`);
  }
  return key;
}
