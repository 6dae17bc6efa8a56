// A program that launches a node, prints that, and does not stop it. Run by the test of the watchdog.

import { launchBroker } from '../../src/broker/index.ts';

async function run(): Promise<void> {
  const broker = await launchBroker();
  process.stdout.write(`${JSON.stringify({ folder: broker.folder, pid: broker.pid })}\n`);
  const [, , then] = process.argv;
  if (then === 'wait') setInterval(() => undefined, 60_000);
  if (then === 'throw') throw new Error('as a test that fails outside of any test');
}

void run();
