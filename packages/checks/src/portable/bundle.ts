/** Bundles files of tests into one program for a runtime. It must not run it: that is runtimes.ts. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** A runtime that the tests are bundled for. */
export type Runtime = 'node' | 'deno' | 'bun';

export interface BundleOptions {
  /** Absolute paths, run in this order. */
  readonly files: readonly string[];
  readonly runtime: Runtime;
  /** Where the program is written. */
  readonly outfile: string;
  /** From here packages are looked up that the tests import. Default: where the files are. */
  readonly conditions?: readonly string[];
}

/** Writes one module that holds the tests, our runner in vitest's place, and the sources they test. */
export async function bundleTests({
  files,
  runtime,
  outfile,
  conditions = ['puka:source'],
}: BundleOptions): Promise<void> {
  const imports = [resolve(here, 'start.ts'), ...files, resolve(here, 'main.ts')].map(
    (file) => `import ${JSON.stringify(file)};`,
  );
  await build({
    stdin: { contents: imports.join('\n'), resolveDir: here, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    // Not 'node' for Deno and Bun: each has to get its own adapter.
    conditions: [...conditions, runtime, 'import', 'default'],
    alias: { vitest: resolve(here, 'vitest.ts') },
    external: ['node:*'],
    // The packages of the tests say that importing them has no effect.
    ignoreAnnotations: true,
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}
