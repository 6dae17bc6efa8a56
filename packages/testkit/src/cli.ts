// Starts a private RabbitMQ by hand, prints its url and keeps it until Ctrl-C or the end of its input.
// It must not know how a broker is started.
//
//   node dist/cli.js [--plugin rabbitmq_management] [--config 'heartbeat = 10']

import { parseArgs } from 'node:util';
import { BrokerUnavailable, launchBroker } from './broker/index.ts';

const { values } = parseArgs({
  options: {
    plugin: { type: 'string', multiple: true, default: [] },
    config: { type: 'string', multiple: true, default: [] },
  },
});

async function run(): Promise<void> {
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  const broker = await launchBroker({ plugins: values.plugin, config: values.config, onProgress });
  process.stdout.write(`${broker.url}\n`);
  if (broker.managementPort !== undefined) process.stderr.write(`http://127.0.0.1:${broker.managementPort}\n`);
  process.stderr.write(`log: ${broker.folder}/server.log; Ctrl-C ends it\n`);
  const alive = setInterval(() => undefined, 60_000); // the broker itself holds no event loop open
  await interrupted;
  clearInterval(alive);
  await broker.stop();
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof BrokerUnavailable ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
