/** Puts a fault into a source. Must not read or write files. */
import type { Mutant } from './mutants.ts';

/** @returns the source with those edits made whose text is in it. */
export function mutated(source: string, { edits }: Mutant): string {
  return edits.reduce((text, [old, replacement]) => text.replace(old, () => replacement), source);
}
