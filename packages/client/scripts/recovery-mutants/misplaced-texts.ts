/** Whether the faults still fit the sources, which change. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.ts';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** @returns a complaint for each text of a fault that is not in the sources exactly once. */
export async function misplacedTexts(): Promise<string[]> {
  const names = (await readdir(source, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const all = (await Promise.all(names.map((name) => readFile(join(source, name), 'utf8')))).join('\n');
  return mutants.flatMap(({ fault, edits }) =>
    edits.flatMap(([text]) => {
      const count = all.split(text).length - 1;
      return count === 1 ? [] : [`'${fault}': the sources have this ${count} times: ${text}`];
    }),
  );
}
