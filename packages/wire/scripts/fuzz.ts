/**
 * Feeds the decoders with millions of damaged inputs. In packages/wire: `pnpm fuzz [millions] [seed]`, or
 * `npx tsx --conditions=puka:source scripts/fuzz.ts 10 12345`.
 *
 * It ends with exit code 1 at the first broken promise and prints the input: add that to test/vectors/crashers.ts.
 */

import { corpus, type Kind } from '../test/fuzz/corpus.ts';
import { Random } from '../test/fuzz/random.ts';
import { fuzz } from '../test/fuzz/targets.ts';
import { toHex } from '../test/hex.ts';

const batch = 100_000;
const millions = Number(process.argv[2] ?? 1);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 32));
const random = new Random(seed);

let lastKind: Kind = 'stream';
let lastBytes: Uint8Array = new Uint8Array(0);
let inputs = 0;
let accepted = 0;
let refused = 0;
let slowestMs = 0;
let inputAt = performance.now();
let largestHeap = 0;

function onInput(kind: Kind, bytes: Uint8Array): void {
  const now = performance.now();
  slowestMs = Math.max(slowestMs, now - inputAt);
  inputAt = now;
  inputs++;
  lastKind = kind;
  lastBytes = bytes;
}

const startedAt = performance.now();
console.log(`seed ${seed}, ${corpus.length} starts, ${millions} million inputs`);
try {
  for (let done = 0; done < millions * 1_000_000; done += batch) {
    inputAt = performance.now();
    const tally = fuzz(corpus, batch, random, onInput);
    accepted += tally.accepted;
    refused += tally.refused;
    largestHeap = Math.max(largestHeap, process.memoryUsage().heapUsed);
  }
} catch (error) {
  console.error(`broken after ${inputs} inputs, seed ${seed}\n{ kind: '${lastKind}', hex: '${toHex(lastBytes)}' }`);
  console.error(error);
  process.exit(1);
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${accepted} accepted, ${refused} refused with a typed error, ${Math.round(seconds)} s`);
console.log(
  `slowest input ${slowestMs.toFixed(1)} ms (pauses of the collector in it), heap at most ${Math.round(largestHeap / 2 ** 20)} MiB`,
);
