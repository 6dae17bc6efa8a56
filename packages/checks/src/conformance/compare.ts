/** Whether the runtimes ran the same tests, and how a run is printed. It must not run anything. */
import type { SuiteOutcome } from './run-suite.ts';

const shown = 5;

/** What is printed about a runtime when its suite is over: all its output, if something is wrong. */
export function reportOf({ runtime, passed, failed, seconds, output, complaint }: SuiteOutcome): string {
  const closing = `${runtime.title}: ${passed} passed, ${failed} failed  (${seconds.toFixed(0)} s)`;
  return failed === 0 && passed > 0 && complaint === undefined ? closing : `${output.trimEnd()}\n${closing}`;
}

/** What is wrong besides failed tests: an end that is none, and tests that one runtime ran and another did not. */
export function differences(outcomes: readonly SuiteOutcome[]): string[] {
  const ended = outcomes.flatMap(({ runtime, complaint }) =>
    complaint === undefined ? [] : [`${runtime.title} ${complaint}`],
  );
  const [first, ...others] = outcomes;
  if (first === undefined) return ['there is no runtime to run on'];
  return [...ended, ...others.flatMap((other) => [...missing(first, other), ...missing(other, first)])];
}

function missing(from: SuiteOutcome, inOther: SuiteOutcome): string[] {
  const counts = new Map<string, number>();
  for (const { name } of inOther.tests) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = from.tests.flatMap(({ name }) => {
    const left = counts.get(name) ?? 0;
    counts.set(name, left - 1);
    return left > 0 ? [] : [name];
  });
  if (names.length === 0) return [];
  const list = [...names.slice(0, shown), ...(names.length > shown ? ['…'] : [])].join('; ');
  return [`${from.runtime.title} ran ${names.length} tests that ${inOther.runtime.title} did not: ${list}`];
}
