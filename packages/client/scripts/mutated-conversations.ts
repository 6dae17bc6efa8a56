/**
 * Runs mutated conversations by the thousand and prints what went wrong, as counts: each is 0 unless there is a fault.
 * `tsx --conditions=puka:source scripts/mutated-conversations.ts [count] [first seed]`
 */
import { converse, type Outcome } from '../test/mutated/conversation.ts';

const [count = 200_000, firstSeed = 1] = process.argv.slice(2).map(Number);
const shownFailures = 20;
const counts = { conversations: 0, open: 0, untyped: 0, escapes: 0, unhandled: 0 };
const worst = { milliseconds: 0, millisecondsSeed: 0, bytes: 0, bytesSeed: 0 };
const failures: Outcome[] = [];

process.on('unhandledRejection', (error) => {
  counts.unhandled++;
  console.error('unhandled', error);
});

/** Bytes on the heap and in arrays, garbage included. */
function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

for (let seed = firstSeed; seed < firstSeed + count; seed++) {
  const bytesBefore = usedBytes();
  const { user: userBefore } = process.cpuUsage();
  const outcome = await converse(seed);
  const milliseconds = (process.cpuUsage().user - userBefore) / 1000;
  const bytes = usedBytes() - bytesBefore;
  counts.conversations++;
  counts.open += outcome.open.length;
  counts.untyped += outcome.untyped.length;
  counts.escapes += outcome.escapes.length;
  if (outcome.open.length + outcome.untyped.length + outcome.escapes.length > 0) failures.push(outcome);
  if (milliseconds > worst.milliseconds) Object.assign(worst, { milliseconds, millisecondsSeed: seed });
  if (bytes > worst.bytes) Object.assign(worst, { bytes, bytesSeed: seed });
}

console.log(JSON.stringify({ ...counts, worst, rssBytes: process.memoryUsage().rss }));
for (const failure of failures.slice(0, shownFailures)) console.log(JSON.stringify(failure));
process.exitCode = failures.length + counts.unhandled > 0 ? 1 : 0;
