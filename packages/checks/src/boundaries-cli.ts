// Checks the workspace on disk against the boundaries, and that sources have their tests; exit code 1 when something is
// against them. It must not hold rules: those are in boundaries.ts and untested-files.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBoundaries, describeViolation, type Manifest } from './boundaries.ts';
import { parseModule, type SourceFile } from './parse-module.ts';
import { findUntestedFiles } from './untested-files.ts';

/** The packages in which each file with logic has a test of its own. */
const testedFileByFile = ['errors', 'wire', 'client'];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const skipped = new Set(['node_modules', 'dist', 'coverage', '.turbo']);
const files: SourceFile[] = [];
const manifests: Manifest[] = [];

function read(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = join(folder, entry.name);
    const path = relative(root, full).split(sep).join('/');
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) read(full);
    } else if (/\.[cm]?[jt]sx?$/.test(entry.name)) {
      files.push({ path, text: readFileSync(full, 'utf8') });
    } else if (/^[^/]+\/[^/]+\/package\.json$/.test(path)) {
      manifests.push({ ...JSON.parse(readFileSync(full, 'utf8')), path });
    }
  }
}

for (const { name } of readdirSync(root, { withFileTypes: true })) {
  if (name === 'packages' || name === 'apps') read(join(root, name));
}
const violations = checkBoundaries(files, manifests);
for (const violation of violations) console.error(describeViolation(violation));
const untested = findUntestedFiles(files.map(parseModule), testedFileByFile);
for (const { path, testPath } of untested) console.error(`${path}  untested  its test belongs in ${testPath}`);
console.log(`boundaries: ${files.length} files, ${violations.length + untested.length} violations`);
if (violations.length + untested.length > 0 || files.length === 0) process.exitCode = 1;
