import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findWideText } from '../../src/packed/wide-text.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'puka-text-'));
  mkdirSync(join(folder, 'dist', 'cjs'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('names the first wide character of each module, at any depth', () => {
  writeFileSync(join(folder, 'dist', 'a.js'), '// §4.2, escaped: "\\u2026"\n');
  writeFileSync(join(folder, 'dist', 'b.js'), 'let a;\n// 1, 2 … 3\n// … 4\n');
  writeFileSync(join(folder, 'dist', 'cjs', 'c.js'), '// 2^31 − 1\n');
  writeFileSync(join(folder, 'dist', 'd.d.ts'), '// … is in no program\n');
  const why = 'which doubles the memory of the whole text';
  expect(findWideText(folder).sort()).toEqual([`dist/b.js:2 has "…", ${why}`, `dist/cjs/c.js:1 has "−", ${why}`]);
});
