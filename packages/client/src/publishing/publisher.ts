/**
 * Publishes on one channel, and keeps a failure to the publish that caused it: when the broker closes the channel,
 * the publishes that may have caused it are sent again alone, all others again in their order.
 * Must not encode what the wire package encodes.
 */
import { AmqpError, type NotFound, type PukaError, replyError } from '@puka/errors';
import { ByteReader } from '@puka/wire';
import { asRefused, hasConfirms } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import { isUnnamedError, mostUnnamedEnds } from '../operations/unnamed-error.ts';
import { Queue } from '../runtime/queue.ts';
import type {
  ChannelSink,
  ConnectionInfo,
  PublishInput,
  ReceivedContent,
  Session,
  SessionChannel,
} from '../session/index.ts';
import { type Suspicion, suspicionOf } from './blame.ts';
import type { ExchangeChecks } from './exchange-checks.ts';
import type { PublishCounts } from './publish-counts.ts';
import {
  checkBody,
  lostPublish,
  missingExchangeError,
  nackedError,
  outcomeOf,
  returnedError,
} from './publish-errors.ts';
import { footer, PublishMarks } from './publish-marks.ts';
import type { PublishOperation } from './publish-operation.ts';
import { type QueueNames, withNewNames } from './renamed-publish.ts';
import { ReturnedMessages } from './returned-messages.ts';
import { RoundTripSample } from './round-trip-sample.ts';
import { SentPublishes } from './sent-publishes.ts';
import { type CheckedSink, UncheckedPublishes } from './unchecked-publishes.ts';

const noError = (): void => {};
/** Bytes of a publish beside its body and its properties, roughly. */
const overheadBytes = 64;
/** Publishes given up are dropped from the lists they wait in no earlier than these have so many places. */
const leastSwept = 64;

/** What a publisher needs of its client. */
export interface PublisherHost {
  /** As the option of that name; `undefined` asks the server's capabilities. */
  readonly pubacks: boolean | undefined;
  /** The names of server-named queues; `undefined` if they never change. */
  readonly names?: QueueNames | undefined;
  readonly counts: PublishCounts;
  /** The client's clock, in milliseconds. */
  now(): number;
  /** Called when publishes have their outcome: `openBytes` has gone down. */
  publishesSettled(): void;
  /** The channel to publish on. @returns `undefined` if there is none for now. */
  openChannel(session: Session, publisher: Publisher): SessionChannel | undefined;
}

type KnownExchanges = Pick<ExchangeChecks, 'isKnown' | 'lookUp' | 'add' | 'forgetAll' | 'last'>;

/** The publishes that go over one channel after the other. */
export class Publisher implements ChannelSink, ConnectionUser, CheckedSink {
  /** Bytes of publishes without an outcome. */
  openBytes = 0;
  private session: Session | undefined = undefined;
  private readonly host: PublisherHost;
  private readonly exchanges: KnownExchanges;
  private readonly unchecked: UncheckedPublishes;
  /** Its channel takes no further publishes: the next is opened when those under way have their outcome. */
  private isDraining = false;
  /** Without confirms, publishes end with the footer after them, as in Puka. */
  private hasConfirms = true;
  private channel: SessionChannel | undefined = undefined;
  private readonly sent = new SentPublishes();
  /** To be sent, in order: held back by a suspect, or because there is no channel. Those given up keep their place for a while. */
  private readonly held = new Queue<PublishOperation>();
  /** Those with `isHeld`: in `held` or unchecked, and not given up. */
  private waiting = 0;
  private readonly returns = new ReturnedMessages();
  private readonly marks = new PublishMarks();
  private readonly counts: PublishCounts;
  private readonly sample: RoundTripSample;

  constructor(host: PublisherHost, exchanges: KnownExchanges) {
    this.host = host;
    this.exchanges = exchanges;
    this.counts = host.counts;
    this.sample = new RoundTripSample(host.counts.roundTrip, host);
    this.unchecked = new UncheckedPublishes(exchanges, this);
  }

