/** What a broker offers and how long it waits: RabbitMQ 3.10's defaults. Must not be changed while connections are open. */
import type { FieldTableInput } from '@puka/wire';

/** What a broker offers and how long it waits: RabbitMQ 3.10's defaults. */
export interface ServerSettings {
  /** In bytes; 0 is no limit. */
  readonly frameMax: number;
  readonly channelMax: number;
  /** In seconds, as it is offered; the client decides. */
  readonly heartbeat: number;
  /** Largest body taken, in bytes. */
  readonly maxMessageBytes: number;
  /** How long a message may be unacked. */
  readonly consumerTimeoutMs: number;
  /** How long a client may take until its connection is open. */
  readonly handshakeTimeoutMs: number;
  /** How long RabbitMQ sends nothing to a client that has gone wrong before its connection was open. */
  readonly silenceMs: number;
  /** How long a close may go unanswered. */
  readonly closeTimeoutMs: number;
  /** Above this many bytes to be sent, consumers of the connection have to wait. */
  readonly congestionBytes: number;
  readonly serverProperties: FieldTableInput;
}

/** RabbitMQ's defaults. */
export const defaultSettings: ServerSettings = {
  frameMax: 131_072,
  channelMax: 2047,
  heartbeat: 60,
  maxMessageBytes: 134_217_728,
  consumerTimeoutMs: 1_800_000,
  handshakeTimeoutMs: 10_000,
  silenceMs: 3000,
  closeTimeoutMs: 30_000,
  congestionBytes: 1_048_576,
  serverProperties: {
    capabilities: {
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      'basic.nack': true,
      consumer_cancel_notify: true,
      'connection.blocked': true,
      consumer_priorities: true,
      authentication_failure_close: true,
      per_consumer_qos: true,
      direct_reply_to: true,
    },
    cluster_name: 'puka@testing',
    copyright: 'MIT',
    information: 'An embedded broker for tests that behaves as RabbitMQ does. It is not RabbitMQ.',
    platform: 'JavaScript',
    product: 'RabbitMQ',
    version: '3.10.8',
  },
};
