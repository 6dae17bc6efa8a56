/**
 * What a test may do to the clients of its broker: each call is one fault, and `clear()` ends them all. Must not do anything
 * that a real broker or network could not do.
 */
import { setImmediate } from 'node:timers';
import type { Message } from '../model/message.ts';
import type { ConfirmFate, Interference, PublishFate, SettlementFate } from '../protocol/interference.ts';

/** What faults need of the broker. */
export interface FaultTargets {
  readonly nowMs: number;
  /** All lines that stand. */
  readonly lines: Iterable<FaultyLine>;
  /** Ends consumers as a broker does. */
  cancelConsumers(queue: string | undefined): void;
  /** Something has been written outside of a turn. */
  turnOver(): void;
}

/** What can be done to one line. */
export interface FaultyLine {
  /** Breaks it at once, as a crash does. */
  reset(): void;
  /** Ends it after so many bytes more of one side. */
  breakAfter(bytes: number, from: 'broker' | 'client'): void;
  /** From now on no more than so many bytes at once go to the client. */
  splitBytes: number;
  /** From now on the channels' frames go to the client in another order among each other. */
  isReordering: boolean;
}

/** Where a connection is to be dropped. */
export interface DropOptions {
  /** Whose bytes are counted. Default `'broker'`. */
  readonly from?: 'broker' | 'client';
  /** All that stand, or the next one that comes, with its handshake. Default `'standing'`. */
  readonly connections?: 'standing' | 'next';
}

/** Which messages a fault is meant for. */
export interface MessageFilter {
  readonly exchange?: string;
  readonly routingKey?: string;
}

interface Planned {
  left: number;
  readonly filter: MessageFilter;
}

/** See the head of the file. */
export class Faults implements Interference {
  private readonly targets: FaultTargets;
  private loginsLeft = 0;
  private connectionsLeft = 0;
  private nacks: Planned = { left: 0, filter: {} };
  private returns: Planned = { left: 0, filter: {} };
  private confirmsToLose = 0;
  private confirmsToBreak = 0;
  private acksToLose = 0;
  private acksToDrop = 0;
  private confirmDelayMs = 0;
  private held: { readonly atMs: number; readonly tell: () => void }[] = [];
  private pieceBytes = Number.POSITIVE_INFINITY;
  private isReorderingChannels = false;
  private nextLineBreak: { readonly bytes: number; readonly from: 'broker' | 'client' } | undefined;
  /** For the protocol. */
  isReordering = false;

  constructor(targets: FaultTargets) {
    this.targets = targets;
  }

  /** Drops every connection now, as a crash or a cut cable does. */
  dropConnections(): void {
    for (const line of [...this.targets.lines]) line.reset();
  }

  /** Drops connections after so many bytes more, be it in the middle of a frame; what came before them counts. */
  dropAfterBytes(bytes: number, { from = 'broker', connections = 'standing' }: DropOptions = {}): void {
    if (connections === 'next') this.nextLineBreak = { bytes, from };
    else for (const line of this.targets.lines) line.breakAfter(bytes, from);
  }

  /** Ends the connection in the middle of the next confirm: half of its frame goes out. */
  dropInConfirm(): void {
    this.confirmsToBreak = 1;
  }

  /** Ends the connection just ahead of the next ack: the message is delivered once more when the client is back. */
  dropInAck(): void {
    this.acksToDrop = 1;
  }

  /** Takes no connection: it ends as soon as it is there. @param times how many; default all from now on. */
  refuseConnections(times: number = Number.POSITIVE_INFINITY): void {
    this.connectionsLeft = times;
  }

  /** Refuses logins, whatever the password. @param times how many; default all from now on. */
  refuseLogins(times: number = Number.POSITIVE_INFINITY): void {
    this.loginsLeft = times;
  }

  /** Nacks publishes instead of routing them; without confirms they are lost. */
  nackPublishes(times = 1, filter: MessageFilter = {}): void {
    this.nacks = { left: times, filter };
  }

  /** Lets publishes come to no queue: those that are `mandatory` are returned. */
  returnPublishes(times = 1, filter: MessageFilter = {}): void {
    this.returns = { left: times, filter };
  }

  /** Routes publishes and never confirms them: their fate is unknown to the client. */
  loseConfirms(times = 1): void {
    this.confirmsToLose = times;
  }

  /** Confirms later than it could, by the broker's clock. 0 ends that. */
  delayConfirms(milliseconds: number): void {
    this.confirmDelayMs = milliseconds;
  }

