/** The runtimes that this client is measured on side by side. They come from npm, whatever the machine has. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The command in front of a program, by the name the runtime has in the tables. */
export const runtimes: Readonly<Record<string, () => readonly [string, ...string[]]>> = {
  'Node 20': () => [nodeOf('node20')],
  'Node 24': () => [nodeOf('node24')],
  Deno: () => [
    // The package's own command is a wrapper, and its start would be measured too.
    join(folderOf('deno'), 'deno'),
    'run',
    ...['--no-check', '--no-lock', '--node-modules-dir=manual', '--allow-all', '--quiet'],
  ],
  Bun: () => [join(folderOf('bun'), 'bin', 'bun.exe'), 'run'],
};

const require = createRequire(import.meta.url);

function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** The Node that all clients run on where no other runtime is named: version 24 where its package has it, as on Linux. */
export function comparedNode(): { readonly command: string; readonly version: string } {
  const command = nodeOf('node24');
  if (!existsSync(command)) return { command: process.execPath, version: process.versions.node };
  const { version } = require(join(folderOfNode('node24'), 'package.json')) as { version: string }; // npm has one in each.
  return { command, version };
}

function nodeOf(version: string): string {
  return join(folderOfNode(version), 'bin', 'node');
}

function folderOfNode(version: string): string {
  return join(folderOf('@puka/node-versions'), 'node_modules', version);
}
