/**
 * One channel of a session: its state, its requests without a reply, its message under way, its delivery tags.
 * Must not know operations, promises or which channel serves what: that is its owner's business.
 */
import { CommandInvalid, type PukaError, replyError, UnexpectedFrame, UsageError } from '@puka/errors';
import {
  type BasicAck,
  type BasicNack,
  type ByteWriter,
  encodeBasicAck,
  encodeBasicNack,
  encodeBasicReject,
  encodeChannelClose,
  encodeChannelCloseOk,
  encodeChannelFlowOk,
  encodeMethod,
  type Method,
  MethodId,
  type MethodInput,
  methodInfo,
  methodName,
  type TableReadOptions,
  writeBody,
} from '@puka/wire';
import { AckWindow } from './ack-window.ts';
import { checkRequest } from './channel-requests.ts';
import { type ChannelInput, type ChannelState, nextChannelState } from './channel-states.ts';
import { ContentAssembler, type KeptCounts } from './content-assembler.ts';
import { checkContentMethod, readConsumerTag, readDeliveryTag } from './content-method.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import { PublishHead, type PublishInput } from './publish-head.ts';
import { channelClosedError, connectionLostError, type Request, RequestQueue, refusedRequest } from './requests.ts';
import type { BodyMemory, ChannelSink, ContentKind, ReceivedContent, ReplyHandler } from './sinks.ts';

const methodIds: ReadonlyMap<string, number> = new Map([...methodInfo].map(([id, { name }]) => [name, id]));

/** Bytes of `basic.reject` and `basic.nack` as frames. */
const refusalBytes = 21;
/** Bytes of `channel.flow-ok` as a frame, and of `channel.close-ok` but for one. */
const answerBytes = 13;

/** What a channel needs of its session. */
export interface ChannelHost extends KeptCounts {
  readonly writer: ByteWriter;
  readonly frameMaxBytes: number;
  readonly maxMessageBytes: number;
  /** As of the options of the session. */
  readonly newBody: ((byteCount: number) => Uint8Array) | undefined;
  readonly maxTableDepth: number;
  /** Requests on all channels whose reply is due. */
  pendingReplies: number;
  /**
   * Bytes were written because the peer asked for them, or may have been.
   *
   * @throws {LimitExceeded} when too many of them wait, unless `isChecked` is `false`: then the session finds it out later.
   */
  answered(bytes: number, isChecked: boolean): void;
  /** The channel has acks for the next output. */
  acksWaiting(channel: SessionChannel): void;
  /** The channel has something to send. */
  outputWaiting(): void;
  /** The channel's number may be used again. */
  channelFreed(channel: SessionChannel): void;
}

/** A channel, until `closed` of its sink. Commands on one that is not open or opening do nothing and answer `false`. */
export class SessionChannel {
  /** Its number, 1 to `channelMax`; another channel may have it after this one is closed. */
  readonly id: number;
  /** How deep tables in headers may be nested: for the code that reads them. */
  readonly tables: TableReadOptions;
  /** Its state. */
  state: ChannelState = 'opening';
  /** Called with what happens here; may be changed at any time. */
  sink: ChannelSink;
  /** The delivery tag of the next publish, once `confirm.select` is sent. RabbitMQ counts from 1. */
  nextPublishTag = 0;
  /** RabbitMQ: deliveries of direct replies, which come to this consumer, use up no delivery tag. */
  untaggedConsumer: string | undefined = undefined;
  private readonly host: ChannelHost;
  private readonly requests = new RequestQueue();
  /** Tags of consumes that the broker has cancelled before it answered them. */
  private forgottenConsumes: Set<string> | undefined = undefined;
  private readonly acks = new AckWindow();
  private readonly publishHead = new PublishHead();
  private readonly assembler: ContentAssembler;
  private acksAreWaiting = false;
  /** Until open-ok, what comes is of the channel that had the number before: RabbitMQ delivers after its own close. */
  private mayReceiveStale: boolean;
  private closeError: PukaError | undefined;

