// Starts a private RabbitMQ node: of the installed server, of one it installs by apt, or in docker, whichever is
// available first.
// It must leave nothing behind when a start fails.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodePorts, writeConfiguration } from './configuration.ts';
import { createDockerNode } from './docker-node.ts';
import { type ClaimedPort, claimPort, isPortTaken } from './free-port.ts';
import { InstalledNode } from './installed-node.ts';
import type { NodeProcess } from './node-process.ts';
import { RunningBroker } from './running-broker.ts';
import { findSource, type Source } from './source.ts';
import { type Broker, BrokerUnavailable, type LaunchOptions } from './types.ts';
import { startWatchdog } from './watchdog.ts';

const defaultStartTimeoutMs = 90_000;
const launchAttempts = 3;

/**
 * Starts a private RabbitMQ node on free ports of 127.0.0.1, with its data in a temporary folder, and waits until it
 * answers. It dies with this process, however that ends, and does not keep it running.
 *
 * When no server is installed, Debian's package is installed by apt (as root, or by `sudo` if that asks no
 * password; the service is not started), or else the image `rabbitmq` is run by docker.
 *
 * Rejects with {@link BrokerUnavailable} when there is no way to a server, or it does not start.
 */
export async function launchBroker(options: LaunchOptions = {}): Promise<Broker> {
  if (process.platform === 'win32')
    throw new BrokerUnavailable(
      'the launcher does not run on Windows: start RabbitMQ yourself and set AMQP_URL to its url',
    );
  const { provision = true, onProgress } = options;
  const source = await findSource({ provision, ...(onProgress === undefined ? {} : { onProgress }) });
  for (let attempt = 1; ; attempt += 1) {
    const broker = await createBroker(source, options);
    try {
      onProgress?.('starting RabbitMQ');
      await broker.start();
      onProgress?.(`RabbitMQ ${broker.version} answers on port ${broker.port}`);
      return broker;
    } catch (error) {
      await broker.stop();
      // Another process, which does not reserve its ports, may have taken one between the choice and the start.
      const portTaken = error instanceof Error && isPortTaken(error.message);
      if (!portTaken || attempt === launchAttempts) throw error;
    }
  }
}

async function createBroker(source: Source, options: LaunchOptions): Promise<RunningBroker> {
  const { plugins = [], tls, startTimeoutMs = defaultStartTimeoutMs } = options;
  const claims = await Promise.all(Array.from({ length: 5 }, claimPort));
  const [amqp = 0, distributionPort = 0, epmdPort = 0, tlsPort = 0, managementPort = 0] = claims.map(
    ({ port }) => port,
  );
  const ports: NodePorts = {
    amqp,
    tls: tls === undefined ? undefined : tlsPort,
    management: plugins.includes('rabbitmq_management') ? managementPort : undefined,
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'puka-broker-'));
    const node = await createNode(source, { folder, ports, distributionPort, epmdPort, options });
    return new RunningBroker(node, ports, startTimeoutMs, () => releaseAll(claims));
  } catch (error) {
    releaseAll(claims);
    throw error;
  }
}

function releaseAll(claims: readonly ClaimedPort[]): void {
  for (const claim of claims) claim.release();
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
  const beside = neighbourOf(options);
  if (source.type === 'docker') return createDockerNode({ command: source.command, folder, ports, options });
  const watchdog = startWatchdog(folder); // before the files, so that they go even when writing them fails
  try {
    const files = await writeConfiguration(folder, ports, options, {
      folder,
      bindAddress: '127.0.0.1',
      guestFromAnywhere: false,
    });
    return new InstalledNode({
      server: source.server,
      folder,
      files,
      distributionPort,
      epmdPort,
      watchdog,
      env,
      beside,
    });
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

function neighbourOf({ beside }: LaunchOptions): InstalledNode | undefined {
  if (beside === undefined) return undefined;
  const node = beside instanceof RunningBroker ? beside.process : undefined;
  if (node instanceof InstalledNode) return node;
  throw new BrokerUnavailable('`beside` takes a node that `launchBroker` has started from an installed server');
}