  /** Publishes over this connection from now on. */
  attach(session: Session, info: ConnectionInfo): void {
    this.session = session;
    this.hasConfirms = this.host.pubacks ?? hasConfirms(info);
    this.marks.mayUseFooters = true;
    this.sendHeld();
  }

  /** Publishes without an outcome. */
  get outstanding(): number {
    return this.sent.count + this.waiting;
  }

  /** Publishes that were sent over an earlier connection, and will be sent again. */
  get toResend(): number {
    return [...this.held].filter((operation) => operation.hasLeft && isPending(operation)).length;
  }

  /** Their confirms are answers that no request of the session waits for. */
  get awaitsAnswer(): boolean {
    return this.outstanding > 0;
  }

  /** Whether it has a channel. */
  get hasChannel(): boolean {
    return this.channel !== undefined;
  }

  /** Sends, or holds back what must not overtake. @throws {UsageError | LimitExceeded} for what cannot be encoded. */
  publish(operation: PublishOperation, input: PublishInput): void {
    operation.input = input;
    operation.bodyBytes = input.body.length;
    // Before what may call back: a look-up can fail within the call.
    this.openBytes += costOf(input, operation.bodyBytes);
    if (this.held.length === 0) {
      try {
        if (this.send(operation)) return;
      } catch (error) {
        this.release(operation);
        throw error;
      }
    }
    this.hold(operation);
    this.held.push(operation);
  }

  /** Output is about to be taken: publishes without confirms get the mark that ends them. */
  beforeWrite(): void {
    if (this.held.length > 0) this.sendHeld();
    if (this.hasConfirms) this.sample.writing(this.sent.nextTag - 1);
    else if (!this.marks.coverAll(this.sent)) this.sendMark();
  }

  /**
   * The connection is gone. What the broker returned is known; with another connection to follow the rest is sent again,
   * before what was held, otherwise every outcome is open or known to be none.
   */
  detach(error: PukaError, willRecover: boolean): void {
    const takenBytes = this.session?.writer.takenBytes ?? 0;
    const hasMarks = this.marks.areOpen;
    this.session = undefined;
    this.channel = undefined;
    this.isDraining = false;
    this.marks.clear();
    this.returns.clear();
    const sent = this.sent.takeAll();
    const unchecked = this.unchecked.takeAll();
    const all = [...sent, ...unchecked, ...this.held.takeAll()];
    for (const operation of all) {
      if (operation.attempts > 0 && takenBytes > operation.writtenAt) operation.noteLeft();
      operation.attempts = 0;
    }
    if (error instanceof AmqpError && error.method === 'basic.publish') this.blameFor(error, sent, hasMarks);
    else if (isUnnamedError(error)) this.blameUnnamed(error, [...sent, ...unchecked]);
    // Those given up are among them, and are dropped either way.
    const open = all.filter((operation) => !this.endReturned(operation));
    if (willRecover) this.holdFirst(open);
    else for (const operation of open) this.fail(operation, lostPublish(operation, error));
    this.host.publishesSettled();
  }

  /** `connection.close` names a method and no channel: the publish is known if it is the only one under way. */
  private blameFor(error: AmqpError, sent: readonly PublishOperation[], hasMarks: boolean): void {
    const [first] = sent;
    if (sent.length === 1 && !hasMarks && first !== undefined) this.fail(first, asRefused(error, first.hasLeft));
    else for (const operation of sent) operation.suspect();
  }

  /** Any of them may have done it, by itself or by the look-up of its exchange: one that is met so again and again did. */
  private blameUnnamed(error: AmqpError, underWay: readonly PublishOperation[]): void {
    for (const operation of underWay) {
      operation.suspect(true);
      if (operation.unnamedEnds >= mostUnnamedEnds) this.fail(operation, asRefused(error, operation.hasLeft));
    }
  }

