/** Where results, page and charts lie, and how results get there: a file for each run of the program. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { merged, type Results } from './results.ts';

/** Page and charts are below the root of the repository, results below this app. */
export const rootFolder = fileURLToPath(new URL('../../../', import.meta.url));
const resultsFolder = fileURLToPath(new URL('../results/', import.meta.url));

/** All results that are kept, the oldest first. */
export async function readResults(folder: string = resultsFolder): Promise<Results[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Results), // `keepResults` wrote it.
  );
}

/** Writes results, and removes older ones of which no table is the newest of its kind. */
export async function keepResults(results: Results, folder: string = resultsFolder): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeResults(results, join(folder, fileName(results)));
  const all = await readResults(folder);
  const needed = new Set(merged(all).map(({ date }) => date));
  for (const each of all) if (!needed.has(each.date)) await rm(join(folder, fileName(each)));
}

export async function writeResults(results: Results, file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}

/** In the order of time: `2026-11-29T20-25-18.json`. */
function fileName({ date }: Results): string {
  return `${date.slice(0, 19).replaceAll(':', '-')}.json`;
}
