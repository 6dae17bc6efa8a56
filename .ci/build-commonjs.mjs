// Run in the folder of a published package behind its build: writes dist/cjs, the same modules as CommonJS, with
// declarations of their own. File by file, so that two entry points share their classes as they do in dist.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = 'dist/cjs';
rmSync(folder, { recursive: true, force: true });
const modules = readdirSync('dist', { recursive: true }).filter((path) => path.endsWith('.js'));
await build({
  entryPoints: modules.map((path) => join('dist', path)),
  ...{ outbase: 'dist', outdir: folder, bundle: false, format: 'cjs', platform: 'node', target: 'es2023' },
  ...{ sourcemap: true, sourcesContent: false, logLevel: 'warning' },
});
// A module that only hands on names has a map of nothing; esbuild would lead it to the module it was made from.
for (const path of modules) {
  const map = readFileSync(join('dist', `${path}.map`), 'utf8');
  if (JSON.parse(map).sources.length === 0) writeFileSync(join(folder, `${path}.map`), map);
}
writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n');
// The same declarations: what makes them those of CommonJS is the package.json above.
execFileSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', folder], { stdio: 'inherit' });
