// Examples meet the real compiler and the sources of this checkout.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { checkExamples } from '../src/check-examples.ts';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');

it('checks each example as a module of its own, and names the line of the document', { timeout: 60_000 }, async () => {
  const complaints = await checkExamples(root, [
    {
      path: 'docs/a.md',
      line: 4,
      code: "import { NotFound } from '@puka/errors';\nawait Promise.reject(new NotFound('x'));\n",
    },
    { path: 'docs/a.md', line: 9, code: 'const a: number = 1;\n' },
    { path: 'docs/a.md', line: 13, code: 'export const b = a;\n' },
    { path: 'docs/b.md', line: 2, code: "import { NotThere } from '@puka/errors';\nNotThere();\n" },
    { path: 'docs/b.md', line: 7, code: 'export const c = (d) => d;\n' },
    { path: 'docs/b.md', line: 9, code: "import '@puka/unheard-of';\n" },
  ]);
  expect(complaints.map((complaint) => /^\S+ +error TS\d+/.exec(complaint)?.[0])).toEqual([
    'docs/a.md:13:18  error TS2304',
    'docs/b.md:2:10  error TS2305',
    'docs/b.md:7:19  error TS7006',
    'docs/b.md:9:8  error TS2882',
  ]);
});
