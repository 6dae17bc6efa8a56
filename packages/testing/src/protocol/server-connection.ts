/**
 * A connection on the broker's side: bytes in, bytes out, time an argument, the next deadline an answer. Here are its states
 * and the methods of channel 0; the channels are in `open-connection.ts`. Must not touch a socket, a clock or a timer.
 */
import { AmqpError, ChannelError, ConnectionForced, InternalError } from '@puka/errors';
import {
  ByteWriter,
  type ConnectionOpen,
  type ConnectionStartOk,
  type ConnectionTuneOk,
  encodeConnectionClose,
  encodeConnectionCloseOk,
  encodeConnectionOpenOk,
  encodeConnectionUpdateSecretOk,
  FrameDecoder,
  type FrameSink,
  FrameType,
  frameOverheadBytes,
  type Method,
  methodIdAt,
  methodName,
  protocolHeader,
  writeHeartbeat,
} from '@puka/wire';
import { FaultRefusal } from '../model/fault-refusal.ts';
import type { QueueOwner } from '../model/queues/queue.ts';
import type { User } from '../model/users.ts';
import {
  type ConnectionInput,
  type ConnectionState,
  connectionInputOf,
  nextConnectionState,
} from './connection-states.ts';
import { ConnectionDropped, ConnectionRefusal, decodedMethod, type RefusalOrigin } from './decoded-method.ts';
import { misplacedFrame, oversizeFrame, undecodableFrame } from './frame-errors.ts';
import {
  type ClientCapabilities,
  capabilitiesOf,
  isTuneTaken,
  logIn,
  openVhost,
  sendStart,
  sendTune,
} from './handshake.ts';
import { Heartbeats } from './heartbeats.ts';
import type { Mistake } from './mistake.ts';
import { OpenConnection } from './open-connection.ts';
import { ProtocolHeaderReader } from './protocol-header-reader.ts';
import { PublisherBlock } from './publisher-block.ts';
import { closeFields } from './refusal.ts';
import type { ServerConnectionSink, ServerContext } from './server-context.ts';
import type { ServerSettings } from './server-settings.ts';

/** RabbitMQ forgives frames that are a little too large, because quite a few clients get it wrong. */
const frameSlackBytes = 8;
/** RabbitMQ 3.10: the limit before tune. */
const initialFrameMax = 4096;

/** A connection on the broker's side: bytes in, bytes out, time an argument, the next deadline an answer. */
export class ServerConnection implements FrameSink, QueueOwner {
  readonly name: string;
  state: ConnectionState = 'header';
  readonly writer: ByteWriter = new ByteWriter(16_384);
  /** What there is from `connection.open` on. */
  open: OpenConnection | undefined;
  private readonly context: ServerContext;
  /** As they were when the connection came. */
  private readonly settings: ServerSettings;
  private readonly sink: ServerConnectionSink;
  private readonly decoder: FrameDecoder;
  private readonly header0 = new ProtocolHeaderReader();
  private liveness = new Heartbeats(0, 0);
  private phaseDeadlineMs: number;
  private capabilities: ClientCapabilities | undefined;
  private user: User | undefined;
  private tuned: ConnectionTuneOk | undefined;
  private frameMaxBytes = initialFrameMax;
  private readonly block = new PublisherBlock(this.writer);
  private isLineOver = false;
  /** The output is held back until then. */
  private heldUntilMs = Number.NEGATIVE_INFINITY;

  /** @param name for people, as `127.0.0.1:50412 -> 127.0.0.1:5672`. */
  constructor(name: string, context: ServerContext, sink: ServerConnectionSink, nowMs: number) {
    this.name = name;
    this.context = context;
    this.settings = context.settings;
    this.sink = sink;
    this.decoder = new FrameDecoder(this, { frameMaxBytes: initialFrameMax + frameSlackBytes });
    this.phaseDeadlineMs = nowMs + context.settings.handshakeTimeoutMs;
  }

  /** The connection is not read from, because the broker is short of something and the client publishes. */
  get isBlocked(): boolean {
    return this.block.isOn;
  }

