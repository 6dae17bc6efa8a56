/** Bundles files of tests into one program for a runtime. It must not run it: that is runtimes.ts. */
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const packages = resolve(here, '../../..');
const beginning = 'beginning-of:';

/** A runtime that runs a program. */
export type Runtime = 'node' | 'deno' | 'bun';

export interface BundleOptions {
  /** Absolute paths, run in this order. */
  readonly files: readonly string[];
  /** For the export conditions. `workerd` gets a worker in place of a program. Default: none, for a bundle that runs on all. */
  readonly runtime?: Runtime | 'workerd';
  /** Where the program is written. */
  readonly outfile: string;
  /** Packages, as the bundle will find them installed around it. Default: all are bundled, as sources. */
  readonly external?: readonly string[];
}

/**
 * Writes one module that holds the tests, our runner in vitest's place, and the sources they test but for `external`.
 *
 * @returns the absolute paths of all that went into it.
 */
export async function bundleTests({ files, runtime, outfile, external = [] }: BundleOptions): Promise<string[]> {
  // Modules are evaluated in the order of their imports: between two files of tests the collector is called with the next.
  const paths = [join(here, 'start.ts'), ...files.flatMap((file) => [`${beginning}${file}`, file])];
  const imports = paths.map((path) => `import ${JSON.stringify(path)};`);
  // A worker is what its module exports; elsewhere the module is the program.
  const end = runtime === 'workerd' ? "export { default } from './worker-main.ts';" : "import './main.ts';";
  const { metafile } = await build({
    stdin: { contents: [...imports, end].join('\n'), resolveDir: here, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    // Not 'node' for Deno and Bun: each has to get its own adapter.
    conditions: ['puka:source', ...(runtime === undefined ? [] : [runtime]), 'import', 'default'],
    inject: [join(here, 'node-globals.ts')],
    alias: { vitest: resolve(here, 'vitest.ts') },
    external: ['node:*', ...external.flatMap((name) => [name, `${name}/*`])],
    // The packages of the tests declare that importing them has no effect.
    ignoreAnnotations: true,
    plugins: [beginningOfFiles],
    sourcemap: 'inline',
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs)
    .filter((path) => !path.startsWith('beginning:'))
    .map((path) => resolve(path));
}

/** Makes modules that call the collector with the file that comes next, by its path from packages/. */
const beginningOfFiles: Plugin = {
  name: 'beginning-of-files',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${beginning}`) }, ({ path }) => ({ path, namespace: 'beginning' }));
    build.onLoad({ filter: /.*/, namespace: 'beginning' }, ({ path }) => {
      const name = relative(packages, path.slice(beginning.length)).split(sep).join('/');
      const contents = `import { collector } from './collector.ts';\ncollector.beginFile(${JSON.stringify(name)});`;
      return { contents, resolveDir: here, loader: 'ts' };
    });
  },
};
