// Decides what a private node is made from, and reports what to do when there is nothing. It must not start a node.

import { aptInstall, mayInstallByApt } from './apt-install.ts';
import { findDocker } from './docker-node.ts';
import { findInstalledServer, type InstalledServer, type SearchOptions } from './installed-server.ts';
import { BrokerUnavailable, type OnProgress } from './types.ts';

/** A server on this machine, or the docker command. */
export type Source =
  | { readonly type: 'installed'; readonly server: InstalledServer }
  | { readonly type: 'docker'; readonly command: string };

/** Where to look; the defaults are the real places, tests pass others. */
export interface SourceOptions {
  /** Whether a server may be installed or run by docker. Default true. */
  readonly provision?: boolean;
  readonly onProgress?: OnProgress;
  readonly env?: NodeJS.ProcessEnv;
  readonly search?: SearchOptions;
  readonly lockFile?: string;
  readonly policyFile?: string;
}

/**
 * The installed server, else one that apt installs, else docker. Rejects with {@link BrokerUnavailable} when there is
 * none.
 */
export async function findSource(options: SourceOptions): Promise<Source> {
  const { provision = true, env = process.env, search = {} } = options;
  const installed = findInstalledServer(search);
  if (installed !== undefined) return { type: 'installed', server: installed };
  const failures = ['RabbitMQ is not installed'];
  if (!provision) failures.push('the caller does not allow installing anything');
  else {
    const server = await tryApt(options, env, failures);
    if (server !== undefined) return { type: 'installed', server };
    const command = await findDocker(env);
    if (command !== undefined) return { type: 'docker', command };
    failures.push('no docker engine answers');
  }
  throw new BrokerUnavailable(
    `There is no RabbitMQ to work with: ${failures.join('; ')}. Do one of these and try again:
  - set AMQP_URL to the url of a running RabbitMQ, as amqp://guest:guest@localhost:5672
  - install the server: apt-get install rabbitmq-server, brew install rabbitmq, or the like
  - start docker`,
  );
}

/** @returns undefined when apt can't help; why is added to `failures`. */
async function tryApt(
  options: SourceOptions,
  env: NodeJS.ProcessEnv,
  failures: string[],
): Promise<InstalledServer | undefined> {
  if (!(await mayInstallByApt(env))) {
    failures.push('it can not be installed here (that takes apt, and root or sudo without a password)');
    return undefined;
  }
  try {
    return await aptInstall({ ...options, env });
  } catch (error) {
    failures.push(`apt could not install it (${error instanceof Error ? error.message : String(error)})`);
    return undefined;
  }
}
