/**
 * Setup of the test project `embedded`: in it, `launchBroker()` of the testkit returns an embedded broker of the file's own.
 * That is the one switch between the two brokers; a file that needs what only RabbitMQ has is left out in
 * `vitest.config.ts`, with the reason. Must not change anything else of the testkit.
 */
import { startBroker } from '@puka/testing';
import type { Broker, LaunchOptions } from '@puka/testkit';
import { vi } from 'vitest';
import { brokerOptions, LaunchedBroker } from './launched-broker.ts';

vi.mock('@puka/testkit', async (importOriginal) => ({
  ...(await importOriginal<typeof import('@puka/testkit')>()),
  launchBroker: async (options: LaunchOptions = {}): Promise<Broker> =>
    new LaunchedBroker(await startBroker(brokerOptions(options))),
}));