  /**
   * Made by `Session.openChannel()`.
   *
   * @param mayReceiveStale whether the broker closed the channel that had the number before: until open-ok, frames of that
   *   channel may still come.
   */
  constructor(id: number, host: ChannelHost, sink: ChannelSink, mayReceiveStale = false) {
    this.id = id;
    this.host = host;
    this.tables = { maxTableDepth: host.maxTableDepth };
    this.sink = sink;
    this.mayReceiveStale = mayReceiveStale;
    this.assembler = new ContentAssembler(host.maxMessageBytes, host, host.newBody);
  }

  /** Whether commands may be given: RabbitMQ takes them right after `channel.open`. */
  get isUsable(): boolean {
    return this.state === 'open' || this.state === 'opening';
  }

  /** Whether the broker has closed it. */
  get wasClosedByPeer(): boolean {
    return this.closeError !== undefined;
  }

  /** @internal The broker's error, if it has closed the channel. */
  get closedBy(): PukaError | undefined {
    return this.closeError;
  }

  /** @internal Whether it is a channel of that session. */
  isOf(session: ChannelHost): boolean {
    return this.host === session;
  }

  /** Where the bodies are copied to that come here; `undefined`, as at first, is memory that is used once. */
  set bodyMemory(memory: BodyMemory | undefined) {
    this.assembler.memory = memory;
  }

  /** Deliveries that the user still holds. */
  get unsettledDeliveries(): number {
    return this.acks.outstanding;
  }

  /** @internal What became of its deliveries so far. */
  get deliveryCounts(): DeliveryCounts {
    return this.acks.counts;
  }

  /** Requests whose reply is due. */
  get pendingRequests(): number {
    return this.requests.size;
  }

  /**
   * Sends a method that has a reply.
   *
   * @throws {UsageError} for a method without a reply, and for `channel.open` and `channel.close`: call `openChannel()` or `close()`.
   * @throws {UsageError | LimitExceeded} when it cannot be encoded; nothing is sent then.
   */
  request(method: MethodInput, handler: ReplyHandler): boolean {
    if (!this.isUsable) return false;
    const id = methodIds.get(method.type) ?? 0;
    checkRequest(id, method);
    // A refusal closes the channel, and the broker ignores what comes after it, so earlier acks are sent first.
    if (this.acksAreWaiting) this.flushAcks();
    encodeMethod(this.host.writer, this.id, method, this.host.frameMaxBytes);
    this.expect(id, handler, method);
    // RabbitMQ: a second confirm.select changes nothing, and the tags continue.
    if (id === MethodId.confirmSelect && this.nextPublishTag === 0) this.nextPublishTag = 1;
    return true;
  }

  /** Turns publisher confirms on. RabbitMQ extension. */
  selectConfirms(handler: ReplyHandler): boolean {
    return this.request({ type: 'confirm.select' }, handler);
  }

  /**
   * Publishes, whole or not at all.
   *
   * @returns the delivery tag of its confirm; 0 without confirms; `false` if the channel cannot be used.
   * @throws {UsageError | LimitExceeded} when it cannot be encoded; nothing is sent then, and no tag is used.
   */
  publish(message: PublishInput): number | false {
    // RabbitMQ: one frame on a channel that is not open ends the connection with 504.
    if (!this.isUsable) return false;
    const { writer, frameMaxBytes } = this.host;
    const { body } = message;
    writer.begin();
    try {
      this.publishHead.write(writer, this.id, message, frameMaxBytes);
      writeBody(writer, this.id, body, frameMaxBytes);
    } catch (error) {
      writer.rollback();
      throw error;
    }
    if (body.length > this.assembler.longestPublished) this.assembler.longestPublished = body.length;
    return this.nextPublishTag === 0 ? 0 : this.nextPublishTag++;
  }

  /**
   * Acks a delivery of this channel with the next output; those of one turn go out together.
   *
   * @throws {UsageError} if the delivery was not received, needs no ack or is settled. `reject` and `nack` throw the same.
   */
  ack(deliveryTag: number): boolean {
    if (!this.isUsable) return false;
    this.checkUnsettled(deliveryTag);
    this.acks.ack(deliveryTag);
    if (!this.acksAreWaiting) {
      this.acksAreWaiting = true;
      this.host.acksWaiting(this);
    }
    return true;
  }

