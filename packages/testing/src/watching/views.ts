/** The contents of a broker, as a snapshot in plain data. Must not return anything that can change the broker. */
import type { Binding } from '../model/exchanges/binding.ts';
import type { Exchange } from '../model/exchanges/exchange.ts';
import type { ConsumerView as ModelConsumer, Queue } from '../model/queues/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { ServerConnection } from '../protocol/server-connection.ts';
import { PublishedMessage } from './published-message.ts';

/** A consumer of a queue. */
export interface ConsumerInfo {
  /** Its tag. */
  readonly consumerTag: string;
  /** Whether messages count as acked once they are sent. */
  readonly noAck: boolean;
  /** Whether it refuses other consumers of the queue. */
  readonly exclusive: boolean;
  /** Most messages unacked; 0 is no limit. */
  readonly prefetchCount: number;
  /** False if another is the active one of a single active consumer. */
  readonly isActive: boolean;
}

/** A queue. */
export interface QueueInfo {
  /** Its name. */
  readonly name: string;
  /** Its virtual host. */
  readonly vhost: string;
  /** As in `x-queue-type`. */
  readonly type: 'classic' | 'quorum' | 'stream';
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** Belongs to one connection, and goes with it. */
  readonly exclusive: boolean;
  /** Goes with its last consumer. */
  readonly autoDelete: boolean;
  /** The `x-…` arguments it was declared with. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Messages that wait for a consumer. */
  readonly ready: number;
  /** Messages delivered and not acked. */
  readonly unacked: number;
  /** Its consumers. */
  readonly consumers: readonly ConsumerInfo[];
  /** Those that wait, the next one first. */
  readonly messages: readonly PublishedMessage[];
}

/** An exchange. */
export interface ExchangeInfo {
  /** Its name; empty for the default exchange. */
  readonly name: string;
  /** Its virtual host. */
  readonly vhost: string;
  /** How it routes messages. */
  readonly type: 'direct' | 'fanout' | 'topic' | 'headers';
  /** Survives a restart of the broker. */
  readonly durable: boolean;
  /** Goes with its last binding. */
  readonly autoDelete: boolean;
  /** Takes messages from other exchanges only. */
  readonly internal: boolean;
  /** The arguments it was declared with. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A binding. */
export interface BindingInfo {
  /** Its virtual host. */
  readonly vhost: string;
  /** The exchange that messages come from. */
  readonly source: string;
  /** The queue, or the exchange that gets the messages. */
  readonly destination: string;
  /** Whether it binds a queue or an exchange. */
  readonly destinationKind: 'queue' | 'exchange';
  /** What the exchange compares with the routing key of a message. */
  readonly routingKey: string;
  /** For headers exchanges: what to match. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A connection that has been opened. */
export interface ConnectionInfo {
  /** The address of the other end. */
  readonly name: string;
  /** The user that logged in. */
  readonly user: string;
  /** The virtual host that it is open to. */
  readonly vhost: string;
  /** Channels that are open. */
  readonly channels: number;
  /** Consumers on all its channels. */
  readonly consumers: number;
  /** Messages that it was sent and has not settled. */
  readonly unacked: number;
  /** It is not read from, because it publishes while there is an alarm. */
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
