/**
 * A client that is nothing but frames, for both brokers: it sends what the test writes and records what it receives.
 * Must not answer by itself, but for the handshake of `open()` and the close-oks where `answersCloses` is left on.
 */
import type { Transport, TransportConnector } from '@puka/transport';
import {
  type BasicProperties,
  type BasicPublishFields,
  ByteWriter,
  contentBodySize,
  contentPropertiesOffset,
  decodeMethod,
  encodeBasicPublish,
  encodeMethod,
  FrameDecoder,
  type FrameSink,
  type Method,
  type MethodInput,
  type MethodType,
  methodIdAt,
  methodInfo,
  PropertiesReader,
  protocolHeader,
  writeBody,
  writeContentHeader,
} from '@puka/wire';

/** One method that was heard, with its message where it has one. */
export interface Heard {
  readonly channel: number;
  readonly method: Method;
  readonly properties: BasicProperties | undefined;
  readonly body: string | undefined;
}

/** How a peer logs in. */
export interface OpenOptions {
  readonly username?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly heartbeat?: number;
  readonly frameMax?: number;
  readonly channelMax?: number;
  readonly capabilities?: Readonly<Record<string, boolean>>;
}

const allCapabilities = {
  authentication_failure_close: true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
};

type Waiter = () => void;

/** A client that is nothing but frames, for both brokers: it sends what the test writes and records what it receives. */
export class RawPeer implements FrameSink {
  /** Everything heard, in order. */
  readonly heard: Heard[] = [];
  heartbeats = 0;
  /** Bytes that came before there were frames, where the broker refused the protocol header. */
  rawBytes: Uint8Array = new Uint8Array(0);
  isEnded = false;
  answersCloses = true;
  private taken = 0;
  private hasReceived = false;
  private isRefused = false;
  private delivered = 0;
  private half:
    | { channel: number; method: Method; properties?: BasicProperties; left: number; body: Uint8Array[] }
    | undefined;
  private readonly decoder: FrameDecoder = new FrameDecoder(this, { frameMaxBytes: 0 });
  private readonly writer = new ByteWriter();
  private waiters: Waiter[] = [];
  private transport: Transport | undefined;

  /** Opens the transport and nothing more. */
  static async connect(connector: TransportConnector, port: number): Promise<RawPeer> {
    const peer = new RawPeer();
    peer.transport = await connector.connect(
      { host: '127.0.0.1', port },
      {
        onData: (bytes) => peer.receive(bytes),
        onReadable: () => {},
        onDrain: () => {},
        onEnd: () => peer.transport?.end(),
        onClose: () => {
          peer.isEnded = true;
          peer.wake();
        },
      },
    );
    return peer;
  }

  /** Opens a connection as a client does. */
  static async open(connector: TransportConnector, port: number, options: OpenOptions = {}): Promise<RawPeer> {
    const peer = await RawPeer.connect(connector, port);
    const { username = 'guest', password = 'guest', vhost = '/', heartbeat = 0 } = options;
    const { frameMax = 131_072, channelMax = 2047, capabilities = allCapabilities } = options;
    peer.sendBytes(protocolHeader);
    await peer.next('connection.start');
    peer.send(0, {
      type: 'connection.start-ok',
      clientProperties: { capabilities },
      mechanism: 'PLAIN',
      response: `\0${username}\0${password}`,
      locale: 'en_US',
    });
    await peer.next('connection.tune');
    peer.send(0, { type: 'connection.tune-ok', channelMax, frameMax, heartbeat });
    peer.send(0, { type: 'connection.open', virtualHost: vhost });
    await peer.next('connection.open-ok');
    return peer;
  }

  /** Opens a channel. */
  async channel(id: number): Promise<number> {
    await this.call(id, { type: 'channel.open' });
    return id;
  }

  send(channel: number, ...methods: readonly MethodInput[]): void {
    this.sendBytes(this.encoded(channel, ...methods));
  }

  /** The frames of methods, for a test that wants them in one write. */
  encoded(channel: number, ...methods: readonly MethodInput[]): Uint8Array {
    for (const method of methods) encodeMethod(this.writer, channel, method);
    return Buffer.concat(this.writer.take());
  }

  sendBytes(bytes: Uint8Array): void {
    this.transport?.write([bytes]);
  }

