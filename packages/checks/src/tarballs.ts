/** Packs the published packages as the registry would get them, and installs them elsewhere. It must not judge them. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const checks = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const root = resolve(checks, '../..');
const PATH = [join(checks, 'node_modules/.bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);

/** The packages that are published, each after those it needs. */
export const publishedPackages: readonly string[] = [
  'errors',
  'wire',
  'transport',
  'client',
  'testing',
  'worker',
  'topology',
  'rpc',
  'opentelemetry',
  'cli',
];

/** Runs a command to its end, the workspace's tools within reach; throws with all of its output when it fails. */
export async function command(cwd: string, name: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await run(name, args, { cwd, env: { ...process.env, PATH }, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error && 'stderr' in error ? [error.stdout, error.stderr] : [];
    throw new Error([`${name} ${args.join(' ')} failed`, ...output, String(error)].join('\n'), { cause: error });
  }
}

/** Packs them into `folder`. Needs a build. @returns the tarball's path by the package's name. */
export async function packTarballs(
  folder: string,
  names: readonly string[] = publishedPackages,
): Promise<Map<string, string>> {
  const own = join(folder, 'tarballs');
  mkdirSync(own);
  const filters = names.map((name) => `--filter=@puka/${name}`);
  await command(root, 'npx', '--yes', 'pnpm@12.21.0', '--recursive', ...filters, 'pack', '--pack-destination', own);
  const files = readdirSync(own);
  return new Map(
    names.map((name) => {
      const [file, ...others] = files.filter((each) => /^puka-(.+)-\d+\.\d+\.\d+.*\.tgz$/.exec(each)?.[1] === name);
      if (file === undefined || others.length > 0) throw new Error(`packing ${name} did not write one tarball`);
      return [name, join(own, file)];
    }),
  );
}

/**
 * Packs the third parties that our packages depend on, and theirs, as they are installed here, so that no registry is asked.
 * @returns the tarball's path by the package's name.
 */
export async function packThirdParties(folder: string): Promise<Map<string, string>> {
  const own = join(folder, 'third-parties');
  mkdirSync(own);
  const options = ['--offline', '--ignore-scripts', '--json', '--pack-destination', own];
  // npm cannot pack every package where pnpm has put it: @opentelemetry/api makes it end by a fault of its own.
  const copies = thirdPartyFolders().map((path, index) => {
    const copy = join(folder, 'third-party-sources', String(index));
    cpSync(path, copy, { recursive: true, filter: (source) => basename(source) !== 'node_modules' });
    return copy;
  });
  const output = await command(folder, 'npm', 'pack', ...options, ...copies);
  const packed: readonly { readonly name: string; readonly filename: string }[] = JSON.parse(output);
  return new Map(packed.map(({ name, filename }) => [name, join(own, filename)]));
}

function thirdPartyFolders(): string[] {
  const folders = new Map<string, string>();
  const waiting = publishedPackages.flatMap((name) => {
    const own = join(root, 'packages', name);
    return thirdPartiesOf(own).map((needed) => ({ name: needed, path: join(own, 'node_modules', needed) }));
  });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name } = next;
    if (folders.has(name)) continue;
    const path = realpathSync(next.path);
    folders.set(name, path);
    // pnpm keeps what a package depends on beside it.
    const beside = path.slice(0, -name.length);
    waiting.push(...thirdPartiesOf(path).map((needed) => ({ name: needed, path: join(beside, needed) })));
  }
  return [...folders.values()];
}

/** What users have to install beside it: dependencies, and peers but for optional ones. */
function thirdPartiesOf(folder: string): string[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta: about = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => about[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers].filter((name) => !name.startsWith('@puka/'));
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Makes `project` a project that has them installed by npm, without a look at any registry. */
export async function installTarballs(project: string, tarballs: ReadonlyMap<string, string>): Promise<void> {
  mkdirSync(project, { recursive: true });
  const files = Object.fromEntries([...tarballs].map(([name, path]) => [`@puka/${name}`, `file:${path}`]));
  const thirdParties = [...(await packThirdParties(dirname(project)))].map(([name, path]) => [name, `file:${path}`]);
  const overrides = { ...files, ...Object.fromEntries(thirdParties) };
  const manifest = { name: 'packed-check', private: true, dependencies: files, overrides };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  await command(project, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--offline');
}
