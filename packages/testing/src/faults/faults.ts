/**
 * What a test may do to the clients of its broker: each call is one fault, and `clear()` ends them all. Must not do anything
 * that a real broker or network could not do.
 */
import { setImmediate } from 'node:timers';
import { type AmqpError, ConnectionForced, UsageError } from '@puka/errors';
import type { Method, MethodType } from '@puka/wire';
import { checkNames, checkNumber, checkTimes } from '../argument-checks.ts';
import { FaultRefusal } from '../model/fault-refusal.ts';
import type { Message } from '../model/message.ts';
import type { Queue } from '../model/queues/queue.ts';
import type {
  ConfirmFate,
  ConsumeFate,
  PublishFate,
  SettlementFate,
  WaitingConsumer,
} from '../protocol/interference.ts';
import { isHard } from '../protocol/refusal.ts';
import type { ServerChannel } from '../protocol/server-channel.ts';
import { type CancelNewOptions, ConsumerFaults } from './consumer-faults.ts';
import type {
  ChannelFilter,
  ConnectionFilter,
  DropOptions,
  LoseLeaderOptions,
  MessageFilter,
  QueueFaultOptions,
  RemoveQueueOptions,
  StopQueueOptions,
} from './fault-options.ts';
import type { FaultTargets, FaultyLine } from './fault-targets.ts';
import { Ghosts } from './ghosts.ts';
import { type DelayOptions, MethodFaults, type RefuseOptions } from './method-faults.ts';

interface Planned {
  left: number;
  readonly filter: MessageFilter;
}

const messageFilter = ['exchange', 'routingKey'] as const;
const connectionFilter = ['connection', 'user', 'vhost'] as const;

/**
 * Faults that a test can cause for the clients of its broker. Each call is one fault, and `clear()` ends them all. A number out of its
 * range or an unknown option throws a `UsageError`.
 */
export class Faults {
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
  private held: { readonly atMs: number; readonly send: () => void }[] = [];
  private pieceBytes = Number.POSITIVE_INFINITY;
  private isReorderingChannels = false;
  private readonly methods = new MethodFaults();
  private readonly ghostConnections = new Ghosts();
  private readonly consumers = new ConsumerFaults();
  private readonly downVhosts = new Set<string>();
  private nextLineBreak: { readonly bytes: number; readonly from: 'broker' | 'client' } | undefined;
  /** @internal For the protocol. */
  isReordering = false;

  constructor(targets: FaultTargets) {
    this.targets = targets;
  }

  /** Drops every connection now, as a crash or a cut cable does. */
  dropConnections(): void {
    for (const line of [...this.targets.lines]) line.reset();
  }

  /** Drops connections after so many bytes more, be it in the middle of a frame; what came before them counts. */
  dropAfterBytes(bytes: number, options: DropOptions = {}): void {
    checkNumber('bytes of dropAfterBytes()', bytes);
    checkNames('dropAfterBytes', options, ['from', 'connections']);
    const { from = 'broker', connections = 'existing' } = options;
    if (connections === 'next') this.nextLineBreak = { bytes, from };
    else for (const line of this.targets.lines) line.breakAfter(bytes, from);
  }

  /** Ends the connection in the middle of the next confirm: half of its frame goes out. */
  dropInConfirm(): void {
    this.confirmsToBreak = 1;
  }

  /** Drops the connection just before the next ack is read: the message is delivered again. */
  dropInAck(): void {
    this.acksToDrop = 1;
  }

  /**
   * Lets connections go silent in both directions, as when a machine loses its power or a firewall forgets them. The broker
   * keeps the connection with its channels, consumers, unacked messages and exclusive queues until heartbeats run out, or for
   * so long. Its client receives nothing, not even the end, before `clear()` or `broker.stop()`. Other connections go on.
   *
   * @param milliseconds by the broker's clock. Default: until the heartbeat runs out; without heartbeats for ever.
   * @param filter which connections. Default: all.
   */
  ghosts(milliseconds: number = Number.POSITIVE_INFINITY, filter: ConnectionFilter = {}): void {
    checkNumber('milliseconds of ghosts()', milliseconds, { mayBeInfinite: true });
    checkNames('ghosts', filter, connectionFilter);
    const untilMs = this.targets.nowMs + milliseconds;
    for (const line of this.linesOf(filter)) this.ghostConnections.add(line, untilMs);
    this.targets.turnOver();
  }

