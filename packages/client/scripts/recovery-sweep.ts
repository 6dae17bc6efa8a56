/**
 * Cuts one conversation at every byte of either direction; then at bytes further apart, and the replay at every 7th byte too.
 * `tsx --conditions=puka:source scripts/recovery-sweep.ts [stride of the first part] [stride of the first cut in the second]`
 */
import { sweep } from '../test/recovery/sweep.ts';

const [stride = 1, strideBeforeSecond = 101] = process.argv.slice(2).map(Number);
const replayBytes = 2500;
let isGood = true;
for (const from of ['broker', 'client'] as const) {
  const startedMs = performance.now();
  const once = await sweep(from, stride);
  const wrong = [...once.wrong];
  let twice = 0;
  for (let again = 1; again < replayBytes && wrong.length < 10; again += 7) {
    const swept = await sweep(from, strideBeforeSecond, again);
    twice += swept.conversations;
    wrong.push(...swept.wrong);
  }
  for (const text of wrong) console.log(text);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(JSON.stringify({ from, cutOnce: once.conversations, cutTwice: twice, wrong: wrong.length, seconds }));
  isGood &&= wrong.length === 0;
}
if (!isGood) process.exitCode = 1;
