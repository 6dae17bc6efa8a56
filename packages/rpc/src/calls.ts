/** The calls of one caller: sends requests, matches replies, gives up in time. Must not know the handlers' types. */
import type { Client, FieldValueInput, Message, PublishOptions } from '@puka/client';
import { ConnectionBroken, OperationTimeout, type PukaError, UsageError } from '@puka/errors';
import { type CallForm, checkFlag, checkOptions, kindOf } from './check-options.ts';
import { type Codec, jsonCodec } from './codec.ts';
import { directReplies } from './direct-replies.ts';
import { LossSignal } from './loss-signal.ts';
import {
  type CallerOptions,
  type CallerStats,
  type CallOptions,
  checkCodec,
  checkQueue,
  checkTime,
} from './options.ts';
import { RemoteError } from './remote-error.ts';
import type { ReplyAddress, ReplyReceiver, ReplyStrategy } from './replies.ts';
import { checkSignal, Signals } from './signals.ts';
import { after, isOverWithin, uniqueId } from './timers.ts';
import {
  cancelExchange,
  cancelKey,
  cancelType,
  errorType,
  idempotentHeader,
  readErrorBody,
  serverCodes,
} from './wire-format.ts';

const defaultTimeoutMs = 30_000;
/** How long closing waits for the broker, in milliseconds: a broker that is short of memory does not answer. */
const closeMs = 5000;
const callerForm: CallForm<CallerOptions> = {
  call: 'caller',
  example: "caller<typeof service>(client, { queue: 'maths', timeout: 5000 })",
  options: { queue: true, timeout: true, idempotent: true, codec: true, replies: true, cancels: true },
};
const callForm: CallForm<CallOptions> = {
  call: 'a call',
  example: 'maths.add({ a: 1, b: 2 }, { timeout: 1000 })',
  options: { signal: true, timeout: true, idempotent: true, headers: true },
};

function nothing(): void {}

type Request = Omit<PublishOptions, 'replyTo' | 'signal'> & { replyTo: string; signal: LossSignal | undefined };

/** A call without an outcome. */
interface Call {
  readonly id: string;
  readonly method: string;
  /** The same object for each time that it is sent. */
  readonly request: Request;
  readonly idempotent: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Undoes what its time-out set up. */
  stopTimer: () => void;
  /** Undoes what its signal set up. */
  unwatch: (() => void) | undefined;
  /** The address its reply was to come to; 0 for none. A server may have it if it is not 0. */
  sentIn: number;
  /** Its request is on its way to the broker. */
  isSending: boolean;
}

/** The calls of one caller that have no reply yet. */
export class Calls implements ReplyReceiver {
  readonly id: string = uniqueId();
  private readonly client: Client;
  readonly queue: string;
  private readonly timeoutMs: number;
  private readonly idempotent: boolean | readonly string[];
  private readonly codec: Codec;
  private readonly strategy: ReplyStrategy;
  private readonly cancels: boolean;
  private readonly open = new Map<string, Call>();
  private readonly counts = { answered: 0, failed: 0, resent: 0, lateReplies: 0 };
  private readonly signals = new Signals();
  private lastId = 0;
  private address: Promise<ReplyAddress> | undefined;
  /** The same, if it is open by now. */
  private opened: ReplyAddress | undefined;
  /** Counts the addresses for replies: a new one with each connection, or if the channel of the replies is lost. */
  private epoch = 1;
  /** Aborted when an address is lost, so that the client does not send by itself what must not be sent twice. */
  private addressLoss = new LossSignal();
  /** Aborted when the connection is lost: what may be sent twice is then sent by us, with the address of the next one. */
  private connection = new LossSignal();
  /** Calls that wait for an address, or for room. */
  private waiting = 0;
  /** Why the last address was lost. */
  private lastLoss: ConnectionBroken | undefined;
  private isDown = false;
  private isRecovering = false;
  private isClosed = false;
  private isOver = false;
  private closedWith: PukaError | undefined;

