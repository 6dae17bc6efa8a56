/** One message in a worker's hands, and what its handler gets to see of it. Must not settle anything by itself. */
import type { Message, Timer } from '@puka/client';
import { originOf } from './job-headers.ts';
import type { JobContext } from './options.ts';
import { type Aborter, type JobSignal, newAborter } from './runtime.ts';

/** `waiting` for its turn → `running` its handler → `writing` its outcome → `written`; or `lost` from any but the last. */
export type DeliveryState = 'waiting' | 'running' | 'writing' | 'written' | 'lost';

/** An abort signal that is made on first use: most handlers never use it. */
export class LazySignal {
  private aborter: Aborter | undefined = undefined;
  private isAborted = false;
  private reason: unknown = undefined;

  get signal(): JobSignal {
    if (this.aborter === undefined) {
      this.aborter = newAborter();
      if (this.isAborted) this.aborter.abort(this.reason);
    }
    return this.aborter.signal;
  }

  /** A second time does nothing. */
  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.reason = reason;
    this.aborter?.abort(reason);
  }
}

/** One delivery in the hands of a handler. */
export class Delivery implements JobContext {
  readonly message: Message;
  readonly attempt: number;
  state: DeliveryState = 'waiting';
  /** Its handler has not come back yet, whatever its state. */
  isHandled = false;
  /** It takes one of the places of a runner. */
  hasPlace = false;
  /** When its handler began, by the clock of the worker. */
  startedMs = 0;
  /** Set if `key` is given. */
  key = '';
  /** Withdraws the copy that is on its way to its next home. */
  copying: Aborter | undefined = undefined;
  /** It is in another queue, and this delivery is acked. */
  isAcked = false;
  /** Aborted with it: the signal of its batch. */
  batch: LazySignal | undefined = undefined;
  /** `stop()` has aborted it: a failure from then on is none of the job's. */
  isStopped = false;
  /** Stops its handler's time. */
  timer: Timer | undefined = undefined;
  /** The deliveries before and after it in the worker's list. */
  before: Delivery | undefined = undefined;
  after: Delivery | undefined = undefined;
  /** Made when it is asked for or aborted. */
  private ownSignal: LazySignal | undefined = undefined;

  constructor(message: Message, attempt: number) {
    this.message = message;
    this.attempt = attempt;
  }

  get signal(): JobSignal {
    this.ownSignal ??= new LazySignal();
    return this.ownSignal.signal;
  }

  /** Aborts the signal, and that of its batch. A second time does nothing. */
  abort(reason: unknown): void {
    this.ownSignal ??= new LazySignal();
    this.ownSignal.abort(reason);
    this.batch?.abort(reason);
  }

  get exchange(): string {
    return originOf(this.message).exchange;
  }

  get routingKey(): string {
    return originOf(this.message).routingKey;
  }

  /** Nothing more has to be written about it. */
  get isOver(): boolean {
    return this.state === 'written' || this.state === 'lost';
  }
}