  /**
   * Refuses methods instead of doing them: a channel error or a connection error, by the code. `basic.publish` can be refused
   * as well. It counts as no mistake of the client.
   *
   * @param method such as `'queue.declare'`; `'connection.open'` ends the handshake.
   * @throws {UsageError} for a method that no broker refuses, or a code that is not an error.
   */
  refuse<T extends MethodType>(method: T, options: RefuseOptions<T>): void {
    this.methods.refuse(method, options);
  }

  /**
   * Answers a method late: it takes effect at once, and all its channel sends from then on is held back for so long, by the
   * broker's clock. The order on the channel stays. Methods on channel 0 hold back the whole connection.
   *
   * @param method such as `'basic.consume'`.
   * @param milliseconds 0 ends the delay for answers to come.
   * @throws {UsageError} for a method that has no answer.
   */
  delayReplies<T extends MethodType>(method: T, milliseconds: number, options: DelayOptions<T> = {}): void {
    checkNumber('milliseconds of delayReplies()', milliseconds);
    this.methods.delay(method, milliseconds, options);
  }

  /**
   * Closes channels, as RabbitMQ does by itself if an acknowledgement takes too long.
   *
   * @param filter which channels. Default: all that are open.
   * @param code a reply code that closes a channel: 311, 312, 313, 403, 404, 405 or 406. Default 406.
   * @throws {UsageError} for a code that closes the connection.
   */
  closeChannels(filter: ChannelFilter = {}, code = 406, text = 'closed by the test'): void {
    checkNames('closeChannels', filter, [...connectionFilter, 'channel', 'queue']);
    const error = new FaultRefusal(code, text);
    if (isHard(error)) throw new UsageError(`closeChannels(): code ${code} closes the connection, not a channel`);
    const isMeant = ({ id, consumers }: ServerChannel): boolean =>
      (filter.channel === undefined || filter.channel === id) &&
      (filter.queue === undefined || [...consumers.values()].some(({ name }) => name === filter.queue));
    for (const line of this.linesOf(filter)) line.closeChannels(isMeant, error);
    this.targets.settle();
  }

  /**
   * Deletes a queue without the clients, as an operator does. Its consumers are cancelled.
   *
   * @throws {UsageError} if there is no such queue.
   */
  removeQueue(name: string, { vhost = '/', isSilent = false }: RemoveQueueOptions = {}): void {
    const host = this.targets.vhost(vhost);
    const queue = this.targets.queue(vhost, name);
    if (isSilent) host.removeQueueUntold(queue);
    else host.removeQueue(queue);
    this.targets.settle();
  }

  /**
   * A vhost is down: its connections are closed (320), and new ones are refused (541) until `vhostUp()`. RabbitMQ does so
   * while it starts, and when the process of a vhost fails.
   *
   * @throws {UsageError} if there is no such vhost.
   */
  vhostDown(name = '/'): void {
    this.downVhosts.add(this.targets.vhost(name).name);
    for (const line of this.linesOf({ vhost: name })) line.forceClose(new ConnectionForced(`vhost '${name}' is down`));
    this.targets.turnOver();
  }

  /** The vhost is there again. */
  vhostUp(name = '/'): void {
    this.downVhosts.delete(name);
  }

  /**
   * A queue is down until `startQueue()`: clients that ask for it are refused with 404 and RabbitMQ's words ("is down or
   * inaccessible"), its consumers are cancelled, and publishes go past it. Its messages stay; unacked ones wait in it again. A
   * queue that is not durable is gone when its node is.
   *
   * @throws {UsageError} if there is no such queue.
   */
  stopQueue(name: string, { vhost = '/', reason = 'node' }: StopQueueOptions = {}): void {
    this.targets.vhost(vhost).stopQueue(this.targets.queue(vhost, name), reason);
    this.targets.settle();
  }

