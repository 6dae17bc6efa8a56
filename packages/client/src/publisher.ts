/**
 * Publishes with confirms on one channel, and keeps a failure to the publish that caused it: when the broker closes the
 * channel, whoever may have caused it is sent again alone, all others again in their order.
 * Must not encode what the wire package encodes.
 */
import { AmqpError, ConnectionBroken, PublishNacked, type PukaError, replyError } from '@puka/errors';
import { ByteReader } from '@puka/wire';
import { type Suspicion, suspicionOf } from './blame.ts';
import type { PublishOperation } from './publish-operation.ts';
import type { ChannelSink, ReceivedContent, Session, SessionChannel } from './session/index.ts';

const noError = (): void => {};

/** All publishing of one connection. */
export class Publisher implements ChannelSink {
  private readonly session: Session;
  private channel: SessionChannel | undefined;
  /** Sent and not confirmed; the first has the tag `firstTag`. Settled ones leave a gap. */
  private sent: (PublishOperation | undefined)[] = [];
  private head = 0;
  private firstTag = 1;
  private unconfirmed = 0;
  /** To be sent, in order: held back behind a suspect. */
  private held: PublishOperation[] = [];
  private lastReturnedTag = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** Publishes without an outcome. */
  get outstanding(): number {
    return this.unconfirmed + this.held.length;
  }

  /** Sends, or holds back what must not overtake. @throws {UsageError | LimitExceeded} for what cannot be encoded. */
  publish(operation: PublishOperation): void {
    if (this.held.length > 0) {
      this.held.push(operation);
      return;
    }
    if (!this.send(operation)) this.held.push(operation);
  }

  /** The connection is gone: every outcome is open, or known to be none. */
  lost(error: PukaError): void {
    const all = [...this.takeSent(), ...this.held.splice(0)];
    for (const operation of all) {
      const left = operation.attempts > 0 && this.session.writer.takenBytes > operation.writtenAt;
      operation.reject(
        new ConnectionBroken('the connection ended before the publish was confirmed', {
          method: 'basic.publish',
          outcome: left ? 'unknown' : 'not-sent',
          cause: error,
        }),
      );
    }
  }

  /** Given up by the caller: its confirm is of no interest any more. */
  forget(operation: PublishOperation): void {
    const at = this.held.indexOf(operation);
    if (at >= 0) this.held.splice(at, 1);
  }

  /** For the channel: a message came back. */
  content(content: ReceivedContent): void {
    if (content.kind !== 'return') return;
    const reader = new ByteReader(content.methodBytes, content.methodStart + 4, content.methodEnd);
    const replyCode = reader.readUint16();
    const replyText = reader.readShortString();
    const exchange = reader.readShortString();
    const routingKey = reader.readShortString();
    const index = this.findReturned(content, exchange, routingKey);
    const operation = this.sent[index];
    if (operation === undefined) return;
    this.lastReturnedTag = this.firstTag + index - this.head;
    operation.returned = replyError(replyCode, replyText, {
      method: 'basic.publish',
      scope: 'operation',
      outcome: 'refused',
    });
  }

  /** For the channel: confirms and refusals. RabbitMQ extension; `multiple` covers all that are outstanding up to the tag. */
  confirmed(deliveryTag: number, multiple: boolean, ack: boolean): void {
    const index = deliveryTag - this.firstTag + this.head;
    const last = deliveryTag === 0 ? this.sent.length - 1 : Math.min(index, this.sent.length - 1);
    if (multiple) {
      for (let at = this.head; at <= last; at++) this.settle(at, ack);
    } else if (index >= this.head && index < this.sent.length) {
      this.settle(index, ack);
    }
    this.compact();
    if (this.held.length > 0) this.sendHeld();
  }

  /** For the channel: there is no consumer here. */
  consumerCancelled(): void {}

