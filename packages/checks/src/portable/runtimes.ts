/** Runs a program on a runtime. It must not know what the program is. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Runtime } from './bundle.ts';

const require = createRequire(import.meta.url);

/** The command line in front of a program. The packages' own commands are wrappers, and a signal to them stays there. */
export function commandOf(runtime: Runtime): readonly [string, ...string[]] {
  switch (runtime) {
    case 'node':
      return [process.execPath];
    case 'deno':
      return [
        join(packageFolder('deno'), 'deno'),
        'run',
        '--no-check',
        '--no-lock',
        '--node-modules-dir=manual',
        '--allow-all',
        '--quiet',
      ];
    case 'bun':
      return [join(packageFolder('bun'), 'bin', 'bun.exe'), 'run'];
  }
}

/** Runs a program to its end, its output on ours. @returns the exit code; 1 when a signal ended it. */
export function runProgram(
  runtime: Runtime,
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [command, ...args] = commandOf(runtime);
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, program], { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}