  /** A queue that was down is there again, with its persistent messages. */
  startQueue(name: string, { vhost = '/' }: QueueFaultOptions = {}): void {
    this.targets.vhost(vhost).startQueue(name);
    this.targets.settle();
  }

  /**
   * A quorum queue has no leader until `electLeader()`: a new consumer gets its consume-ok, and as RabbitMQ finds no leader
   * within 30 s, the connection is closed with 541, the method basic.consume and a text that names the queue. Until then its
   * channel sends nothing. Consumers that are there already get nothing new only where they are on that channel.
   */
  loseLeader(name: string, { vhost = '/', afterMs = 30_000 }: LoseLeaderOptions = {}): void {
    checkNumber('afterMs of loseLeader()', afterMs);
    this.consumers.loseLeader(this.targets.vhost(vhost).name, name, afterMs);
  }

  /** The queue has a leader again: consumers that wait for it begin. */
  electLeader(name: string, { vhost = '/' }: QueueFaultOptions = {}): void {
    this.consumers.electLeader(vhost, name);
    this.targets.settle();
  }

  /**
   * Cancels each new consumer at once, as a broker does whose queue cannot keep one.
   *
   * @param queue whose consumers. Default: of all queues.
   */
  cancelNewConsumers(queue?: string, options: CancelNewOptions = {}): void {
    checkNames('cancelNewConsumers', options, ['times', 'order']);
    checkTimes('cancelNewConsumers', options.times ?? Number.POSITIVE_INFINITY);
    this.consumers.cancelNew(queue, options);
  }

  /** Refuses connections: each is dropped as soon as it is made. @param times how many; default all from now on. */
  refuseConnections(times: number = Number.POSITIVE_INFINITY): void {
    checkTimes('refuseConnections', times);
    this.connectionsLeft = times;
  }

  /** Refuses logins, whatever the password. @param times how many; default all from now on. */
  refuseLogins(times: number = Number.POSITIVE_INFINITY): void {
    checkTimes('refuseLogins', times);
    this.loginsLeft = times;
  }

  /** Nacks publishes instead of routing them; without confirms they are lost. */
  nackPublishes(times = 1, filter: MessageFilter = {}): void {
    checkTimes('nackPublishes', times);
    checkNames('nackPublishes', filter, messageFilter);
    this.nacks = { left: times, filter };
  }

  /** Routes publishes to no queue: `mandatory` ones are returned. */
  returnPublishes(times = 1, filter: MessageFilter = {}): void {
    checkTimes('returnPublishes', times);
    checkNames('returnPublishes', filter, messageFilter);
    this.returns = { left: times, filter };
  }

  /** Routes publishes and never confirms them: the client cannot know what became of them. */
  loseConfirms(times = 1): void {
    checkTimes('loseConfirms', times);
    this.confirmsToLose = times;
  }

  /** Confirms later than it could, by the broker's clock. 0 ends that. */
  delayConfirms(milliseconds: number): void {
    checkNumber('milliseconds of delayConfirms()', milliseconds);
    this.confirmDelayMs = milliseconds;
  }

