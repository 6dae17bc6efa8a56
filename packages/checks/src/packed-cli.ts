// Packs the published packages and uses them as a user would: outside the workspace, installed by npm, by import and
// by require, and with types. It must not look at the sources. Needs a build.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

function writePrograms(project: string, specifiers: readonly string[]): void {
  const names = JSON.stringify(specifiers);
  const test = 'if (Object.keys(module).length === 0) throw new Error(name + " exports nothing");';
  writeFileSync(
    join(project, 'use.mjs'),
    `for (const name of ${names}) { const module = await import(name); ${test} }`,
  );
  writeFileSync(join(project, 'use.cjs'), `for (const name of ${names}) { const module = require(name); ${test} }`);
  const imports = specifiers.map((specifier, index) => `import * as package${index} from '${specifier}';`);
  const program = `${imports.join('\n')}
import { isPukaError, NotFound, PukaError } from '@puka/errors';

export const modules: readonly object[] = [${specifiers.map((_, index) => `package${index}`).join(', ')}];
const error: PukaError = new NotFound('no queue', { replyCode: 404 });
const caught: unknown = error;
if (isPukaError(caught)) {
  const code: string = caught.code;
  console.log(code);
}
// @ts-expect-error the message is needed: an untyped package would accept this
new NotFound();
`;
  writeFileSync(join(project, 'use.mts'), program);
  const compilerOptions = {
    ...{ target: 'ES2023', module: 'NodeNext', moduleResolution: 'NodeNext', strict: true, noEmit: true },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, types: ['node'] },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }));
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
  for (const path of tarballs.values()) {
    await command(root, 'publint', '--strict', path);
    await command(root, 'attw', '--profile', 'esm-only', path);
  }
  const project = join(scratch, 'project');
  await installTarballs(project, tarballs);
  const specifiers = publishedPackages.flatMap((name) => specifiersOf(project, name));
  writePrograms(project, specifiers);
  copyNodeTypes(project);
  await command(project, process.execPath, 'use.mjs');
  await command(project, process.execPath, 'use.cjs');
  await command(project, 'tsc', '-p', 'tsconfig.json');
  console.log(`packed: ${tarballs.size} packages, ${specifiers.length} entry points: ${specifiers.join(', ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
