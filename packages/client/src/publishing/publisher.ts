/**
 * Publishes on one channel, and keeps a failure to the publish that caused it: when the broker closes the channel,
 * whoever may have caused it is sent again alone, all others again in their order.
 * Must not encode what the wire package encodes.
 */
import { AmqpError, ConnectionBroken, PublishNacked, type PukaError, replyError } from '@puka/errors';
import { ByteReader, type MethodInput } from '@puka/wire';
import { asRefused, hasConfirms } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type {
  ChannelSink,
  ConnectionInfo,
  PublishInput,
  ReceivedContent,
  Session,
  SessionChannel,
} from '../session/index.ts';
import { type Suspicion, suspicionOf } from './blame.ts';
import type { PublishOperation } from './publish-operation.ts';
import { type QueueNames, withNewNames } from './renamed-publish.ts';
import { ReturnedMessages } from './returned-messages.ts';

const noError = (): void => {};
/** Bytes of a publish beside its body and its properties, roughly. */
const overheadBytes = 64;

/**
 * A message nobody gets: RabbitMQ lets no client make a queue whose name begins with `amq.`, so that it always returns.
 */
const footer: PublishInput = {
  exchange: '',
  routingKey: 'amq.puka.footer',
  mandatory: true,
  properties: new Uint8Array(2),
  body: new Uint8Array(0),
};

/** A request that changes nothing on a channel without consumers; its reply, too, comes behind all that was before it. */
const fence: MethodInput = { type: 'basic.qos', prefetchCount: 0 };

/** All publishing of a client. */
export class Publisher implements ChannelSink, ConnectionUser {
  /** Bytes of publishes without an outcome. */
  openBytes = 0;
  private session: Session | undefined = undefined;
  private readonly pubacks: boolean | undefined;
  private readonly names: QueueNames | undefined;
  /** Without confirms, publishes end with the footer behind them, as in Puka. */
  private hasConfirms = true;
  private readonly settledSome: () => void;
  private channel: SessionChannel | undefined = undefined;
  /** Sent and not confirmed; the first has the tag `firstTag`. Settled ones and footers leave a gap. */
  private sent: (PublishOperation | undefined)[] = [];
  private head = 0;
  private firstTag = 1;
  private unconfirmed = 0;
  /** To be sent, in order: held back behind a suspect, or for want of a channel. */
  private held: PublishOperation[] = [];
  private readonly returns = new ReturnedMessages();
  /** The tags behind which marks were sent that have not come back: footers, or fences where those are refused. */
  private marks: number[] = [];
  /** The user may publish to the default exchange, where footers go. */
  private mayUseFooters = true;
  /** The last tag that a mark covers. */
  private coveredTag = 0;

  /**
   * @param pubacks as the option of that name; `undefined` asks the server's capabilities.
   * @param settledSome called when `openBytes` has gone down.
   * @param names the names of server-named queues; `undefined` where they never change.
   */
  constructor(pubacks: boolean | undefined, settledSome: () => void, names?: QueueNames) {
    this.names = names;
    this.pubacks = pubacks;
    this.settledSome = settledSome;
  }

  /** Publishes over this connection from now on. */
  attach(session: Session, info: ConnectionInfo): void {
    this.session = session;
    this.hasConfirms = this.pubacks ?? hasConfirms(info);
    this.mayUseFooters = true;
    this.sendHeld();
  }

  /** Publishes without an outcome. */
  get outstanding(): number {
    return this.unconfirmed + this.held.length;
  }

  /** Publishes that were sent over an earlier connection, and will be sent again. */
  get toResend(): number {
    return this.held.reduce((count, { hasLeft }) => count + (hasLeft ? 1 : 0), 0);
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
    if (this.held.length > 0 || !this.send(operation)) this.held.push(operation);
    this.openBytes += costOf(input);
  }

  /** Output is about to be taken: publishes without confirms get the mark that ends them. */
  beforeWrite(): void {
    if (this.held.length > 0) this.sendHeld();
    if (this.hasConfirms || this.nextTag - 1 === this.coveredTag) return;
    this.sendMark();
  }

  /**
   * The connection is gone. What the broker returned is known; with another connection to follow the rest is sent again,
   * ahead of what was held, otherwise every outcome is open or known to be none.
   */
  detach(error: PukaError, willRecover: boolean): void {
    const takenBytes = this.session?.writer.takenBytes ?? 0;
    const hasMarks = this.marks.length > 0;
    this.session = undefined;
    this.channel = undefined;
    this.marks = [];
    this.returns.clear();
    const sent = this.takeSent();
    const all = [...sent, ...this.held];
    this.held = [];
    for (const operation of all) {
      if (operation.attempts > 0 && takenBytes > operation.writtenAt) operation.hasLeft = true;
      operation.attempts = 0;
    }
    if (error instanceof AmqpError && error.method === 'basic.publish') this.blameFor(error, sent, hasMarks);
    const open = all.filter((operation) => operation.state === 'pending' && !this.endReturned(operation));
    if (willRecover) this.held = open;
    else for (const operation of open) this.fail(operation, lostPublish(operation, error));
    this.settledSome();
  }

