/** Runs the suite on one runtime and reports how it went. It must not compare runtimes. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { RunResult } from '../portable/run.ts';
import type { InstalledRuntime } from './runtimes.ts';

/** Of what a test does by the ten thousand on the sources, each runtime does less. */
const volumes = { PUKA_IGNORED_PUBLISHES: '20000' };
/** Far more than a runtime needs to end when nothing is left open. */
const defaultEndTimeoutMs = 60_000;

export interface SuiteRun {
  readonly runtime: InstalledRuntime;
  /** The bundle, in the project where the packages are installed. */
  readonly program: string;
  /** Where the program leaves its report. */
  readonly report: string;
  /** What the tests may inject. */
  readonly provided: Readonly<Record<string, unknown>>;
  /** A part of the names of the tests to run. Default: all. */
  readonly filter?: string;
  /** How long it may go on after its closing line, in milliseconds. Default 60000. */
  readonly endTimeoutMs?: number;
}

export interface SuiteOutcome extends RunResult {
  readonly runtime: InstalledRuntime;
  readonly seconds: number;
  /** What it printed. */
  readonly output: string;
  /** What is wrong besides failed tests. */
  readonly complaint: string | undefined;
}

/** Runs it to its end. */
export async function runSuite(options: SuiteRun): Promise<SuiteOutcome> {
  const { runtime, report } = options;
  const began = performance.now();
  const { output, end } = await runToEnd(options);
  const seconds = (performance.now() - began) / 1000;
  const result: RunResult | undefined = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  const { passed, failed, tests } = result ?? { passed: 0, failed: 0, tests: [] };
  const complaint =
    result === undefined
      ? `it ended before its tests did: ${end}`
      : end === `exit code ${failed > 0 || passed === 0 ? 1 : 0}`
        ? undefined
        : `after its tests: ${end}`;
  return { runtime, passed, failed, tests, seconds, output, complaint };
}

function runToEnd({
  runtime,
  program,
  report,
  provided,
  filter = '',
  endTimeoutMs = defaultEndTimeoutMs,
}: SuiteRun): Promise<{
  readonly output: string;
  readonly end: string;
}> {
  const [command, ...args] = runtime.command;
  const env = {
    ...volumes,
    ...process.env,
    NO_COLOR: '1',
    PUKA_PROVIDED: JSON.stringify(provided),
    PUKA_TEST_REPORT: report,
    PUKA_TEST_FILTER: filter,
  };
  const child = spawn(command, [...args, program], {
    cwd: dirname(program),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stays = false;
    const take = (bytes: Buffer): void => {
      kept.push(bytes);
      // The closing line: from here on the runtime has to end by itself.
      if (timer !== undefined || !/^\d+ passed, \d+ failed$/m.test(bytes.toString())) return;
      timer = setTimeout(() => {
        stays = true;
        child.kill('SIGKILL');
      }, endTimeoutMs);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const end = stays ? 'something keeps it from ending' : code === null ? `signal ${signal}` : `exit code ${code}`;
      resolve({ output: Buffer.concat(kept).toString(), end });
    });
  });
}
