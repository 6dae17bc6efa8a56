/** Bundles the programs as one does for a serverless function. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** @param source the program. @returns bytes of one minified file with all that it imports but Node's own modules. */
export async function bundleSizes(source: string): Promise<{ readonly bytes: number; readonly gzipBytes: number }> {
  const { outputFiles } = await build({
    entryPoints: [source],
    ...{ bundle: true, minify: true, write: false, platform: 'node', format: 'esm', target: 'node20' },
    logLevel: 'error',
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  return { bytes: bytes.length, gzipBytes: gzipSync(bytes).length };
}
