// Packs the published packages and uses them as a user would: outside the workspace, installed by npm, by import and
// by require, with types under each module resolution, and in Jest. Also checks where the source maps lead, and how much memory
// the text of the modules takes. It must not read the sources. Needs a build.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importing, jestTest, requiring, typed } from './packed/programs.ts';
import { typedProjects } from './packed/projects.ts';
import { findStrayMaps } from './packed/source-maps.ts';
import { findWideText } from './packed/wide-text.ts';
import { command, installTarballs, packTarballs, publishedPackages } from './tarballs.ts';

const checks = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const root = resolve(checks, '../..');

/** What users can write after `from`: the package and its subpaths, read from the installed package.json. */
function specifiersOf(project: string, name: string): string[] {
  const manifest: unknown = JSON.parse(
    readFileSync(join(project, 'node_modules', '@puka', name, 'package.json'), 'utf8'),
  );
  const fields = Object(manifest);
  const text = JSON.stringify([fields.exports, fields.dependencies]);
  if (text.includes('workspace:') || text.includes('puka:source')) {
    throw new Error(`the packed @puka/${name} still has what only the workspace understands: ${text}`);
  }
  return Object.keys(Object(fields.exports))
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => `@puka/${name}${subpath.slice(1)}`);
}

/** Compiles a program in each way that users resolve packages. */
async function tryTypes(project: string, specifiers: readonly string[]): Promise<void> {
  const program = typed(specifiers);
  const compiling = typedProjects.map(({ settings, program: file, compiler, compilerOptions }) => {
    writeFileSync(join(project, file), program);
    writeFileSync(join(project, settings), JSON.stringify({ compilerOptions, files: [file] }));
    if (compiler === 'latest') return command(project, 'tsc', '-p', settings);
    return command(project, process.execPath, binOf('typescript5', 'bin/tsc'), '-p', settings);
  });
  await Promise.all(compiling);
}

/** Jest as it comes: no setting but the place of the project, its cache thrown away with it. */
async function tryJest(project: string): Promise<void> {
  writeFileSync(join(project, 'publish.test.js'), jestTest);
  const jest = binOf('jest', 'bin/jest.js');
  await command(project, process.execPath, jest, '--rootDir', project, '--cacheDirectory', join(project, '.jest'));
}

function binOf(name: string, path: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), path);
}

/** The types of Node that the workspace has, so that the check needs no registry. */
function copyNodeTypes(project: string): void {
  const types = join(checks, 'node_modules', '@types', 'node');
  cpSync(types, join(project, 'node_modules', '@types', 'node'), { recursive: true, dereference: true });
  const shim = join(project, 'node_modules', 'undici-types');
  mkdirSync(shim, { recursive: true });
  cpSync(resolve(fileURLToPath(import.meta.resolve('@types/node/package.json')), '../../../undici-types'), shim, {
    recursive: true,
    dereference: true,
  });
}

const scratch = mkdtempSync(join(tmpdir(), 'puka-packed-'));
try {
  const tarballs = await packTarballs(scratch);
  for (const [name, path] of tarballs) {
    await command(root, 'publint', '--strict', path);
    // A program has no types.
    if (name !== 'cli') await command(root, 'attw', '--profile', 'strict', path);
  }
  const project = join(scratch, 'project');
  await installTarballs(project, tarballs);
  const specifiers = publishedPackages.flatMap((name) => specifiersOf(project, name));
  writeFileSync(join(project, 'use.mjs'), importing(specifiers));
  writeFileSync(join(project, 'use.cjs'), requiring(specifiers));
  await command(project, process.execPath, 'use.mjs');
  await command(project, process.execPath, 'use.cjs');
  await command(project, join(project, 'node_modules', '.bin', 'puka'), '--version');
  copyNodeTypes(project);
  await tryTypes(project, specifiers);
  await tryJest(project);
  // A program has no maps: it holds code of the test kit, which is not published.
  const libraries = publishedPackages.filter((name) => name !== 'cli');
  const complaints = libraries.flatMap((name) => {
    const folder = join(project, 'node_modules', '@puka', name);
    return [...findStrayMaps(folder), ...findWideText(folder)].map((complaint) => `@puka/${name}: ${complaint}`);
  });
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log(`packed: ${tarballs.size} packages, ${specifiers.length} entry points: ${specifiers.join(', ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