  publish(channel: number, fields: BasicPublishFields, body = '', properties: BasicProperties = {}): void {
    const bytes = new TextEncoder().encode(body);
    encodeBasicPublish(this.writer, channel, fields);
    writeContentHeader(this.writer, channel, bytes.length, properties, 0);
    writeBody(this.writer, channel, bytes, 131_072);
    this.transport?.write(this.writer.take());
  }

  /** Sends a method and takes the next thing sent on its channel. */
  async call(channel: number, method: MethodInput): Promise<Heard> {
    this.send(channel, method);
    return this.nextOn(channel);
  }

  /** The next method of a type, of those not yet taken; everything before it stays in `heard` only. */
  async next(type: MethodType): Promise<Heard> {
    return this.take((heard) => heard.method.type === type, type);
  }

  /** The next method on a channel, or the close of the connection. */
  async nextOn(channel: number): Promise<Heard> {
    return this.take((heard) => heard.channel === channel || heard.method.type === 'connection.close', `on ${channel}`);
  }

  /** The next so many deliveries, of those that this has not given yet. */
  async deliveries(count: number): Promise<Heard[]> {
    for (;;) {
      const all = this.heard.filter(({ method }) => method.type === 'basic.deliver');
      const next = all.slice(this.delivered, this.delivered + count);
      if (next.length === count) {
        this.delivered += count;
        return next;
      }
      if (this.isEnded) throw new Error(`the line ended; heard ${this.heard.map(lineOf).join(' | ')}`);
      await this.more();
    }
  }

  /** Waits until the connection is down. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.more();
  }

  /** Resolves with the next thing heard, or the end. */
  more(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Drops the connection. */
  drop(): void {
    this.transport?.close();
  }

  private async take(fits: (heard: Heard) => boolean, what: string): Promise<Heard> {
    for (;;) {
      while (this.taken < this.heard.length) {
        const heard = this.heard[this.taken++];
        if (heard !== undefined && fits(heard)) return heard;
      }
      if (this.isEnded) throw new Error(`the line ended before ${what}; heard ${this.heard.map(lineOf).join(' | ')}`);
      await this.more();
    }
  }

  private receive(bytes: Uint8Array): void {
    // No frame begins with an A.
    this.isRefused ||= !this.hasReceived && bytes[0] === 0x41;
    this.hasReceived = true;
    if (this.isRefused) this.rawBytes = Buffer.concat([this.rawBytes, bytes]);
    else this.decoder.push(bytes);
    this.wake();
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }

  method(channel: number, bytes: Uint8Array, start: number, end: number): void {
    const method = decodeMethod(bytes, start, end);
    if (methodInfo.get(methodIdAt(bytes, start, end))?.hasContent === true) {
      this.half = { channel, method, left: 0, body: [] };
      return;
    }
    this.heard.push({ channel, method, properties: undefined, body: undefined });
    if (!this.answersCloses) return;
    if (method.type === 'channel.close') this.send(channel, { type: 'channel.close-ok' });
    if (method.type === 'connection.close') this.send(0, { type: 'connection.close-ok' });
  }

  header(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.half === undefined) return;
    this.half.properties = new PropertiesReader(bytes, start + contentPropertiesOffset, end).toObject();
    this.half.left = contentBodySize(bytes, start, end);
    this.finish();
  }

  body(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.half === undefined) return;
    this.half.body.push(bytes.slice(start, end));
    this.half.left -= end - start;
    this.finish();
  }

  heartbeat(): void {
    this.heartbeats++;
  }

  private finish(): void {
    const { half } = this;
    if (half === undefined || half.left > 0) return;
    const body = new TextDecoder().decode(Buffer.concat(half.body));
    this.half = undefined;
    this.heard.push({ channel: half.channel, method: half.method, properties: half.properties, body });
  }
}

/** The headers of a message by their names; none where it has none. */
export function headersOf(properties: BasicProperties | undefined): Readonly<Record<string, unknown>> {
  // What comes in is decoded, so that it is an object.
  return { ...properties?.headers } as Record<string, unknown>;
}

/** What was heard, in one line; properties that are absent are left out. */
export function lineOf({ channel, method, properties, body }: Heard): string {
  const { type, ...fields } = method;
  const set = Object.entries(properties ?? {}).filter(([, value]) => value !== undefined);
  const rest = body === undefined ? '' : ` ${shown(Object.fromEntries(set))} ${JSON.stringify(body)}`;
  return `${channel} ${type} ${shown(fields)}${rest}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? `${field}n` : field instanceof Uint8Array ? new TextDecoder().decode(field) : field,
  );
}
