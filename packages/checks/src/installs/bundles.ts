/** Bundles programs of an installed project by esbuild, as users do. It must not run them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What is bundled, and for whom. */
export interface BundleRequest {
  /** Where imports are looked up. */
  readonly folder: string;
  readonly program: string;
  readonly platform: 'node' | 'browser';
  /** Packages that are left out. Default: none. */
  readonly external?: readonly string[];
}

/** A bundle, minified. */
export interface Bundle {
  readonly text: string;
  /** In bytes. */
  readonly size: number;
  readonly gzipSize: number;
  /** Modules that it still imports. */
  readonly imports: readonly string[];
}

/** Modules for Node; for the browser one script. */
export async function bundleProgram({ folder, program, platform, external = [] }: BundleRequest): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: folder, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    legalComments: 'none',
    external: [...external],
    platform,
    format: platform === 'node' ? 'esm' : 'iife',
    target: platform === 'node' ? 'node20' : 'es2023',
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild wrote nothing');
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return {
    text: file.text,
    size: file.contents.length,
    gzipSize: gzipSync(file.contents, { level: 9 }).length,
    imports: [...new Set(imports)],
  };
}

/** Writes a page that runs a script. @returns its path. */
export function writePage(folder: string, script: string): string {
  const path = join(folder, 'page.html');
  // A script in the page itself: from a file no module may be loaded.
  const inline = script.replaceAll('</script', '<\\/script');
  writeFileSync(path, `<!doctype html><meta charset="utf-8"><body>nothing yet<script>${inline}</script></body>`);
  return path;
}
