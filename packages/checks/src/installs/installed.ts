/** Uses a package that is installed alone in a project: by import and by require, or as a program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageManager, Project } from './managers.ts';
import { importing, requiring } from './programs.ts';

/** What users can write after `from`. */
export function specifiersOf({ folder }: Project, name: string): string[] {
  const path = join(folder, 'node_modules', '@puka', name, 'package.json');
  const { exports: entries } = Object(JSON.parse(readFileSync(path, 'utf8')));
  return Object.keys(entries)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => `@puka/${name}${subpath.slice(1)}`);
}

/** @returns how many entry points it has. Rejects if one cannot be used. */
export async function useInstalled(manager: PackageManager, project: Project, name: string): Promise<number> {
  const specifiers = specifiersOf(project, name);
  for (const [file, program, said] of [
    ['use.mjs', importing(specifiers), 'imported'],
    ['use.cjs', requiring(specifiers), 'required'],
  ] as const) {
    const output = await project.run([...manager.runtime, project.write(file, program)]);
    if (output.trim() !== said) throw new Error(`${manager.name}, @puka/${name}, ${file}: it printed ${output}`);
  }
  // A program has no entry points: it is run.
  if (name === 'cli') {
    const program = join('node_modules', '@puka', 'cli', 'dist', 'index.js');
    const shown = await project.run([...manager.runtime, program, '--help']);
    if (!shown.includes('puka completion')) throw new Error(`${manager.name}, @puka/cli: it printed ${shown}`);
  }
  return specifiers.length;
}
