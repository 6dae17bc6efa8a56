/** Which connections, channels, queues and messages faults are meant for, and how. Types only. */
import type { StopReason } from '../model/stopped-queues.ts';

/** Where to drop a connection. */
export interface DropOptions {
  /** Whose bytes are counted. Default `'broker'`. */
  readonly from?: 'broker' | 'client';
  /** All existing ones, or the next new one, with its handshake. Default `'existing'`. */
  readonly connections?: 'existing' | 'next';
}

/** Which connections a fault is meant for: those that have all that is given. Default: all. */
export interface ConnectionFilter {
  /** As in `broker.connections`. */
  readonly connection?: string;
  /** The user that logged in. */
  readonly user?: string;
  /** The virtual host that it is open to. */
  readonly vhost?: string;
}

/** Which channels a fault is meant for: those that have all that is given. Default: all. */
export interface ChannelFilter extends ConnectionFilter {
  /** Its number, from 1. */
  readonly channel?: number;
  /** It has a consumer of that queue. */
  readonly queue?: string;
}

/** Which queue a fault is meant for. */
export interface QueueFaultOptions {
  /** Default `/`. */
  readonly vhost?: string;
}

/** How a queue goes down. */
export interface StopQueueOptions extends QueueFaultOptions {
  /**
   * The reason in RabbitMQ's text: its node is down, its supervisor has stopped it, it has crashed, or it does not answer
   * in time. Default `'node'`.
   */
  readonly reason?: StopReason;
}

/** How a queue is taken away. */
export interface RemoveQueueOptions extends QueueFaultOptions {
  /** `true`: its consumers are not cancelled, as in rabbitmq-server#15276. Default `false`. */
  readonly isSilent?: boolean;
}

/** How a queue without a leader behaves. */
export interface LoseLeaderOptions extends QueueFaultOptions {
  /** How long a new consumer waits before its connection is closed, by the broker's clock. Default 30 000. */
  readonly afterMs?: number;
}

/** Which messages a fault is meant for. */
export interface MessageFilter {
  /** The exchange it was published to; empty for the default exchange. */
  readonly exchange?: string;
  /** The routing key it was published with. */
  readonly routingKey?: string;
}
