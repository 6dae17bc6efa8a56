// Runs a private node of the RabbitMQ installed on this machine, as the calling user, in its own folder.
// It must share nothing with other nodes: its name, ports, epmd, home, cookie, data and log are its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { writeBootScript } from './boot-script.ts';
import type { ConfigurationFiles } from './configuration.ts';
import type { InstalledServer } from './installed-server.ts';
import type { NodeProcess } from './node-process.ts';
import { runCommand } from './run-command.ts';
import type { Watchdog } from './watchdog.ts';

const loopbackOnly = '-kernel inet_dist_use_interface {127,0,0,1}';
// Erlang's schedulers spin for a while before they sleep, which costs the tests that run beside them their processor.
const noBusyWait = '+sbwt none +sbwtdcpu none +sbwtdio none';
const shutdownLimitMs = 30_000;
const killLimitMs = 5000;
/** How a server ended whose epmd was gone. */
export const epmdIsGone = 'its epmd ended, as it does where its address is already in use';

/** What the node is made of. */
export interface InstalledNodeOptions {
  readonly server: InstalledServer;
  readonly folder: string;
  readonly files: ConfigurationFiles;
  readonly distributionPort: number;
  readonly epmdPort: number;
  readonly watchdog: Watchdog;
  readonly env: Readonly<Record<string, string>>;
  /** A node whose cookie and epmd it shares. */
  readonly beside: InstalledNode | undefined;
}

/** A node of the installed server; nothing runs before `start()`. */
export class InstalledNode implements NodeProcess {
  readonly kind = 'installed';
  readonly nodeName: string = `puka-${randomBytes(4).toString('hex')}@localhost`;
  readonly folder: string;
  readonly watchdog: Watchdog;
  ended: Promise<string> = Promise.resolve('it was not started');
  readonly #options: InstalledNodeOptions;
  readonly #env: NodeJS.ProcessEnv;
  readonly #cookie: string;
  readonly #epmdPort: number;
  readonly #logFile: string;
  #server: ChildProcess | undefined;
  #epmd: ChildProcess | undefined;

  constructor(options: InstalledNodeOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.watchdog = options.watchdog;
    const { beside } = options;
    this.#cookie = beside === undefined ? randomBytes(16).toString('hex').toUpperCase() : beside.#cookie;
    this.#epmdPort = beside === undefined ? options.epmdPort : beside.#epmdPort;
    this.#logFile = join(options.folder, 'server.log');
    this.#env = this.#environment();
  }

