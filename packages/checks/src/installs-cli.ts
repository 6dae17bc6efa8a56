// Installs each published package alone, from its tarball, in an empty project, by every package manager and from a
// registry of its own; uses it by import, by require and with types; bundles it for Node, and the protocol for the browser.
// It must not look at the sources, nor ask another registry. Needs a build.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '@puka/testkit';
import { documentOf } from './installs/browser.ts';
import { bundleProgram, writePage } from './installs/bundles.ts';
import { peersOf, specifiersOf, useInstalled } from './installs/installed.ts';
import { type PackageManager, Project, packageManagers } from './installs/managers.ts';
import { bundledForBrowser, bundledForNode, shownInBrowser, typed, typedSettings } from './installs/programs.ts';
import { startRegistry } from './installs/registry.ts';
import { command, packTarballs, packThirdParties, publishedPackages } from './tarballs.ts';

/** @returns the project, for what is done with it besides. */
async function tryPackage(manager: PackageManager, name: string, project: Project): Promise<number> {
  await project.run(manager.add(`@puka/${name}`));
  const peers = peersOf(project, name);
  for (const peer of peers) await project.run(manager.add(peer));
  const count = await useInstalled(manager, project, name);
  if (name === 'cli') return count;
  const specifiers = specifiersOf(project, name);
  project.write('use.mts', typed(specifiers));
  if (manager.name === 'npm') {
    project.write('tsconfig.json', JSON.stringify(typedSettings({ hasPeers: peers.length > 0 })));
    await command(project.folder, 'tsc', '-p', 'tsconfig.json');
  } else if (manager.name === 'deno') await project.run([manager.runtime[0], 'check', '--quiet', 'use.mts']);
  return count;
}

async function tryBundles(project: Project): Promise<void> {
  const { folder } = project;
  const forNode = await bundleProgram({ folder, program: bundledForNode, platform: 'node' });
  const said = await project.run([process.execPath, project.write('bundled.mjs', forNode.text)]);
  if (said.trim() !== 'bundled UsageError USAGE_ERROR') throw new Error(`the bundle for Node printed ${said}`);
  console.log(`bundled for Node: ${forNode.size} bytes`);
  const forBrowser = await bundleProgram({ folder, program: bundledForBrowser, platform: 'browser' });
  if (forBrowser.imports.length > 0) throw new Error(`the bundle for the browser imports ${forBrowser.imports}`);
  const page = await documentOf(await findBrowser(), writePage(folder, forBrowser.text));
  if (!page.includes(`>${shownInBrowser}<`)) throw new Error(`the browser shows ${page}`);
  console.log(`bundled for the browser: ${forBrowser.size} bytes; Chromium shows: ${shownInBrowser}`);
}

/** Installs each package in a project of its own. They share the manager's cache: each is fetched from the registry once. */
async function tryManager(manager: PackageManager, registryUrl: string): Promise<void> {
  const began = performance.now();
  const folder = join(scratch, manager.name);
  let count = 0;
  for (const name of publishedPackages) {
    const project = new Project(join(folder, name), registryUrl, join(folder, '.caches'));
    count += await tryPackage(manager, name, project);
    if (manager.name === 'npm' && name === 'client') await tryBundles(project);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${manager.name}: ${publishedPackages.length} packages alone, ${count} entry points, ${seconds} s`);
}

const scratch = mkdtempSync(join(tmpdir(), 'puka-installs-'));
try {
  const tarballs = await packTarballs(scratch);
  const thirdParties = await packThirdParties(scratch);
  const registry = await startRegistry([...tarballs.values(), ...thirdParties.values()]);
  try {
    const waiting = [...packageManagers];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await tryManager(next, registry.url);
    };
    const ends = await Promise.allSettled(Array.from({ length: availableParallelism() }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (registry.strangers.size > 0) throw new Error(`packages that are not ours: ${[...registry.strangers]}`);
  } finally {
    await registry.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });
}
