/** A session whose broker sends what the test writes, on a clock of the test's own. */
import type { PukaError } from '@puka/errors';
import { ByteWriter, decodeMethod, encodeMethod, FrameDecoder, type Method, type MethodInput } from '@puka/wire';
import { type ChannelSink, type ConnectionInfo, Session, type SessionOptions } from '../../src/session/index.ts';

/** The bytes of methods, one after the other. */
export function frames(...methods: readonly (readonly [channel: number, method: MethodInput])[]): Uint8Array {
  const writer = new ByteWriter();
  for (const [channel, method] of methods) encodeMethod(writer, channel, method);
  return joined(writer.take());
}

/** Chunks as one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** What a session has sent and received. */
export class Harness {
  readonly session: Session;
  nowMs = 0;
  info: ConnectionInfo | undefined;
  /** One entry for each call of `closed`. */
  readonly closed: (PukaError | undefined)[] = [];
  readonly events: string[] = [];

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new Session(
      { username: 'u', password: 'p', vhost: '/', ...options },
      {
        opened: (info) => {
          this.info = info;
        },
        blocked: (reason) => this.events.push(`blocked ${reason}`),
        unblocked: () => this.events.push('unblocked'),
        outputWaiting: () => {},
        closed: (error) => this.closed.push(error),
      },
    );
    this.session.connect(0);
  }

  /** The broker speaks. */
  say(...methods: readonly (readonly [channel: number, method: MethodInput])[]): void {
    this.session.receive(frames(...methods), this.nowMs);
  }

  /** Goes through the handshake. */
  open(): this {
    this.session.receive(handshake, this.nowMs);
    this.sent();
    return this;
  }

  /** What the client has sent since the last look, by name and channel; the protocol header is passed over. */
  sent(): string[] {
    let bytes = joined(this.session.takeOutput(this.nowMs));
    if (bytes[0] === 0x41) bytes = bytes.subarray(8);
    const names: string[] = [];
    const decoder = new FrameDecoder({
      method: (channel, payload, start, end) => {
        names.push(described(channel, decodeMethod(payload, start, end)));
      },
      header: () => {},
      body: () => {},
      heartbeat: () => names.push('heartbeat'),
    });
    decoder.frameMaxBytes = 131_072;
    decoder.push(bytes);
    return names;
  }

  /** A sink that records its calls. */
  sink(name: string): ChannelSink {
    return {
      content: (content) => {
        const { kind, overLimit, bodyStart, bodyEnd } = content;
        this.events.push(`${name} ${kind} ${overLimit === undefined ? bodyEnd - bodyStart : `over ${overLimit}`}`);
        return content.kind !== 'return';
      },
      confirmed: (tag, multiple, ack) =>
        this.events.push(`${name} ${ack ? 'ack' : 'nack'} ${multiple ? '<=' : ''}${tag}`),
      consumerCancelled: (tag) => this.events.push(`${name} cancelled ${tag}`),
      closed: (error) => this.events.push(`${name} closed ${error?.code ?? ''}`),
    };
  }
}

/** What a broker sends until a connection is open. */
export const handshake: Uint8Array = frames(
  [0, { type: 'connection.start', serverProperties: {}, mechanisms: 'PLAIN AMQPLAIN', locales: 'en_US' }],
  [0, { type: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 }],
  [0, { type: 'connection.open-ok' }],
);

function described(channel: number, method: Method): string {
  return channel === 0 ? method.type : `${channel} ${method.type}`;
}
