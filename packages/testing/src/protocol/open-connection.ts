/**
 * A connection once it is open: its channels, and the frames for each. A refusal of one channel is sent here; one that ends
 * the connection is thrown. Must not know the states of the connection.
 */
import { AmqpError, NotAllowed } from '@puka/errors';
import { type ByteWriter, type Method, MethodId, methodIdAt } from '@puka/wire';
import type { BrokerModel } from '../model/broker-model.ts';
import type { QueueOwner } from '../model/queues/queue.ts';
import type { User } from '../model/users.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { ChannelHost } from './channel-host.ts';
import type { PublishedContent } from './content-reader.ts';
import { ConnectionRefusal, decodedMethod } from './decoded-method.ts';
import type { Interference } from './interference.ts';
import { methodArguments } from './method-arguments.ts';
import { runMethod } from './methods/index.ts';
import { publish } from './methods/publish.ts';
import { isHard } from './refusal.ts';
import { ServerChannel } from './server-channel.ts';
import type { ServerSettings } from './server-settings.ts';

/** What an open connection is made of. */
export interface OpenConnectionParts {
  readonly broker: BrokerModel;
  readonly settings: ServerSettings;
  readonly interference: Interference;
  readonly vhost: VirtualHost;
  readonly user: User;
  readonly connection: QueueOwner;
  readonly writer: ByteWriter;
  readonly frameMaxBytes: number;
  readonly channelMax: number;
  readonly isCancelNotified: boolean;
  /** Something has been written. */
  readonly outputWaiting: () => void;
  /** A channel, or the connection over one, has been refused something. */
  readonly channelRefused: ChannelHost['channelRefused'];
  /** Closes the connection. */
  readonly closeConnection: ChannelHost['closeConnection'];
  /** The connection is to end once so many bytes have gone out. */
  readonly breakLineAt: (writtenBytes: number) => void;
}

/** A connection once it is open: its channels, and the frames for each. */
export class OpenConnection implements ChannelHost {
  readonly channels: Map<number, ServerChannel> = new Map();
  /** Bytes that have been taken out of the writer and not been sent. */
  unsentBytes = 0;
  isEnding = false;
  private readonly parts: OpenConnectionParts;
  private wasCongested = false;

  constructor(parts: OpenConnectionParts) {
    this.parts = parts;
  }

  get broker(): BrokerModel {
    return this.parts.broker;
  }

  get settings(): ServerSettings {
    return this.parts.settings;
  }

  get interference(): Interference {
    return this.parts.interference;
  }

  get vhost(): VirtualHost {
    return this.parts.vhost;
  }

  get user(): User {
    return this.parts.user;
  }

  get username(): string {
    return this.parts.user.name;
  }

  get connection(): QueueOwner {
    return this.parts.connection;
  }

  get writer(): ByteWriter {
    return this.parts.writer;
  }

  get frameMaxBytes(): number {
    return this.parts.frameMaxBytes;
  }

  get isCancelNotified(): boolean {
    return this.parts.isCancelNotified;
  }

  get isCongested(): boolean {
    const isCongested = this.writer.pendingBytes + this.unsentBytes > this.settings.congestionBytes;
    this.wasCongested ||= isCongested;
    return isCongested;
  }

  channelRefused(channelId: number, error: AmqpError, methodId: number, request: Method | undefined): void {
    this.parts.channelRefused(channelId, error, methodId, request);
  }

  closeConnection(error: AmqpError, methodId: number): void {
    this.parts.closeConnection(error, methodId);
  }

  /** Sends everything that channels have held back. */
  releaseOutput(): void {
    for (const channel of [...this.channels.values()]) {
      channel.releaseOutput();
      this.forgetIfClosed(channel);
    }
  }