  /** @throws {UsageError} for an option out of its range. */
  constructor(client: Client, options: CallerOptions) {
    checkOptions(callerForm, options);
    const { queue, timeout = defaultTimeoutMs, idempotent = false, replies } = options;
    checkQueue(queue);
    checkTime('timeout', timeout, 1);
    checkCodec(options.codec);
    checkFlag('cancels', options.cancels);
    if (typeof idempotent !== 'boolean' && !Array.isArray(idempotent)) {
      throw new UsageError(`idempotent is ${kindOf(idempotent)}; it takes true, false, or names: ['add']`);
    }
    if (replies !== undefined && typeof replies !== 'function') {
      throw new UsageError(`replies is ${kindOf(replies)}; it takes directReplies or replyQueue, the functions`);
    }
    this.client = client;
    this.queue = queue;
    this.timeoutMs = timeout;
    this.idempotent = idempotent;
    this.codec = options.codec ?? jsonCodec;
    this.strategy = replies ?? directReplies;
    this.cancels = options.cancels ?? true;
    client.on('connected', this.connected);
    client.on('disconnected', this.disconnected);
    client.on('closed', this.closed);
  }

  get stats(): CallerStats {
    return { open: this.open.size, ...this.counts };
  }

  /** Calls. Rejects as the README describes. */
  call(method: string, argument: unknown, options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkOptions(callForm, options);
      const { signal, timeout = this.timeoutMs } = options;
      checkTime('timeout', timeout, 1);
      checkSignal(signal);
      checkFlag('idempotent', options.idempotent);
      if (this.closedWith !== undefined) throw this.closedWith;
      if (signal?.aborted === true) throw signal.reason;
      const idempotent =
        options.idempotent ??
        (Array.isArray(this.idempotent) ? this.idempotent.includes(method) : this.idempotent === true);
      const id = `${this.id}.${(++this.lastId).toString(36)}`;
      const request = this.requestOf(id, method, argument, timeout, idempotent, options.headers);
      const call: Call = {
        id,
        method,
        request,
        idempotent,
        resolve,
        reject,
        stopTimer: nothing,
        unwatch: undefined,
        sentIn: 0,
        isSending: false,
      };
      this.open.set(id, call);
      call.stopTimer = after(timeout, () => this.timeOut(call, timeout));
      if (signal !== undefined) call.unwatch = this.signals.watch(signal, () => this.giveUp(call, signal.reason));
      this.send(call);
    });
  }

  /** Fails what is open, and ends the address for replies. */
  async close(): Promise<void> {
    this.closedWith ??= new ConnectionBroken('the caller has been closed', { outcome: 'not-sent', blame: 'caller' });
    this.client.off('connected', this.connected);
    this.client.off('disconnected', this.disconnected);
    this.client.off('closed', this.closed);
    for (const call of [...this.open.values()]) this.lose(call, this.closedWith);
    const { address } = this;
    this.address = undefined;
    const closing = (async () => (await address?.catch(() => undefined))?.close())();
    // Without a connection the address is closed only once there is one again, so do not wait.
    if (this.isDown) closing.catch(nothing);
    else await isOverWithin(closeMs, closing);
  }

  private requestOf(
    id: string,
    method: string,
    argument: unknown,
    timeout: number,
    idempotent: boolean,
    headers: CallOptions['headers'],
  ): Request {
    return {
      routingKey: this.queue,
      replyTo: '',
      signal: undefined,
      correlationId: id,
      type: method,
      contentType: this.codec.contentType,
      body: this.codec.encode(argument),
      deliveryMode: 1,
      mandatory: true,
      // The broker drops what no caller waits for; a server that has it knows how long it may take.
      expiration: timeout === Number.POSITIVE_INFINITY ? undefined : String(Math.ceil(timeout)),
      headers: idempotent ? { ...fieldsOf(headers), [idempotentHeader]: true } : headers,
    };
  }

  private send(call: Call): void {
    const { opened } = this;
    call.isSending = true;
    // What waits keeps its place before what is called later.
    if (this.waiting === 0 && opened?.isOpen === true && !this.isDown && !this.client.needsDrain) {
      this.publish(call, opened);
    } else {
      void this.sendWhenOpen(call);
    }
  }

  private async sendWhenOpen(call: Call): Promise<void> {
    const { epoch } = this;
    this.waiting++;
    try {
      const address = await this.openAddress();
      if (this.client.needsDrain) await this.client.drained();
      if (!this.open.has(call.id)) return;
      if (epoch === this.epoch && !this.isDown && address.isOpen) {
        this.publish(call, address);
        return;
      }
      call.isSending = false;
      this.sendAgain(call);
    } catch (error) {
      call.isSending = false;
      if (this.open.has(call.id)) this.sendFailed(call, epoch, error);
    } finally {
      this.waiting--;
    }
  }

  private publish(call: Call, address: ReplyAddress): void {
    const { epoch } = this;
    if (call.sentIn !== 0) this.counts.resent++;
    call.sentIn = epoch;
    const { request } = call;
    request.replyTo = address.replyTo;
    request.signal = call.idempotent ? this.connection : this.addressLoss;
    this.client.basicPublish(request, (error) => {
      call.isSending = false;
      // Without an error: its reply may have been lost before the confirm was read.
      const failure = error ?? (epoch === this.epoch ? undefined : this.lastLoss);
      if (failure !== undefined && this.open.has(call.id)) this.sendFailed(call, epoch, failure);
    });
  }

  private sendFailed(call: Call, epoch: number, error: unknown): void {
    if (!(error instanceof ConnectionBroken)) {
      const address = this.opened;
      if (error instanceof UsageError && address?.isOpen === false) {
        // Direct reply-to: its consumer ended before it. None of it has been sent.
        call.sentIn = 0;
        this.sendAgain(call);
        return;
      }
      this.settle(call, () => call.reject(error), 'failed');
      return;
    }
    if (error.outcome === 'not-sent' && call.sentIn === epoch) call.sentIn = 0;
    if (!this.mayRepeat(call) || (this.isClosed && !this.maySurvive(call))) this.lose(call, error);
    // Else `connected` sends it, unless that was called already.
    else if (epoch !== this.epoch) this.sendAgain(call);
  }

  /** Sends it over the open connection; if there is none, `connected` will. */
  private sendAgain(call: Call): void {
    if (!this.isDown) this.send(call);
  }

  private mayRepeat({ idempotent, sentIn }: Call): boolean {
    return idempotent || sentIn === 0;
  }

  /** Whether it may wait for a connection that the program itself makes. */
  private maySurvive({ idempotent }: Call): boolean {
    return idempotent && !this.isOver;
  }

  /** One at a time; made anew if it has ended with its connection. One promise for all, so that calls keep their order. */
  private openAddress(): Promise<ReplyAddress> {
    if (this.address !== undefined && this.opened?.isOpen !== false) return this.address;
    this.opened = undefined;
    const opening = this.strategy(this.client, this).then((address) => {
      if (this.address === opening) this.opened = address;
      return address;
    });
    this.address = opening;
    opening.catch(() => {
      if (this.address === opening) this.address = undefined;
    });
    return opening;
  }

  /** For the address: a reply has come. */
  reply(reply: Message): void {
    const call = this.open.get(reply.correlationId ?? '');
    if (call === undefined) {
      this.counts.lateReplies++;
      return;
    }
    let value: unknown;
    try {
      value = this.codecOf(reply).decode(reply.body);
    } catch (cause) {
      const body = { name: 'BadReply', message: `the reply of '${call.method}' cannot be read`, code: 'BAD_REPLY' };
      this.settle(call, () => call.reject(new RemoteError(body, { cause, outcome: 'unknown' })), 'answered');
      return;
    }
    if (reply.type !== errorType) {
      this.settle(call, () => call.resolve(value), 'answered');
      return;
    }
    const body = readErrorBody(value);
    const isUnknown = body.code === serverCodes.outcomeUnknown || body.code === serverCodes.stopped;
    const isNotRun = body.code === serverCodes.notRun;
    const error = new RemoteError(body, {
      outcome: isUnknown ? 'unknown' : 'refused',
      retryable: isNotRun || (isUnknown && call.idempotent),
    });
    this.settle(call, () => call.reject(error), 'answered');
  }

  /** An error that the server's codec could not encode arrives as JSON. */
  private codecOf({ type, contentType }: Message): Codec {
    const isOther = type === errorType && contentType !== this.codec.contentType;
    return isOther && contentType === jsonCodec.contentType ? jsonCodec : this.codec;
  }

  /** For the address: replies to what was sent so far will not come any more. */
  lost(error: unknown): void {
    if (this.isDown || this.closedWith !== undefined) return;
    this.renew(new ConnectionBroken('the channel of the replies was lost', { cause: error, outcome: 'unknown' }));
    this.sendAll();
  }

  private readonly connected = (): void => {
    this.isDown = false;
    this.isClosed = false;
    this.isOver = false;
    this.sendAll();
  };

  private readonly disconnected = (error: PukaError | undefined, isRecovering?: boolean): void => {
    this.isDown = true;
    this.isRecovering = isRecovering === true;
    const lost = new ConnectionBroken('the connection was lost', { cause: error, outcome: 'unknown' });
    this.renew(lost);
    const { connection } = this;
    this.connection = new LossSignal();
    connection.abort(lost);
  };

  /** The address is void: fails what must not be sent again. */
  private renew(lost: ConnectionBroken): void {
    this.epoch++;
    const { addressLoss } = this;
    this.addressLoss = new LossSignal();
    this.lastLoss = lost;
    // One that is being sent ends with its publish, which may have been refused by the broker itself.
    for (const call of [...this.open.values()]) if (!this.mayRepeat(call) && !call.isSending) this.lose(call, lost);
    addressLoss.abort(lost);
  }

  private sendAll(): void {
    for (const call of this.open.values()) if (call.sentIn !== this.epoch && !call.isSending) this.send(call);
  }

  /**
   * The client does nothing more. If it was closed, or has tried by itself and given up, it is over; else the program may
   * connect again, and calls that may run twice wait for that.
   */
  private readonly closed = (error: PukaError | undefined): void => {
    this.isClosed = true;
    this.isOver = error === undefined || this.isRecovering;
    const ended = new ConnectionBroken('the client has been closed', { cause: error, outcome: 'unknown' });
    for (const call of [...this.open.values()]) if (!this.maySurvive(call)) this.lose(call, ended);
  };

  private lose(call: Call, cause: PukaError): void {
    const outcome = call.sentIn === 0 ? 'not-sent' : 'unknown';
    const text = `call '${call.method}' of '${this.queue}' has no answer: ${cause.message}`;
    this.settle(call, () => call.reject(new ConnectionBroken(text, { cause, outcome })), 'failed');
  }

  private timeOut(call: Call, timeout: number): void {
    const outcome = call.sentIn === 0 ? 'not-sent' : 'unknown';
    const text = `call '${call.method}' of '${this.queue}' got no answer in ${timeout} ms`;
    this.giveUp(call, new OperationTimeout(text, { outcome }));
  }

  private giveUp(call: Call, reason: unknown): void {
    if (!this.open.has(call.id)) return;
    this.settle(call, () => call.reject(reason), 'failed');
    if (!this.cancels || call.sentIn === 0 || this.isDown) return;
    const parts = { exchange: cancelExchange, routingKey: cancelKey(this.queue), type: cancelType, deliveryMode: 1 };
    // A server that does not get it works in vain; nothing else breaks.
    this.client.basicPublish({ ...parts, correlationId: call.id }).catch(() => {});
  }

  private settle(call: Call, callBack: () => void, count: 'answered' | 'failed'): void {
    this.open.delete(call.id);
    call.stopTimer();
    call.unwatch?.();
    this.counts[count]++;
    callBack();
  }
}

/** Headers as an object. Spreading a `Map` copies no entries. A `Map` of another realm fails `instanceof`. */
function fieldsOf(headers: CallOptions['headers']): CallOptions['headers'] {
  const isMap = Object.prototype.toString.call(headers) === '[object Map]';
  return isMap ? Object.fromEntries(headers as ReadonlyMap<string, FieldValueInput>) : headers; // Its tag shows it.
}
