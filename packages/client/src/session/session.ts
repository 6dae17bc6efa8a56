/**
 * The protocol machine of one connection: bytes and commands in, bytes and calls of a sink out. It does no I/O, reads
 * no clock and arms no timer: time is an argument in milliseconds, the next deadline an answer.
 * Must not know operations, promises, sockets. What the peer does wrong never throws: it ends in `closed` of the sink.
 */
import {
  AmqpSyntaxError,
  AuthenticationFailed,
  CommandInvalid,
  ConnectionBroken,
  isPukaError,
  LimitExceeded,
  type PukaError,
  peerText,
  replyError,
  UnexpectedFrame,
  UsageError,
} from '@puka/errors';
import {
  ByteWriter,
  type ConnectionClose,
  type ConnectionTune,
  decodeBasicAck,
  decodeBasicNack,
  decodeMethod,
  encodeChannelOpen,
  encodeConnectionClose,
  encodeConnectionCloseOk,
  FrameDecoder,
  isBytes,
  type Method,
  MethodId,
  methodIdAt,
  methodName,
  protocolHeader,
  SpareChunks,
  writeHeartbeat,
} from '@puka/wire';
import { AnswerLimit } from './answer-limit.ts';
import { closedByUs } from './closed-by-us.ts';
import { type ConnectionState, connectionInputOf, nextConnectionState } from './connection-states.ts';
import { addedCounts, type DeliveryCounts, noDeliveries } from './delivery-counts.ts';
import { Handshake } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { type CompleteSessionOptions, completeSessionOptions, type SessionOptions } from './options.ts';
import type { SessionCredentials } from './sasl.ts';
import { SessionChannel } from './session-channel.ts';
import type { ChannelSink, ConnectionInfo, ReplyHandler, SessionSink } from './sinks.ts';

/** Bytes of a short answer on channel 0 as a frame, roughly. */
const answerBytes = 12;

/** Shared by all sessions: each needs a chunk only from its first write of a turn to the flush. Holds a turn of small messages. */
const spareChunks = new SpareChunks(131_072);

/** A session. Order of use: `connect`, then `receive` and `takeOutput` until `closed`. */
export class Session {
  /** The state of the connection. */
  state: ConnectionState = 'idle';
  /** What goes out: written by the channels, taken by `takeOutput()`. */
  readonly writer: ByteWriter = new ByteWriter(spareChunks);
  /** The tuned frame size in bytes; 0 is no limit. */
  frameMaxBytes = 8192;
  /** The highest channel number; 0 before tune. */
  channelMax = 0;
  /** Requests on all channels whose reply is due. */
  pendingReplies = 0;
  /** Bytes kept of messages that have not come whole, on all channels. */
  halfMessageBytes = 0;
  /** Views into what is being received just now that something keeps. */
  keptViews = 0;
  private readonly answers: AnswerLimit;
  private isReceiving = false;
  private readonly options: CompleteSessionOptions;
  // A # field, so that an inspection of a message, which leads here, does not print the whole client.
  readonly #sink: SessionSink;
  private readonly decoder: FrameDecoder;
  private readonly channels: (SessionChannel | undefined)[] = [];
  private readonly freeIds: number[] = [];
  /** Numbers whose last channel the broker closed: something of that may still come. */
  private closedByBroker: Set<number> | undefined = undefined;
  private acksWaitingOn: SessionChannel[] = [];
  private openChannels = 0;
  private liveness: Heartbeat = new Heartbeat(0, 0);
  private phaseDeadlineMs = Number.POSITIVE_INFINITY;
  private nowMs = 0;
  private readonly handshake: Handshake;
  private tunedHeartbeat = 0;
  private secretUpdate: ((error: PukaError | undefined) => void) | undefined;
  private peerClose: PukaError | undefined;

  /**
   * @param sink called with what happens to the connection; its channels have sinks of their own.
   * @throws {UsageError} for an option out of its range, and if the options leave no way to log in.
   */
  constructor(options: SessionOptions, sink: SessionSink) {
    this.options = completeSessionOptions(options);
    this.answers = new AnswerLimit(this.options.maxAnswerBytes);
    this.writer.maxTableDepth = this.options.maxTableDepth;
    this.handshake = new Handshake(options, this.options, this.writer);
    this.#sink = sink;
    this.decoder = new FrameDecoder(this);
  }

