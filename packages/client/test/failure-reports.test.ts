import { NotFound } from '@puka/errors';
import { VirtualClock } from '@puka/testkit';
import { expect, it } from 'vitest';
import { FailureReports } from '../src/failure-reports.ts';

function scene() {
  const clock = new VirtualClock();
  const warnings: unknown[][] = [];
  const failures = new FailureReports({ now: clock.now, warn: (...words) => warnings.push(words) });
  return { clock, warnings, failures };
}

const error = new Error('no');
const queue = { kind: 'queue', queue: 'q', options: {} } as const;

it('a failure that no code observed is a warning, unless there is a listener', () => {
  const { failures, warnings } = scene();
  failures.report(error);
  expect(warnings).toEqual([['puka: no caller observed a failure:', error]]);
  const heard: unknown[] = [];
  failures.events.on('unobserved', (each) => heard.push(each));
  failures.report(error);
  expect([warnings.length, heard]).toEqual([1, [error]]);
});

it('an entity that was not restored goes to its own listener, or else is one that no code observed', () => {
  const { failures, warnings } = scene();
  const missing = new NotFound('no');
  const heard: unknown[] = [];
  failures.notRestored(missing, queue, true);
  expect(warnings).toEqual([['puka: no caller observed a failure:', missing]]);
  failures.events.on('unobserved', () => heard.push('unobserved'));
  failures.notRestored(missing, queue, true);
  failures.events.on('notRestored', (...values) => heard.push(values));
  failures.notRestored(missing, queue, false);
  expect(heard).toEqual(['unobserved', [missing, queue, false]]);
});

it('what a listener throws is a warning', () => {
  const { failures, warnings } = scene();
  failures.events.on('unobserved', () => {
    throw error;
  });
  failures.report(new Error('other'));
  expect(warnings).toEqual([['puka: a listener threw:', error]]);
});

it('there are ten warnings at most in sixty seconds', () => {
  const { clock, failures, warnings } = scene();
  for (let count = 0; count < 15; count++) failures.report(error);
  expect(warnings).toHaveLength(10);
  clock.advance(60_000);
  failures.report(error);
  expect(warnings).toHaveLength(11);
});