  /** Tells confirms one by one and the last first, which RabbitMQ may do. */
  reorderConfirms(isReordering = true): void {
    this.isReordering = isReordering;
  }

  /**
   * Sends the frames of several channels in another order among each other, which RabbitMQ may do: only those of one channel
   * have an order.
   */
  reorderChannels(isReordering = true): void {
    this.isReorderingChannels = isReordering;
    for (const line of this.targets.lines) line.isReordering = isReordering;
  }

  /** Loses acks on their way, so that the messages are delivered once more when their connection is gone. */
  loseAcks(times = 1): void {
    this.acksToLose = times;
  }

  /** Ends consumers as RabbitMQ does when a queue is deleted; the queues stay. @param queue whose; default of all queues. */
  cancelConsumers(queue?: string): void {
    this.targets.cancelConsumers(queue);
  }

  /** Cuts what goes to clients into pieces, each read by itself. @param bytes of a piece; `Infinity` ends that. */
  splitReads(bytes: number): void {
    this.pieceBytes = bytes;
    for (const line of this.targets.lines) line.splitBytes = bytes;
  }

  /** Ends all faults that are to come. Confirms that were delayed are told. */
  clear(): void {
    this.loginsLeft = 0;
    this.connectionsLeft = 0;
    this.nacks = { left: 0, filter: {} };
    this.returns = { left: 0, filter: {} };
    this.confirmsToLose = 0;
    this.confirmsToBreak = 0;
    this.acksToLose = 0;
    this.acksToDrop = 0;
    this.confirmDelayMs = 0;
    this.isReordering = false;
    this.nextLineBreak = undefined;
    this.reorderChannels(false);
    this.splitReads(Number.POSITIVE_INFINITY);
    this.tellHeld(Number.POSITIVE_INFINITY);
    this.targets.turnOver();
  }

  /** For the listener: whether a new line is refused; else what it begins with. */
  takesLine(line: FaultyLine): boolean {
    line.splitBytes = this.pieceBytes;
    line.isReordering = this.isReorderingChannels;
    const { nextLineBreak } = this;
    this.nextLineBreak = undefined;
    if (nextLineBreak !== undefined) line.breakAfter(nextLineBreak.bytes, nextLineBreak.from);
    if (this.connectionsLeft <= 0) return true;
    this.connectionsLeft--;
    return false;
  }

  /** For the protocol. */
  refusesLogin(): boolean {
    if (this.loginsLeft <= 0) return false;
    this.loginsLeft--;
    return true;
  }

  /** For the protocol. */
  fateOfPublish(message: Message): PublishFate {
    if (isMeant(this.nacks, message)) return 'nack';
    return isMeant(this.returns, message) ? 'return' : 'pass';
  }

  /** For the protocol. */
  fateOfConfirm(tell: () => void): ConfirmFate {
    if (this.confirmsToLose > 0) {
      this.confirmsToLose--;
      return 'lose';
    }
    if (this.confirmDelayMs === 0 && !this.isReordering) return 'tell';
    this.held.push({ atMs: this.targets.nowMs + this.confirmDelayMs, tell });
    // So that there are several to reorder, though each publish may have come by itself.
    if (this.confirmDelayMs === 0) setImmediate(() => this.tellDue());
    return 'hold';
  }

  /** For the protocol. */
  breaksConfirm(): boolean {
    if (this.confirmsToBreak <= 0) return false;
    this.confirmsToBreak--;
    return true;
  }

  /** For the protocol. */
  fateOfSettlement(): SettlementFate {
    if (this.acksToDrop > 0) {
      this.acksToDrop--;
      return 'drop-line';
    }
    if (this.acksToLose <= 0) return 'take';
    this.acksToLose--;
    return 'lose';
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    return this.held.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
  }

  /** Tells the confirms that are due. */
  handleTimeout(nowMs: number): void {
    this.tellHeld(nowMs);
  }

  private tellDue(): void {
    this.tellHeld(this.targets.nowMs);
    this.targets.turnOver();
  }

  private tellHeld(nowMs: number): void {
    const due = this.held.filter(({ atMs }) => atMs <= nowMs);
    this.held = this.held.filter(({ atMs }) => atMs > nowMs);
    for (const { tell } of due) tell();
  }
}

function isMeant(planned: Planned, { exchange, routingKey }: Message): boolean {
  const { filter } = planned;
  if (planned.left <= 0) return false;
  if (filter.exchange !== undefined && filter.exchange !== exchange) return false;
  if (filter.routingKey !== undefined && filter.routingKey !== routingKey) return false;
  planned.left--;
  return true;
}
