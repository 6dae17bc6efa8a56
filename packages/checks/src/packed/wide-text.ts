/**
 * Finds modules of a package that take twice the memory for their text: V8 keeps two octets for each character of a module
 * in which a single one lies above U+00FF. Must not judge what a module does.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Each such character as a line, the first of each module below `dist`; none when all is well. */
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