  /** Given up by the caller: what has not been sent is not sent, any other confirm is of no interest any more. */
  forget(operation: PublishOperation): void {
    if (!operation.isHeld) return;
    // It keeps its place, and is passed over when its turn comes.
    this.release(operation);
    this.sweep();
    this.host.publishesSettled();
  }

  /** Drops those given up once they are more than half of all: while the connection is away no turn comes. */
  private sweep(): void {
    const places = this.held.length + this.unchecked.count;
    if (places < leastSwept || this.waiting * 2 >= places) return;
    this.held.filter(isPending);
    this.unchecked.dropSettled();
  }

  /** Whether it publishes on that channel. */
  isOn(channel: SessionChannel): boolean {
    return this.channel === channel;
  }

  /** Publishes on that channel without an outcome. */
  countOn(channel: SessionChannel): number {
    return this.channel === channel ? this.sent.count : 0;
  }

  /** Sends nothing more on its channel, and fails what has not been sent. */
  drain(errorOf: () => PukaError): void {
    this.isDraining = this.channel !== undefined;
    for (const operation of [...this.unchecked.takeAll(), ...this.held.takeAll()]) this.fail(operation, errorOf());
    this.host.publishesSettled();
  }

  /** For the channel: a message came back. */
  content(content: ReceivedContent): boolean {
    if (content.kind !== 'return') return false;
    const reader = new ByteReader(content.methodBytes, content.methodStart + 4, content.methodEnd);
    const replyCode = reader.readUint16();
    const replyText = reader.readShortString();
    const exchange = reader.readShortString();
    const routingKey = reader.readShortString();
    if (this.marks.isFooter(exchange, routingKey)) {
      this.markReturned();
      return false;
    }
    const operation = this.returns.find(exchange, routingKey, content);
    if (operation?.input === undefined) return false;
    this.returns.remove(operation);
    operation.returned = returnedError(replyCode, replyText, operation.input, outcomeOf(operation));
    return false;
  }

  /** For the channel: confirms and refusals. RabbitMQ extension; `multiple` covers all that are outstanding up to the tag. */
  confirmed(deliveryTag: number, multiple: boolean, ack: boolean): void {
    if (this.session !== undefined) this.sample.confirmed(deliveryTag, multiple, this.session.timeMs);
    if (!multiple) this.settle(deliveryTag, ack);
    else if (deliveryTag === 0) this.settleUpTo(this.sent.nextTag - 1, ack);
    else this.settleUpTo(deliveryTag, ack);
    this.sent.cut();
    if (this.held.length > 0) this.sendHeld();
    this.host.publishesSettled();
  }

  /** For the channel: there is no consumer here. */
  consumerCancelled(): void {}

  /** For the channel: closed by the broker, or with the connection. */
  closed(error: PukaError | undefined): void {
    this.channel = undefined;
    this.isDraining = false;
    const covered = this.marks.firstTag;
    this.marks.clear();
    this.returns.clear();
    if (!(error instanceof AmqpError) || this.session?.state !== 'open') return;
    if (error.replyCode === 404) {
      // It may be an exchange that was deleted: each is looked up again.
      this.exchanges.forgetAll();
    }
    if (error.method === 'basic.consume') {
      // Direct reply-to: it was not the publishes that were refused.
      this.holdFirst(this.sent.takeAll().filter((operation) => !this.endReturned(operation)));
      this.host.publishesSettled();
      return;
    }
    const suspicion = suspicionOf(error);
    const isSuspect = ({ input }: PublishOperation): boolean => input !== undefined && suspicion?.fits(input) === true;
    if (suspicion?.fits(footer) === true && this.marks.mayUseFooters && !this.sent.some(isSuspect)) {
      this.refuseFooters(covered);
    } else {
      const open = this.sent.takeAll().filter((operation) => !this.endReturned(operation));
      const suspects = open.filter(isSuspect);
      this.refuse(open, suspects.length > 0 ? suspects : open, suspicion, error);
    }
    this.sendHeld();
    this.host.publishesSettled();
  }