  /** Takes what came from the client, in any chunking. The bytes are given away. */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.context.broker.nowMs = nowMs;
    this.liveness.received();
    try {
      const rest = this.state === 'header' ? this.receiveHeader(bytes) : bytes;
      if (rest !== undefined && rest.length > 0) this.decoder.push(rest);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The byte stream has ended, by the client or the network. */
  receiveEof(nowMs: number): void {
    this.context.broker.nowMs = nowMs;
    this.transit('lost');
    this.finish();
  }

  /** Takes everything that has to be sent. The chunks are lent: never change them. */
  takeOutput(): Uint8Array[] {
    if (this.isHeld) return [];
    this.open?.flushConfirms();
    const chunks = this.writer.take();
    if (chunks.length > 0) this.liveness.sent();
    return chunks;
  }

  /** So much of what was taken has not gone out yet. */
  setUnsent(bytes: number): void {
    if (this.open === undefined) return;
    this.open.unsentBytes = bytes;
    try {
      this.open.resume();
    } catch (error) {
      this.fail(error);
    }
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get nextDeadlineMs(): number {
    const openMs = this.open?.deadlineMs ?? Number.POSITIVE_INFINITY;
    const heldMs = this.isHeld ? this.heldUntilMs : Number.POSITIVE_INFINITY;
    return Math.min(this.phaseDeadlineMs, this.liveness.deadlineMs, openMs, heldMs);
  }

  /** Does what is due. */
  handleTimeout(nowMs: number): void {
    this.context.broker.nowMs = nowMs;
    if (this.isHeld && nowMs >= this.heldUntilMs) this.release();
    if (nowMs >= this.phaseDeadlineMs) {
      this.drop();
      return;
    }
    try {
      this.open?.handleTimeout(nowMs);
    } catch (error) {
      this.fail(error);
    }
    const action = this.liveness.due(nowMs);
    if (action === 'dead') this.drop();
    if (action !== 'send') return;
    writeHeartbeat(this.writer);
    this.sink.outputWaiting();
  }

  /** Sends everything that is held back, on all channels. */
  releaseOutput(): void {
    if (this.isHeld) this.release();
    this.open?.releaseOutput();
  }

  /** Time went by in which the client had no chance to send. */
  excuse(milliseconds: number): void {
    this.liveness.excuse(milliseconds);
  }

  /** Ends the connection with a refusal that no method of the client's has asked for. */
  forceClose(error: AmqpError): void {
    if (this.state === 'running' || this.state === 'opening') this.refuse(error, 0);
    else this.drop();
  }

  /** `context.alarms` has changed. */
  alarmsChanged(nowMs: number): void {
    if (!this.isBlocked || this.context.alarms.size > 0) return;
    this.liveness.resume(nowMs);
    this.sink.outputWaiting();
    for (const frame of this.block.end()) this.act(frame);
  }

  /** For the decoder. */
  method(channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.isWithinFrameMax(FrameType.method, end - start)) return;
    if (channel === 0) this.act(() => this.receiveMethod(bytes, start, end));
    else this.onChannel(FrameType.method, channel, bytes, start, end);
  }

  /** For the decoder. */
  header(channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.isWithinFrameMax(FrameType.header, end - start)) return;
    this.onChannel(FrameType.header, channel, bytes, start, end);
    this.blockIfShort();
  }

  /** For the decoder. */
  body(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.onChannel(FrameType.body, channel, bytes, start, end);
    this.blockIfShort();
  }

  /** For the decoder: the bytes themselves have counted already. */
  heartbeat(): void {}

  private receiveHeader(bytes: Uint8Array): Uint8Array | undefined {
    const header = this.header0.read(bytes);
    if (header === undefined) return undefined;
    if (!header.isOurs) {
      this.noteSilentMistake('a protocol header of another protocol');
      this.writer.writeBytes(protocolHeader);
      this.drop();
      return undefined;
    }
    this.transit('header');
    sendStart(this.writer, this.settings);
    this.sink.outputWaiting();
    return header.rest;
  }

  /** Does something with a frame now, or later if the connection is blocked. */
  private act(frame: () => void): void {
    if (this.block.keep(frame)) return;
    try {
      frame();
    } catch (error) {
      this.fail(error);
    }
  }

  private onChannel(type: number, channel: number, bytes: Uint8Array, start: number, end: number): void {
    // There are three frames to a message: a closure is made only if it is kept.
    if (this.isBlocked) {
      this.act(() => this.takeFrame(type, channel, bytes, start, end));
      return;
    }
    try {
      this.takeFrame(type, channel, bytes, start, end);
    } catch (error) {
      this.fail(error);
    }
  }

  private takeFrame(type: number, channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (channel === 0 || nextConnectionState(this.state, 'channel') === undefined) {
      throw new ConnectionRefusal(misplacedFrame(type, bytes.subarray(start, end)), 0);
    }
    const { open } = this;
    if (this.state !== 'running' || open === undefined) return;
    if (type === FrameType.method) open.method(channel, bytes, start, end);
    else if (type === FrameType.header) open.header(channel, bytes, start, end);
    else open.body(channel, bytes, start, end);
  }

