// Runs the conformance suite, from the packed packages, against a real RabbitMQ: `conformance-cli.ts deno node24`, or all
// runtimes if none is named. Exit code 1 when a test fails anywhere, or when the runtimes did not run the same tests.
// PUKA_CONFORMANCE_RESULTS is a file for the results, PUKA_CONFORMANCE_AT_ONCE how many run at once, PUKA_TEST_FILTER a part
// of the names of the tests to run.
// It must not hold tests: those are listed in conformance/suite.ts. Needs a build.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBroker, providedOf } from '@puka/testkit';
import { differences, reportOf } from './conformance/compare.ts';
import { runSuite, type SuiteOutcome } from './conformance/run-suite.ts';
import { findRuntime, type InstalledRuntime, isRuntimeName, runtimeNames } from './conformance/runtimes.ts';
import { bundleSuite } from './conformance/suite.ts';
import { installTarballs, packTarballs } from './tarballs.ts';

/** Suites at once. With its brokers each keeps two thirds of a core busy. */
const atOnce = Number(process.env.PUKA_CONFORMANCE_AT_ONCE ?? availableParallelism() + 1);

/** Those named that can be run here; prints the others. */
async function chooseRuntimes(names: readonly string[]): Promise<InstalledRuntime[]> {
  const chosen: InstalledRuntime[] = [];
  for (const name of names) {
    if (!isRuntimeName(name)) throw new Error(`usage: conformance-cli.ts [${runtimeNames.join('|')}]...`);
    const found = await findRuntime(name);
    if (typeof found === 'string') console.log(`LEFT OUT  ${name}: ${found}`);
    else chosen.push(found);
  }
  return chosen;
}

async function runAll(
  runtimes: readonly InstalledRuntime[],
  folder: string,
  provided: Readonly<Record<string, unknown>>,
): Promise<SuiteOutcome[]> {
  const project = join(folder, 'project');
  await installTarballs(project, await packTarballs(folder));
  const program = join(project, 'conformance.mjs');
  await bundleSuite(program);
  const waiting = [...runtimes];
  const outcomes: SuiteOutcome[] = [];
  const work = async (): Promise<void> => {
    for (let runtime = waiting.shift(); runtime !== undefined; runtime = waiting.shift()) {
      const report = join(folder, `${runtime.name}.json`);
      const filter = process.env.PUKA_TEST_FILTER ?? '';
      const outcome = await runSuite({ runtime, program, report, provided, filter });
      outcomes.push(outcome);
      console.log(reportOf(outcome));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes.sort((one, other) => runtimes.indexOf(one.runtime) - runtimes.indexOf(other.runtime));
}

const words = process.argv.slice(2);
const runtimes = await chooseRuntimes(words.length === 0 ? runtimeNames : words);
const scratch = mkdtempSync(join(tmpdir(), 'puka-conformance-'));
const broker = await ensureBroker({ onProgress: (text) => console.error(text) });
try {
  const outcomes = await runAll(runtimes, scratch, { ...providedOf(broker) });
  console.log(`\nconformance suite, packed packages, RabbitMQ ${broker.version}`);
  for (const { runtime, passed, failed, seconds } of outcomes)
    console.log(`${runtime.title.padEnd(14)}  ${passed} passed, ${failed} failed  (${seconds.toFixed(0)} s)`);
  const complaints = differences(outcomes);
  for (const complaint of complaints) console.log(`FAILED  ${complaint}`);
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, complaints.length);
  const results = process.env.PUKA_CONFORMANCE_RESULTS ?? '';
  if (results !== '') writeFileSync(results, JSON.stringify({ passed, failed, runs: outcomes }));
  if (failed > 0 || passed === 0) process.exitCode = 1;
} finally {
  await broker.stop();
  rmSync(scratch, { recursive: true, force: true });
}
