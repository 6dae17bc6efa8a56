/**
 * Writes everything that is generated from the protocol table, or with `--check` prints what differs and writes nothing.
 *
 *     pnpm --filter @puka/wire gen
 *     pnpm --filter @puka/wire gen --check
 *
 * Must not decide what the code looks like: that is the duty of the files in `generator/`.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emitChecks } from './generator/emit-checks.ts';
import { emitDecodeMethod, emitDecoders } from './generator/emit-decoders.ts';
import { emitEncodeMethod, emitEncoders } from './generator/emit-encoders.ts';
import { emitErrorPage, emitErrors } from './generator/emit-errors.ts';
import { emitIds, emitMethodInfo, emitReplyCode } from './generator/emit-facts.ts';
import { emitTypes, emitUnions } from './generator/emit-types.ts';
import { formatSources } from './generator/format.ts';
import { readModel } from './generator/model.ts';
import type { SourceFile } from './generator/source.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Folders that hold generated files and nothing else: what the generator doesn't write there is left over. */
const ownFolders = ['packages/wire/src/generated', 'packages/errors/src/generated'] as const;

async function main(): Promise<void> {
  const files = await formatSources(root, allSources());
  const leftOver = (await listOwnFiles()).filter((path) => !files.has(path));
  if (process.argv.includes('--check')) {
    await check(files, leftOver);
    return;
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const path of leftOver) await rm(join(root, path));
  console.log(`${files.size} files written, ${leftOver.length} removed`);
}

function allSources(): SourceFile[] {
  const models = readModel();
  const wire = [
    emitReplyCode(),
    emitIds(models),
    emitMethodInfo(models),
    emitUnions(models),
    emitEncodeMethod(models),
    emitDecodeMethod(models),
    ...models.flatMap((model) => [emitTypes(model), emitEncoders(model), emitDecoders(model), ...emitChecks(model)]),
  ];
  return [...under(ownFolders[0], wire), ...under(ownFolders[1], emitErrors()), ...under('docs', [emitErrorPage()])];
}

function under(folder: string, sources: readonly SourceFile[]): SourceFile[] {
  return sources.map(({ path, text }) => ({ path: `${folder}/${path}`, text }));
}

async function listOwnFiles(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ownFolders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isFile()) found.push(relative(root, join(entry.parentPath, entry.name)));
    }
  }
  return found;
}

async function check(files: ReadonlyMap<string, string>, leftOver: readonly string[]): Promise<void> {
  const problems = leftOver.map((path) => `${path}: not written by the generator`);
  for (const [path, text] of files) {
    const present = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (present === undefined) problems.push(`${path}: missing`);
    else if (present !== text) problems.push(`${path}: differs from line ${firstDifference(present, text)} on`);
  }
  if (problems.length === 0) {
    console.log(`${files.size} generated files are as the generator writes them`);
    return;
  }
  console.error(`${problems.join('\n')}\nRun: pnpm --filter @puka/wire gen`);
  process.exitCode = 1;
}

function firstDifference(present: string, wanted: string): number {
  const lines = wanted.split('\n');
  const index = present.split('\n').findIndex((line, at) => line !== lines[at]);
  return index < 0 ? lines.length : index + 1;
}

await main();