  /** One of those found caused the error. A single one fails; several are sent again one by one. */
  private refuse(
    open: readonly PublishOperation[],
    found: readonly PublishOperation[],
    suspicion: Suspicion | undefined,
    error: AmqpError,
  ): void {
    if (found.length === 1) {
      const [culprit] = found;
      if (culprit !== undefined) this.fail(culprit, asRefused(error, culprit.hasLeft));
      if (suspicion?.isExact === true) this.failAlike(suspicion, error);
      this.holdFirst(open.filter((operation) => operation !== culprit));
    } else {
      for (const operation of found) operation.suspect();
      this.holdFirst(open);
    }
  }

  /**
   * The user has no right to the default exchange: from now on there are fences in place of footers.
   *
   * @param covered the tag of the last publish before the footer that was refused: the broker has dealt with it.
   */
  private refuseFooters(covered: number): void {
    this.marks.mayUseFooters = false;
    if (!this.hasConfirms) this.settleUpTo(covered, true);
    this.holdFirst(this.sent.takeAll().filter((operation) => !this.endReturned(operation)));
  }

  /** One was refused: suspects that are equal to it, and were called before it was sent, are refused with it. */
  private failAlike(suspicion: Suspicion, error: AmqpError): void {
    const { replyCode = 0, replyText = '' } = error;
    this.held.filter((operation) => {
      const { input, isSuspect } = operation;
      if (!isSuspect || input === undefined || !suspicion.fits(input)) return true;
      this.fail(operation, replyError(replyCode, replyText, { method: 'basic.publish' }));
      return false;
    });
  }

  /** What came back needs no confirm to be known. */
  private endReturned(operation: PublishOperation): boolean {
    if (operation.returned === undefined) return false;
    this.fail(operation, operation.returned);
    return true;
  }

  private fail(operation: PublishOperation, error: unknown): void {
    if (operation.state === 'pending') {
      if (error === operation.returned) this.counts.returned++;
      else this.counts.failed++;
    }
    this.release(operation);
    operation.reject(error);
  }

  /** They are sent again, before all that waits; those given up are not. */
  private holdFirst(operations: readonly PublishOperation[]): void {
    const open = operations.filter(isPending);
    for (const operation of operations) {
      if (isPending(operation)) this.hold(operation);
      else this.release(operation);
    }
    this.held.unshift(open);
  }

  private hold(operation: PublishOperation): void {
    if (operation.isHeld) return;
    operation.isHeld = true;
    this.waiting++;
  }

  private endHold(operation: PublishOperation): void {
    operation.isHeld = false;
    this.waiting--;
  }

  private sendHeld(): void {
    const { held } = this;
    for (let next = held.first; next !== undefined; next = held.first) {
      if (!isPending(next)) {
        this.release(next);
        held.shift();
        continue;
      }
      // A suspect is sent when nothing else is under way, and nothing is sent before its outcome is known.
      if (this.sent.count + this.unchecked.count > 0 && (next.isSuspect || this.isSuspectUnderWay)) return;
      held.shift();
      try {
        checkBody(next);
        if (this.send(next)) continue;
        held.unshift([next]);
        return;
      } catch (error) {
        this.fail(next, error);
        this.host.publishesSettled();
      }
    }
  }

  private get isSuspectUnderWay(): boolean {
    return this.sent.first?.isSuspect === true || this.unchecked.hasSuspect;
  }

  /** For the unchecked publishes: it is known whether the exchange of these is there. */
  checked(waiting: readonly PublishOperation[], missing: NotFound | undefined): void {
    if (missing === undefined) {
      this.held.unshift(waiting.filter(isPending));
      this.sendHeld();
      return;
    }
    for (const each of waiting) this.fail(each, missingExchangeError(missing, outcomeOf(each)));
    this.sendHeld();
    this.host.publishesSettled();
  }