  outputWaiting(): void {
    this.parts.outputWaiting();
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get deadlineMs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { deadlineMs } of this.channels.values()) least = Math.min(least, deadlineMs);
    return least;
  }

  handleTimeout(nowMs: number): void {
    for (const channel of [...this.channels.values()]) {
      channel.handleTimeout(nowMs);
      this.forgetIfClosed(channel);
    }
    this.broker.settle();
  }

  /** A method frame. @throws {ConnectionRefusal | ConnectionDropped} */
  method(id: number, bytes: Uint8Array, start: number, end: number): void {
    const channel = this.channelOf(id);
    const methodId = methodIdAt(bytes, start, end);
    if (channel.content.isUnderWay) throw new ConnectionRefusal(channel.content.outOfPlace(), MethodId.basicPublish);
    const method = decodedMethod(id, bytes, start, end);
    if (method.type === 'basic.publish') {
      channel.content.start(method);
      return;
    }
    // A channel that the client has closed, or whose close it has answered, is free for another.
    const isForgotten = method.type === 'channel.close-ok' && channel.state === 'closing';
    this.act(channel, methodId, method, () => {
      if (isForgotten) {
        channel.end();
        return;
      }
      this.interfere(channel, method);
      if (channel.admits(method)) runMethod(channel, method, methodArguments(methodId, bytes, start, end));
    });
    this.forgetIfClosed(channel);
  }

  /** A content header frame. @throws {ConnectionRefusal} */
  header(id: number, bytes: Uint8Array, start: number, end: number): void {
    const channel = this.channelOf(id);
    this.receiveContent(channel, () => channel.content.header(bytes, start, end));
  }

  /** A piece of a body frame. @throws {ConnectionRefusal} */
  body(id: number, bytes: Uint8Array, start: number, end: number): void {
    const channel = this.channelOf(id);
    this.receiveContent(channel, () => channel.content.body(bytes, start, end));
  }

  /** For channels. */
  breakLineAt(writtenBytes: number): void {
    this.parts.breakLineAt(writtenBytes);
  }

  /** Sends the outcomes of publishes. */
  flushConfirms(): void {
    for (const channel of this.channels.values()) channel.flushConfirms();
  }

  /** Lets consumers go on if there is room for more again. */
  resume(): void {
    if (!this.wasCongested || this.isCongested) return;
    this.wasCongested = false;
    for (const channel of this.channels.values()) channel.resume();
    this.broker.settle();
  }

  /** The connection is over. */
  end(): void {
    this.isEnding = true;
    for (const channel of this.channels.values()) channel.end();
    this.channels.clear();
    this.broker.connectionGone(this.connection);
    this.broker.settle();
  }

  private channelOf(id: number): ServerChannel {
    const known = this.channels.get(id);
    if (known !== undefined) return known;
    const { channelMax } = this.parts;
    if (channelMax !== 0 && this.channels.size >= channelMax) {
      const text = `number of channels opened (${this.channels.size}) has reached the negotiated channel_max (${channelMax})`;
      throw new ConnectionRefusal(new NotAllowed(text), 0);
    }
    // RabbitMQ: any frame makes a channel, which then wants to be opened first.
    const channel = new ServerChannel(id, this);
    this.channels.set(id, channel);
    return channel;
  }

  private receiveContent(channel: ServerChannel, read: () => PublishedContent | undefined): void {
    const methodId = channel.content.isUnderWay ? MethodId.basicPublish : 0;
    let content: PublishedContent | undefined;
    try {
      content = read();
    } catch (error) {
      if (error instanceof AmqpError) throw new ConnectionRefusal(error, methodId);
      throw error;
    }
    const whole = content;
    if (whole !== undefined)
      this.act(channel, methodId, whole.method, () => {
        if (channel.admitsContent()) {
          this.interfere(channel, whole.method);
          publish(channel, whole);
        }
      });
  }

  /** @throws {AmqpError} if a fault refuses the method. */
  private interfere(channel: ServerChannel, method: Method): void {
    if (channel.state === 'closing' || channel.state === 'closed') return;
    const delayMs = this.interference.replyDelayMs(method);
    if (delayMs > 0) channel.holdOutput(this.broker.nowMs + delayMs);
    const refusal = this.interference.refusalOf(method);
    if (refusal !== undefined) throw refusal;
  }

  /** A channel that is closed makes room for another of its number, once it has sent everything. */
  private forgetIfClosed(channel: ServerChannel): void {
    if (channel.state === 'closed' && !channel.isHeld) this.channels.delete(channel.id);
  }

  private act(channel: ServerChannel, methodId: number, method: Method, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error;
      if (isHard(error)) this.endBy(channel, error, methodId, method);
      channel.refuse(error, methodId, method);
    }
    this.broker.settle();
  }

  /**
   * RabbitMQ: what a channel refuses ends that channel before the connection ends the others, so that they
   * may still get what it returns. What is wrong with frames is found by the connection, which ends all of them the same way.
   */
  private endBy(channel: ServerChannel, error: AmqpError, methodId: number, method: Method): never {
    this.isEnding = true;
    channel.end();
    // RabbitMQ: what crashes a channel is reported without a method.
    throw new ConnectionRefusal(error, error.message === '' ? 0 : methodId, { channelId: channel.id, method });
  }
}
