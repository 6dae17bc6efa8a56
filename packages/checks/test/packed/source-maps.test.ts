import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findStrayMaps } from '../../src/packed/source-maps.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'puka-maps-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
const map = (...sources: string[]): string => JSON.stringify({ version: 3, sources });
const module = (name: string): string => `export {};\n//# sourceMappingURL=${name}.map\n`;

it('accepts maps that lead into the shipped sources, from any depth', () => {
  write({
    ...{ 'src/a.ts': '', 'src/b/c.ts': '' },
    ...{ 'dist/a.js': module('a.js'), 'dist/a.js.map': map('../src/a.ts', '../src/b/c.ts') },
    ...{ 'dist/cjs/b/c.d.ts': module('c.d.ts'), 'dist/cjs/b/c.d.ts.map': map('../../../src/b/c.ts') },
  });
  expect(findStrayMaps(folder)).toEqual([]);
});

it('names each file whose map is missing or leads out of the package', () => {
  write({
    ...{ 'src/a.ts': '', 'other/d.ts': '' },
    ...{ 'dist/a.js': 'export {};\n', 'dist/b.d.ts': module('b.d.ts') },
    ...{ 'dist/c.js': module('c.js'), 'dist/c.js.map': map('../src/a.ts', '../src/gone.ts') },
    ...{ 'dist/d.d.ts': module('d.d.ts'), 'dist/d.d.ts.map': map('../other/d.ts') },
  });
  expect(findStrayMaps(folder).sort()).toEqual([
    'dist/a.js names no map',
    'dist/b.d.ts names b.d.ts.map, which is not there',
    'dist/c.js leads to src/gone.ts, which is not in the package',
    'dist/d.d.ts leads to other/d.ts, which is not in the package',
  ]);
});

it('complains about a package without modules', () => {
  write({ 'dist/README.md': '' });
  expect(findStrayMaps(folder)).toEqual(['dist holds no module']);
});
