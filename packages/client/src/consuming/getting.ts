/**
 * `basicGet`: the gets of one queue share a channel as long as one of their messages is not settled, so that a refusal
 * hurts no message of another queue. Must not know consumers.
 */
import { AmqpError, type PukaError, replyError } from '@puka/errors';
import type { Method } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type { Operation } from '../operations/operation.ts';
import { LazyMap, LazySet } from '../runtime/lazy-collections.ts';
import { Queue } from '../runtime/queue.ts';
import type { ChannelSink, ReceivedContent, SessionChannel } from '../session/index.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import { Message, type MessageOrigin, type Settlement } from './message.ts';
import { messageOverLimit } from './over-limit.ts';

/** One `basicGet` under way. */
export interface Get {
  readonly queue: string;
  readonly noAck: boolean;
  readonly operation: Operation<Message | null>;
}

/** What gets need of their client. */
export interface GettingHost {
  /** There is something to send. */
  wake(): void;
  /** Gets have got their outcome. */
  settled(): void;
}

/** The gets of one client. */
export class Getting implements ConnectionUser {
  private readonly pool: ChannelPool;
  readonly #host: GettingHost;
  private readonly record: Pick<DeclaredTopology, 'nameOf' | 'queueUsed'> | undefined;
  private readonly channels = new LazySet<GetChannel>();
  private readonly byQueue = new LazyMap<string, GetChannel>();
  /** Queues whose first get waits for its channel. */
  private readonly opening = new LazyMap<string, LazySet<Get>>();
  private isAttached = false;
  /** Those that wait for the next connection, in the order of their calls. */
  private readonly held = new LazySet<Get>();

  /** @param record what was declared; `undefined` if the client does not recover. */
  constructor(
    pool: ChannelPool,
    record: Pick<DeclaredTopology, 'nameOf' | 'queueUsed'> | undefined,
    host: GettingHost,
  ) {
    this.pool = pool;
    this.record = record;
    this.#host = host;
  }

  /** Sends the gets that waited for a connection. */
  attach(): void {
    this.isAttached = true;
    const held = [...this.held];
    this.held.clear();
    for (const get of held) this.get(get);
  }

  /** A get that is under way fails, because the broker may have taken its message; one that was not sent waits, or fails. */
  detach(error: PukaError, willRecover: boolean): void {
    this.isAttached = false;
    const unsent = [...this.held, ...[...this.opening.values()].flatMap((gets) => [...gets])];
    this.held.clear();
    this.opening.clear();
    for (const get of unsent) {
      if (willRecover) this.held.add(get);
      else get.operation.reject(notSent('basic.get', error));
    }
  }

  /** Given up: what has not been sent is not sent. */
  forget(get: Get): void {
    const isForgotten = this.held.delete(get) || this.opening.get(get.queue)?.delete(get) === true;
    if (isForgotten) this.settled();
  }

  /** Gets that wait for the next connection. */
  get heldCount(): number {
    return this.held.size;
  }

  /** Gets without an outcome. */
  get outstanding(): number {
    let count = this.held.size;
    for (const gets of this.opening.values()) count += gets.size;
    for (const { pendingGets } of this.channels) count += pendingGets;
    return count;
  }

  /** Gets a message. */
  get(get: Get): void {
    if (!this.isAttached) {
      this.held.add(get);
      return;
    }
    const existing = this.byQueue.get(get.queue);
    if (existing?.isUsable === true) {
      existing.send(get);
      return;
    }
    const waiting = this.opening.get(get.queue);
    if (waiting !== undefined) {
      waiting.add(get);
      return;
    }
    const gets = new LazySet<Get>();
    gets.add(get);
    this.opening.set(get.queue, gets);
    const isKept = this.pool.keep('gets', (channel, error) => this.opened(get.queue, channel, error));
    if (!isKept) this.share(get.queue);
  }

  /** For the channels: the name that a queue has now. */
  nameOf(queue: string): string {
    return this.record?.nameOf(queue) ?? queue;
  }

  /** For the channels: the broker has answered a get of it. */
  used(queue: string): void {
    this.record?.queueUsed(queue);
  }

  /** For the channels: they are settled. */
  freed(channel: GetChannel): void {
    if (!this.channels.delete(channel)) return;
    for (const queue of channel.queues) {
      if (this.byQueue.get(queue) === channel) this.byQueue.delete(queue);
    }
    this.pool.releaseKept('gets', channel.channel);
  }

  private opened(queue: string, channel: SessionChannel | undefined, error: PukaError | undefined): void {
    if (channel === undefined) {
      this.refuse(queue, error);
      return;
    }
    const home = new GetChannel(channel, this);
    channel.sink = home;
    this.channels.add(home);
    this.sendAll(queue, home);
  }

  /** No channel is free: uses another queue's, once it is known that the broker will not refuse. */
  private share(queue: string): void {
    this.pool.acquire((channel, error) => {
      if (channel === undefined) {
        this.opened(queue, undefined, error);
        return;
      }
      const looked = (_reply: unknown, refusal: PukaError | undefined): void => {
        this.pool.release(channel);
        if (refusal === undefined) this.shareWithOther(queue);
        else this.refuse(queue, asGetError(refusal));
      };
      const isSent = channel.request({ type: 'queue.declare', queue: this.nameOf(queue), passive: true }, looked);
      if (!isSent) looked(undefined, notSent('basic.get', undefined));
      this.#host.wake();
    });
  }