  /** Sends confirms one by one, the last first, which RabbitMQ may do. */
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
    checkTimes('loseAcks', times);
    this.acksToLose = times;
  }

  /**
   * Ends consumers as RabbitMQ does when a queue is deleted; the queues stay.
   *
   * @param queue the queue whose consumers are ended. Default: all queues.
   * @throws {UsageError} if no vhost has such a queue.
   */
  cancelConsumers(queue?: string): void {
    this.targets.cancelConsumers(queue);
  }

  /** Cuts what goes to clients into pieces, each read by itself. @param bytes of a piece; `Infinity` ends that. */
  splitReads(bytes: number): void {
    checkNumber('bytes of splitReads()', bytes, { least: 1, mayBeInfinite: true });
    this.pieceBytes = bytes;
    for (const line of this.targets.lines) line.splitBytes = bytes;
  }

  /**
   * Ends all faults. What was delayed is sent; queues and vhosts that were down are there again; connections that were silent
   * break, for broker and client.
   */
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
    this.methods.clear();
    for (const line of this.targets.lines) {
      line.releaseOutput();
      for (const from of ['broker', 'client'] as const) line.breakAfter(Number.POSITIVE_INFINITY, from);
    }
    this.endGhosts();
    this.downVhosts.clear();
    for (const vhost of this.targets.vhosts) {
      for (const name of [...vhost.stoppedQueues.keys()]) vhost.startQueue(name);
    }
    this.consumers.clear();
    this.targets.settle();
  }

  /** @internal For the broker: connections that are silent break. */
  endGhosts(): void {
    this.ghostConnections.clear();
  }

  /** @internal For the listener: whether a new line is refused; else what it begins with. */
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

  /** @internal For the protocol. */
  refusesLogin(): boolean {
    if (this.loginsLeft <= 0) return false;
    this.loginsLeft--;
    return true;
  }

  /** @internal For the protocol. */
  isVhostDown(vhost: string): boolean {
    return this.downVhosts.has(vhost);
  }

  /** @internal For the protocol. */
  refusalOf(method: Method): AmqpError | undefined {
    return this.methods.refusalOf(method);
  }

  /** @internal For the protocol. */
  replyDelayMs(method: Method): number {
    return this.methods.delayOf(method);
  }

  /** @internal For the protocol. */
  fateOfConsume(queue: Queue, consumer: WaitingConsumer): ConsumeFate {
    return this.consumers.fateOf(queue, consumer, this.targets.nowMs);
  }

  /** @internal For the protocol. */
  fateOfPublish(message: Message): PublishFate {
    if (isMeant(this.nacks, message)) return 'nack';
    return isMeant(this.returns, message) ? 'return' : 'pass';
  }

  /** @internal For the protocol. */
  fateOfConfirm(send: () => void): ConfirmFate {
    if (this.confirmsToLose > 0) {
      this.confirmsToLose--;
      return 'lose';
    }
    if (this.confirmDelayMs === 0 && !this.isReordering) return 'send';
    this.held.push({ atMs: this.targets.nowMs + this.confirmDelayMs, send });
    // So that there are several to reorder, though each publish may have come by itself.
    if (this.confirmDelayMs === 0) setImmediate(() => this.tellDue());
    return 'hold';
  }

  /** @internal For the protocol. */
  breaksConfirm(): boolean {
    if (this.confirmsToBreak <= 0) return false;
    this.confirmsToBreak--;
    return true;
  }

  /** @internal For the protocol. */
  fateOfSettlement(): SettlementFate {
    if (this.acksToDrop > 0) {
      this.acksToDrop--;
      return 'drop-connection';
    }
    if (this.acksToLose <= 0) return 'take';
    this.acksToLose--;
    return 'lose';
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    const ofConfirms = this.held.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
    return Math.min(ofConfirms, this.ghostConnections.deadlineMs, this.consumers.deadlineMs);
  }

  /** Does what is due. */
  handleTimeout(nowMs: number): void {
    this.tellHeld(nowMs);
    this.ghostConnections.handleTimeout(nowMs);
    this.consumers.handleTimeout(nowMs);
  }

  private linesOf(filter: ConnectionFilter): FaultyLine[] {
    const { connection, user, vhost } = filter;
    const isUnfiltered = connection === undefined && user === undefined && vhost === undefined;
    return [...this.targets.lines].filter(({ info }) => {
      if (info === undefined) return isUnfiltered;
      const isOther = (wanted: string | undefined, met: string): boolean => wanted !== undefined && wanted !== met;
      return !(isOther(connection, info.name) || isOther(user, info.user) || isOther(vhost, info.vhost));
    });
  }

  private tellDue(): void {
    this.tellHeld(this.targets.nowMs);
    this.targets.turnOver();
  }

  private tellHeld(nowMs: number): void {
    const due = this.held.filter(({ atMs }) => atMs <= nowMs);
    this.held = this.held.filter(({ atMs }) => atMs > nowMs);
    for (const { send } of due) send();
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
