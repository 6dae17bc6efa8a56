/** The page and its charts as files of the repository. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Files, pagePath } from './page/page.ts';
import { rootFolder } from './result-files.ts';

const chartsFolder = 'docs/performance';

/** Writes all, and removes charts that are no longer drawn. */
export async function writePage(files: Files): Promise<void> {
  await mkdir(join(rootFolder, chartsFolder), { recursive: true });
  for (const path of (await readPage()).keys()) if (!files.has(path)) await rm(join(rootFolder, path));
  for (const [path, text] of files) await writeFile(join(rootFolder, path), text);
  console.log(`${pagePath} and ${files.size - 1} charts written`);
}

/** What is there. */
export async function readPage(): Promise<Files> {
  const charts = (await readdir(join(rootFolder, chartsFolder))).sort().map((name) => `${chartsFolder}/${name}`);
  const files = new Map<string, string>();
  for (const path of [pagePath, ...charts]) {
    files.set(path, await readFile(join(rootFolder, path), 'utf8').catch(() => ''));
  }
  return files;
}
