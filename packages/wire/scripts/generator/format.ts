/** Formats generated TypeScript with the workspace's own formatter and its settings. Must not write into the tree. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SourceFile } from './source.ts';

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/**
 * Formats TypeScript files; others stay as they are.
 *
 * @param root The root of the workspace, where the formatter's settings lie.
 * @param sources Files with paths relative to the root.
 * @returns The texts by path.
 * @throws {Error} when the formatter can't read a file, with its message.
 */
export async function formatSources(root: string, sources: readonly SourceFile[]): Promise<Map<string, string>> {
  const texts = await Promise.all(
    sources.map(({ path, text }) => (path.endsWith('.ts') ? format(root, path, text) : text)),
  );
  return new Map(sources.map(({ path }, index) => [path, texts[index] ?? '']));
}

async function format(root: string, path: string, text: string): Promise<string> {
  // The settings leave folders named `generated` out: the file passes for one beside them.
  const running = promisify(execFile)(
    process.execPath,
    [biome, 'check', '--write', '--colors=off', `--stdin-file-path=${join(root, path.replace('/generated/', '/'))}`],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  running.child.stdin?.end(text);
  const { stdout } = await running;
  return stdout;
}
