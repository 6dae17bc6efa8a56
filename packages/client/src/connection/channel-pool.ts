/**
 * Lends the channels of a connection: one operation at a time on each, as many channels as the limits allow, the rest
 * waits. Keeps one free for operations, and leaves one number to publishing.
 * Must not know what an operation does with its channel.
 */
import type { PukaError } from '@puka/errors';
import { LazySet } from '../runtime/lazy-collections.ts';
import { closedByUs } from '../session/closed-by-us.ts';
import type { ChannelSink, Session, SessionChannel } from '../session/index.ts';
import type { ConnectionUser } from './connection-user.ts';

/** A task that waits for a channel; `undefined` with the error if there will be none. */
export type ChannelTask = (channel: SessionChannel | undefined, error: PukaError | undefined) => void;

/** What a channel may be kept for. */
export type LongUse = 'consumers' | 'gets';

/** Channels that operations run on side by side; more would cost the broker more than they gain. */
const maxOperationChannels = 64;

const ignore = (): void => {};

/** The sink of an idle channel: nothing is due on it but its end. */
class IdleSink implements ChannelSink {
  private readonly pool: ChannelPool;
  /** Set once the channel is open. */
  channel: SessionChannel | undefined = undefined;
  constructor(pool: ChannelPool) {
    this.pool = pool;
  }
  content(): boolean {
    return false;
  }
  confirmed(): void {}
  consumerCancelled(): void {}
  closed(): void {
    this.pool.forget(this.channel);
  }
}

/** The channels that serve all but publishing, of one connection after the other. */
export class ChannelPool implements ConnectionUser {
  private session: Session | undefined = undefined;
  /** Why there is no connection; `undefined` before the first one. */
  private lostBy: PukaError | undefined = undefined;
  private readonly isPublishing: () => boolean;
  private idle: SessionChannel[] = [];
  private waiting: ChannelTask[] = [];
  private waitingHead = 0;
  private isServing = false;
  /** Called when a kept channel has come or gone. */
  private keptWatchers: ((error: PukaError | undefined) => void)[] = [];
  /** Lent to operations. */
  private readonly lent = new LazySet<SessionChannel>();
  /** Kept for longer: by consumers and by gets that are not settled. Those still to be opened count too. */
  private kept: Record<LongUse, number> = { consumers: 0, gets: 0 };

  /** @param isPublishing whether the channel of publishing is among those of the session. */
  constructor(isPublishing: () => boolean) {
    this.isPublishing = isPublishing;
  }

  /** Lends the channels of this connection from now on. */
  attach(session: Session): void {
    this.session = session;
    this.serve();
  }

  /** Lends no more. Tasks that wait for a channel end with the error, and what comes back later is ignored. */
  detach(error: PukaError): void {
    this.session = undefined;
    this.lostBy = error;
    this.idle = [];
    this.lent.clear();
    this.kept = { consumers: 0, gets: 0 };
    const tasks = this.waiting.slice(this.waitingHead);
    this.waiting = [];
    this.waitingHead = 0;
    for (const watcher of this.keptWatchers.splice(0)) watcher(error);
    for (const task of tasks) task(undefined, error);
  }

  /**
   * Calls the task with a channel, at once or when one is free; without a connection at once with the error. The task must
   * return the channel with `release`.
   *
   * @returns whether it was called at once.
   */
  acquire(task: ChannelTask): boolean {
    if (this.session === undefined) {
      task(undefined, this.lostBy ?? closedByUs());
      return true;
    }
    const channel = this.take();
    if (channel === undefined) {
      this.waiting.push(task);
      return false;
    }
    this.lent.add(channel);
    task(channel, undefined);
    return true;
  }

  /** Returns a channel to the pool, usable or not. One of an earlier connection is ignored. */
  release(channel: SessionChannel): void {
    if (this.lent.delete(channel)) this.shelve(channel);
  }

  /**
   * Like `acquire`, for long; given back by `releaseKept`. One number is left to each use, so that it has a channel to share.
   *
   * @param most as many as the use wants to keep.
   * @returns `false` if none may be kept any more: share one then.
   */
  keep(use: LongUse, task: ChannelTask, most: number = Number.POSITIVE_INFINITY): boolean {
    const { kept, session } = this;
    if (session === undefined) {
      task(undefined, this.lostBy ?? closedByUs());
      return true;
    }
    const spare = kept[use === 'gets' ? 'consumers' : 'gets'] === 0 ? 1 : 0;
    // One number is that of publishing, one stays free for operations.
    if (kept[use] >= most || kept.consumers + kept.gets >= session.channelMax - 2 - spare) return false;
    kept[use]++;
    this.acquire((channel, error) => {
      if (channel === undefined) {
        // After `detach`, which has set the counts to 0.
        task(undefined, error);
        return;
      }
      this.lent.delete(channel);
      task(channel, undefined);
      this.keptChanged();
    });
    return true;
  }

  /** Calls `watcher` once when a kept channel opens or is released; with the error if there will be none. */
  whenKeptChanges(watcher: (error: PukaError | undefined) => void): void {
    if (this.session === undefined) watcher(this.lostBy ?? closedByUs());
    else this.keptWatchers.push(watcher);
  }

  /**
   * Returns a kept channel to the pool, usable or not. One of an earlier connection is ignored.
   *
   * @param mayBeReused `false` closes it, because the broker still holds deliveries of it as unsettled.
   */
  releaseKept(use: LongUse, channel: SessionChannel, mayBeReused = true): void {
    if (!this.isOfSession(channel)) return;
    this.kept[use]--;
    this.shelve(channel, mayBeReused);
    this.keptChanged();
  }

  /** An idle channel, or one lent to an operation, is gone. */
  forget(channel: SessionChannel | undefined): void {
    const index = channel === undefined ? -1 : this.idle.indexOf(channel);
    if (index >= 0) this.idle.splice(index, 1);
    this.serve();
  }

  private keptChanged(): void {
    for (const watcher of this.keptWatchers.splice(0)) watcher(undefined);
  }

  private shelve(channel: SessionChannel, mayBeReused = true): void {
    if (channel.isUsable) {
      if (!mayBeReused || this.idle.length >= maxOperationChannels) {
        channel.sink = new IdleSink(this);
        channel.close();
      } else {
        const sink = channel.sink instanceof IdleSink ? channel.sink : new IdleSink(this);
        sink.channel = channel;
        channel.sink = sink;
        this.idle.push(channel);
      }
    }
    this.serve();
  }

  /** Serves those that wait, as far as there are channels. */
  private serve(): void {
    // A task that returns its channel at once comes here again; thousands in a row must not deepen the stack.
    if (this.isServing) return;
    this.isServing = true;
    try {
      while (this.waitingHead < this.waiting.length) {
        const channel = this.take();
        if (channel === undefined) return;
        this.lent.add(channel);
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

  private isOfSession(channel: SessionChannel): boolean {
    return this.session !== undefined && channel.isOf(this.session);
  }

  private take(): SessionChannel | undefined {
    const { session } = this;
    // Once our close is sent no channel can be used any more: the tasks that wait end by `detach`.
    if (session?.state !== 'open' || this.lent.size >= maxOperationChannels) return undefined;
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    // The last number is that of publishing, whether it is in use already or not. Closing channels still have theirs.
    const others = session.channelCount - (this.isPublishing() ? 1 : 0);
    if (others >= session.channelMax - 1) return undefined;
    return session.openChannel(new IdleSink(this), ignore);
  }
}
