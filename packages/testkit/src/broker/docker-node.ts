// Runs a private node in docker, published on the loopback address. It must work with an engine that does not see this
// machine's folders: files go in by `docker cp`, nothing is mounted.

import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { type NodePorts, writeConfiguration } from './configuration.ts';
import type { NodeProcess } from './node-process.ts';
import { runCommand } from './run-command.ts';
import type { LaunchOptions } from './types.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const defaultImage = 'rabbitmq:3-management';
const containerFolder = '/etc/puka';
const pullLimitMs = 10 * 60_000;

/** The docker command when an engine answers. */
export async function findDocker(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const answer = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
    env,
    timeoutMs: 10_000,
  }).catch(() => '');
  return answer.trim() === '' ? undefined : 'docker';
}

/** What a node in docker is made of. */
export interface DockerNodeOptions {
  readonly command: string;
  readonly folder: string;
  readonly ports: NodePorts;
  readonly options: LaunchOptions;
}

/**
 * Creates the container with its configuration in it; it is not started. The image is PUKA_RABBITMQ_IMAGE, default
 * rabbitmq:3-management.
 */
export async function createDockerNode({ command, folder, ports, options }: DockerNodeOptions): Promise<NodeProcess> {
  const container = `puka-${randomBytes(4).toString('hex')}`;
  const watchdog = startWatchdog(folder, `${command} rm -f -v ${container}`);
  try {
    const files = await writeConfiguration(folder, ports, options, {
      folder: containerFolder,
      bindAddress: '0.0.0.0',
      guestFromAnywhere: true,
    });
    await chmod(folder, 0o755); // the server inside is another user
    const image = process.env.PUKA_RABBITMQ_IMAGE ?? defaultImage;
    options.onProgress?.(`creating a container of the image ${image}, which is fetched when it is not there`);
    const published = [ports.amqp, ports.tls, ports.management].filter((port) => port !== undefined);
    const env = {
      RABBITMQ_NODENAME: `${container}@localhost`,
      RABBITMQ_CONFIG_FILE: `${containerFolder}/rabbitmq.conf`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${containerFolder}/enabled_plugins`,
      ...(files.advanced === undefined ? {} : { RABBITMQ_ADVANCED_CONFIG_FILE: `${containerFolder}/advanced.config` }),
      ...options.env,
    };
    const args = ['create', '--name', container, '--hostname', 'localhost'];
    for (const port of published) args.push('--publish', `127.0.0.1:${port}:${port}`);
    for (const [name, value] of Object.entries(env)) args.push('--env', `${name}=${value}`);
    await runCommand(command, [...args, image], { timeoutMs: pullLimitMs });
    await runCommand(command, ['cp', `${folder}/.`, `${container}:${containerFolder}`]);
    return new DockerNode(command, container, folder, watchdog);
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

class DockerNode implements NodeProcess {
  readonly kind = 'docker';
  readonly nodeName: string;
  readonly pid = undefined;
  ended: Promise<string> = Promise.resolve('it was not started');
  readonly folder: string;
  readonly watchdog: Watchdog;
  readonly #command: string;
  readonly #container: string;

  constructor(command: string, container: string, folder: string, watchdog: Watchdog) {
    this.#command = command;
    this.#container = container;
    this.folder = folder;
    this.watchdog = watchdog;
    this.nodeName = `${container}@localhost`;
  }

  async start(): Promise<void> {
    await this.#docker(['start', this.#container]);
    this.ended = new Promise(() => undefined); // an end by itself is seen by the time limit of the start
  }

  async terminate(): Promise<void> {
    await this.#docker(['stop', '--time', '30', this.#container]);
  }

  async kill(): Promise<void> {
    const running = await this.#docker(['inspect', '--format', '{{.State.Running}}', this.#container]);
    if (running.trim() === 'true') await this.#docker(['kill', this.#container]);
  }

  async dispose(): Promise<void> {
    await this.#docker(['rm', '-f', '-v', this.#container]);
  }

  log(): Promise<string> {
    return this.#docker(['logs', this.#container]);
  }

  ctl(args: readonly string[]): Promise<string> {
    return this.#docker(['exec', this.#container, 'rabbitmqctl', '-n', this.nodeName, ...args]);
  }

  evaluate(expression: string): Promise<string> {
    return this.ctl(['--quiet', 'eval', `${expression.trim().replace(/\.$/, '')}.`]);
  }

  #docker(args: readonly string[]): Promise<string> {
    return runCommand(this.#command, args);
  }
}
