// The global setup of the test project that needs a real RabbitMQ: one broker for the run, its url given to every test
// by `inject('amqpUrl')`.
// It must not be imported by a test file; those inject.

import type { TestProject } from 'vitest/node';
import { ensureBroker, type ProvidedOfBroker, providedOf } from '../broker/index.ts';

declare module 'vitest' {
  export interface ProvidedContext extends ProvidedOfBroker {}
}

/** Starts or finds the broker. @returns what vitest calls at the end of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await ensureBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const { amqpUrl, brokerVersion } = providedOf(broker);
  project.provide('amqpUrl', amqpUrl);
  project.provide('brokerVersion', brokerVersion);
  return () => broker.stop();
}
