/** The runtimes that the conformance suite runs on, and where they are. It must not run them. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandOf } from '../portable/runtimes.ts';

const run = promisify(execFile);
const nodes = resolve(dirname(fileURLToPath(import.meta.url)), '../../../node-versions/node_modules');

/** A runtime's name, as on the command line. */
export type RuntimeName = 'node20' | 'node22' | 'node24' | 'node26' | 'deno' | 'bun';

/** In the order in which they are started: the slow ones first, so that nothing long is left alone at the end. */
export const runtimeNames: readonly RuntimeName[] = ['deno', 'bun', 'node20', 'node22', 'node24', 'node26'];

export function isRuntimeName(name: string): name is RuntimeName {
  return runtimeNames.some((known) => known === name);
}

/** One that can be run here. */
export interface InstalledRuntime {
  readonly name: RuntimeName;
  /** Its own name for itself, as `Node 24.21.0`. */
  readonly title: string;
  /** The command line in front of a program. */
  readonly command: readonly [string, ...string[]];
}

/**
 * Looks a runtime up. The packages with the versions of Node are for Linux on x64: elsewhere the Node that runs this is used
 * for its own version. `PUKA_DENO`, `PUKA_BUN`, `PUKA_NODE20` and so on name the executable of another version.
 *
 * @returns the reason if it is not available.
 */
export async function findRuntime(name: RuntimeName): Promise<InstalledRuntime | string> {
  const command = locate(name);
  if (typeof command === 'string') return command;
  const { stdout } = await run(command[0], ['--version']);
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'of unknown version';
  const kind = name === 'deno' ? 'Deno' : name === 'bun' ? 'Bun' : 'Node';
  return { name, title: `${kind} ${version}`, command };
}

function locate(name: RuntimeName): readonly [string, ...string[]] | string {
  const given = process.env[`PUKA_${name.toUpperCase()}`] || undefined;
  if (name === 'deno' || name === 'bun') {
    const [installed, ...args] = commandOf(name);
    return [given ?? installed, ...args];
  }
  if (given !== undefined) return [given];
  const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';
  const packed = join(nodes, name, 'bin', 'node');
  if (isLinuxX64 && existsSync(packed)) return [packed];
  if (name === `node${process.versions.node.split('.')[0]}`) return [process.execPath];
  if (isLinuxX64) return 'it is not installed: run pnpm install';
  return `its package is for linux on x64, not for ${process.platform} on ${process.arch}`;
}
