/**
 * Finds modules of a package whose text takes twice the memory: V8 stores two octets for every character of a module
 * if one of them is above U+00FF. Must not judge what a module does.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** One line for each module below `dist` with such a character, naming the first one; empty if there is none. */
export function findWideText(folder: string): string[] {
  const paths = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.js'))
    .flatMap((path) => {
      const text = readFileSync(join(folder, 'dist', path), 'utf8');
      const found = /[^\0-\xff]/u.exec(text);
      if (found === null) return [];
      const line = text.slice(0, found.index).split('\n').length;
      const shown = ['dist', ...path.split(sep)].join('/');
      return [`${shown}:${line} has ${JSON.stringify(found[0])}, which doubles the memory of the whole text`];
    });
}
