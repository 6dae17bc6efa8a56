/**
 * Ends a bundle of tests: runs what the files before it declared, and sets the exit code to 0 or 1. It must not declare tests,
 * nor end the process: that it ends by itself, with nothing left open, is part of what is tested.
 * PUKA_TEST_FILTER is a part of the names to run; into PUKA_TEST_REPORT a report is written, as JSON.
 */
import { writeFileSync } from 'node:fs';
import { collector } from './collector.ts';
import { runCollected } from './run.ts';

for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) => collector.strayErrors.push({ error }));
}
const result = await runCollected((line) => console.log(line), process.env.PUKA_TEST_FILTER);
const report = process.env.PUKA_TEST_REPORT ?? '';
if (report !== '') writeFileSync(report, JSON.stringify(result));
// Zero tests is a failure: the bundle is not what it is meant to be.
process.exitCode = result.failed > 0 || result.passed === 0 ? 1 : 0;

// What keeps a runtime that does not end, if it can report that. The timer itself keeps nothing.
const reportTimer = setTimeout(() => {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo?.() ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  console.log(
    `still open: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'it does not report them'}`,
  );
}, 10_000);
reportTimer.unref();