  private receiveMethod(bytes: Uint8Array, start: number, end: number): void {
    const method = decodedMethod(0, bytes, start, end);
    const methodId = methodIdAt(bytes, start, end);
    const input = connectionInputOf(method.type);
    if (input !== undefined && nextConnectionState(this.state, input) !== undefined) {
      this.receiveConnectionMethod(method, input, methodId);
    } else if (this.state !== 'closing' && this.state !== 'closed') {
      const error = new ChannelError(`unexpected method in connection state ${this.state}`);
      throw new ConnectionRefusal(error, methodId);
    }
  }

  private receiveConnectionMethod(method: Method, input: ConnectionInput, methodId: number): void {
    const { interference, broker } = this.context;
    const delayMs = interference.replyDelayMs(method);
    if (delayMs > 0) this.heldUntilMs = broker.nowMs + delayMs;
    const refusal = interference.refusalOf(method);
    if (refusal !== undefined) throw new ConnectionRefusal(refusal, methodId);
    switch (method.type) {
      case 'connection.start-ok':
        this.receiveStartOk(method);
        return;
      case 'connection.tune-ok':
        this.receiveTuneOk(method);
        return;
      case 'connection.open':
        this.receiveOpen(method, methodId);
        return;
      case 'connection.update-secret':
        encodeConnectionUpdateSecretOk(this.writer, 0);
        break;
      case 'connection.close':
        this.receiveClose(input);
        break;
      case 'connection.close-ok':
        this.transit(input);
        this.finish();
        return;
      default:
        return;
    }
    this.sink.outputWaiting();
  }

  private receiveStartOk(method: ConnectionStartOk): void {
    const { settings } = this;
    const { broker, interference } = this.context;
    const capabilities = capabilitiesOf(method);
    const outcome = logIn(broker, interference, method, capabilities);
    if (outcome.type === 'silence') {
      this.silence('a login that is refused without an answer');
    } else if (outcome.type === 'refused') {
      this.refuseLogin(outcome.error);
    } else {
      this.capabilities = capabilities;
      this.user = outcome.user;
      this.transit('connection.start-ok');
      sendTune(this.writer, settings);
      this.sink.outputWaiting();
    }
  }

  private refuseLogin(error: AmqpError): void {
    this.refuse(error, 0);
    this.phaseDeadlineMs = this.context.broker.nowMs + this.settings.silenceMs;
  }

  private receiveTuneOk(method: ConnectionTuneOk): void {
    if (!isTuneTaken(method, this.settings)) {
      this.silence('a tune-ok beyond what was offered');
      return;
    }
    this.transit('connection.tune-ok');
    this.tuned = method;
    this.frameMaxBytes = method.frameMax;
    this.decoder.frameMaxBytes = method.frameMax === 0 ? 0 : method.frameMax + frameSlackBytes;
    this.liveness = new Heartbeats(method.heartbeat, this.context.broker.nowMs);
  }

  private receiveOpen({ virtualHost }: ConnectionOpen, methodId: number): void {
    const { settings } = this;
    const { broker, interference } = this.context;
    const { user, writer, tuned } = this;
    if (user === undefined || tuned === undefined) return;
    const vhost = openVhost(broker, interference, user, virtualHost);
    if (vhost instanceof AmqpError) throw new ConnectionRefusal(vhost, methodId);
    this.transit('connection.open');
    this.phaseDeadlineMs = Number.POSITIVE_INFINITY;
    this.open = new OpenConnection({
      ...{ broker, settings, interference, vhost, user, writer },
      connection: this,
      frameMaxBytes: tuned.frameMax,
      channelMax: tuned.channelMax,
      isCancelNotified: this.capabilities?.consumerCancelNotify === true,
      channelRefused: (channelId, error, method, request) => {
        this.noteMistake('channel', error, method, channelId, request);
      },
      closeConnection: (error, method) => this.refuse(error, method),
      outputWaiting: () => this.sink.outputWaiting(),
      breakLineAt: (writtenBytes) => this.sink.breakLineAt(writtenBytes),
    });
    encodeConnectionOpenOk(writer, 0);
    this.sink.outputWaiting();
  }

  private receiveClose(input: ConnectionInput): void {
    this.transit(input);
    this.open?.end();
    encodeConnectionCloseOk(this.writer, 0);
    this.phaseDeadlineMs = this.context.broker.nowMs + this.closeTimeoutMs;
  }

