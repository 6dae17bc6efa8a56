/** Finds out what a program really loads on a runtime. It must not judge it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Runtime } from './bundle.ts';
import { commandOf } from './runtimes.ts';

const run = promisify(execFile);

/** Each prints a module, on a line of its own, as the program loads it. */
const hooks = {
  node: `import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) register(import.meta.url);
export function load(url, context, next) {
  writeSync(1, 'loaded ' + url + '\\n');
  return next(url, context);
}`,
  // Of Bun's own modules it does not report them.
  bun: `Bun.plugin({
  name: 'tell',
  setup(build) {
    build.onLoad({ filter: /[.]m?js$/ }, async ({ path }) => {
      console.log('loaded ' + Bun.pathToFileURL(path));
      return { contents: await Bun.file(path).text(), loader: 'js' };
    });
  },
});`,
};

/**
 * The modules that a program loads, as urls, itself among them.
 *
 * @param program a path; the program must end by itself.
 */
export async function loadedModules(runtime: Runtime, program: string): Promise<string[]> {
  if (runtime === 'deno') return denoModules(program);
  const scratch = mkdtempSync(join(tmpdir(), 'puka-loaded-'));
  try {
    const file = join(scratch, 'hooks.mjs');
    writeFileSync(file, hooks[runtime]);
    const [command, ...args] = commandOf(runtime);
    const option = runtime === 'node' ? ['--import', file] : ['--preload', file];
    const { stdout } = await run(command, [...args, ...option, program]);
    return [...stdout.matchAll(/^loaded (.+)$/gm)].map(([, url = '']) => url);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Deno has no hooks, but lists what it would load. */
async function denoModules(program: string): Promise<string[]> {
  const [command] = commandOf('deno');
  const { stdout } = await run(command, ['info', '--json', '--no-lock', '--node-modules-dir=manual', program]);
  const graph: { readonly modules: readonly { readonly specifier: string }[] } = JSON.parse(stdout);
  return graph.modules.map(({ specifier }) => specifier).filter((specifier) => !specifier.endsWith('.ts'));
}
