/** How large a package is: as a tarball, on the disk, and in a bundle. It must not judge that. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleProgram } from './bundles.ts';

/** In bytes. */
export interface Sizes {
  /** Of the tarballs: its own, and those of what it needs. */
  readonly packed: number;
  /** Of all files that come with it, what it needs among them. */
  readonly installed: number;
  /** Everything it exports, bundled with what it needs, and minified. */
  readonly bundled: number;
  /** The same, compressed by gzip. */
  readonly gzipped: number;
  /** How many packages it is, itself among them. */
  readonly packages: number;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Measures an entry point of an installed package. @param from a file beside whose node_modules it is found. */
export async function sizesOf(specifier: string, from: string, platform: 'node' | 'browser' = 'node'): Promise<Sizes> {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const folders = [...foldersOf(name, from)];
  const program = `export * from ${JSON.stringify(specifier)};`;
  const { size, gzipSize } = await bundleProgram({ folder: dirname(from), program, platform });
  return {
    packed: sum(folders.map(packedSize)),
    installed: sum(folders.flatMap(filesOf).map((path) => statSync(path).size)),
    bundled: size,
    gzipped: gzipSize,
    packages: folders.length,
  };
}

/** Folders of a package and of all it needs. */
function foldersOf(name: string, from: string, found: Set<string> = new Set()): Set<string> {
  const folder = folderOf(name, from);
  if (found.has(folder)) return found;
  found.add(folder);
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    foldersOf(dependency, join(folder, 'package.json'), found);
  }
  return found;
}

/** Not every package lets its package.json be asked for: it is looked for where Node would. */
function folderOf(name: string, from: string): string {
  const places = createRequire(from).resolve.paths(name) ?? [];
  const folder = places.map((place) => join(place, name)).find((each) => exists(join(each, 'package.json')));
  if (folder === undefined) throw new Error(`${name} is not installed for ${from}`);
  return folder;
}

/** Of the tarball that the files make: each in blocks of 512 bytes after a header of one, all compressed by gzip. */
function packedSize(folder: string): number {
  const parts = filesOf(folder).flatMap((path) => {
    const header = Buffer.alloc(512);
    header.write(`package/${relative(folder, path)}`, 0, 100);
    header.write('000644 \x000000 \x000000 \0', 100);
    header.write(statSync(path).size.toString(8).padStart(11, '0'), 124);
    const bytes = readFileSync(path);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat(parts), { level: 9 }).length;
}

/** All files below, but for packages within. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
