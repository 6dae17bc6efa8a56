/**
 * A broker in memory whose every word is the test's, on a clock of the test's own. It answers what a broker would answer
 * unless a test changes that. Must not do anything by itself: `pump()` moves the bytes.
 */
import { VirtualClock } from '@puka/testkit';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '@puka/transport';
import { type MemoryTransport, memoryConnector } from '@puka/transport/memory';
import {
  type BasicProperties,
  ByteWriter,
  contentPropertiesOffset,
  decodeMethod,
  encodeMethod,
  type FieldTableInput,
  FrameDecoder,
  type Method,
  type MethodInput,
  PropertiesReader,
  writeBody,
  writeContentHeader,
} from '@puka/wire';
import { Client } from '../src/client.ts';
import type { ClientOptions } from '../src/client-options.ts';
import type { Runtime } from '../src/runtime/runtime.ts';
import { joined } from './session/harness.ts';

/** A method on its channel. */
export type Said = readonly [channel: number, method: MethodInput];
/** What it answers to a method; nothing is an answer too. */
export type Answer = (channel: number, method: Method) => readonly Said[];

const text = new TextEncoder();

/** A broker in memory that sends what the test writes. */
export class ScriptedBroker {
  readonly clock = new VirtualClock();
  /** What the client did to its surroundings: `read`, `write`, `timer`, `turn end` … */
  readonly doings: string[] = [];
  readonly warnings: unknown[] = [];
  /** What came from the client, in order. */
  readonly received: { readonly channel: number; readonly method: Method }[] = [];
  /** Told the headers of each message that comes. */
  headersReceived: ((headers: unknown) => void) | undefined = undefined;
  /** Heartbeats that came. */
  heartbeats = 0;
  /** What the client's transport reports of each read: whether it has emptied the socket. */
  isLast: boolean | undefined = undefined;
  /** Answers other than the usual ones, by method. */
  readonly answers = new Map<Method['type'], Answer>();
  serverProperties: FieldTableInput = { capabilities: { publisher_confirms: true } };
  tune = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 };
  /** What becomes of the bytes on their way to the client, chunk by chunk. */
  underWay: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes];
  private tasks: (() => void)[] = [];
  private line: MemoryTransport | undefined = undefined;
  private seen = 0;
  private readonly publishTags = new Map<number, number>();
  private readonly queueNames = { next: 1 };
  /** Channels it has closed, and hears nothing on but close-ok. */
  private readonly refused = new Set<number>();

  /** A client of this broker; it does not recover by default. */
  client(options: ClientOptions = {}): Client {
    const { connector: transport, runtime } = this;
    return new Client('amqp://u:p@scripted', { transport, runtime, recover: false, ...options });
  }

  /** A client that is connected. */
  async connected(options: ClientOptions = {}): Promise<Client> {
    const client = this.client(options);
    const connecting = client.connect();
    await this.pump();
    await connecting;
    this.sent();
    return client;
  }

  /** The surroundings of the client: turns end in `pump()`, time passes by `clock`. */
  get runtime(): Runtime {
    return {
      now: this.clock.now,
      startTimer: (callback, ms) => {
        this.doings.push('timer');
        const undo = this.clock.after(ms, callback);
        return { unref: undo };
      },
      stopTimer: (timer) => timer.unref?.(),
      atTurnEnd: (callback) => {
        this.doings.push('turn end');
        this.tasks.push(callback);
      },
      warn: (message, error) => this.warnings.push(message, error),
      // The middle of each window: what is due when is the same in every run.
      random: () => 0.5,
    };
  }

  /** Makes the connection between the two. */
  get connector(): TransportConnector {
    const memory = memoryConnector((server) => this.accept(server), { schedule: (task) => this.tasks.push(task) });
    return {
      runtime: 'memory',
      connect: async (options: ConnectOptions, handlers: TransportHandlers) =>
        this.watched(await memory.connect(options, this.telling(handlers))),
    };
  }

  private telling(handlers: TransportHandlers): TransportHandlers {
    return {
      onData: (bytes) => handlers.onData(bytes, this.isLast),
      onReadable: () => handlers.onReadable(),
      onDrain: () => handlers.onDrain(),
      onEnd: () => handlers.onEnd(),
      onClose: (error) => handlers.onClose(error),
    };
  }

  /** Runs all that is due now, on both sides, until nothing is. */
  async pump(): Promise<void> {
    let idle = 0;
    while (idle < 10) {
      const tasks = this.tasks;
      this.tasks = [];
      for (const task of tasks) task();
      idle = tasks.length === 0 ? idle + 1 : 0;
      await Promise.resolve();
    }
  }

  /** Lets time pass, and what comes of it. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.pump();
  }

  /** Speaks, all in one piece. */
  say(...parts: readonly (Said | Uint8Array)[]): void {
    for (const part of parts) {
      if (!(part instanceof Uint8Array) && part[1].type === 'channel.close') this.refused.add(part[0]);
    }
    const bytes = parts.map((part) => (part instanceof Uint8Array ? part : encoded(part)));
    this.line?.write([...this.underWay(joined(bytes))]);
  }

  /** The bytes of a delivery. */
  delivery(
    channel: number,
    consumerTag: string,
    deliveryTag: number,
    body = `${deliveryTag}`,
    properties: BasicProperties = {},
  ): Uint8Array {
    return content(
      [channel, { type: 'basic.deliver', consumerTag, deliveryTag, redelivered: false, exchange: '', routingKey: 'q' }],
      body,
      properties,
    );
  }

  /** The bytes of a message for a get. */
  gotten(channel: number, deliveryTag: number, body = `${deliveryTag}`): Uint8Array {
    return content(
      [
        channel,
        { type: 'basic.get-ok', deliveryTag, redelivered: false, exchange: '', routingKey: 'q', messageCount: 0 },
      ],
      body,
    );
  }

  /** What came since the last look, by channel and name, beginning after the handshake. */
  sent(): string[] {
    const names = this.received.slice(this.seen).map(({ channel, method }) => `${channel} ${method.type}`);
    this.seen = this.received.length;
    return names;
  }

  /** The last method of that name that came, and its channel. */
  last<Name extends Method['type']>(type: Name): { channel: number; method: Extract<Method, { type: Name }> } {
    for (const { channel, method } of [...this.received].reverse()) {
      if (isOf(method, type)) return { channel, method };
    }
    throw new Error(`no ${type} came`);
  }

  /** The connection breaks. */
  reset(): void {
    this.line?.reset();
  }

  private accept(server: MemoryTransport): TransportHandlers {
    this.line = server;
    this.publishTags.clear();
    this.refused.clear();
    const decoder = new FrameDecoder({
      method: (channel, bytes, start, end) => this.take(channel, decodeMethod(bytes, start, end)),
      header: (_channel, bytes, start, end) => {
        this.headersReceived?.(new PropertiesReader(bytes, start + contentPropertiesOffset, end).headers);
      },
      body: () => {},
      heartbeat: () => {
        this.heartbeats++;
      },
    });
    decoder.frameMaxBytes = 131_072;
    let isFirst = true;
    return {
      onData: (bytes) => {
        decoder.push(isFirst ? bytes.subarray(8) : bytes);
        if (isFirst) this.greet();
        isFirst = false;
      },
      onReadable: () => {},
      onDrain: () => {},
      onEnd: () => server.close(),
      onClose: () => {},
    };
  }

  private greet(): void {
    const { serverProperties } = this;
    this.say([0, { type: 'connection.start', serverProperties, mechanisms: 'PLAIN', locales: 'en_US' }]);
  }

  private take(channel: number, method: Method): void {
    this.received.push({ channel, method });
    if (this.refused.has(channel)) {
      if (method.type === 'channel.close-ok') this.refused.delete(channel);
      return;
    }
    const answer = this.answers.get(method.type) ?? ((...said) => this.usual(...said));
    const said = answer(channel, method);
    if (said.length > 0) this.say(...said);
  }

  /** What a broker answers if all is well. */
  usual(channel: number, method: Method): readonly Said[] {
    switch (method.type) {
      case 'connection.start-ok':
        return [[0, { type: 'connection.tune', ...this.tune }]];
      case 'connection.open':
        return [[0, { type: 'connection.open-ok' }]];
      case 'connection.close':
        return [[0, { type: 'connection.close-ok' }]];
      case 'channel.open':
        this.publishTags.delete(channel);
        return [[channel, { type: 'channel.open-ok' }]];
      case 'channel.close':
        return [[channel, { type: 'channel.close-ok' }]];
      case 'confirm.select':
        return [[channel, { type: 'confirm.select-ok' }]];
      case 'basic.publish': {
        const deliveryTag = (this.publishTags.get(channel) ?? 0) + 1;
        this.publishTags.set(channel, deliveryTag);
        return [[channel, { type: 'basic.ack', deliveryTag, multiple: false }]];
      }
      case 'basic.qos':
        return [[channel, { type: 'basic.qos-ok' }]];
      case 'basic.consume':
        return [[channel, { type: 'basic.consume-ok', consumerTag: method.consumerTag }]];
      case 'basic.cancel':
        return [[channel, { type: 'basic.cancel-ok', consumerTag: method.consumerTag }]];
      case 'basic.get':
        return [[channel, { type: 'basic.get-empty' }]];
      case 'exchange.declare':
        return [[channel, { type: 'exchange.declare-ok' }]];
      case 'exchange.delete':
        return [[channel, { type: 'exchange.delete-ok' }]];
      case 'queue.declare': {
        const queue = method.queue === '' ? `amq.gen-${this.queueNames.next++}` : method.queue;
        return [[channel, { type: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 0 }]];
      }
      default:
        return [];
    }
  }

  /** Records what is done with the connection. */
  private watched(transport: Transport): Transport {
    const { doings } = this;
    return new Proxy(transport, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          doings.push(String(name));
          return Reflect.apply(value, target, given);
        };
      },
    });
  }
}

/** The broker's refusal of what was asked on a channel. */
export function refusal(channel: number, replyCode: number, replyText: string, classId = 60, methodId = 20): Said {
  return [channel, { type: 'channel.close', replyCode, replyText, classId, methodId }];
}

function encoded([channel, method]: Said): Uint8Array {
  const writer = new ByteWriter();
  encodeMethod(writer, channel, method);
  return joined(writer.take());
}

function content([channel, method]: Said, body: string, properties: BasicProperties = {}): Uint8Array {
  const writer = new ByteWriter();
  const bytes = text.encode(body);
  encodeMethod(writer, channel, method);
  writeContentHeader(writer, channel, bytes.length, properties, 131_072);
  writeBody(writer, channel, bytes, 131_072);
  return joined(writer.take());
}

function isOf<Name extends Method['type']>(method: Method, type: Name): method is Extract<Method, { type: Name }> {
  return method.type === type;
}
