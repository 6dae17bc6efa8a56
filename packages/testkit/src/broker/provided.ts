// What every test may `inject` of the run's broker, by vitest and by the conformance suite.
// It must not start or stop anything.

import type { BrokerEndpoint } from './types.ts';

/** What the global setup provides to each test file. */
export interface ProvidedOfBroker {
  /**
   * Url of the run's RabbitMQ, shared by all test files: use names of your own (`uniqueName`), raise no alarm, stop
   * nothing.
   */
  readonly amqpUrl: string;
  /** Its version, as `4.3.6`, for a test of what RabbitMQ changed. */
  readonly brokerVersion: string;
}

/** What is provided of this broker. */
export function providedOf(broker: BrokerEndpoint): ProvidedOfBroker {
  return { amqpUrl: broker.url, brokerVersion: broker.version };
}
