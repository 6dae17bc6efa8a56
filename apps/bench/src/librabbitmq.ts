/** Compiles the C program beside this one, where the machine has a C compiler and librabbitmq-dev. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What came of it. */
export type Compiled = { readonly program: string } | { readonly missing: string };

/** Compiles it into a temporary folder. */
export async function compileLibrabbitmq(): Promise<Compiled> {
  const source = fileURLToPath(new URL('../c/librabbitmq.c', import.meta.url));
  const program = join(await mkdtemp(join(tmpdir(), 'puka-bench-')), 'librabbitmq');
  try {
    await run('cc', ['-O2', '-o', program, source, '-lrabbitmq']);
    return { program };
  } catch {
    return { missing: 'librabbitmq is left out: it takes a C compiler and librabbitmq-dev' };
  }
}
