/** The small runner that stands in for vitest, on each runtime it is made for. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleTests, type Runtime } from '../../src/portable/bundle.ts';
import { commandOf } from '../../src/portable/runtimes.ts';

const scratch = mkdtempSync(join(tmpdir(), 'puka-runner-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
  readonly code: unknown;
  readonly lines: readonly string[];
}

async function run(runtime: Runtime, name: string, filter = ''): Promise<Outcome> {
  const outfile = join(scratch, `${runtime}-${name}.mjs`);
  const file = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  await bundleTests({ files: [file], runtime, outfile });
  const [command, ...args] = commandOf(runtime);
  const env = { ...process.env, PUKA_PROVIDED: '{"amqpUrl":"amqp://given"}', PUKA_TEST_FILTER: filter };
  return new Promise((resolve) => {
    execFile(command, [...args, outfile], { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : error.code, lines: stdout.trimEnd().split('\n') }),
    );
  });
}

describe.each<Runtime>(['node', 'deno', 'bun'])('on %s', (runtime) => {
  it('runs tests of every kind, names what failed, and closes with the count', async () => {
    const { code, lines } = await run(runtime, 'every-kind');
    expect(lines.filter((line) => /^(?:steps|FAILED|it was)/.test(line))).toEqual([
      'steps: beforeAll beforeEach test afterEach finished beforeEach inner test afterEach',
      'FAILED  failures > is wrong',
      'FAILED  failures > never ends',
      'FAILED  failures > fails in its hook',
      'FAILED  failures > a suite whose beforeAll fails > is not run',
    ]);
    expect(lines.join(' ')).toMatch(/expected 1 to be 2.*not done within 20 ms.*behind the test.*before all/);
    expect(lines.at(-1)).toBe('10 passed, 4 failed');
    expect(code).toBe(1);
  });

  it('runs those whose name holds the filter, and is content when they pass', async () => {
    const { code, lines } = await run(runtime, 'every-kind', 'suite b > 3 and 4');
    expect([code, lines]).toEqual([0, ['1 passed, 0 failed']]);
  });

  it('is not content with no test at all', async () => {
    const { code, lines } = await run(runtime, 'none');
    expect([code, lines]).toEqual([1, ['0 passed, 0 failed']]);
  });
});