  /** Largest message taken, in bytes. */
  get maxMessageBytes(): number {
    return this.options.maxMessageBytes;
  }

  /** As of the options. */
  get newBody(): ((byteCount: number) => Uint8Array) | undefined {
    return this.options.newBody;
  }

  /** Maximum nesting depth of tables and arrays, in headers and arguments. */
  get maxTableDepth(): number {
    return this.options.maxTableDepth;
  }

  /** Channels that are not closed. */
  get channelCount(): number {
    return this.openChannels;
  }

  /** What became of the deliveries of the channels that are not closed. */
  get deliveryCounts(): DeliveryCounts {
    return this.channels.reduce((sum, channel) => addedCounts(sum, channel?.deliveryCounts), noDeliveries);
  }

  /** Whether the reply to a request on any channel is due. */
  get awaitsReply(): boolean {
    return this.pendingReplies > 0 || this.secretUpdate !== undefined;
  }

  /** Starts the handshake; `opened` or `closed` of the sink ends it. @throws {UsageError} a second time. */
  connect(nowMs: number): void {
    if (this.state !== 'idle') throw new UsageError(`connect() on a session that is ${this.state}`);
    this.nowMs = nowMs;
    this.state = 'awaitingStart';
    this.phaseDeadlineMs = nowMs + this.options.connectTimeoutMs;
    // Not written into a chunk: until the transport is connected it would be held for eight bytes.
    this.writer.append(protocolHeader.slice());
  }

  /** Sets the login, if that was not in the options: before the broker's first bytes come in. */
  useCredentials(credentials: SessionCredentials): void {
    this.handshake.login.use(credentials);
  }

  /**
   * Sends the answer to a challenge that the mechanism left for later.
   *
   * @returns `false` if none is owed any more, because the connection is gone.
   */
  answerChallenge(response: Uint8Array): boolean {
    if (!this.handshake.login.owesAnswer) return false;
    this.handshake.sendAnswer(response);
    this.#sink.outputWaiting();
    return true;
  }

  /** There will be no answer to the challenge: the connection ends with `AuthenticationFailed`. @param cause why. */
  failChallenge(cause: unknown): void {
    const { login } = this.handshake;
    if (login.owesAnswer) this.finish(login.failure(cause));
  }

  /**
   * RabbitMQ extension: sends the broker a new secret, such as a fresh token, on the open connection. A refusal closes the
   * connection with `NotAllowed`.
   *
   * @param secret goes into no error and no log.
   * @param reason for the broker's log, up to 255 bytes.
   * @param done called once: without an error when the broker has taken it, with one when the connection ended before.
   * @returns `false` if the connection is not open; then `done` is not called.
   * @throws {UsageError} while another update is under way, because the replies have no number.
   */
  updateSecret(secret: string, reason: string, done: (error: PukaError | undefined) => void): boolean {
    if (this.state !== 'open') return false;
    if (this.secretUpdate !== undefined) throw new UsageError('updateSecret() while another update is under way');
    this.handshake.sendNewSecret(secret, reason);
    this.secretUpdate = done;
    this.#sink.outputWaiting();
    return true;
  }

  /**
   * Opens a channel: commands may follow at once.
   *
   * @returns `undefined` if no number is free, or the connection is not open.
   */
  openChannel(sink: ChannelSink, handler: ReplyHandler): SessionChannel | undefined {
    if (this.state !== 'open' || this.openChannels >= this.channelMax) return undefined;
    const id = this.freeIds.pop() ?? this.openChannels + 1;
    const channel = new SessionChannel(id, this, sink, this.closedByBroker?.delete(id) === true);
    this.channels[id] = channel;
    this.openChannels++;
    encodeChannelOpen(this.writer, id);
    channel.expect(MethodId.channelOpen, handler);
    this.#sink.channelOpened?.(id);
    return channel;
  }

  /** Closes the connection; what is written already goes out before. `closed` of the sink ends it, in bounded time. */
  close(nowMs: number): void {
    this.nowMs = nowMs;
    if (this.state === 'open' || this.state === 'awaitingOpenOk') {
      this.flushAcks();
      encodeConnectionClose(this.writer, 0, { replyCode: 200, replyText: 'closed', classId: 0, methodId: 0 });
      this.state = 'closing';
      for (const channel of this.channels) channel?.silence();
      this.phaseDeadlineMs = nowMs + this.options.closeTimeoutMs;
    } else if (this.state !== 'closing') {
      this.finish(undefined);
    }
  }