  /** `connection.close` names a method and no channel: the publish is known where it is the only one under way. */
  private blameFor(error: AmqpError, sent: readonly PublishOperation[], hasMarks: boolean): void {
    const [first] = sent;
    if (sent.length === 1 && !hasMarks && first !== undefined) this.fail(first, asRefused(error, first.hasLeft));
    else for (const operation of sent) operation.isSuspect = true;
  }

  /** Given up by the caller: what has not been sent is not sent, any other confirm is of no interest any more. */
  forget(operation: PublishOperation): void {
    const at = this.held.indexOf(operation);
    if (at < 0) return;
    this.held.splice(at, 1);
    this.release(operation);
  }

  /** For the channel: a message came back. */
  content(content: ReceivedContent): boolean {
    if (content.kind !== 'return') return false;
    const reader = new ByteReader(content.methodBytes, content.methodStart + 4, content.methodEnd);
    const replyCode = reader.readUint16();
    const replyText = reader.readShortString();
    const exchange = reader.readShortString();
    const routingKey = reader.readShortString();
    if (routingKey === footer.routingKey && exchange === '' && this.marks.length > 0) {
      this.markReturned();
      return false;
    }
    const operation = this.returns.find(exchange, routingKey, content);
    if (operation === undefined) return false;
    this.returns.remove(operation);
    operation.returned = replyError(replyCode, replyText, {
      method: 'basic.publish',
      scope: 'operation',
      outcome: operation.hasLeft ? 'unknown' : 'refused',
    });
    return false;
  }

  /** For the channel: confirms and refusals. RabbitMQ extension; `multiple` covers all that are outstanding up to the tag. */
  confirmed(deliveryTag: number, multiple: boolean, ack: boolean): void {
    const index = deliveryTag - this.firstTag + this.head;
    if (multiple) this.settleUpTo(deliveryTag === 0 ? this.nextTag : deliveryTag, ack);
    else if (index >= this.head && index < this.sent.length) this.settle(index, ack);
    this.compact();
    if (this.held.length > 0) this.sendHeld();
    this.settledSome();
  }

  /** For the channel: there is no consumer here. */
  consumerCancelled(): void {}

  /** For the channel: closed by the broker, or with the connection. */
  closed(error: PukaError | undefined): void {
    this.channel = undefined;
    const [covered = 0] = this.marks;
    this.marks = [];
    this.returns.clear();
    if (!(error instanceof AmqpError) || this.session?.state !== 'open') return;
    const suspicion = suspicionOf(error);
    const isSuspect = ({ input }: PublishOperation): boolean => input !== undefined && suspicion?.fits(input) === true;
    if (
      suspicion?.fits(footer) === true &&
      this.mayUseFooters &&
      !this.sent.some((each) => each !== undefined && isSuspect(each))
    ) {
      this.refuseFooters(covered);
    } else {
      const open = this.takeSent().filter((operation) => !this.endReturned(operation));
      const suspects = open.filter(isSuspect);
      this.refuse(open, suspects.length > 0 ? suspects : open, suspicion, error);
    }
    this.sendHeld();
    this.settledSome();
  }

