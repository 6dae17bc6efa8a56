/** The small runner that stands in for vitest, on each runtime it is made for. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { bundleTests, type Runtime } from '../../src/portable/bundle.ts';
import { commandOf } from '../../src/portable/runtimes.ts';

// Each starts a process or two, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const scratch = mkdtempSync(join(tmpdir(), 'puka-runner-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
  readonly code: unknown;
  readonly lines: readonly string[];
}

async function bundle(runtime: Runtime, ...names: string[]): Promise<string> {
  const outfile = join(scratch, `${runtime}-${names.join('-')}.mjs`);
  const files = names.map((name) => fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url)));
  await bundleTests({ files, runtime, outfile });
  return outfile;
}

async function run(runtime: Runtime, names: readonly string[], filter = ''): Promise<Outcome> {
  const outfile = await bundle(runtime, ...names);
  const [command, ...args] = commandOf(runtime);
  const env = { ...process.env, PUKA_PROVIDED: '{"amqpUrl":"amqp://given"}', PUKA_TEST_FILTER: filter };
  return new Promise((resolve) => {
    execFile(command, [...args, outfile], { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : error.code, lines: stdout.trimEnd().split('\n') }),
    );
  });
}

const failedIn = (name: string): string => `FAILED  checks/test/portable/programs/${name}.ts`;

describe.each<Runtime>(['node', 'deno', 'bun'])('on %s', (runtime) => {
  it('runs tests of every kind, names what failed, and closes with the count', async () => {
    const { code, lines } = await run(runtime, ['every-kind']);
    expect(lines.filter((line) => /^(?:steps|FAILED|it was)/.test(line))).toEqual([
      'steps: beforeAll beforeEach test afterEach finished beforeEach inner test afterEach',
      `${failedIn('every-kind')} > failures > is wrong`,
      `${failedIn('every-kind')} > failures > never ends`,
      `${failedIn('every-kind')} > failures > fails in its hook`,
      `${failedIn('every-kind')} > failures > a suite whose beforeAll fails > is not run`,
    ]);
    expect(lines.join(' ')).toMatch(/expected 1 to be 2.*not done within 20 ms.*after the test.*before all/);
    expect(lines.at(-1)).toBe('11 passed, 4 failed');
    expect(code).toBe(1);
  });

  it('runs those whose name holds the filter, and is content when they pass', async () => {
    const { code, lines } = await run(runtime, ['every-kind'], 'suite b > 3 and 4');
    expect([code, lines]).toEqual([0, ['1 passed, 0 failed']]);
  });

  it("runs a file's hooks around that file's tests alone", async () => {
    const { code, lines } = await run(runtime, ['hooks-a', 'hooks-b']);
    expect(lines).toEqual(['beforeAll a', 'before a', 'a', 'afterAll a', 'before b', 'b', '2 passed, 0 failed']);
    expect(code).toBe(0);
  });

  it('fails a test by what is not handled: a rejection, an error of a timer', async () => {
    const { code, lines } = await run(runtime, ['strays']);
    expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([
      `${failedIn('strays')} > strays > leaves a rejection behind`,
      `${failedIn('strays')} > strays > throws in a timer`,
    ]);
    expect([code, lines.at(-1)]).toEqual([1, '1 passed, 2 failed']);
  });

  it('runs the tests of a concurrent suite at once', async () => {
    const { code, lines } = await run(runtime, ['at-once']);
    expect([code, lines]).toEqual([0, ['2 passed, 0 failed']]);
  });

  it('is not content with no test at all', async () => {
    const { code, lines } = await run(runtime, ['none']);
    expect([code, lines]).toEqual([1, ['0 passed, 0 failed']]);
  });
});