  /** RabbitMQ: stops reading once the client publishes while there is an alarm. docs/connection-blocked. */
  private blockIfShort(): void {
    const { alarms } = this.context;
    if (alarms.size === 0 || this.isBlocked || this.state !== 'running') return;
    this.block.begin(alarms, this.capabilities?.connectionBlocked === true);
    this.liveness.pause();
    this.sink.outputWaiting();
  }

  private isWithinFrameMax(type: number, payloadBytes: number): boolean {
    const limit = this.frameMaxBytes;
    if (limit === 0 || payloadBytes + frameOverheadBytes <= limit + frameSlackBytes) return true;
    this.refuseFrames(oversizeFrame(type, payloadBytes, limit));
    return false;
  }

  private fail(error: unknown): void {
    if (error instanceof ConnectionDropped) {
      if (error.isMistake) this.noteSilentMistake(error.message);
      this.drop();
    } else if (error instanceof ConnectionRefusal) this.refuse(error.error, error.methodId, error.origin);
    else if (error instanceof AmqpError) this.refuseFrames(undecodableFrame(error, this.frameMaxBytes));
    else this.refuse(new InternalError(`the embedded broker failed: ${textOf(error)}`), 0);
  }

  /** RabbitMQ: reports what is wrong with the frames, reads no more, and drops the connection after a while. */
  private refuseFrames(error: AmqpError): void {
    this.refuse(error, 0);
    this.decoder.stop();
    this.phaseDeadlineMs = this.context.broker.nowMs + this.settings.silenceMs;
  }

  /** Ends the connection with a close, or, if there is none to close yet, in silence. */
  private refuse(error: AmqpError, methodId: number, origin?: RefusalOrigin): void {
    const isTellable = this.state === 'running' || this.state === 'opening' || this.state === 'starting';
    if (this.state === 'closing' || this.state === 'closed' || this.state === 'gone') return;
    if (!isTellable || (this.state === 'starting' && error.replyCode !== 403)) {
      this.silence(error.message);
      return;
    }
    this.noteMistake('connection', error, methodId, origin?.channelId ?? 0, origin?.method);
    this.transit('refuse');
    this.block.drop();
    this.open?.end();
    encodeConnectionClose(this.writer, 0, closeFields(error, methodId));
    this.phaseDeadlineMs = this.context.broker.nowMs + this.closeTimeoutMs;
    this.sink.outputWaiting();
  }

  private get closeTimeoutMs(): number {
    const heartbeatMs = (this.tuned?.heartbeat ?? 0) * 1000;
    const { closeTimeoutMs } = this.settings;
    return heartbeatMs > 0 && heartbeatMs < closeTimeoutMs ? heartbeatMs : closeTimeoutMs;
  }

  private silence(mistake: string): void {
    this.noteSilentMistake(mistake);
    this.transit('silence');
    this.decoder.stop();
    this.phaseDeadlineMs = this.context.broker.nowMs + this.settings.silenceMs;
  }

  /** What a fault has caused is no mistake, and neither is what the broker does by itself. */
  private noteMistake(
    ended: Mistake['ended'],
    error: AmqpError,
    methodId: number,
    channel: number,
    request: Method | undefined,
  ): void {
    if (error instanceof FaultRefusal || error instanceof ConnectionForced) return;
    const { replyCode, replyText = '' } = closeFields(error, methodId);
    const method = request?.type ?? methodName(methodId >>> 16, methodId & 0xffff);
    this.context.noteMistake({ connection: this.name, channel, ended, replyCode, replyText, method, request });
  }

  private noteSilentMistake(text: string): void {
    const nothing = { replyCode: undefined, method: undefined, request: undefined };
    this.context.noteMistake({ connection: this.name, channel: 0, ended: 'connection', replyText: text, ...nothing });
  }

  private get isHeld(): boolean {
    return this.heldUntilMs !== Number.NEGATIVE_INFINITY;
  }

  private release(): void {
    this.heldUntilMs = Number.NEGATIVE_INFINITY;
    this.sink.outputWaiting();
  }

  private drop(): void {
    this.transit('lost');
    this.finish();
  }

  private finish(): void {
    if (this.isHeld) this.release();
    this.decoder.stop();
    this.phaseDeadlineMs = Number.POSITIVE_INFINITY;
    this.liveness = new Heartbeats(0, 0);
    this.open?.end();
    this.open = undefined;
    if (this.isLineOver) return;
    this.isLineOver = true;
    this.sink.lineOver();
  }

  private transit(input: ConnectionInput): void {
    this.state = nextConnectionState(this.state, input) ?? this.state;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
