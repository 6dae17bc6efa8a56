// Rehearses a release in a copy of the workspace, with a registry of its own: the first versions are published, then one
// package is changed by a changeset and published again; each time every package is installed alone and used.
// It must not reach another registry, nor change the workspace.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useInstalled } from './installs/installed.ts';
import { Project, packageManagers, pnpm } from './installs/managers.ts';
import { type PrivateRegistry, packumentOf, startVerdaccio } from './rehearsal/verdaccio.ts';
import { WorkspaceCopy } from './rehearsal/workspace-copy.ts';
import { packThirdParties, publishedPackages } from './tarballs.ts';

/** The package that is changed between the releases; others depend on it. */
const changed = 'wire';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const npm = packageManagers.find(({ name }) => name === 'npm') ?? fail('npm is no package manager of the checks');

/** What the release scripts of the root do. @returns the versions that are new in the registry, by package. */
async function release(
  copy: WorkspaceCopy,
  registry: PrivateRegistry,
  known: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  await copy.script('version-packages');
  await copy.script('publish-packages');
  const released = new Map<string, string>();
  for (const name of publishedPackages) {
    const manifest = copy.manifestOf(name);
    const packument = await packumentOf(registry, manifest.name);
    const { dependencies = {} } =
      packument.versions[manifest.version] ?? fail(`${manifest.name} ${manifest.version} is not published`);
    for (const [dependency, range] of Object.entries(dependencies)) {
      if (range.startsWith('workspace:')) fail(`${manifest.name} depends on ${dependency} at ${range}`);
    }
    if (packument['dist-tags'].latest !== manifest.version) fail(`the latest ${manifest.name} is another one`);
    if (known.get(name) !== manifest.version) released.set(name, manifest.version);
  }
  for (const [name, version] of released) console.log(`  published @puka/${name} ${version}`);
  return released;
}

/** Installs one version alone and uses it. @returns the version of the changed package that came with it, if one did. */
async function installAlone(
  registry: PrivateRegistry,
  folder: string,
  name: string,
  version: string,
): Promise<string | undefined> {
  const project = new Project(folder, registry.url);
  await project.run(npm.add(`@puka/${name}@${version}`));
  const count = await useInstalled(npm, project, name);
  const came = project.manifestOf(`@puka/${changed}`)?.version;
  console.log(
    `  installed @puka/${name} ${version} alone: ${count} entry points${came === undefined ? '' : `, with @puka/${changed} ${came}`}`,
  );
  return came;
}

function fail(message: string): never {
  throw new Error(message);
}

const scratch = mkdtempSync(join(tmpdir(), 'puka-rehearsal-'));
const registry = await startVerdaccio(join(scratch, 'registry'));
try {
  const copy = await WorkspaceCopy.make(root, join(scratch, 'workspace'), pnpm, registry.npmrc);
  const tarballs = join(scratch, 'third-parties');
  mkdirSync(tarballs);
  const thirdParties = await packThirdParties(tarballs);
  for (const path of thirdParties.values()) await copy.publishTarball(path);
  console.log(`registry: empty but for ${thirdParties.size} third parties, and asking no other`);

  console.log('first release:');
  const first = await release(copy, registry, new Map());
  for (const [name, version] of first) await installAlone(registry, join(scratch, 'first', name), name, version);

  console.log(`second release, after a changeset for @puka/${changed}:`);
  copy.write('.changeset/rehearsal.md', `---\n'@puka/${changed}': patch\n---\n\nA rehearsal.\n`);
  const second = await release(copy, registry, first);
  const version = second.get(changed) ?? fail(`@puka/${changed} was not published again`);
  for (const name of publishedPackages) {
    const came = await installAlone(
      registry,
      join(scratch, 'second', name),
      name,
      second.get(name) ?? first.get(name) ?? '',
    );
    if (came !== undefined && came !== version) fail(`@puka/${name} still comes with @puka/${changed} ${came}`);
  }
  const before = first.get(changed) ?? '';
  if ((await installAlone(registry, join(scratch, 'before', changed), changed, before)) !== before) {
    fail(`@puka/${changed} ${before} cannot be installed any more`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await registry.stop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });
}