  /** The last time passed to it, in milliseconds by its owner's clock. */
  get timeMs(): number {
    return this.nowMs;
  }

  /**
   * Takes what came from the peer, in any chunking. The bytes are given away and kept as long as a message needs them.
   *
   * Anything but a `Uint8Array`, such as the `ArrayBuffer` of a WebSocket, ends the connection with `UsageError`.
   *
   * @returns whether something keeps a view of the bytes. `false`: they may be overwritten.
   */
  receive(bytes: Uint8Array, nowMs: number): boolean {
    this.nowMs = nowMs;
    if (this.state === 'closed' || this.state === 'idle') return false;
    this.liveness.received(nowMs);
    this.isReceiving = true;
    this.keptViews = this.state === 'open' ? 0 : 1;
    try {
      if (!isBytes(bytes)) throw new UsageError('receive() takes a Uint8Array, such as new Uint8Array(arrayBuffer)');
      const chunk = this.handshake.admit(bytes);
      if (chunk !== undefined) this.decoder.push(chunk);
      this.answers.check();
    } catch (error) {
      this.failProtocol(error);
    }
    this.isReceiving = false;
    return this.keptViews > 0 || this.decoder.keepsChunk;
  }

  /**
   * Abandons the longest of the messages that have not come whole: it is handed on as one over a limit, and what is still
   * to come of it is passed over. For an owner that limits `halfMessageBytes`. A returned message is never given up.
   *
   * @param why names the limit; it becomes `overLimit` of the message.
   * @param leastBytes a shorter one is not given up.
   * @returns whether there was one.
   */
  passOverLongest(why: string, nowMs: number, leastBytes = 0): boolean {
    this.nowMs = nowMs;
    let longest: SessionChannel | undefined;
    for (const channel of this.channels) {
      if ((channel?.halfMessageBytes ?? 0) > (longest?.halfMessageBytes ?? 0)) longest = channel;
    }
    if (longest === undefined || longest.halfMessageBytes < leastBytes) return false;
    try {
      longest.passOver(why);
    } catch (error) {
      this.failProtocol(error);
    }
    return true;
  }

  /**
   * The byte stream has ended, by the peer or the network, or could not be opened at all.
   *
   * @param cause the transport's error, if there is one; before the first byte any error with the reason for there being no connection.
   */
  receiveEof(nowMs: number, cause?: PukaError): void {
    this.nowMs = nowMs;
    switch (this.state) {
      case 'closed':
        return;
      case 'closing':
        this.finish(undefined);
        return;
      default:
        this.finish(this.handshake.streamEnded(this.state, cause));
    }
  }

  /** Its owner reads no more for a while: the peer is not taken for dead meanwhile. */
  readingPaused(): void {
    this.liveness.deaf();
  }

  /** Its owner reads again. */
  readingResumed(nowMs: number): void {
    this.nowMs = nowMs;
    this.liveness.listening(nowMs);
  }

  /** Does what is due. */
  handleTimeout(nowMs: number): void {
    this.nowMs = nowMs;
    if (this.state === 'closed' || this.state === 'idle') return;
    if (nowMs >= this.phaseDeadlineMs) {
      this.finish(this.state === 'closing' ? undefined : this.handshake.timedOut(this.state));
      return;
    }
    const action = this.liveness.due(nowMs);
    if (action === 'send') {
      writeHeartbeat(this.writer);
      this.liveness.sent(nowMs);
    } else if (action === 'dead') {
      this.finish(new ConnectionBroken('the broker was silent for two heartbeat intervals'));
    }
  }

  /** When `handleTimeout()` is due next; `Infinity` for never. It may move on without notice, never back but by commands. */
  nextDeadline(): number {
    return Math.min(this.phaseDeadlineMs, this.liveness.deadline);
  }

  /**
   * Takes everything that has to be sent. The chunks are lent: never change them.
   *
   * @param unsentBytes how much of what was taken before still waits in this process. It bounds the answers to a peer
   *   that asks and does not read.
   */
  takeOutput(nowMs: number, unsentBytes = 0): Uint8Array[] {
    if (this.acksWaitingOn.length > 0) this.flushAcks();
    this.answers.outputGone(this.writer.takenBytes - unsentBytes, this.writer.writtenBytes);
    const chunks = this.writer.take();
    if (chunks.length > 0) {
      this.handshake.isConnected = true;
      this.liveness.sent(nowMs);
    }
    return chunks;
  }

