/** Bundles one program, and the sources it imports, for a runtime. It must not run it: that is runtimes.ts. */
import { build } from 'esbuild';
import type { Runtime } from './bundle.ts';

/** What to bundle. */
export interface ProgramOptions {
  /** Absolute path of its module. */
  readonly entry: string;
  readonly runtime: Runtime;
  /** Where the program is written. */
  readonly outfile: string;
}

/** Writes one module that holds the program with its runtime's own adapter. */
export async function bundleProgram({ entry, runtime, outfile }: ProgramOptions): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    // Not 'node' for Deno and Bun: each has to get its own adapter.
    conditions: ['puka:source', runtime, 'import', 'default'],
    external: ['node:*'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}
