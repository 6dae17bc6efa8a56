/** The package managers, and the runtime each installs for. It must not know what is installed. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { commandOf } from '../portable/runtimes.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** One of them. */
export interface PackageManager {
  readonly name: string;
  /** The command line that adds a package to the project it is run in. */
  readonly add: (packageName: string) => readonly [string, ...string[]];
  /** The command line in front of a program. */
  readonly runtime: readonly [string, ...string[]];
}

/** What is read of an installed package's package.json. */
export interface InstalledManifest {
  readonly version: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const node = commandOf('node');

/** Where npx keeps it: in the projects it would look for it in the registry of the check. */
export const pnpm: string = execFileSync('npx', ['--yes', '-p', 'pnpm@12.21.0', '-c', 'command -v pnpm'], {
  encoding: 'utf8',
}).trim();

/** All of them, the slow ones first: yarn is the classic one, with a node_modules folder as the others have. */
export const packageManagers: readonly PackageManager[] = [
  {
    name: 'yarn',
    add: (packageName) => [
      ...node,
      ...[join(folderOf('yarn'), 'bin', 'yarn.js'), 'add', '--non-interactive', '--ignore-scripts', packageName],
    ],
    runtime: node,
  },
  {
    name: 'npm',
    add: (packageName) => ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', packageName],
    runtime: node,
  },
  {
    name: 'deno',
    add: (packageName) => [join(folderOf('deno'), 'deno'), 'add', '--quiet', `npm:${packageName}`],
    runtime: commandOf('deno'),
  },
  { name: 'pnpm', add: (packageName) => [pnpm, 'add', packageName], runtime: node },
  {
    name: 'bun',
    add: (packageName) => [join(folderOf('bun'), 'bin', 'bun.exe'), 'add', '--silent', packageName],
    runtime: commandOf('bun'),
  },
];

/** A folder that was empty, in which a package manager works. */
export class Project {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param caches a folder for the caches of the package managers. Default: in the project. */
  constructor(folder: string, registryUrl: string, caches: string = join(folder, '.caches')) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    writeFileSync(join(folder, '.npmrc'), `registry=${registryUrl}\n`);
    // The settings of who runs the check must not reach this one: they may name another registry.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm|yarn|bun|deno)_/i.test(name));
    const cache = (name: string): string => join(caches, name);
    this.#env = {
      ...Object.fromEntries(inherited),
      ...{ npm_config_registry: registryUrl, npm_config_cache: cache('npm') },
      ...{ pnpm_config_store_dir: cache('pnpm'), YARN_CACHE_FOLDER: cache('yarn') },
      ...{ BUN_INSTALL_CACHE_DIR: cache('bun'), DENO_DIR: cache('deno'), NO_COLOR: '1' },
    };
  }

  /** Writes a file. @returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** The package.json of an installed package; `undefined` if it is not installed. */
  manifestOf(packageName: string): InstalledManifest | undefined {
    const path = join(this.folder, 'node_modules', packageName, 'package.json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  }

  /** Runs a command in it. @returns what it printed. Rejects with that when it fails. */
  async run([name, ...args]: readonly [string, ...string[]]): Promise<string> {
    try {
      const { stdout } = await run(name, args, { cwd: this.folder, env: this.#env, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    } catch (error) {
      const output =
        error instanceof Error && 'stdout' in error && 'stderr' in error ? [error.stdout, error.stderr] : [];
      throw new Error([`${name} ${args.join(' ')} failed`, ...output, String(error)].join('\n'), { cause: error });
    }
  }
}

function folderOf(packageName: string): string {
  return dirname(require.resolve(`${packageName}/package.json`));
}
