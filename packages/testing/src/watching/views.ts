/** The contents of a broker, as a snapshot in plain data. Must not return anything that can change the broker. */
import type { Binding } from '../model/exchanges/binding.ts';
import type { Exchange } from '../model/exchanges/exchange.ts';
import type { ConsumerView as ModelConsumer, Queue } from '../model/queues/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { ServerConnection } from '../protocol/server-connection.ts';
import { PublishedMessage } from './published-message.ts';

/** A consumer of a queue. */
export interface ConsumerInfo {
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetchCount: number;
  /** False where another is the active one of a single active consumer. */
  readonly isActive: boolean;
}

/** A queue. */
export interface QueueInfo {
  readonly name: string;
  readonly vhost: string;
  readonly type: 'classic' | 'quorum' | 'stream';
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Messages that wait for a consumer. */
  readonly ready: number;
  /** Messages delivered and not acked. */
  readonly unacked: number;
  readonly consumers: readonly ConsumerInfo[];
  /** Those that wait, the next one first. */
  readonly messages: readonly PublishedMessage[];
}

/** An exchange. */
export interface ExchangeInfo {
  readonly name: string;
  readonly vhost: string;
  readonly type: 'direct' | 'fanout' | 'topic' | 'headers';
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A binding. */
export interface BindingInfo {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A connection that has been opened. */
export interface ConnectionInfo {
  /** The address of the other end. */
  readonly name: string;
  readonly user: string;
  readonly vhost: string;
  readonly channels: number;
  readonly consumers: number;
  readonly unacked: number;
  /** It is not read from, for it publishes while there is an alarm. */
  readonly isBlocked: boolean;
}

export function queueInfo(queue: Queue): QueueInfo {
  const { settings, resource } = queue;
  return {
    name: settings.name,
    vhost: resource.vhost,
    type: settings.type,
    durable: settings.durable,
    exclusive: settings.owner !== undefined,
    autoDelete: settings.autoDelete,
    arguments: settings.arguments.toObject(),
    ready: queue.readyCount,
    unacked: queue.unackedCount,
    consumers: queue.consumers.map(consumerInfo),
    messages: Array.from(queue.readyMessages, ({ message }) => new PublishedMessage(message)),
  };
}

function consumerInfo({ consumerTag, noAck, exclusive, prefetchCount, isActive }: ModelConsumer): ConsumerInfo {
  return { consumerTag, noAck, exclusive, prefetchCount, isActive };
}

export function exchangeInfo({ settings, resource }: Exchange): ExchangeInfo {
  return { ...settings, vhost: resource.vhost, arguments: settings.arguments.toObject() };
}

/** All bindings of a vhost but those of the default exchange, which every queue has. */
export function bindingInfos(vhost: VirtualHost): BindingInfo[] {
  return [...vhost.exchanges.values()].flatMap(({ bindings }) =>
    Array.from(bindings.all, (binding: Binding) => ({
      ...binding,
      vhost: vhost.name,
      arguments: binding.arguments.toObject(),
    })),
  );
}

/** @returns `undefined` for a connection that is not open. */
export function connectionInfo({ name, open, isBlocked }: ServerConnection): ConnectionInfo | undefined {
  if (open === undefined) return undefined;
  const channels = [...open.channels.values()];
  const sum = (count: (channel: (typeof channels)[number]) => number): number =>
    channels.reduce((total, channel) => total + count(channel), 0);
  return {
    ...{ name, isBlocked, user: open.username, vhost: open.vhost.name, channels: channels.length },
    consumers: sum(({ consumers }) => consumers.size),
    unacked: sum(({ unacked }) => unacked.size),
  };
}
