// Prints how large each published package is, beside three other clients, and fails when one is larger than it may be.
// With a path, the table is written there too. Needs a build.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sizes, sizesOf } from './installs/sizes.ts';
import { installTarballs, packTarballs } from './tarballs.ts';

/** What may be bundled: the gzipped size in bytes, a tenth above what it was when this was last looked at. */
const limits: readonly (readonly [specifier: string, platform: 'node' | 'browser', gzipLimit: number])[] = [
  ['@puka/errors', 'browser', 3_100],
  ['@puka/wire', 'browser', 20_500],
  ['@puka/client/session', 'browser', 31_500],
  ['@puka/transport', 'node', 9_400],
  ['@puka/transport/cloudflare', 'browser', 7_900],
  ['@puka/transport/websocket', 'browser', 6_300],
  ['@puka/client', 'node', 101_000],
  ['@puka/testing', 'node', 62_000],
  // What they need of the client without connecting by it.
  ['@puka/worker', 'node', 12_000],
  ['@puka/rpc', 'node', 9_200],
  ['@puka/topology', 'node', 109_000],
  // With the API of OpenTelemetry, which users have anyway.
  ['@puka/opentelemetry', 'node', 11_700],
];
/** The program, which is not bundled: what its tarball may have, in bytes. */
const cliTarballLimit = 110_000;
const peers = ['amqplib', 'rabbitmq-client', '@cloudamqp/amqp-client'];

/** Thousands of bytes. */
function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

function tableRow(name: string, { packed, installed, bundled, gzipped, packages }: Sizes, limit = ''): string {
  const cells = [name, packages, ...[packed, installed, bundled, gzipped].map(kilobytes), limit];
  return `| ${cells.join(' | ')} |`;
}

const lines = [
  '| package, with what it needs | packages | packed, kB | installed, kB | bundled, kB | and gzipped, kB | limit |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];
const overLimit: string[] = [];
const scratch = mkdtempSync(join(tmpdir(), 'puka-sizes-'));
try {
  const project = join(scratch, 'project');
  const tarballs = await packTarballs(scratch);
  await installTarballs(project, tarballs);
  const from = join(project, 'package.json');
  for (const [specifier, platform, limit] of limits) {
    const sizes = await sizesOf(specifier, from, platform);
    lines.push(tableRow(specifier, sizes, kilobytes(limit)));
    if (sizes.gzipped > limit) overLimit.push(`${specifier}: ${sizes.gzipped} bytes, ${limit} are allowed`);
  }
  const cliBytes = statSync(tarballs.get('cli') ?? '').size;
  lines.push(
    `| @puka/cli, its tarball alone | 1 | ${kilobytes(cliBytes)} | | | | ${kilobytes(cliTarballLimit)} packed |`,
  );
  if (cliBytes > cliTarballLimit) overLimit.push(`@puka/cli: ${cliBytes} bytes, ${cliTarballLimit} are allowed`);
  for (const peer of peers) lines.push(tableRow(peer, await sizesOf(peer, fileURLToPath(import.meta.url))));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const table = `${lines.join('\n')}\n`;
process.stdout.write(table);
const [, , path] = process.argv;
if (path !== undefined) writeFileSync(path, table);
if (overLimit.length > 0) {
  console.error(`larger than allowed (packages/checks/src/sizes-cli.ts): ${overLimit.join('; ')}`);
  process.exitCode = 1;
}
