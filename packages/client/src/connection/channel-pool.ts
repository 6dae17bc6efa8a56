/**
 * Lends the channels of a connection: one operation at a time on each, as many channels as the limits allow, the rest
 * waits. Keeps one free for operations, and leaves one number to publishing.
 * Must not know what an operation does with its channel.
 */
import { ConnectionBroken, type PukaError } from '@puka/errors';
import type { ChannelSink, Session, SessionChannel } from '../session/index.ts';

/** A task that waits for a channel; `undefined` with the error where there will be none. */
export type ChannelTask = (channel: SessionChannel | undefined, error: PukaError | undefined) => void;

/** What a channel may be kept for. */
export type LongUse = 'consumers' | 'gets';

/** Channels that operations run on side by side; more would cost the broker more than they gain. */
const maxOperationChannels = 64;

/** What an idle channel is told; nothing is due on it but its end. */
class IdleSink implements ChannelSink {
  private readonly pool: ChannelPool;
  /** Set once the channel is open. */
  channel: SessionChannel | undefined = undefined;
  constructor(pool: ChannelPool) {
    this.pool = pool;
  }
  content(): void {}
  confirmed(): void {}
  consumerCancelled(): void {}
  closed(): void {
    this.pool.forget(this.channel);
  }
}

/** The channels of one connection that serve all but publishing. */
export class ChannelPool {
  private readonly session: Session;
  private readonly isPublishing: () => boolean;
  private readonly idle: SessionChannel[] = [];
  private waiting: ChannelTask[] = [];
  private waitingHead = 0;
  private isServing = false;
  /** Told when a kept channel has come or gone. */
  private keptWatchers: ((error: PukaError | undefined) => void)[] = [];
  /** Lent to operations. */
  private lent = 0;
  /** Kept for longer: by consumers and by gets that are not settled. */
  private readonly kept: Record<LongUse, number> = { consumers: 0, gets: 0 };

  /** @param isPublishing whether the channel of publishing is among those of the session. */
  constructor(session: Session, isPublishing: () => boolean) {
    this.session = session;
    this.isPublishing = isPublishing;
  }

  /**
   * Calls the task with a channel, at once or when one is free. The task must give the channel back by `release`.
   *
   * @returns whether it was called at once.
   */
  acquire(task: ChannelTask): boolean {
    const channel = this.take();
    if (channel === undefined) {
      this.waiting.push(task);
      return false;
    }
    this.lent++;
    task(channel, undefined);
    return true;
  }

  /** Gives a channel back, usable or not. */
  release(channel: SessionChannel): void {
    this.lent--;
    this.shelve(channel);
  }

  /**
   * Like `acquire`, for long; given back by `releaseKept`. One number is left to each use, so that it has a channel to share.
   *
   * @returns `false` where none may be kept any more: share one then.
   */
  keep(use: LongUse, task: ChannelTask): boolean {
    const { kept } = this;
    const spare = kept[use === 'gets' ? 'consumers' : 'gets'] === 0 ? 1 : 0;
    // One number is that of publishing, one stays free for operations.
    if (kept.consumers + kept.gets >= this.session.channelMax - 2 - spare) return false;
    kept[use]++;
    this.acquire((channel, error) => {
      if (channel === undefined) {
        kept[use]--;
        task(undefined, error);
        return;
      }
      this.lent--;
      task(channel, undefined);
      this.keptChanged();
    });
    return true;
  }

  /**
   * For who may keep no channel and finds none to share: one is about to come, or to go. Calls once, when it has; with the
   * error where there will be none.
   */
  whenKeptChanges(watcher: (error: PukaError | undefined) => void): void {
    this.keptWatchers.push(watcher);
  }

  /** Gives a kept channel back, usable or not. */
  releaseKept(use: LongUse, channel: SessionChannel): void {
    this.kept[use]--;
    this.shelve(channel);
    this.keptChanged();
  }

  /** An idle channel, or one lent to an operation, is gone. */
  forget(channel: SessionChannel | undefined): void {
    const index = channel === undefined ? -1 : this.idle.indexOf(channel);
    if (index >= 0) this.idle.splice(index, 1);
    this.serve();
  }

  /** The connection is gone: nobody need wait any more. */
  lost(error: PukaError): void {
    this.idle.length = 0;
    const tasks = this.waiting.slice(this.waitingHead);
    this.waiting = [];
    this.waitingHead = 0;
    for (const watcher of this.keptWatchers.splice(0)) watcher(error);
    for (const task of tasks) task(undefined, error);
  }

  private keptChanged(): void {
    for (const watcher of this.keptWatchers.splice(0)) watcher(undefined);
  }

  private shelve(channel: SessionChannel): void {
    if (channel.isUsable) {
      if (this.idle.length >= maxOperationChannels) {
        channel.sink = new IdleSink(this);
        channel.close();
      } else {
        const sink = new IdleSink(this);
        sink.channel = channel;
        channel.sink = sink;
        this.idle.push(channel);
      }
    }
    this.serve();
  }

  /** Serves those that wait, as far as there are channels. */
  private serve(): void {
    // A task that gives its channel back at once comes here again; thousands in a row must not deepen the stack.
    if (this.isServing) return;
    this.isServing = true;
    try {
      while (this.waitingHead < this.waiting.length) {
        const channel = this.take();
        if (channel === undefined) return;
        this.lent++;
        this.nextWaiting()?.(channel, undefined);
      }
    } finally {
      this.isServing = false;
    }
  }

  private nextWaiting(): ChannelTask | undefined {
    const task = this.waiting[this.waitingHead++];
    if (this.waitingHead === this.waiting.length) {
      this.waiting = [];
      this.waitingHead = 0;
    }
    return task;
  }

  private take(): SessionChannel | undefined {
    if (this.lent >= maxOperationChannels) return undefined;
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    // The last number is that of publishing, whether it is in use already or not. Closing channels still have theirs.
    const others = this.session.channelCount - (this.isPublishing() ? 1 : 0);
    if (others >= this.session.channelMax - 1) return undefined;
    return this.session.openChannel(new IdleSink(this), () => {});
  }
}

/** The error of an operation whose connection is gone. */
export function brokenConnection(method: string, cause: PukaError | undefined): ConnectionBroken {
  return new ConnectionBroken(`the connection ended before ${method} was answered`, {
    method,
    outcome: 'unknown',
    ...(cause === undefined ? {} : { cause }),
  });
}
