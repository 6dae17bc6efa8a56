/**
 * Runs what was collected, one test after the other but for those of concurrent suites, and prints the results; its last line is `N passed, N failed`.
 * It must not know the runtime: who starts it sets the exit code.
 */
import { collector, type Failure, type Hook, type Suite, type TestCase } from './collector.ts';
import { settings } from './settings.ts';

/** How a run went. */
export interface RunResult {
  readonly passed: number;
  readonly failed: number;
  /** Every test that ran, in its order. */
  readonly tests: readonly TestResult[];
}

/** How one test went. */
export interface TestResult {
  /** With the file and the suites around it, as `file > suite > test`. */
  readonly name: string;
  readonly isPassed: boolean;
  readonly durationMs: number;
}

interface Running {
  failed: number;
  readonly tests: TestResult[];
  readonly print: (line: string) => void;
  readonly isWanted: (name: string) => boolean;
}

interface Scope {
  readonly names: readonly string[];
  readonly beforeEach: readonly Hook[];
  readonly afterEach: readonly Hook[];
}

/**
 * Runs all tests of the program.
 *
 * @param print gets each failure, by its full name, and the closing line.
 * @param filter a part of the full name; other tests are left out.
 */
export async function runCollected(print: (line: string) => void, filter = ''): Promise<RunResult> {
  const running: Running = { failed: 0, tests: [], print, isWanted: (name) => name.includes(filter) };
  await runSuite(collector.root, { names: [], beforeEach: [], afterEach: [] }, running);
  await straysTold();
  for (const stray of collector.strayErrors.splice(0)) broken('after the tests', stray, running);
  const { failed, tests } = running;
  const passed = tests.filter(({ isPassed }) => isPassed).length;
  print(`${passed} passed, ${failed} failed`);
  return { passed, failed, tests };
}

async function runSuite(suite: Suite, outer: Scope, running: Running): Promise<void> {
  const scope: Scope = {
    names: suite.name === '' ? outer.names : [...outer.names, suite.name],
    beforeEach: [...outer.beforeEach, ...suite.beforeEach],
    afterEach: [...suite.afterEach, ...outer.afterEach],
  };
  if (!hasWanted(suite, outer.names, running)) return;
  const before = await failureOf(() => runHooks(suite.beforeAll));
  const run = async (child: Suite | TestCase): Promise<void> => {
    if (child.type === 'suite')
      await (before === undefined ? runSuite(child, scope, running) : failAll(child, scope.names, before, running));
    else if (before === undefined) await runTest(child, scope, running);
    else fail(child, scope.names, before, running);
  };
  if (suite.isConcurrent) await Promise.all(suite.children.map(run));
  else for (const child of suite.children) await run(child);
  const left = await failureOf(() => runHooks(suite.afterAll));
  if (left !== undefined) broken([...scope.names, 'afterAll'].join(' > '), left, running);
}

function hasWanted(suite: Suite, outer: readonly string[], running: Running): boolean {
  const names = suite.name === '' ? outer : [...outer, suite.name];
  return suite.children.some((child) =>
    child.type === 'suite' ? hasWanted(child, names, running) : running.isWanted([...names, child.name].join(' > ')),
  );
}

async function failAll(suite: Suite, outer: readonly string[], failure: Failure, running: Running): Promise<void> {
  const names = [...outer, suite.name];
  for (const child of suite.children) {
    if (child.type === 'suite') await failAll(child, names, failure, running);
    else fail(child, names, failure, running);
  }
}

async function runTest(test: TestCase, scope: Scope, running: Running): Promise<void> {
  if (!running.isWanted([...scope.names, test.name].join(' > '))) return;
  const finishers: Hook[] = [];
  collector.finishers = finishers;
  const controller = new AbortController();
  const began = performance.now();
  const context = { signal: controller.signal, onTestFinished: (hook: Hook) => void finishers.push(hook) };
  const failures = [
    await failureOf(async () => {
      await runHooks(scope.beforeEach);
      await within(test.timeoutMs ?? settings.testTimeoutMs, () => test.body(context));
    }),
    await failureOf(() => runHooks(scope.afterEach)),
    await failureOf(() => runHooks(finishers.reverse())),
  ];
  controller.abort();
  await straysTold();
  const [stray] = collector.strayErrors.splice(0);
  const failure = failures.find((one) => one !== undefined) ?? stray;
  const durationMs = Math.round(performance.now() - began);
  if (failure !== undefined) fail(test, scope.names, failure, running, durationMs);
  else running.tests.push({ name: [...scope.names, test.name].join(' > '), isPassed: true, durationMs });
}

/** What is not handled is reported within a turn; on Deno within the next. */
function straysTold(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function failureOf(action: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function runHooks(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await within(settings.hookTimeoutMs, hook);
}

async function within(timeoutMs: number, action: () => unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([action(), over]);
  } finally {
    clearTimeout(timer);
  }
}

function fail(test: TestCase, names: readonly string[], failure: Failure, running: Running, durationMs = 0): void {
  const name = [...names, test.name].join(' > ');
  running.tests.push({ name, isPassed: false, durationMs });
  broken(name, failure, running);
}

/** What is no test and failed all the same. */
function broken(name: string, { error }: Failure, running: Running): void {
  running.failed += 1;
  running.print(`FAILED  ${name}\n${describeError(error)}`);
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `  ${String(error)}`;
  const cause = error.cause === undefined ? '' : `\n  caused by ${String(error.cause)}`;
  return `  ${error.name}: ${error.message}\n${(error.stack ?? '').split('\n').slice(1, 8).join('\n')}${cause}`;
}
