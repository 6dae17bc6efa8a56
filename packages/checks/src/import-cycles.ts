// Finds import cycles among the files of one package. It must not read files.
import { posix } from 'node:path';
import type { ParsedModule } from './parse-module.ts';

/** Each cycle once, as the paths on it, the first one repeated at the end. Type-only imports count too. */
export function findImportCycles(modules: readonly ParsedModule[]): string[][] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const module = byPath.get(path);
    if (module === undefined || finished.has(path)) return;
    const begins = trail.indexOf(path);
    if (begins >= 0) {
      cycles.push([...trail.slice(begins), path]);
      return;
    }
    trail.push(path);
    for (const { specifier } of module.imports) {
      if (specifier.startsWith('.')) visit(posix.join(posix.dirname(path), specifier));
    }
    trail.pop();
    finished.add(path);
  };
  for (const { path } of modules) visit(path);
  return cycles;
}
