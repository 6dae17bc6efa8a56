/**
 * A copy of the workspace in which versions can be changed and packages published, without a trace in the workspace itself.
 * It must not know what is done there.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is read of a package.json. */
export interface CopiedManifest {
  readonly name: string;
  readonly version: string;
}

/** The copy. Its commands reach the registry that it is given, and no other. */
export class WorkspaceCopy {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /**
   * Copies what git knows, and what it does not ignore, into a repository of its own.
   *
   * @param pnpm the path of pnpm.
   * @param npmrc the settings of npm and pnpm: the registry, and how to log in there.
   */
  static async make(root: string, folder: string, pnpm: string, npmrc: string): Promise<WorkspaceCopy> {
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
    });
    for (const path of stdout.split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(root, path), join(folder, path));
    }
    const copy = new WorkspaceCopy(folder, pnpm, npmrc);
    // From the store: the copy must not ask a registry for what the workspace has installed.
    const install = ['install', '--frozen-lockfile', '--offline', '--config.minimum-release-age=0'];
    const needless = ['node-versions', 'registry', 'site'].map((name) => `--filter=!@puka/${name}`);
    await run(pnpm, [...install, ...needless], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    const git = ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost'];
    await run('git', ['init', '-q', '-b', 'main'], { cwd: folder });
    await run('git', ['add', '-A'], { cwd: folder });
    await run('git', [...git, 'commit', '-q', '-m', 'A copy'], { cwd: folder });
    return copy;
  }

  private constructor(folder: string, pnpm: string, npmrc: string) {
    this.folder = folder;
    const settings = join(dirname(folder), 'rehearsal.npmrc');
    writeFileSync(settings, npmrc);
    writeFileSync(join(folder, '.npmrc'), npmrc);
    // The settings of who runs this may name another registry, or hold what opens it.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm|yarn)_|token/i.test(name));
    const registry = /^registry=(.*)$/m.exec(npmrc)?.[1];
    this.#env = {
      ...Object.fromEntries(inherited),
      ...{ npm_config_userconfig: settings, npm_config_registry: registry, pnpm_config_registry: registry },
      // Requests to any other host fail.
      ...{ HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
      ...{ GIT_AUTHOR_NAME: 'rehearsal', GIT_AUTHOR_EMAIL: 'rehearsal@localhost' },
      ...{ GIT_COMMITTER_NAME: 'rehearsal', GIT_COMMITTER_EMAIL: 'rehearsal@localhost' },
      ...{ TURBO_TELEMETRY_DISABLED: '1', CI: 'true', NO_COLOR: '1' },
      PATH: [dirname(pnpm), join(folder, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    };
  }

  /** @returns the package.json of a package. */
  manifestOf(name: string): CopiedManifest {
    return JSON.parse(readFileSync(join(this.folder, 'packages', name, 'package.json'), 'utf8'));
  }

  /** Writes a file. */
  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a script of the root's package.json. @returns what it printed. Rejects with that when it fails. */
  async script(name: string): Promise<string> {
    try {
      const { stdout } = await run('pnpm', ['run', name], {
        cwd: this.folder,
        env: this.#env,
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      const output =
        error instanceof Error && 'stdout' in error && 'stderr' in error ? [error.stdout, error.stderr] : [];
      throw new Error([`pnpm run ${name} failed`, ...output, String(error)].join('\n'), { cause: error });
    }
  }

  /** Publishes a tarball as it is. */
  async publishTarball(path: string): Promise<void> {
    await run('npm', ['publish', path, '--ignore-scripts', '--provenance=false'], {
      cwd: dirname(path),
      env: this.#env,
    });
  }
}
