/**
 * Writes the version of this package, which the client reports to the broker, from package.json into the sources; with
 * `--check` it prints whether they differ and writes nothing.
 *
 *     pnpm --filter @puka/client gen
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { versionSource } from './version-source.ts';

const target = new URL('../src/generated/version.ts', import.meta.url);
const wanted = versionSource(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
if (!process.argv.includes('--check')) await writeFile(target, wanted);
else if ((await readFile(target, 'utf8')) !== wanted) {
  console.error(`${fileURLToPath(target)} is not that of package.json: run pnpm --filter @puka/client gen`);
  process.exitCode = 1;
}
