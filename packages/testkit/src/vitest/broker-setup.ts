// The global setup of the test project that needs a real RabbitMQ: one broker for the run, its url given to every test
// by `inject('amqpUrl')`.
// It must not be imported by a test file; those inject.

import type { TestProject } from 'vitest/node';
import { ensureBroker } from '../broker/index.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Url of the run's RabbitMQ, shared by all test files: use names of your own (`uniqueName`), raise no alarm, stop
     * nothing.
     */
    amqpUrl: string;
    /** Its version, as `4.3.6`, for a test of what RabbitMQ changed. */
    brokerVersion: string;
  }
}

/** Starts or finds the broker. @returns what vitest calls at the end of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await ensureBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  project.provide('amqpUrl', broker.url);
  project.provide('brokerVersion', broker.version);
  return () => broker.stop();
}
