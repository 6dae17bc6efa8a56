// Each rule is broken on purpose by a few lines of source, and has to be noticed.
import { describe, expect, it } from 'vitest';
import { checkBoundaries, describeViolation, type Manifest } from '../src/boundaries.ts';

const appManifest: Manifest = { path: 'apps/hello/package.json', name: '@puka/hello' };

function check(sources: Record<string, string>, manifests: Manifest[] = [appManifest]): string[] {
  const files = Object.entries(sources).map(([path, text]) => ({ path, text }));
  return checkBoundaries(files, manifests).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
}

describe('layers', () => {
  it.each([
    ['errors', 'wire'],
    ['errors', 'transport'],
    ['errors', 'client'],
    ['wire', 'transport'],
    ['wire', 'client'],
    ['transport', 'wire'],
    ['transport', 'client'],
    ['client', 'testkit'],
    ['client', 'worker'],
    ['cli', 'wire'],
    ['cli', 'client/session'],
    ['worker', 'cli'],
    ['testing', 'worker'],
    ['testkit', 'worker'],
    ['worker', 'wire'],
    ['worker', 'transport'],
    ['worker', 'client/session'],
    ['worker', 'testing'],
    ['client', 'topology'],
    ['client', 'rpc'],
    ['topology', 'wire'],
    ['topology', 'transport'],
    ['rpc', 'topology'],
    ['rpc', 'wire'],
    ['wire', 'wire'],
  ])('%s must not import %s', (from, to) => {
    const path = `packages/${from}/src/index.ts`;
    expect(check({ [path]: `\nimport { x } from '@puka/${to}';\nx();` })).toEqual([`layer ${path}:2`]);
  });

  it.each([
    ['wire', 'errors'],
    ['transport', 'errors'],
    ['client', 'errors'],
    ['client', 'wire'],
    ['client', 'transport/memory'],
    ['testkit', 'client'],
    ['cli', 'client'],
    ['cli', 'testing'],
    ['worker', 'client'],
    ['worker', 'errors'],
    ['topology', 'client'],
    ['rpc', 'client'],
    ['rpc', 'errors'],
  ])('%s may import %s', (from, to) => {
    expect(check({ [`packages/${from}/src/index.ts`]: `import { x } from '@puka/${to}';` })).toEqual([]);
  });

  it.each([
    "import type { X } from '@puka/client';",
    "export * from '@puka/client';",
    "export { x } from '@puka/client';",
    "export const x = () => import('@puka/client');",
    "export type X = import('@puka/client').X;",
    "import '@puka/client';",
  ])('is noticed in every form: %s', (text) => {
    expect(check({ 'packages/wire/src/a.ts': text })).toEqual(['layer packages/wire/src/a.ts:1']);
  });

  it('a peer is imported by the package that has it, and is no dependency', () => {
    const text = "import '@opentelemetry/api';";
    const imports = check({ 'packages/opentelemetry/src/a.ts': text, 'packages/client/src/a.ts': text });
    expect(imports).toEqual(['third-party packages/client/src/a.ts:1']);
    const depending = (fields: object): string[] =>
      checkBoundaries(
        [],
        [{ path: 'packages/opentelemetry/package.json', name: '@puka/opentelemetry', ...fields }],
      ).map(({ rule }) => rule);
    expect(depending({ peerDependencies: { '@opentelemetry/api': '^1.9.0' } })).toEqual([]);
    expect(depending({ dependencies: { '@opentelemetry/api': '^1.9.0' } })).toEqual(['third-party']);
    expect(depending({ peerDependencies: { '@opentelemetry/sdk-node': '1' } })).toEqual(['third-party']);
  });

  it('tests may use any package', () => {
    expect(check({ 'packages/wire/test/a.test.ts': "import '@puka/testkit'; import 'vitest';" })).toEqual([]);
  });
});

