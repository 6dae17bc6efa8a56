/**
 * Cuts one conversation at every byte of either direction, and then the replay at every 7th byte too.
 * `tsx --conditions=puka:source scripts/recovery-sweep.ts [stride of the first cut in the second part]`
 */
import { sweep } from '../test/recovery/sweep.ts';

const [stride = 1] = process.argv.slice(2).map(Number);
const replayBytes = 2500;
const wrong: string[] = [];
for (const from of ['broker', 'client'] as const) {
  wrong.push(...(await sweep(from, stride)));
  for (let again = 1; again < replayBytes && wrong.length < 10; again += 7) {
    wrong.push(...(await sweep(from, stride * 101, again)));
  }
}
for (const text of wrong) console.log(text);
console.log(`${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;