  /** Whether there is something to send. */
  get hasOutput(): boolean {
    return this.acksWaitingOn.length > 0 || this.writer.pendingBytes > 0;
  }

  /** @internal For channels. */
  acksWaiting(channel: SessionChannel): void {
    this.acksWaitingOn.push(channel);
    this.#sink.outputWaiting();
  }

  /** @internal For channels. */
  outputWaiting(): void {
    this.#sink.outputWaiting();
  }

  /** @internal For channels. What the owner refuses by itself is no answer. */
  answered(bytes: number, isChecked: boolean): void {
    if (!this.isReceiving) return;
    this.answers.add(bytes);
    if (isChecked) this.answers.check();
  }

  /** @internal For channels. */
  channelFreed(channel: SessionChannel): void {
    if (this.channels[channel.id] !== channel) return;
    this.channels[channel.id] = undefined;
    this.openChannels--;
    this.freeIds.push(channel.id);
    if (channel.wasClosedByPeer) {
      this.closedByBroker ??= new Set();
      this.closedByBroker.add(channel.id);
    }
    this.#sink.channelClosed?.(channel.id, channel.closedBy, channel.deliveryCounts);
  }

  /** @internal For the decoder: a method frame. */
  method(channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 4) throw new AmqpSyntaxError('a method frame is shorter than a method id', { blame: 'peer' });
    const id = methodIdAt(bytes, start);
    if (channel === 0) {
      this.keptViews++;
      this.receiveConnectionMethod(decodeMethod(bytes, start, end));
      return;
    }
    const target = this.channelFor(channel, id);
    if (target === undefined) return;
    if (id === MethodId.basicDeliver) target.receiveContentMethod('deliver', bytes, start, end);
    else if (id === MethodId.basicGetOk) target.receiveContentMethod('get-ok', bytes, start, end);
    else if (id === MethodId.basicReturn) target.receiveContentMethod('return', bytes, start, end);
    else if (id === MethodId.basicAck) target.receiveConfirm(decodeBasicAck(bytes, start, end));
    else if (id === MethodId.basicNack) target.receiveConfirm(decodeBasicNack(bytes, start, end));
    else {
      // What is decoded may have views into the bytes.
      this.keptViews++;
      target.receiveMethod(decodeMethod(bytes, start, end), id);
    }
  }

  /** @internal For the decoder: a content header frame. */
  header(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.channelFor(channel, 0)?.receiveHeader(bytes, start, end);
  }

  /** @internal For the decoder: a piece of a body frame. */
  body(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.channelFor(channel, 0)?.receiveBody(bytes, start, end);
  }

  /** @internal For the decoder: the bytes themselves have counted already. */
  heartbeat(): void {}

  private flushAcks(): void {
    const waiting = this.acksWaitingOn;
    this.acksWaitingOn = [];
    for (const channel of waiting) channel.flushAcks();
  }

  private channelFor(id: number, methodId: number): SessionChannel | undefined {
    const channel = this.channels[id];
    if (channel !== undefined && this.state === 'open') return channel;
    // Once our close is sent, nothing on other channels matters.
    if (this.state === 'closing') return undefined;
    // RabbitMQ: deliveries may come after the broker's own channel.close.
    if (this.state === 'open' && this.closedByBroker?.has(id) === true) return undefined;
    const what = methodName(methodId >>> 16, methodId & 0xffff) ?? 'a content frame';
    throw new UnexpectedFrame(`${what} came on channel ${id}, which is not open`, { blame: 'peer' });
  }

  private receiveConnectionMethod(method: Method): void {
    const input = connectionInputOf(method.type);
    const next = input === undefined ? undefined : nextConnectionState(this.state, input);
    if (next === undefined) {
      throw new CommandInvalid(`${method.type} came on a connection that is ${this.state}`, { blame: 'peer' });
    }
    const before = this.state;
    // What ends the connection does so in `finish`.
    if (method.type !== 'connection.close' && method.type !== 'connection.close-ok') this.state = next;
    switch (method.type) {
      case 'connection.start':
        if (before === 'awaitingStart') this.handshake.receiveStart(method);
        return;
      case 'connection.secure':
        this.handshake.receiveChallenge(method.challenge);
        this.answered(method.challenge.length + answerBytes, true);
        return;
      case 'connection.tune':
        if (before === 'awaitingTune') this.receiveTune(method);
        return;
      case 'connection.open-ok':
        if (before === 'awaitingOpenOk') this.receiveOpenOk();
        return;
      case 'connection.blocked':
        this.#sink.blocked(method.reason);
        return;
      case 'connection.unblocked':
        this.#sink.unblocked();
        return;
      case 'connection.update-secret-ok':
        this.receiveSecretTaken();
        return;
      case 'connection.close':
        this.receiveClose(method);
        return;
      case 'connection.close-ok':
        this.finish(this.peerClose);
        return;
      default:
    }
  }

  private receiveTune(offer: ConnectionTune): void {
    const tuned = this.handshake.receiveTune(offer);
    this.frameMaxBytes = tuned.frameMax;
    this.decoder.frameMaxBytes = tuned.frameMax;
    this.channelMax = tuned.channelMax === 0 ? 65_535 : tuned.channelMax;
    this.liveness = new Heartbeat(tuned.heartbeat, this.nowMs);
    this.tunedHeartbeat = tuned.heartbeat;
  }

  private receiveOpenOk(): void {
    this.phaseDeadlineMs = Number.POSITIVE_INFINITY;
    const info: ConnectionInfo = {
      serverProperties: this.handshake.serverProperties,
      frameMax: this.frameMaxBytes,
      channelMax: this.channelMax,
      heartbeat: this.tunedHeartbeat,
    };
    this.#sink.opened(info);
  }

  private receiveSecretTaken(): void {
    const done = this.secretUpdate;
    this.secretUpdate = undefined;
    if (done !== undefined) done(undefined);
    else if (this.state === 'open') {
      throw new CommandInvalid('connection.update-secret-ok came without an update-secret', { blame: 'peer' });
    }
  }

  private receiveClose(close: ConnectionClose): void {
    encodeConnectionCloseOk(this.writer, 0);
    this.answered(answerBytes, true);
    const { replyCode, replyText, classId, methodId } = close;
    const method = methodName(classId, methodId);
    const error = replyError(replyCode, replyText, {
      scope: 'connection',
      ...(method === undefined ? {} : { method }),
    });
    if (this.state === 'closing') {
      // D8 of the crossing closes: theirs is answered, ours still expects its close-ok.
      this.peerClose = error;
      return;
    }
    this.finish(replyCode === 403 && this.state === 'awaitingTune' ? authenticationFailed(replyText, error) : error);
  }

  private failProtocol(error: unknown): void {
    if (this.state === 'closed') return;
    const reason = isPukaError(error)
      ? error
      : new ConnectionBroken('reading from the broker failed', { blame: 'peer', cause: error });
    const replyCode = reason instanceof LimitExceeded ? 506 : (reason.replyCode ?? 0);
    if ((this.state === 'open' || this.state === 'awaitingOpenOk') && replyCode > 0) {
      encodeConnectionClose(this.writer, 0, {
        replyCode,
        replyText: reason.message.slice(0, 60).replace(/[^ -~]/g, '?'),
        classId: 0,
        methodId: 0,
      });
    }
    this.finish(reason);
  }

  private finish(error: PukaError | undefined): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.decoder.stop();
    this.handshake.login.end();
    this.phaseDeadlineMs = Number.POSITIVE_INFINITY;
    this.liveness = new Heartbeat(0, 0);
    this.acksWaitingOn = [];
    this.#sink.ending?.(error);
    const channelError = error ?? closedByUs();
    const culprit = this.culpritOf(channelError);
    for (const channel of [...this.channels]) channel?.lost(channelError, culprit);
    const secretUpdate = this.secretUpdate;
    this.secretUpdate = undefined;
    secretUpdate?.(channelError);
    this.#sink.closed(error);
  }

  /** `connection.close` names a method and no channel: the request is known if it is the only one of that name. */
  private culpritOf({ method }: PukaError): string | undefined {
    if (method === undefined) return undefined;
    let count = 0;
    for (const channel of this.channels) count += channel?.countPending(method) ?? 0;
    return count === 1 ? method : undefined;
  }
}

function authenticationFailed(replyText: string, cause: PukaError): AuthenticationFailed {
  return new AuthenticationFailed(peerText(replyText), { replyCode: 403, replyText, cause });
}
