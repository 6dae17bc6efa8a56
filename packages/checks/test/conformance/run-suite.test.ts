/** How a run of the suite is judged, by programs of the runner's own tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runSuite, type SuiteOutcome } from '../../src/conformance/run-suite.ts';
import { bundleTests } from '../../src/portable/bundle.ts';

// Each starts a process or two, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const scratch = mkdtempSync(join(tmpdir(), 'puka-run-suite-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(name: string, endTimeoutMs?: number): Promise<SuiteOutcome> {
  const program = join(scratch, `${name}.mjs`);
  const file = fileURLToPath(new URL(`../portable/programs/${name}.ts`, import.meta.url));
  await bundleTests({ files: [file], outfile: program });
  return runSuite({
    runtime: { name: 'node20', title: 'Node here', command: [process.execPath] },
    program,
    report: join(scratch, `${name}.json`),
    provided: { amqpUrl: 'amqp://given' },
    ...(endTimeoutMs !== undefined && { endTimeoutMs }),
  });
}

describe('a run', () => {
  it('reports its tests by name, those that failed too', async () => {
    const { passed, failed, tests, complaint } = await run('strays');
    const suite = 'checks/test/portable/programs/strays.ts > strays >';
    expect(tests.map(({ name, isPassed }) => [name, isPassed])).toEqual([
      [`${suite} leaves a rejection behind`, false],
      [`${suite} throws in a timer`, false],
      [`${suite} is good`, true],
    ]);
    expect([passed, failed, complaint]).toEqual([1, 2, undefined]);
  });

  it('that something keeps from ending is ended, and complained of', async () => {
    const { passed, failed, complaint } = await run('stays', 100);
    expect([passed, failed, complaint]).toEqual([1, 0, 'after its tests: something keeps it from ending']);
  });

  it('that ends without its tests is complained of', async () => {
    const { passed, failed, complaint, output } = await run('ends');
    expect([passed, failed, complaint]).toEqual([0, 0, 'it ended before its tests did: exit code 7']);
    expect(output).toContain('it was too much');
  });
});
