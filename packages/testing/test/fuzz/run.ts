/** The command `pnpm --filter @puka/testing run fuzz --clients 100000 --seed 1`. Must not hold a check. */
import { parseArgs } from 'node:util';
import { MutatedClients } from './mutated-clients.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    clients: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    /** After so many seconds no client begins any more; the seed to go on with is printed. */
    seconds: { type: 'string', default: '86400' },
  },
});

const batch = 500;
const clients = new MutatedClients();
const { totals } = clients;
/** What came where no listener is: a promise or a timer of the broker. */
let unhandled = 0;
let mostHeapMb = 0;

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    unhandled++;
    process.stderr.write(`${event}: ${error instanceof Error ? error.stack : String(error)}\n`);
  });
}

async function main(): Promise<void> {
  const first = Number(values.seed);
  const end = first + Number(values.clients);
  const untilMs = performance.now() + Number(values.seconds) * 1000;
  let next = first;
  while (next < end && performance.now() < untilMs) {
    const count = Math.min(batch, end - next);
    clients.run(next, count);
    next += count;
    mostHeapMb = Math.max(mostHeapMb, process.memoryUsage().heapUsed / 1e6);
    // Rejections are reported between the batches.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { worstMs, seeds, ...counts } = totals;
  const shown = { ...counts, unhandled, worstMs: Math.round(worstMs), mostHeapMb: Math.round(mostHeapMb) };
  process.stdout.write(`${JSON.stringify(shown)}\n`);
  if (seeds.length > 0) process.stdout.write(`seeds at fault: ${seeds.join(', ')}\n`);
  if (next < end) process.stdout.write(`go on with --seed ${next} --clients ${end - next}\n`);
  const { escapes, hangs, leaks, unanswered } = totals;
  process.exitCode = escapes + hangs + leaks + unanswered + unhandled > 0 ? 1 : 0;
}

await main();
