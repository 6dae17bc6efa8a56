/** `Client.metrics()`: makes plain data of what a client has counted. Must not count. */
import type { ClientState } from '../connection/client-states.ts';
import type { HistogramSnapshot } from '../runtime/histogram.ts';
import { addedCounts, type DeliveryCounts } from '../session/delivery-counts.ts';
import type { ClientCounts, RequestCounts } from './client-counts.ts';

/** A snapshot of what a client has done since it was made, and of what is open. */
export interface ClientMetrics {
  /** As the option of that name. */
  readonly connectionName: string | undefined;
  /** As `client.state`. */
  readonly state: ClientState;
  /** Since the client was made. */
  readonly connections: {
    /** Attempts that led to a connection. */
    readonly opened: number;
    /** Attempts that did not. */
    readonly failed: number;
    /** Connections that were lost. */
    readonly lost: number;
  };
  /** Channels that are open. */
  readonly channels: number;
  /** Consumers that have not ended. */
  readonly consumers: number;
  /** Of all its connections. */
  readonly bytes: {
    /** Read from sockets. */
    readonly received: number;
    /** Given to sockets. */
    readonly sent: number;
  };
  /** What became of its publishes. */
  readonly publishes: PublishMetrics;
  /** What became of the messages it got. */
  readonly deliveries: DeliveryMetrics;
  /** Calls of `queueDeclare` and its kin, `basicGet`, `basicConsume`, `basicQos`, `basicCancel`, by the AMQP name of the method. */
  readonly requests: Readonly<Record<string, RequestCounts>>;
  /**
   * From the turn that writes a publish to its confirm. A sample: on each channel one publish at a time is timed, the last
   * one that is written when no other is timed.
   */
  readonly confirmRoundTrip: HistogramSnapshot;
}

/** Publishes, by what became of them. One that its caller gave up counts by the broker's answer. */
export interface PublishMetrics {
  /** The broker has them. */
  readonly confirmed: number;
  /** Returned, because no queue took them. */
  readonly returned: number;
  /** RabbitMQ extension: the broker could not take them. */
  readonly nacked: number;
  /** Failed in another way: the broker refused them, or the connection was lost. */
  readonly failed: number;
  /** Refused at the call: a usage error, no connection, too much that waits. */
  readonly refused: number;
  /** Without an outcome. */
  readonly open: number;
  /** Bytes of those, properties and body. */
  readonly openBytes: number;
}

/** Messages that came, for consumers and for gets, direct replies excepted. */
export interface DeliveryMetrics {
  /** Messages that came from the broker. */
  readonly received: number;
  /** Messages that were acked. */
  readonly acked: number;
  /** By `reject` and `nack`, those included that went back without being handed out. */
  readonly rejected: number;
  /** Not settled: in the user's hands, or waiting in memory. Without those of `noAck` consumers. */
  readonly unsettled: number;
}

/** What is open just now. */
export interface OpenThings {
  readonly connectionName: string | undefined;
  readonly state: ClientState;
  readonly channels: number;
  readonly consumers: number;
  readonly publishes: { readonly open: number; readonly openBytes: number };
  /** Of channels that are open. */
  readonly deliveries: DeliveryCounts | undefined;
}

/** A snapshot that changes no more. */
export function metricsOf(counts: ClientCounts, open: OpenThings): ClientMetrics {
  const { publishes, connections, traffic, requests } = counts;
  const { confirmed, returned, nacked, failed, refused, roundTrip } = publishes;
  const { connectionName, state, channels, consumers } = open;
  return {
    connectionName,
    state,
    connections: { ...connections },
    channels,
    consumers,
    bytes: { received: traffic.receivedBytes, sent: traffic.sentBytes },
    publishes: { confirmed, returned, nacked, failed, refused, ...open.publishes },
    deliveries: addedCounts(counts.deliveries, open.deliveries),
    requests,
    confirmRoundTrip: roundTrip.snapshot(),
  };
}
