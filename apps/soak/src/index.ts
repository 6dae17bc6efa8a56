/** Soaks the client: `pnpm --filter @puka/app-soak start 1000000` does a million operations. Exit code 1 when something grows. */
import { ensureBroker } from '@puka/testkit';
import { growth } from './growth.ts';
import { soak } from './soak.ts';

const operations = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(operations) || operations < 1) {
  console.error('usage: soak [OPERATIONS], a whole number; 1000000 where none is given');
  process.exit(2);
}
const broker = await ensureBroker();
const startedAt = performance.now();
console.log('operations    heap  external  handles');
const samples = await soak(broker.url, { operations, samples: 20 }, ({ done, heapMiB, externalMiB, handles }) => {
  const columns = [String(done).padStart(10), heapMiB.toFixed(1), externalMiB.toFixed(1), String(handles)];
  console.log(columns.map((column) => column.padStart(8)).join(' '));
});
await broker.stop();
const complaints = growth(samples);
for (const complaint of complaints) console.error(complaint);
console.log(
  `${operations} operations in ${Math.round((performance.now() - startedAt) / 1000)} s: ${
    complaints.length === 0 ? 'level' : 'grown'
  }`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
