// Finds the RabbitMQ server that is installed on this machine. It must not start or install anything.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { BrokerUnavailable } from './types.ts';

/** Where the parts of an installed server are. */
export interface InstalledServer {
  /** Folder of the real scripts `rabbitmq-server` and `rabbitmqctl`. */
  readonly scripts: string;
  readonly epmd: string;
  /** Erlang's fast remote call, if it is installed. */
  readonly erlCall: string | undefined;
}

/** Where to look. */
export interface SearchOptions {
  /** Search path. Default: PATH. */
  readonly path?: string;
  /** Folders asked after the search path. Default: where packages put RabbitMQ and Erlang. */
  readonly folders?: readonly string[];
  /** The folder of the server to take, whatever else is installed. Default: PUKA_RABBITMQ_SERVER, if it is set. */
  readonly chosen?: string;
}

const usualFolders = [
  '/usr/lib/rabbitmq/bin',
  '/opt/rabbitmq/sbin',
  '/opt/homebrew/sbin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/usr/bin',
];

/**
 * @returns undefined when the server or Erlang is not there.
 * @throws BrokerUnavailable when a folder was chosen and holds no server: another one would be a surprise.
 */
export function findInstalledServer(options: SearchOptions = {}): InstalledServer | undefined {
  const { path = process.env.PATH ?? '', folders = usualFolders } = options;
  const { chosen = process.env.PUKA_RABBITMQ_SERVER ?? '' } = options;
  const search = [...path.split(delimiter).filter((folder) => folder !== ''), ...folders];
  if (chosen !== '') return chosenServer(chosen, search);
  const scripts = findScripts(search);
  const erl = findFile('erl', search);
  if (scripts === undefined || erl === undefined) return undefined;
  const tools = [...search, ...erlangFolders(erl)];
  const epmd = findFile('epmd', tools);
  if (epmd === undefined) return undefined;
  return { scripts, epmd, erlCall: findFile('erl_call', tools) };
}

/** The server of a folder that was named; what it lacks of Erlang's tools is looked for elsewhere. */
function chosenServer(chosen: string, search: readonly string[]): InstalledServer {
  const scripts = resolve(chosen);
  const tools = [scripts, ...search];
  const erl = findFile('erl', tools);
  if (erl !== undefined) tools.push(...erlangFolders(erl));
  const epmd = findFile('epmd', tools);
  const missing = ['rabbitmq-server', 'rabbitmqctl'].filter((name) => !existsSync(join(scripts, name)));
  if (epmd === undefined) missing.push("Erlang's epmd (there or on PATH)");
  if (missing.length > 0 || epmd === undefined)
    throw new BrokerUnavailable(`PUKA_RABBITMQ_SERVER names ${scripts}, which lacks ${missing.join(', ')}`);
  return { scripts, epmd, erlCall: findFile('erl_call', tools) };
}

/**
 * Debian puts a wrapper on PATH that insists on root and on the user rabbitmq; the real scripts, which run as any
 * user, lie beside the file the wrapper's link leads to.
 */
function findScripts(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const entry = join(folder, 'rabbitmq-server');
    if (!existsSync(entry)) continue;
    const real = realpathSync(entry);
    const home = dirname(real);
    if (existsSync(join(home, 'rabbitmqctl')) && existsSync(join(home, 'rabbitmq-env'))) return home;
  }
  return undefined;
}

/** Where Erlang keeps its tools, derived from the place of `erl`: `bin` and `erts-…/bin` of its root. */
function erlangFolders(erl: string): string[] {
  const bin = dirname(realpathSync(erl));
  const folders = [bin];
  for (const root of [dirname(bin), join(dirname(bin), 'lib', 'erlang')]) {
    if (!existsSync(root)) continue;
    folders.push(join(root, 'bin'));
    for (const name of readdirSync(root)) if (name.startsWith('erts-')) folders.push(join(root, name, 'bin'));
  }
  return folders;
}

function findFile(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