  /** Rejects a delivery of this channel. */
  reject(deliveryTag: number, requeue: boolean): boolean {
    if (!this.isUsable) return false;
    this.checkUnsettled(deliveryTag);
    encodeBasicReject(this.host.writer, this.id, { deliveryTag, requeue });
    this.acks.reject(deliveryTag);
    this.host.answered(refusalBytes, false);
    this.host.outputWaiting();
    return true;
  }

  /** Refuses a delivery by RabbitMQ's `basic.nack`; quorum queues count it otherwise than a reject. */
  nack(deliveryTag: number, requeue: boolean): boolean {
    if (!this.isUsable) return false;
    this.checkUnsettled(deliveryTag);
    encodeBasicNack(this.host.writer, this.id, { deliveryTag, requeue });
    this.acks.reject(deliveryTag);
    this.host.answered(refusalBytes, false);
    this.host.outputWaiting();
    return true;
  }

  /** Forgets a delivery and sends nothing: for the broker it stays unsettled until the channel is closed. */
  letGo(deliveryTag: number): void {
    if (this.isUsable && this.acks.isUnsettled(deliveryTag)) this.acks.needsNone(deliveryTag);
  }

  /** @internal Writes the acks of the turn. Called by the session before each output. */
  flushAcks(): void {
    this.acksAreWaiting = false;
    if (!this.isUsable) return;
    this.acks.flush((deliveryTag, multiple) => {
      encodeBasicAck(this.host.writer, this.id, { deliveryTag, multiple });
    });
  }

