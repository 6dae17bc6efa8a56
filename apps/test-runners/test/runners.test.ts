/** The tests in `tests/`, each by its own runner, with the built packages. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const app = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

// The commands of the packages deno and bun are wrappers that a signal does not pass through.
const deno = join(folderOf('deno'), 'deno');
const bun = join(folderOf('bun'), 'bin', 'bun.exe');
const runners = [
  {
    name: 'vitest',
    command: [process.execPath, join(folderOf('vitest'), 'vitest.mjs'), 'run'],
    says: /3 passed \(3\)/,
  },
  {
    name: 'node:test',
    // Which reporter is the default depends on the version.
    command: [process.execPath, '--test', '--test-reporter=tap', 'tests/node.mjs'],
    says: /# pass 3\n# fail 0/,
  },
  {
    name: 'deno test',
    command: [deno, 'test', '--allow-all', '--no-check', '--no-lock', '--node-modules-dir=manual', 'tests/deno.ts'],
    says: /3 passed \| 0 failed/,
  },
  { name: 'bun test', command: [bun, 'test', './tests/bun.ts'], says: /3 pass\n 0 fail/ },
];

it.each(runners)('starts a broker for each test of $name', async ({ command, says }) => {
  const [program = '', ...args] = command;
  // Those of the runner around this test are not for the one within.
  const { VITEST: _, NODE_OPTIONS: __, NODE_TEST_CONTEXT: ___, ...env } = process.env;
  const { stdout, stderr } = await run(program, args, { cwd: app, env: { ...env, NO_COLOR: '1' } });
  expect(stdout + stderr).toMatch(says);
});