  /** @returns `false` if it has to wait for a channel. */
  private send(operation: PublishOperation): boolean {
    const { session } = this;
    if (session === undefined || operation.input === undefined) return false;
    if (this.isDraining) {
      if (this.sent.count > 0) return false;
      this.channel = undefined;
      this.isDraining = false;
    }
    if (this.host.names?.hasRenames === true) this.rename(operation, operation.input, this.host.names);
    const { input } = operation;
    const channel = this.channel ?? this.openChannel(session);
    if (channel === undefined) return false;
    const { exchange } = input;
    if (exchange !== this.exchanges.last) {
      if (this.unchecked.has(exchange) || !this.exchanges.isKnown(exchange)) {
        this.hold(operation);
        this.unchecked.add(operation, exchange);
        return true;
      }
      this.exchanges.last = exchange;
    }
    const { mandatory } = input;
    if (mandatory && this.returns.needsMark(input)) this.sendMark();
    // Of the first time: a message sent again may have been taken by the broker before.
    if (operation.attempts === 0) operation.writtenAt = session.writer.writtenBytes;
    channel.publish(input);
    operation.attempts++;
    if (operation.isHeld) this.endHold(operation);
    operation.isSent = true;
    this.sent.add(operation);
    if (mandatory) this.returns.add(operation, input);
    return true;
  }

  private rename(operation: PublishOperation, input: PublishInput, names: QueueNames): void {
    const renamed = withNewNames(input, names);
    operation.input = renamed;
    this.openBytes += costOf(renamed, operation.bodyBytes) - costOf(input, operation.bodyBytes);
  }

  private sendMark(): void {
    const { channel } = this;
    if (channel === undefined || !channel.isUsable) return;
    this.marks.send(channel, this.sent, () => this.markReturned());
    this.returns.markSent();
  }

  private markReturned(): void {
    const tag = this.marks.takeFirst();
    this.returns.markReturned();
    if (!this.hasConfirms) this.confirmed(tag, true, true);
  }

  private openChannel(session: Session): SessionChannel | undefined {
    const channel = this.host.openChannel(session, this);
    if (channel === undefined) return undefined;
    if (this.hasConfirms) channel.selectConfirms(noError);
    this.channel = channel;
    this.sent.restart();
    this.marks.restart();
    this.sample.reset();
    return channel;
  }

  private settleUpTo(tag: number, ack: boolean): void {
    const last = Math.min(tag, this.sent.nextTag - 1);
    for (let at = this.sent.firstTag; at <= last; at++) this.settle(at, ack);
  }

  private settle(tag: number, ack: boolean): void {
    const operation = this.sent.take(tag);
    if (operation === undefined) return;
    const { input } = operation;
    this.release(operation);
    if (!ack) {
      this.counts.nacked++;
      if (input !== undefined) operation.reject(nackedError(input, outcomeOf(operation)));
    } else if (operation.returned !== undefined) {
      this.counts.returned++;
      operation.reject(operation.returned);
    } else {
      this.counts.confirmed++;
      operation.fulfil(undefined);
    }
  }

  /** It is over: releases its message. */
  private release(operation: PublishOperation): void {
    const { input } = operation;
    if (operation.isHeld) this.endHold(operation);
    if (input === undefined) return;
    this.openBytes -= costOf(input, operation.bodyBytes);
    this.returns.remove(operation);
    operation.input = undefined;
  }
}

function isPending({ state }: PublishOperation): boolean {
  return state === 'pending';
}

/** Bytes that a publish keeps until it has its outcome. @param bodyBytes at the call: a body may be transferred meanwhile. */
function costOf({ properties }: PublishInput, bodyBytes: number): number {
  return bodyBytes + (properties instanceof Uint8Array ? properties.length : 0) + overheadBytes;
}
