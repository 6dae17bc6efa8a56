/** Uses a package that is installed alone in a project: by import and by require, or as a program. */
import { join } from 'node:path';
import type { PackageManager, Project } from './managers.ts';
import { importing, requiring } from './programs.ts';

/** What users can write after `from`. */
export function specifiersOf(project: Project, name: string): string[] {
  return Object.keys(project.manifestOf(`@puka/${name}`)?.exports ?? {})
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => `@puka/${name}${subpath.slice(1)}`);
}

/** The packages that users install beside it. Not every package manager does so by itself. */
export function peersOf(project: Project, name: string): string[] {
  return Object.keys(project.manifestOf(`@puka/${name}`)?.peerDependencies ?? {});
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
