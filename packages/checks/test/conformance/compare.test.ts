/** What counts as a difference between runtimes. */
import { expect, it } from 'vitest';
import { differences, reportOf } from '../../src/conformance/compare.ts';
import type { SuiteOutcome } from '../../src/conformance/run-suite.ts';

function outcome(title: string, names: readonly string[], complaint?: string): SuiteOutcome {
  const tests = names.map((name) => ({ name, isPassed: true, durationMs: 1 }));
  const runtime = { name: 'bun', title, command: ['bun'] } as const;
  return { runtime, passed: tests.length, failed: 0, tests, seconds: 1.4, output: 'all it said\n', complaint };
}

it('finds none where all ran the same, in whatever order', () => {
  expect(differences([outcome('A', ['x', 'y']), outcome('B', ['y', 'x'])])).toEqual([]);
});

it('names what one ran and another did not, both ways, and how often', () => {
  expect(differences([outcome('A', ['x', 'y', 'y']), outcome('B', ['x', 'y', 'z'])])).toEqual([
    'A ran 1 tests that B did not: y',
    'B ran 1 tests that A did not: z',
  ]);
});

it('names a few of many', () => {
  expect(differences([outcome('A', [...'abcdefg']), outcome('B', [])])).toEqual([
    'A ran 7 tests that B did not: a; b; c; d; e; …',
  ]);
});

it('takes an end that is none for one, and no runtime at all', () => {
  expect(differences([outcome('A', ['x'], 'after its tests: signal SIGSEGV')])).toEqual([
    'A after its tests: signal SIGSEGV',
  ]);
  expect(differences([])).toEqual(['there is no runtime to run on']);
});

it('tells a good run in one line, another with all it said', () => {
  expect(reportOf(outcome('A', ['x']))).toBe('A: 1 passed, 0 failed  (1 s)');
  expect(reportOf(outcome('A', ['x'], 'no end'))).toBe('all it said\nA: 1 passed, 0 failed  (1 s)');
  expect(reportOf(outcome('A', []))).toBe('all it said\nA: 0 passed, 0 failed  (1 s)');
});
