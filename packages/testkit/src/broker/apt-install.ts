// Installs Debian's rabbitmq-server by apt, once, even when several processes want it at the same moment.
// It must not start the packaged service: tests start their own nodes.

import { constants } from 'node:fs';
import { access, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findInstalledServer, type InstalledServer, type SearchOptions } from './installed-server.ts';
import { runCommand } from './run-command.ts';
import { BrokerUnavailable, type OnProgress } from './types.ts';

const installLimitMs = 10 * 60_000;
const lockPollMs = 250;

// $1: the file by which Debian lets an administrator keep services from starting.
const installScript = `
set -e
export DEBIAN_FRONTEND=noninteractive
if [ ! -e "$1" ]; then
  trap 'rm -f "$1"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$1"
  chmod 755 "$1"
fi
apt-get update -qq || echo 'apt-get update failed; trying with the package lists that are there' >&2
# Who else has apt busy, as a new machine does by itself, is waited for.
apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends rabbitmq-server
`;

/** Where and how to install; the defaults are the real ones, tests pass others. */
export interface AptInstallOptions {
  readonly onProgress?: OnProgress;
  /** Default: `puka-rabbitmq-install.lock` in the temporary folder. */
  readonly lockFile?: string;
  /** Default /usr/sbin/policy-rc.d. */
  readonly policyFile?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where the installed server is looked for. */
  readonly search?: SearchOptions;
}

/** Whether apt is here, and this user is root or has `sudo` without a password. */
export async function mayInstallByApt(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  return (await isOnPath('apt-get', env)) && (await rootCommand(env)) !== undefined;
}

/**
 * Installs rabbitmq-server unless it is installed by now, and returns where it is. One process installs, the others wait for
 * it. Rejects with {@link BrokerUnavailable} or with the complaint of apt.
 */
export async function aptInstall(options: AptInstallOptions = {}): Promise<InstalledServer> {
  const {
    onProgress,
    lockFile = join(tmpdir(), 'puka-rabbitmq-install.lock'),
    policyFile = '/usr/sbin/policy-rc.d',
    env = process.env,
    search = {},
  } = options;
  const release = await takeLock(lockFile, onProgress);
  try {
    const already = findInstalledServer(search);
    if (already !== undefined) return already;
    const root = await rootCommand(env);
    if (root === undefined) throw new BrokerUnavailable('installing by apt takes root, or sudo without a password');
    onProgress?.('installing rabbitmq-server by apt, which takes a minute');
    const [command = 'sh', ...args] = [...root, 'sh', '-c', installScript, 'puka-install', policyFile];
    await runCommand(command, args, { env, timeoutMs: installLimitMs });
    const installed = findInstalledServer(search);
    if (installed === undefined)
      throw new BrokerUnavailable('apt installed rabbitmq-server, but its scripts are not where they were expected');
    return installed;
  } finally {
    await release();
  }
}

/**
 * Installs a package by apt unless what it brings is there. One process installs, the others wait for it.
 *
 * @param isThere looks whether that is needed.
 */
export async function ensureAptPackage(name: string, isThere: () => Promise<boolean>): Promise<void> {
  if (await isThere()) return;
  const release = await takeLock(join(tmpdir(), 'puka-rabbitmq-install.lock'), undefined);
  try {
    if (await isThere()) return;
    const root = await rootCommand(process.env);
    if (root === undefined) throw new Error(`installing ${name} by apt takes root, or sudo without a password`);
    const script = `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true
apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "$1"`;
    const [command = 'sh', ...args] = [...root, 'sh', '-c', script, 'puka-install', name];
    await runCommand(command, args, { timeoutMs: installLimitMs });
    if (!(await isThere())) throw new Error(`apt installed ${name}, but what it should bring is not there`);
  } finally {
    await release();
  }
}

/** What to put before a command to run it as root; undefined when there is no way. */
async function rootCommand(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const allowed = await runCommand('sudo', ['-n', 'true'], { env, timeoutMs: 5000 }).then(
    () => true,
    () => false,
  );
  return allowed ? ['sudo', '-n'] : undefined;
}

async function isOnPath(command: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (
      folder !== '' &&
      (await access(join(folder, command), constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return true;
  }
  return false;
}

/** Waits until this process holds the lock file. @returns a function that releases it. */
async function takeLock(lockFile: string, onProgress: OnProgress | undefined): Promise<() => Promise<void>> {
  const deadline = performance.now() + installLimitMs;
  for (let waited = false; ; waited = true) {
    const handle = await open(lockFile, 'wx').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (handle !== undefined) {
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(lockFile, { force: true });
    }
    if (await isStale(lockFile)) {
      await rm(lockFile, { force: true });
      continue;
    }
    if (!waited) onProgress?.('another process is installing rabbitmq-server; waiting for it');
    if (performance.now() > deadline)
      throw new BrokerUnavailable(
        `another process holds ${lockFile} for more than ${installLimitMs / 60_000} minutes; remove it if none is installing`,
      );
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
}

/** Whether the process that made the lock file is gone. */
async function isStale(lockFile: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(lockFile, 'utf8'));
    if (owner > 0) return !isAlive(owner);
    return Date.now() - (await stat(lockFile)).mtimeMs > 10_000; // its maker died before it wrote its number
  } catch {
    return false; // it was given back this moment
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
