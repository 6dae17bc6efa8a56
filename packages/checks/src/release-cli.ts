// Checks what a release needs: where each package comes from, its jsr.json, its changeset, the workflows, the links of
// the documents. With `--write` it writes the fields and the jsr.json files. It must not hold rules: those are in release/.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBadLinks, headingNames } from './release/document-links.ts';
import { jsrConfig, type PackageManifest } from './release/jsr-config.ts';
import { withReleaseFields } from './release/release-fields.ts';
import { lintWorkflows } from './release/workflows.ts';
import { publishedPackages } from './tarballs.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const writes = process.argv.includes('--write');
const complaints: string[] = [];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Writes the text, or complains if the file has another one. */
function expectText(path: string, text: string): void {
  if (existsSync(join(root, path)) && read(path) === text) return;
  if (writes) writeFileSync(join(root, path), text);
  else complaints.push(`${path}: run pnpm --filter @puka/checks run release --write`);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function manifestOf(folder: string): PackageManifest & Readonly<Record<string, unknown>> {
  return JSON.parse(read(`packages/${folder}/package.json`));
}

/** Versions by name: of the catalog in pnpm-workspace.yaml and of our packages. */
function knownVersions(): Map<string, string> {
  const catalog = [...read('pnpm-workspace.yaml').matchAll(/^ {2}'?([^\s':]+)'?: (\d[^\s]*)$/gm)];
  const versions = new Map(catalog.map(([, name = '', version = '']) => [name, version]));
  for (const folder of publishedPackages) {
    const { name, version } = manifestOf(folder);
    versions.set(name, version);
  }
  return versions;
}

function checkPackages(): void {
  const versions = knownVersions();
  for (const folder of publishedPackages) {
    const manifest = manifestOf(folder);
    expectText(`packages/${folder}/package.json`, json(withReleaseFields(manifest, folder)));
    expectText(`packages/${folder}/jsr.json`, json(jsrConfig(manifest, versions)));
    if (manifest.version === '0.0.0' && !existsSync(join(root, `.changeset/${folder}.md`))) {
      complaints.push(`.changeset/${folder}.md: a package without a release needs a changeset`);
    }
  }
}

function checkDocuments(): void {
  const inFolder = (folder: string): string[] => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  const areas = ['packages', 'apps'].flatMap(inFolder).map((folder) => `${folder}/README.md`);
  const tops = readdirSync(root).concat(
    inFolder('docs'),
    areas,
    existsSync(join(root, '.github')) ? inFolder('.github') : [],
  );
  const documents = tops.filter((path) => path.endsWith('.md') && existsSync(join(root, path)));
  const exists = (path: string): boolean => existsSync(join(root, path));
  const headingsOf = (path: string): string[] | undefined =>
    path.endsWith('.md') && exists(path) ? headingNames(read(path)) : undefined;
  for (const path of documents) {
    for (const { line, message } of findBadLinks({ path, text: read(path) }, exists, headingsOf)) {
      complaints.push(`${path}:${line}  ${message}`);
    }
  }
}

async function checkWorkflows(): Promise<number> {
  const folder = '.github/workflows';
  const paths = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  complaints.push(...(await lintWorkflows(paths.map((path) => ({ path, text: read(path) })))));
  return paths.length;
}

checkPackages();
checkDocuments();
const workflows = await checkWorkflows();
for (const complaint of complaints) console.error(complaint);
console.log(`release: ${publishedPackages.length} packages, ${workflows} workflows, ${complaints.length} complaints`);
if (complaints.length > 0 || workflows === 0) process.exitCode = 1;
