// Runs the transport contract suite on a runtime: `contract-cli.ts deno`. Exit code 1 when a test fails or none ran.
// The sources, that is; the packed packages are for conformance-cli.ts. It must not hold tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTests, type Runtime } from './portable/bundle.ts';
import { runProgram } from './portable/runtimes.ts';

const suite = resolve(dirname(fileURLToPath(import.meta.url)), '../../transport/test/contract.test.ts');

function isRuntime(value: unknown): value is Runtime {
  return value === 'node' || value === 'deno' || value === 'bun';
}

const runtime: unknown = process.argv[2];
if (!isRuntime(runtime)) throw new Error('usage: contract-cli.ts node|deno|bun');
const scratch = mkdtempSync(join(tmpdir(), 'puka-contract-'));
try {
  const program = join(scratch, 'contract.mjs');
  await bundleTests({ files: [suite], runtime, outfile: program });
  process.exitCode = await runProgram(runtime, program);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
