/**
 * Sends requests over as many channels as the pool lends, some in flight on each: thousands of them must not wait for one
 * answer after the other. A refusal closes its channel, and what was dropped after it is sent again.
 * Must not know what the requests are for.
 */
import { AmqpError, isPukaError, type PukaError } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { Queue } from '../runtime/queue.ts';
import type { SessionChannel } from '../session/index.ts';

/** More in flight on one channel would cost the broker more than they gain, and be dropped by one refusal. */
const maxInFlight = 8;

/** Takes the reply, or the error. */
export type Answered = (reply: Method | undefined, error: PukaError | undefined) => void;

interface Waiting {
  readonly method: MethodInput;
  readonly answered: Answered;
}

interface Lane {
  readonly channel: SessionChannel;
  inFlight: number;
}

/** What it needs of its owner. */
export interface RequestLanesHost {
  readonly pool: Pick<ChannelPool, 'acquire' | 'release'>;
  /** There is something to send. */
  wake(): void;
}

/** Sends requests over as many channels as the pool lends, and sends again what a refusal dropped. */
export class RequestLanes {
  private readonly host: RequestLanesHost;
  private readonly waiting = new Queue<Waiting>();
  private lanes: Lane[] = [];
  /** The lane that is asked first for room. */
  private turn = 0;
  /** The pool has been asked for a channel, and has none for now. */
  private isAsking = false;

  constructor(host: RequestLanesHost) {
    this.host = host;
  }

  /** Sends a request, on a channel of its own if the pool has one. It is never given up on a channel that lives on. */
  send(method: MethodInput, answered: Answered): void {
    this.waiting.push({ method, answered });
    this.ask();
    this.feed();
  }

  private ask(): void {
    if (this.isAsking || this.waiting.length === 0) return;
    this.isAsking = true;
    this.host.pool.acquire((channel, lost) => {
      this.isAsking = false;
      if (channel === undefined) {
        for (const { answered } of this.waiting.takeAll()) answered(undefined, lost);
        return;
      }
      const lane = { channel, inFlight: 0 };
      this.lanes.push(lane);
      this.sendNext(lane);
      this.endIfDone(lane);
      this.ask();
    });
  }

  /** Lets the lanes that have room take what waits, one after the other. */
  private feed(): void {
    for (let passed = 0; passed < this.lanes.length && this.waiting.length > 0; ) {
      this.turn = (this.turn + 1) % this.lanes.length;
      const lane = this.lanes[this.turn];
      passed = lane !== undefined && this.sendNext(lane) ? 0 : passed + 1;
    }
  }

  /** @returns whether it has sent something. */
  private sendNext(lane: Lane): boolean {
    const { channel } = lane;
    if (lane.inFlight >= maxInFlight || !channel.isUsable) return false;
    const next = this.waiting.shift();
    if (next === undefined) return false;
    lane.inFlight++;
    try {
      channel.request(next.method, (reply, error) => this.replied(lane, next, reply, error));
    } catch (error) {
      // The broker of now may take smaller frames than the one that took this before. It fails alone.
      lane.inFlight--;
      if (!isPukaError(error)) throw error;
      next.answered(undefined, error);
    }
    this.host.wake();
    return true;
  }

  private replied(lane: Lane, request: Waiting, reply: Method | undefined, error: PukaError | undefined): void {
    lane.inFlight--;
    const isDropped = error !== undefined && error.scope === 'channel' && !(error instanceof AmqpError);
    if (isDropped) this.waiting.push(request);
    this.sendNext(lane);
    this.endIfDone(lane);
    this.ask();
    if (!isDropped) request.answered(reply, error);
  }

  private endIfDone(lane: Lane): void {
    if (lane.inFlight > 0 || !this.lanes.includes(lane)) return;
    this.lanes = this.lanes.filter((each) => each !== lane);
    this.host.pool.release(lane.channel);
  }
}
