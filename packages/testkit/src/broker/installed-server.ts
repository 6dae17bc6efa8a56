// Finds the RabbitMQ server that is installed on this machine. It must not start or install anything.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Where the parts of an installed server are. */
export interface InstalledServer {
  /** Folder of the real scripts `rabbitmq-server` and `rabbitmqctl`. */
  readonly scripts: string;
  readonly epmd: string;
  /** Erlang's fast remote call, where it is installed. */
  readonly erlCall: string | undefined;
}

/** Where to look. */
export interface SearchOptions {
  /** Search path. Default: PATH. */
  readonly path?: string;
  /** Folders asked after the search path. Default: where packages put RabbitMQ and Erlang. */
  readonly folders?: readonly string[];
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

/** @returns undefined when the server or Erlang is not there. */
export function findInstalledServer(options: SearchOptions = {}): InstalledServer | undefined {
  const { path = process.env.PATH ?? '', folders = usualFolders } = options;
  const search = [...path.split(delimiter).filter((folder) => folder !== ''), ...folders];
  const scripts = findScripts(search);
  const erl = findFile('erl', search);
  if (scripts === undefined || erl === undefined) return undefined;
  const tools = [...search, ...erlangFolders(erl)];
  const epmd = findFile('epmd', tools);
  if (epmd === undefined) return undefined;
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

/** Where Erlang keeps its tools, told by where `erl` is: `bin` and `erts-…/bin` of its root. */
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
