/** Packs the published packages as the registry would get them, and installs them elsewhere. It must not judge them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const checks = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const root = resolve(checks, '../..');
const PATH = [join(checks, 'node_modules/.bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);

/** The packages that are published, each behind those it needs. */
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
      if (file === undefined || others.length > 0) throw new Error(`packing ${name} did not give one tarball`);
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
  const output = await command(folder, 'npm', 'pack', ...options, ...thirdPartyFolders());
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

/** What users have to install beside it: dependencies and peers. */
function thirdPartiesOf(folder: string): string[] {
  const { dependencies = {}, peerDependencies = {} }: Readonly<Record<string, Readonly<Record<string, string>>>> =
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !name.startsWith('@puka/'));
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
