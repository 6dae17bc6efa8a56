import { expect, it } from 'vitest';
import { findNewSyntax } from '../src/old-syntax.ts';

const path = 'docs/a.md';

it.each([
  'const a: number = 1;\ninterface B { readonly c?: string }\nexport const d = (x: unknown): x is string => true;\n',
  'const wait = async <T>(what: Promise<T>): Promise<T> => await what;\nawait wait(Promise.resolve(1));\n',
  'class A { #b = 1; static { A.name; } has(x: object) { return #b in x; } }\nfor await (const x of y) x?.z ?? 1_000n;\n',
  "import type { A } from 'a';\nimport data from './a.json' with { type: 'json' };\n",
  '',
])('accepts %j', async (code) => {
  expect(await findNewSyntax([{ path, line: 3, code }])).toEqual([]);
});

it('names the line of a declaration that Node 20 cannot parse', async () => {
  const code = "import { a } from 'a';\nawait using b = await a('b');\nfunction c() {\n  using d = a();\n}\n";
  expect(await findNewSyntax([{ path, line: 3, code }])).toEqual([
    'docs/a.md:4  node20 cannot parse this as plain JavaScript: await using b = await a("b");',
  ]);
});

it.each(['{ using a: Disposable = b(); }', '@decorated class A {}'])('refuses %j', async (code) => {
  const complaints = await findNewSyntax([
    { path, line: 3, code },
    { path, line: 9, code: 'const a = 1;\n' },
  ]);
  expect(complaints).toEqual([expect.stringMatching(/^docs\/a\.md:3 {2}node20 cannot parse/)]);
});