  get pid(): number | undefined {
    if (this.#server === undefined) return undefined;
    try {
      const text = readFileSync(this.#pidFile, 'utf8').trim();
      return text === '' ? undefined : Number(text);
    } catch {
      return undefined; // the server writes it a moment after its start
    }
  }

  async start(): Promise<void> {
    await writeFile(join(this.folder, '.erlang.cookie'), this.#cookie, { mode: 0o400, flag: 'wx' }).catch(
      ignoreExisting,
    );
    if (this.#hasOwnEpmd && this.#epmd === undefined) this.#startEpmd();
    const script = await writeBootScript(this.folder);
    const server = this.#spawn(join(this.#options.server.scripts, 'rabbitmq-server'), [], script);
    this.#server = server;
    this.#guard();
    this.ended = exitOf(server).then((how) => {
      signalGroup(server, 'SIGKILL'); // the script is gone; what it started goes with it
      if (this.#server === server) this.#server = undefined;
      rmSync(this.#pidFile, { force: true }); // after SIGKILL it would name a process that is gone
      this.#guard();
      return this.#hasOwnEpmd && this.#epmd === undefined ? epmdIsGone : how;
    });
  }

  get #hasOwnEpmd(): boolean {
    return this.#options.beside === undefined;
  }

  #startEpmd(): void {
    const args = ['-port', String(this.#epmdPort), '-address', '127.0.0.1'];
    const epmd = this.#spawn(this.#options.server.epmd, args);
    this.#epmd = epmd;
    void exitOf(epmd).then(() => {
      this.#epmd = undefined;
      // The server would register with the epmd of the other process, and could not be found after that one ends.
      if (this.#server !== undefined) signalGroup(this.#server, 'SIGKILL');
    });
  }

  async terminate(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const timer = setTimeout(() => signalGroup(server, 'SIGKILL'), shutdownLimitMs);
    server.ref();
    server.kill('SIGTERM'); // the script answers by stopping the server in good order
    await this.ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    server.ref();
    const { pid } = this;
    // The script ends when it has collected the server's end, so that nothing of it is left when `ended` settles.
    // Killed together with the server, it might go first, and the port would be open a moment longer.
    if (pid === undefined || !sendSignal(pid, 'SIGKILL')) signalGroup(server, 'SIGKILL');
    const timer = setTimeout(() => signalGroup(server, 'SIGKILL'), killLimitMs);
    await this.ended;
    clearTimeout(timer);
  }

  async dispose(): Promise<void> {
    await this.kill();
    const epmd = this.#epmd;
    if (epmd === undefined) return;
    epmd.ref();
    const gone = exitOf(epmd);
    signalGroup(epmd, 'SIGKILL');
    await gone;
    this.#guard();
  }

  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8');
  }

  ctl(args: readonly string[]): Promise<string> {
    const command = join(this.#options.server.scripts, 'rabbitmqctl');
    return runCommand(command, ['-n', this.nodeName, ...args], { env: this.#env, cwd: this.folder });
  }

  async evaluate(expression: string): Promise<string> {
    const { erlCall } = this.#options.server;
    if (erlCall === undefined) return this.ctl(['--quiet', 'eval', `${withoutFullStop(expression)}.`]);
    // Base64 keeps the text from what erl_call makes of characters it does not know.
    const text = `unicode:characters_to_binary(io_lib:format("~0tp", [begin ${withoutFullStop(expression)} end]))`;
    const input = `base64:encode_to_string(${text}).\n`;
    // By itself each erl_call has the same name, and the node refuses it while it knows of another, or has not heard of its
    // end yet.
    const name = `call-${randomBytes(8).toString('hex')}`;
    const args = ['-h', name, '-n', this.nodeName, '-c', this.#cookie, '-e'];
    const env = { ...this.#env, EI_TRACELEVEL: '1' }; // without it, it never reports why it could not connect
    const output = await runCommand(erlCall, args, { env, cwd: this.folder, input });
    const value = /^\{ok, "([A-Za-z0-9+/=]*)"\}/.exec(output.trim())?.[1];
    if (value === undefined) throw new Error(`evaluating ${expression} on ${this.nodeName} failed: ${output.trim()}`);
    return Buffer.from(value, 'base64').toString('utf8');
  }

  get #pidFile(): string {
    return join(this.folder, 'pid');
  }

  /**
   * Group leader of its own, so that it can be killed with its children; the event loop of this process is not held by
   * it.
   */
  #spawn(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const log = openSync(this.#logFile, 'a');
    try {
      const child = spawn(command, args, {
        cwd: this.folder,
        env: { ...env, ...this.#env },
        stdio: ['ignore', log, log],
        detached: true,
      });
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  #guard(): void {
    const groups = [this.#epmd, this.#server].map((child) => child?.pid);
    this.watchdog.guard(groups.filter((pid) => pid !== undefined));
  }

  #environment(): NodeJS.ProcessEnv {
    const { server, folder, files, distributionPort, env } = this.#options;
    // Settings of another RabbitMQ or Erlang of this machine must not reach this one.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(RABBITMQ_|ERL_|ROOTDIR$|BINDIR$|EMU$|NOTIFY_SOCKET$)/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      PATH: [server.scripts, process.env.PATH ?? '', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter),
      HOME: folder, // the cookie is looked for there
      LC_ALL: 'C.UTF-8', // rabbitmqctl warns about any other
      ERL_EPMD_PORT: String(this.#epmdPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
      RABBITMQ_NODENAME: this.nodeName,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_PID_FILE: this.#pidFile,
      RABBITMQ_CONF_ENV_FILE: join(folder, 'no-rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: files.config,
      RABBITMQ_CONFIG_FILES: join(folder, 'conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: files.advanced ?? join(folder, 'no-advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: files.plugins,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${noBusyWait} ${loopbackOnly}`,
      RABBITMQ_CTL_ERL_ARGS: loopbackOnly,
      // Any free port: with the ten of the default, many calls of rabbitmqctl side by side would run out.
      RABBITMQ_CTL_DIST_PORT_MIN: '0',
      RABBITMQ_CTL_DIST_PORT_MAX: '0',
      ...env,
    };
  }
}

function withoutFullStop(expression: string): string {
  return expression.trim().replace(/\.$/, '');
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

/** How a child ended, in words; never rejects. */
function exitOf(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve('it had ended before');
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`),
    );
    child.once('error', (error) => resolve(error.message));
  });
}

function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid !== undefined) sendSignal(-leader.pid, signal);
}

/** @returns whether there was a process to get it. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // ESRCH: it is gone already
  }
}