  /** For the channel: closed by the broker, or with the connection. */
  closed(error: PukaError | undefined): void {
    this.channel = undefined;
    if (!(error instanceof AmqpError) || this.session.state !== 'open') return;
    const open = this.takeSent();
    const suspicion = suspicionOf(error);
    const suspects = open.filter(({ input }) => input !== undefined && suspicion?.(input) === true);
    const found = suspects.length > 0 ? suspects : open;
    if (found.length === 1) {
      const [culprit] = found;
      culprit?.reject(error);
      if (culprit?.isSuspect === true && suspicion !== undefined) this.failAlike(suspicion, error);
      this.held = [...open.filter((operation) => operation !== culprit), ...this.held];
    } else {
      for (const operation of found) operation.isSuspect = true;
      this.held = [...open, ...this.held];
    }
    this.sendHeld();
  }

  /** A suspect sent alone was refused: those that were called before it was sent again, and are alike, fare as it did. */
  private failAlike(suspicion: Suspicion, error: AmqpError): void {
    this.held = this.held.filter((operation) => {
      const { input, isSuspect } = operation;
      if (!isSuspect || input === undefined || !suspicion(input)) return true;
      operation.reject(
        replyError(error.replyCode ?? 0, error.replyText ?? '', { method: 'basic.publish', outcome: 'unknown' }),
      );
      return false;
    });
  }

  private sendHeld(): void {
    while (this.held.length > 0) {
      const next = this.held[0];
      if (next === undefined) return;
      if (next.state !== 'pending') {
        this.held.shift();
        continue;
      }
      // A suspect is sent when nothing else is under way, and nothing is sent before its outcome is known.
      if (this.unconfirmed > 0 && (next.isSuspect || this.sent[this.head]?.isSuspect === true)) return;
      this.held.shift();
      try {
        if (this.send(next)) continue;
      } catch (error) {
        next.reject(error);
        continue;
      }
      this.held.unshift(next);
      return;
    }
  }

  private send(operation: PublishOperation): boolean {
    const { input } = operation;
    const channel = this.channel ?? this.openChannel();
    if (channel === undefined || input === undefined) return false;
    const tag = channel.nextPublishTag;
    operation.writtenAt = this.session.writer.writtenBytes;
    channel.publish(input);
    operation.attempts++;
    if (this.sent.length === this.head) this.firstTag = tag;
    this.sent.push(operation);
    this.unconfirmed++;
    return true;
  }

  private openChannel(): SessionChannel | undefined {
    const channel = this.session.openChannel(this, noError);
    if (channel === undefined) return undefined;
    channel.selectConfirms(noError);
    this.channel = channel;
    this.sent = [];
    this.head = 0;
    this.firstTag = 1;
    this.lastReturnedTag = 0;
    return channel;
  }

  private settle(index: number, ack: boolean): void {
    const operation = this.sent[index];
    if (operation === undefined) return;
    this.sent[index] = undefined;
    this.unconfirmed--;
    operation.isSuspect = false;
    if (!ack) {
      operation.reject(new PublishNacked('the broker refused the message (basic.nack)', { method: 'basic.publish' }));
    } else if (operation.returned !== undefined) {
      operation.reject(operation.returned);
    } else {
      operation.fulfil(undefined);
    }
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

  /** RabbitMQ returns in the order of publishing, before the confirm: the first mandatory one alike, behind the last returned. */
  private findReturned(content: ReceivedContent, exchange: string, routingKey: string): number {
    for (let index = this.head; index < this.sent.length; index++) {
      const operation = this.sent[index];
      const input = operation?.input;
      if (operation === undefined || input === undefined || !input.mandatory || operation.returned !== undefined)
        continue;
      if (this.firstTag + index - this.head <= this.lastReturnedTag) continue;
      if (input.exchange !== exchange || input.routingKey !== routingKey) continue;
      if (!sameBytes(input.body, content.bodyBytes, content.bodyStart, content.bodyEnd)) continue;
      const { properties } = input;
      if (
        properties instanceof Uint8Array &&
        !sameBytes(properties, content.propertiesBytes, content.propertiesStart, content.propertiesEnd)
      ) {
        continue;
      }
      return index;
    }
    return -1;
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array, start: number, end: number): boolean {
  if (one.length !== end - start) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[start + index]) return false;
  }
  return true;
}