  /** Closes the channel. What is under way may still come; `closed` of the sink ends it. */
  close(): void {
    if (!this.isUsable) return;
    this.flushAcks();
    encodeChannelClose(this.host.writer, this.id, { replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    this.state = 'closing';
    this.host.outputWaiting();
  }

  /** Requests of that name whose reply is due. */
  countPending(name: string): number {
    return this.requests.count(name);
  }

  /** @internal Our close of the connection is sent, and RabbitMQ ignores everything after it. Called by the session. */
  silence(): void {
    if (this.isUsable) this.state = 'closing';
  }

  /**
   * @internal The connection is gone: ends everything here. Called by the session.
   *
   * @param culprit the name of the request that caused it, if that is known: it gets the error itself.
   */
  lost(error: PukaError, culprit: string | undefined): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.finish(error, this.requests.takeAll(), (request) =>
      request.name === culprit ? error : connectionLostError(request, error),
    );
  }

  /** @internal Registers the reply that a method just written will have. Called by the session for `channel.open`. */
  expect(id: number, handler: ReplyHandler, method?: MethodInput): void {
    const info = methodInfo.get(id);
    this.host.pendingReplies++;
    this.requests.push({ name: info?.name ?? '', replies: info?.replies ?? [], method, handler });
  }

  /** @internal Takes a method that announces a message. @throws {PukaError} for one out of place. */
  receiveContentMethod(kind: ContentKind, bytes: Uint8Array, start: number, end: number): void {
    if (this.mayReceiveStale) return;
    this.refuseWithinContent();
    checkContentMethod(kind, bytes, start, end);
    this.transit('content', kind);
    this.assembler.method(kind, bytes, start, end);
  }

  /** @internal Takes a content header frame. @throws {PukaError} for one out of place. */
  receiveHeader(bytes: Uint8Array, start: number, end: number): void {
    if (this.state === 'crossed' || this.mayReceiveStale) return;
    if (this.assembler.header(bytes, start, end)) this.deliver();
  }

  /** @internal Takes a piece of a body frame. @throws {PukaError} for one out of place. */
  receiveBody(bytes: Uint8Array, start: number, end: number): void {
    if (this.state === 'crossed' || this.mayReceiveStale) return;
    if (this.assembler.body(bytes, start, end)) this.deliver();
  }

  /**
   * @internal Takes a publisher confirm. RabbitMQ extension. A tag of 0 with `multiple` means all that are outstanding.
   *
   * @throws {PukaError} for one out of place.
   */
  receiveConfirm({ type, deliveryTag: tag, multiple }: BasicAck | BasicNack): void {
    this.refuseWithinContent();
    if (this.mayReceiveStale || this.state === 'crossed') return;
    this.transit('reply', type);
    const deliveryTag = Number(tag);
    const wasUsed = deliveryTag < this.nextPublishTag && (deliveryTag > 0 || multiple);
    if (!wasUsed) {
      throw new CommandInvalid(
        `${type} came on channel ${this.id} for delivery tag ${deliveryTag}, which was not used`,
        {
          blame: 'peer',
        },
      );
    }
    this.sink.confirmed(deliveryTag, multiple, type === 'basic.ack');
  }

  /** @internal Takes any other method. @throws {PukaError} for one out of place. */
  receiveMethod(method: Method, id: number): void {
    this.refuseWithinContent();
    if (this.mayReceiveStale && method.type !== 'channel.open-ok') return;
    this.mayReceiveStale = false;
    if (this.state === 'crossed' && method.type !== 'channel.close-ok') return;
    switch (method.type) {
      case 'channel.close':
        this.receiveClose(method.replyCode, method.replyText, method.classId, method.methodId);
        return;
      case 'channel.close-ok':
        this.transit('channel.close-ok', method.type);
        this.end(this.closeError);
        return;
      case 'channel.flow':
        // RabbitMQ never sends it nowadays; other brokers may.
        this.transit('channel.flow', method.type);
        encodeChannelFlowOk(this.host.writer, this.id, { active: method.active });
        this.host.answered(answerBytes, true);
        return;
      case 'channel.open-ok':
        this.transit('channel.open-ok', method.type);
        this.takeReply(method, id);
        return;
      case 'basic.cancel':
        this.transit('reply', method.type);
        this.receiveCancel(method.consumerTag);
        return;
      default:
        this.transit('reply', method.type);
        this.takeReply(method, id);
    }
  }

  /** RabbitMQ closes the channel for an unknown tag. A second ack could also count for a later delivery. */
  private checkUnsettled(deliveryTag: number): void {
    if (this.acks.isUnsettled(deliveryTag)) return;
    throw new UsageError(
      `there is nothing to settle with delivery tag ${deliveryTag} on channel ${this.id}: it was not delivered, or it is settled`,
    );
  }

  private receiveClose(replyCode: number, replyText: string, classId: number, methodId: number): void {
    this.transit('channel.close', 'channel.close');
    const method = methodName(classId, methodId);
    // With any code only the channel is closed; the connection stays open.
    this.closeError = replyError(replyCode, replyText, {
      scope: 'channel',
      ...(method === undefined ? {} : { method }),
    });
    encodeChannelCloseOk(this.host.writer, this.id);
    this.host.answered(answerBytes, true);
    // If our own close is under way, its close-ok still comes, and the channel number is not free before it.
    if (this.state === 'closed') this.end(this.closeError);
  }

  /** RabbitMQ: a consumer may be cancelled before its consume-ok, which then never comes. */
  private receiveCancel(consumerTag: string): void {
    this.sink.consumerCancelled(consumerTag);
  }

  private takeReply(method: Method, id: number): void {
    const tag =
      method.type === 'basic.consume-ok' || method.type === 'basic.cancel-ok' ? method.consumerTag : undefined;
    // RabbitMQ may send consume-ok after the reply to a later method: the first request that fits is meant.
    const request = this.requests.takeAnswered(id, tag);
    if (request !== undefined) {
      this.host.pendingReplies--;
      request.handler(method, undefined);
      return;
    }
    if (this.state === 'closing' || (tag !== undefined && this.forgottenConsumes?.delete(tag) === true)) return;
    throw new CommandInvalid(`${method.type} came on channel ${this.id}, where nothing awaits it`, { blame: 'peer' });
  }

  /**
   * Abandons a request whose consumer the broker has cancelled. RabbitMQ 4.0: its consume-ok may still come.
   *
   * @returns what takes the answer, if there was such a request.
   */
  forgetConsume(consumerTag: string): ReplyHandler | undefined {
    const request = this.requests.takeConsume(consumerTag);
    if (request === undefined) return undefined;
    this.host.pendingReplies--;
    this.forgottenConsumes ??= new Set();
    this.forgottenConsumes.add(consumerTag);
    return request.handler;
  }

  /** @internal Bytes of an unfinished message that may be passed over: not of a returned one, which the publish still needs. */
  get halfMessageBytes(): number {
    return this.assembler.content.kind === 'return' ? 0 : this.assembler.keptBytes;
  }

  /** @internal Hands on an unfinished message as one over a limit. @param why names the limit. @throws {PukaError} for one out of place. */
  passOver(why: string): void {
    this.assembler.passOver(why);
    this.deliver();
  }

  private deliver(): void {
    const { content } = this.assembler;
    switch (content.kind) {
      case 'return':
        if (content.overLimit === undefined) this.sink.content(content);
        break;
      case 'deliver':
        if (this.untaggedConsumer !== undefined && this.untaggedConsumer === readConsumerTag(content)) {
          this.sink.content(content);
          break;
        }
        this.noteDelivery(content);
        this.passOn(content);
        break;
      case 'get-ok':
        this.takeGetOk(content);
        break;
    }
    this.assembler.release();
  }

  private takeGetOk(content: ReceivedContent): void {
    // Before the request is taken: if the tag is out of turn, the request ends with the connection.
    this.noteDelivery(content);
    const request = this.requests.takeAnswered(MethodId.basicGetOk);
    if (request !== undefined) {
      this.host.pendingReplies--;
      this.passOn(content);
      request.handler(undefined, undefined);
      return;
    }
    if (this.state === 'closing') return;
    throw new CommandInvalid(`basic.get-ok came on channel ${this.id}, where nothing awaits it`, { blame: 'peer' });
  }

  /** RabbitMQ numbers deliveries and gets of a channel together, without gaps. */
  private noteDelivery(content: ReceivedContent): void {
    const deliveryTag = readDeliveryTag(content);
    content.deliveryTag = deliveryTag;
    if (!this.acks.delivered(deliveryTag)) {
      throw new UnexpectedFrame(`delivery tag ${deliveryTag} came out of turn on channel ${this.id}`, {
        blame: 'peer',
      });
    }
  }

  private passOn(content: ReceivedContent): void {
    if (!this.sink.content(content)) this.acks.needsNone(content.deliveryTag);
  }

  private end(error: PukaError | undefined): void {
    const requests = this.requests.takeAll();
    const refused = error === undefined ? undefined : refusedRequest(requests, error);
    // First the one refused: listeners called later can know then which one it was.
    const inTurn = refused === undefined ? requests : [refused, ...requests.filter((other) => other !== refused)];
    this.finish(error, inTurn, (request) =>
      request === refused && error !== undefined ? error : channelClosedError(request, error),
    );
  }

  private finish(
    error: PukaError | undefined,
    requests: readonly Request[],
    errorOf: (request: Request) => PukaError,
  ): void {
    this.host.pendingReplies -= requests.length;
    this.assembler.end();
    this.host.channelFreed(this);
    for (const request of requests) request.handler(undefined, errorOf(request));
    this.sink.closed(error);
  }

  private refuseWithinContent(): void {
    if (!this.assembler.isUnderWay || this.state === 'crossed') return;
    throw new UnexpectedFrame(`a method came on channel ${this.id} in the middle of a message`, { blame: 'peer' });
  }

  private transit(input: ChannelInput, name: string): void {
    // As in the table; it is read only if the state may change.
    if (this.state === 'open' && (input === 'content' || input === 'reply')) return;
    const next = nextChannelState(this.state, input);
    if (next !== undefined) {
      this.state = next;
      return;
    }
    if (this.state === 'crossed') return;
    throw new CommandInvalid(`${name} came on channel ${this.id}, which is ${this.state}`, { blame: 'peer' });
  }
}