  /** One of those found did it. Where that is one alone it fails; several are sent again one by one. */
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
      this.held = [...open.filter((operation) => operation !== culprit), ...this.held];
    } else {
      for (const operation of found) operation.isSuspect = true;
      this.held = [...open, ...this.held];
    }
  }

  /**
   * The user has no right to the default exchange: from now on there are fences in place of footers.
   *
   * @param covered the tag of the last publish before the footer that was refused: the broker has dealt with it.
   */
  private refuseFooters(covered: number): void {
    this.mayUseFooters = false;
    if (!this.hasConfirms) this.settleUpTo(covered, true);
    this.held = [...this.takeSent().filter((operation) => !this.endReturned(operation)), ...this.held];
  }

  /** One was refused: the suspects, who were called before it was sent, fare as it did where they are alike. */
  private failAlike(suspicion: Suspicion, error: AmqpError): void {
    const { replyCode = 0, replyText = '' } = error;
    this.held = this.held.filter((operation) => {
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
    this.release(operation);
    operation.reject(error);
  }

  private sendHeld(): void {
    let at = 0;
    const { held } = this;
    while (at < held.length) {
      const next = held[at];
      if (next === undefined || next.state !== 'pending') {
        if (next !== undefined) this.release(next);
        at++;
        continue;
      }
      // A suspect is sent when nothing else is under way, and nothing is sent before its outcome is known.
      if (this.unconfirmed > 0 && (next.isSuspect || this.sent[this.head]?.isSuspect === true)) break;
      try {
        if (!this.send(next)) break;
      } catch (error) {
        this.fail(next, error);
      }
      at++;
    }
    if (at > 0) this.held = held.slice(at);
  }

  private send(operation: PublishOperation): boolean {
    const { session } = this;
    if (session === undefined || operation.input === undefined) return false;
    if (this.names?.hasRenames === true) operation.input = withNewNames(operation.input, this.names);
    const { input } = operation;
    const channel = this.channel ?? this.openChannel(session);
    if (channel === undefined) return false;
    const { mandatory } = input;
    if (mandatory && this.returns.needsMark(input)) this.sendMark();
    // Of the first time: a message sent again may have been taken by the broker before.
    if (operation.attempts === 0) operation.writtenAt = session.writer.writtenBytes;
    channel.publish(input);
    operation.attempts++;
    operation.isSent = true;
    this.sent.push(operation);
    this.unconfirmed++;
    if (mandatory) this.returns.add(operation, input);
    return true;
  }

  /** The tag of the next publish: `sent` holds one place for each since `firstTag`. */
  private get nextTag(): number {
    return this.firstTag + this.sent.length - this.head;
  }

  private sendMark(): void {
    const { channel } = this;
    if (channel === undefined || !channel.isUsable) return;
    this.marks.push(this.nextTag - 1);
    if (this.mayUseFooters) {
      channel.publish(footer);
      this.sent.push(undefined);
    } else {
      channel.request(fence, (reply) => {
        if (reply !== undefined) this.markReturned();
      });
    }
    this.returns.markSent();
    this.coveredTag = this.nextTag - 1;
  }

  private markReturned(): void {
    const tag = this.marks.shift() ?? 0;
    this.returns.markReturned();
    if (!this.hasConfirms) this.confirmed(tag, true, true);
  }

  private openChannel(session: Session): SessionChannel | undefined {
    const channel = session.openChannel(this, noError);
    if (channel === undefined) return undefined;
    if (this.hasConfirms) channel.selectConfirms(noError);
    this.channel = channel;
    this.sent = [];
    this.head = 0;
    this.firstTag = 1;
    this.coveredTag = 0;
    return channel;
  }

  private settleUpTo(tag: number, ack: boolean): void {
    const last = Math.min(tag - this.firstTag + this.head, this.sent.length - 1);
    for (let at = this.head; at <= last; at++) this.settle(at, ack);
  }

  private settle(index: number, ack: boolean): void {
    const operation = this.sent[index];
    if (operation === undefined) return;
    this.sent[index] = undefined;
    this.unconfirmed--;
    this.release(operation);
    if (!ack) {
      operation.reject(
        new PublishNacked('the broker refused the message (basic.nack)', {
          method: 'basic.publish',
          outcome: operation.hasLeft ? 'unknown' : 'refused',
        }),
      );
    } else if (operation.returned !== undefined) {
      operation.reject(operation.returned);
    } else {
      operation.fulfil(undefined);
    }
  }

  /** It is over: lets go of its message. */
  private release(operation: PublishOperation): void {
    const { input } = operation;
    if (input === undefined) return;
    this.openBytes -= costOf(input);
    this.returns.remove(operation);
    operation.input = undefined;
  }

  /** Moves the head over what is settled; the array is cut when half of it is. */
  private compact(): void {
    const { sent } = this;
    while (this.head < sent.length && sent[this.head] === undefined) {
      this.head++;
      this.firstTag++;
    }
    if (this.head === sent.length) {
      sent.length = 0;
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > sent.length) {
      this.sent = sent.slice(this.head);
      this.head = 0;
    }
  }

  private takeSent(): PublishOperation[] {
    const open = this.sent.filter((operation) => operation !== undefined);
    this.sent = [];
    this.head = 0;
    this.unconfirmed = 0;
    return open;
  }
}

/** Bytes that a publish keeps until it has its outcome. */
function costOf({ body, properties }: PublishInput): number {
  return body.length + (properties instanceof Uint8Array ? properties.length : 0) + overheadBytes;
}

/** What a publish ends with when no other connection follows. */
function lostPublish({ hasLeft }: PublishOperation, cause: PukaError): ConnectionBroken {
  return new ConnectionBroken('the connection ended before the publish was confirmed', {
    method: 'basic.publish',
    outcome: hasLeft ? 'unknown' : 'not-sent',
    cause,
  });
}
