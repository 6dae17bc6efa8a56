/** The global setup of the test project `embedded`: the suite that runs on RabbitMQ runs on the embedded broker too. By path, because vitest loads it without the condition that leads to sources. */

import type { TestProject } from 'vitest/node';
import { startBroker } from '../../src/index.ts';

/** Starts the broker. @returns what vitest calls at the end of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker();
  project.provide('amqpUrl', broker.url);
  project.provide('brokerVersion', '3.10.8'); // the one it is modelled on
  return () => broker.stop();
}
