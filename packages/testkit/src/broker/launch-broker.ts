// Starts a private RabbitMQ node: of the installed server, of one it installs by apt, or in docker, whichever is first to be had.
// It must leave nothing behind when a start fails.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, mayInstallByApt } from './apt-install.ts';
import { type NodePorts, writeConfiguration } from './configuration.ts';
import { createDockerNode, findDocker } from './docker-node.ts';
import { freePorts } from './free-port.ts';
import { InstalledNode } from './installed-node.ts';
import { findInstalledServer, type InstalledServer } from './installed-server.ts';
import type { NodeProcess } from './node-process.ts';
import { RunningBroker } from './running-broker.ts';
import { type Broker, BrokerUnavailable, type LaunchOptions } from './types.ts';
import { startWatchdog } from './watchdog.ts';

const defaultStartTimeoutMs = 90_000;
const launchAttempts = 3;

/** What a node is made from: a server on this machine, or the docker command. */
type Source =
  | { readonly type: 'installed'; readonly server: InstalledServer }
  | { readonly type: 'docker'; readonly command: string };

/**
 * Starts a private RabbitMQ node on free ports of 127.0.0.1, with its data in a temporary folder, and waits until it answers.
 * It dies with this process, however that ends, and does not keep it running.
 *
 * When no server is installed, Debian's package is installed by apt (as root, or by `sudo` where that asks no password; the service is not
 * started), or else the image `rabbitmq` is run by docker.
 *
 * Rejects with {@link BrokerUnavailable} when there is no way to a server, or it does not start.
 */
export async function launchBroker(options: LaunchOptions = {}): Promise<Broker> {
  if (process.platform === 'win32')
    throw new BrokerUnavailable(
      'the launcher does not run on Windows: start RabbitMQ yourself and set AMQP_URL to its url',
    );
  const source = await findSource(options);
  for (let attempt = 1; ; attempt += 1) {
    const broker = await createBroker(source, options);
    try {
      options.onProgress?.('starting RabbitMQ');
      await broker.start();
      options.onProgress?.(`RabbitMQ ${broker.version} answers on port ${broker.port}`);
      return broker;
    } catch (error) {
      await broker.stop();
      // Another process may have taken a port between the choice and the start.
      const portTaken =
        error instanceof Error && /eaddrinuse|port is already allocated|address already in use/i.test(error.message);
      if (!portTaken || attempt === launchAttempts) throw error;
    }
  }
}

async function findSource(options: LaunchOptions): Promise<Source> {
  const { provision = true, onProgress } = options;
  const installed = findInstalledServer();
  if (installed !== undefined) return { type: 'installed', server: installed };
  const failures: string[] = ['RabbitMQ is not installed'];
  if (provision && (await mayInstallByApt())) {
    try {
      return { type: 'installed', server: await aptInstall({ ...(onProgress === undefined ? {} : { onProgress }) }) };
    } catch (error) {
      failures.push(`apt could not install it (${error instanceof Error ? error.message : String(error)})`);
    }
  } else
    failures.push(
      provision
        ? 'it can not be installed here (that takes apt, and root or sudo without a password)'
        : 'the caller wants nothing to be installed',
    );
  const docker = provision ? await findDocker() : undefined;
  if (docker !== undefined) return { type: 'docker', command: docker };
  if (provision) failures.push('no docker engine answers');
  throw new BrokerUnavailable(
    `There is no RabbitMQ to work with: ${failures.join('; ')}. Do one of these and try again:
  - set AMQP_URL to the url of a running RabbitMQ, as amqp://guest:guest@localhost:5672
  - install the server: apt-get install rabbitmq-server, brew install rabbitmq, or the like
  - start docker`,
  );
}

async function createBroker(source: Source, options: LaunchOptions): Promise<RunningBroker> {
  const { plugins = [], tls, startTimeoutMs = defaultStartTimeoutMs } = options;
  const [amqp = 0, distributionPort = 0, epmdPort = 0, tlsPort = 0, managementPort = 0] = await freePorts(5);
  const ports: NodePorts = {
    amqp,
    tls: tls === undefined ? undefined : tlsPort,
    management: plugins.includes('rabbitmq_management') ? managementPort : undefined,
  };
  const folder = await mkdtemp(join(tmpdir(), 'puka-broker-'));
  return new RunningBroker(
    await createNode(source, { folder, ports, distributionPort, epmdPort, options }),
    ports,
    startTimeoutMs,
  );
}

interface NodePlan {
  readonly folder: string;
  readonly ports: NodePorts;
  readonly distributionPort: number;
  readonly epmdPort: number;
  readonly options: LaunchOptions;
}

async function createNode(source: Source, plan: NodePlan): Promise<NodeProcess> {
  const { folder, ports, distributionPort, epmdPort, options } = plan;
  const { env = {} } = options;
  if (source.type === 'docker') return createDockerNode({ command: source.command, folder, ports, options });
  const watchdog = startWatchdog(folder); // before the files, so that they go even when writing them fails
  try {
    const files = await writeConfiguration(folder, ports, options, {
      folder,
      bindAddress: '127.0.0.1',
      guestFromAnywhere: false,
    });
    return new InstalledNode({ server: source.server, folder, files, distributionPort, epmdPort, watchdog, env });
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}