describe('packages are imported by name', () => {
  it.each([
    '../../errors/src/index.ts',
    '../../errors/dist/index.js',
    '@puka/errors/src/index.ts',
    '@puka/errors/dist/index.js',
    '../test/fixture.ts',
  ])("not by '%s'", (specifier) => {
    expect(check({ 'packages/wire/src/a.ts': `import '${specifier}';` })).toEqual([
      'path-into-package packages/wire/src/a.ts:1',
    ]);
  });

  it('which holds for tests as well, that may reach their own sources', () => {
    const text = "import '../src/a.ts';\nimport '../../errors/src/index.ts';";
    expect(check({ 'packages/wire/test/a.test.ts': text })).toEqual([
      'path-into-package packages/wire/test/a.test.ts:2',
    ]);
  });
});

describe('the rooms of the client', () => {
  const inRoom = (path: string, specifier: string): string[] =>
    check({ [`packages/client/src/${path}`]: `import '${specifier}';` });

  it.each([
    ['session/a.ts', '../runtime/b.ts'],
    ['runtime/a.ts', '../session/b.ts'],
    ['operations/a.ts', '../connecting/b.ts'],
    ['connection/a.ts', '../publishing/b.ts'],
    ['connection/a.ts', '../consuming/b.ts'],
    ['publishing/a.ts', '../topology/b.ts'],
    ['consuming/a.ts', '../publishing/b.ts'],
    ['consuming/a.ts', '../diagnostics/b.ts'],
    ['consuming/a.ts', '../core.ts'],
    ['elsewhere/a.ts', '../runtime/b.ts'],
  ])('%s must not import %s', (path, specifier) => {
    expect(inRoom(path, specifier)).toEqual([`room packages/client/src/${path}:1`]);
  });

  it.each([
    ['session/a.ts', '../generated/version.ts'],
    ['session/a.ts', './b.ts'],
    ['operations/a.ts', '../runtime/b.ts'],
    ['connection/a.ts', '../connecting/b.ts'],
    ['publishing/a.ts', '../connection/b.ts'],
    ['consuming/a.ts', '../topology/b.ts'],
    ['recovery/a.ts', '../publishing/b.ts'],
    ['diagnostics/a.ts', '../consuming/b.ts'],
    ['core.ts', './consuming/b.ts'],
    ['core.ts', './events.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(inRoom(path, specifier)).toEqual([]);
  });
});

describe('the conformance suite', () => {
  it('does not reach into the sources of its own package', () => {
    expect(
      check({
        'packages/client/test/broker/a.test.ts': "import '../../src/a.ts';\nimport '../seeded.ts';",
        'packages/transport/test/memory/a.test.ts': "import '../../src/a.ts';",
      }),
    ).toEqual([
      'path-into-package packages/client/test/broker/a.test.ts:1',
      'path-into-package packages/transport/test/memory/a.test.ts:1',
    ]);
  });
});

describe('apps', () => {
  it.each(['@puka/hello', '@puka/hello/lib', '../../../apps/hello/src/index.ts'])(
    "nothing imports '%s'",
    (specifier) => {
      expect(check({ 'packages/client/src/a.ts': `import '${specifier}';` })).toEqual([
        'app-imported packages/client/src/a.ts:1',
      ]);
    },
  );
});

describe('cycles', () => {
  it('are found over any number of files, by type imports as well', () => {
    const sources = {
      'packages/wire/src/a.ts': "import './inner/b.ts';",
      'packages/wire/src/inner/b.ts': "export * from './c.ts';",
      'packages/wire/src/inner/c.ts': "import type { A } from '../a.ts';",
      'packages/wire/src/d.ts': "import './a.ts';",
    };
    expect(check(sources)).toEqual(['cycle packages/wire/src/a.ts:0']);
  });

  it('are not seen where two files import a third', () => {
    const sources = {
      'packages/wire/src/a.ts': "import './b.ts'; import './c.ts';",
      'packages/wire/src/b.ts': "import './c.ts';",
      'packages/wire/src/c.ts': '',
    };
    expect(check(sources)).toEqual([]);
  });
});

describe('clocks, timers, randomness and runtime globals', () => {
  const uses = [
    ...['Date.now()', "Date['now']()", 'new Date()', 'Date()', 'performance.now()', 'Math.random()'],
    ...['setTimeout(f, 1)', 'setInterval(f, 1)', 'setImmediate(f)', 'process.env', 'Buffer.alloc(1)', 'typeof process'],
    ...[
      "fetch('x')",
      'crypto.randomUUID()',
      'globalThis.x',
      '{ process }',
      '(() => setTimeout)()',
      '[crypto as unknown]',
    ],
  ];
  it.each(uses)('%s is noticed', (use) => {
    for (const folder of ['errors/src', 'wire/src', 'client/src/session']) {
      const path = `packages/${folder}/a.ts`;
      expect(check({ [path]: `export const f = (): void => {};\nexport const x = ${use};` })).toEqual([
        `runtime-global ${path}:2`,
      ]);
    }
  });

  it.each(['const { now } = Date;', 'const { random: r } = Math;', "import 'node:net';", "import 'fs';"])(
    '%s is noticed',
    (text) => {
      expect(check({ 'packages/wire/src/a.ts': text })).toEqual(['runtime-global packages/wire/src/a.ts:1']);
    },
  );

  it.each([
    'new Date(0)',
    'Date.UTC(2020, 0)',
    'Math.max(1, 2)',
    'table.process',
    '{ process: 1, fetch() {} }',
    '(crypto: number) => crypto',
    '({ fetch }: X) => fetch()',
  ])('%s is allowed', (use) => {
    expect(check({ 'packages/wire/src/a.ts': `export const x = ${use};` })).toEqual([]);
  });

  it('a name declared in one function is the global in the next', () => {
    const text = 'function a(process: X) { return process; }\nfunction b() { return process; }';
    expect(check({ 'packages/wire/src/a.ts': text })).toEqual(['runtime-global packages/wire/src/a.ts:2']);
  });

  it('types, comments and strings are not uses', () => {
    const text = "// process\ninterface A { process: typeof globalThis }\nexport const x: Buffer = 'Date.now()';";
    expect(check({ 'packages/wire/src/a.ts': text })).toEqual([]);
  });

  it('the rest of the client may use them', () => {
    expect(check({ 'packages/client/src/a.ts': 'setTimeout(() => {}, 1);' })).toEqual([]);
  });
});

describe('third parties', () => {
  it.each(['errors', 'wire', 'transport', 'client'])('%s depends on none', (folder) => {
    const path = `packages/${folder}/package.json`;
    const name = `@puka/${folder}`;
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      expect(check({}, [{ path, name, [field]: { debug: '^4.0.0' } }])).toEqual([`third-party ${path}:0`]);
    }
    expect(check({ [`packages/${folder}/src/a.ts`]: "import 'debug';" })).toEqual([
      `third-party packages/${folder}/src/a.ts:1`,
    ]);
  });

  it('a dependency against the layers is noticed in the manifest', () => {
    const manifest = { path: 'packages/wire/package.json', name: '@puka/wire', dependencies: { '@puka/client': '1' } };
    expect(check({}, [manifest])).toEqual(['layer packages/wire/package.json:0']);
  });
});

it('a violation is described by its place, its rule and its reason', () => {
  const [violation] = checkBoundaries([{ path: 'packages/wire/src/a.ts', text: 'Date.now();' }], []);
  expect(violation && describeViolation(violation)).toBe(
    'packages/wire/src/a.ts:1  runtime-global  Date.now must come from outside',
  );
});

it('a file that cannot be parsed stops the check, by name', () => {
  expect(() => check({ 'packages/wire/src/a.ts': 'const = 1;' })).toThrow('packages/wire/src/a.ts');
});