  private shareWithOther(queue: string): void {
    let least: GetChannel | undefined;
    for (const home of this.channels) {
      if (home.isUsable && (least === undefined || home.load < least.load)) least = home;
    }
    if (least !== undefined) this.sendAll(queue, least);
    else if (!this.pool.keep('gets', (channel, error) => this.opened(queue, channel, error))) {
      this.pool.whenKeptChanges((error) => {
        if (error === undefined) this.shareWithOther(queue);
        else this.refuse(queue, error);
      });
    }
  }

  private sendAll(queue: string, home: GetChannel): void {
    this.byQueue.set(queue, home);
    home.queues.add(queue);
    for (const get of this.takeOpening(queue)) home.send(get);
    home.freeWhenDone();
    this.#host.wake();
    this.settled();
  }

  /** For the channels: a get has got its outcome. */
  settled(): void {
    this.#host.settled();
  }

  private refuse(queue: string, error: PukaError | undefined): void {
    for (const { operation } of this.takeOpening(queue)) operation.reject(error);
    this.settled();
  }

  private takeOpening(queue: string): Get[] {
    const gets = [...(this.opening.get(queue) ?? [])];
    this.opening.delete(queue);
    return gets;
  }
}

/** The sink of a channel for gets; settles their messages. */
export class GetChannel implements ChannelSink, Settlement {
  readonly channel: SessionChannel;
  private readonly getting: Getting;
  private readonly pending = new Queue<Get>();
  /** The queues whose gets go over it. */
  readonly queues: Set<string> = new Set();
  /** Of the message that came last: the next is of the same queue, as a rule. */
  private lastOrigin: MessageOrigin | undefined = undefined;
  private refusal: { readonly queue: string; readonly error: AmqpError } | undefined = undefined;

  constructor(channel: SessionChannel, getting: Getting) {
    this.channel = channel;
    this.getting = getting;
  }

  /** Whether more gets can be sent. */
  get isUsable(): boolean {
    return this.channel.isUsable;
  }

  /** Gets without an answer. */
  get pendingGets(): number {
    return this.pending.length;
  }

  /** Messages not settled, and gets without an answer. */
  get load(): number {
    return this.channel.unsettledDeliveries + this.pending.length;
  }

  /** Sends it after those that are under way: answers come in their order. */
  send(get: Get): void {
    const { queue, noAck, operation } = get;
    this.pending.push(get);
    const answered = (reply: Method | undefined, error: PukaError | undefined): void => this.answered(reply, error);
    operation.isSent = this.channel.request({ type: 'basic.get', queue: this.getting.nameOf(queue), noAck }, answered);
    if (!operation.isSent) this.answered(undefined, notSent('basic.get', undefined));
  }

  /** The message. One that no caller waits for any more goes back to its queue. */
  content(content: ReceivedContent): boolean {
    const get = this.pending.first;
    if (content.kind !== 'get-ok' || get === undefined) return false;
    const { operation, noAck, queue } = get;
    const { deliveryTag, overLimit } = content;
    if (overLimit !== undefined) operation.reject(messageOverLimit(overLimit, queue, noAck, 'basic.get'));
    if (operation.state === 'pending') {
      operation.fulfil(new Message(content, this.originOf(get)));
    } else if (!noAck) {
      this.channel.nack(deliveryTag, true);
    }
    return !noAck;
  }

  confirmed(): void {}

  consumerCancelled(): void {}

  closed(): void {
    this.getting.freed(this);
  }

  /** For the user, as the other two: settles a message. */
  ack(deliveryTag: number): boolean {
    return this.settled(this.channel.ack(deliveryTag));
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.channel.reject(deliveryTag, requeue));
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    return this.settled(this.channel.nack(deliveryTag, requeue));
  }

  /** Returns the channel when nothing is open on it. */
  freeWhenDone(): void {
    if (this.load === 0 && this.channel.isUsable) this.getting.freed(this);
  }

  private originOf({ queue, noAck }: Get): MessageOrigin {
    const settlement = noAck ? undefined : this;
    const last = this.lastOrigin;
    if (last?.queue === queue && last.settlement === settlement) return last;
    const origin: MessageOrigin = {
      kind: 'get-ok',
      queue,
      consumerTag: undefined,
      settlement,
      tables: this.channel.tables,
    };
    this.lastOrigin = origin;
    return origin;
  }

  /** The message came before, or the queue is empty, or there is an error. */
  private answered(reply: Method | undefined, error: PukaError | undefined): void {
    const get = this.pending.shift();
    if (get === undefined) return;
    const { operation, queue } = get;
    if (error === undefined) {
      this.getting.used(queue);
      if (reply !== undefined) operation.fulfil(null);
    } else if (error instanceof AmqpError && error.scope === 'channel') {
      this.refusal = { queue, error };
      operation.reject(error);
    } else if (this.refusal !== undefined && error.scope === 'channel') {
      this.droppedBehind(get, this.refusal);
    } else {
      operation.reject(error);
    }
    this.freeWhenDone();
    this.getting.settled();
  }

  /** The broker refused a get before it: one of the same queue fails the same way, another is sent again. */
  private droppedBehind(get: Get, refusal: { readonly queue: string; readonly error: AmqpError }): void {
    const { replyCode = 0, replyText = '' } = refusal.error;
    if (get.operation.state !== 'pending') return;
    if (refusal.queue !== get.queue) this.getting.get(get);
    else get.operation.reject(replyError(replyCode, replyText, { method: 'basic.get' }));
  }

  private settled(isDone: boolean): boolean {
    this.freeWhenDone();
    return isDone;
  }
}

/** The refusal of the look-up is taken for that of the get. */
function asGetError(error: PukaError): PukaError {
  if (!(error instanceof AmqpError) || error.replyCode === undefined) return error;
  return replyError(error.replyCode, error.replyText ?? '', { method: 'basic.get', cause: error });
}
