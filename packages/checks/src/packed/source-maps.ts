/** Finds maps of a package that lead nowhere: to a file that is not in it. Must not judge what else is in a package. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** Each complaint as a line; none when every module and every declaration below `dist` leads into the shipped sources. */
export function findStrayMaps(folder: string): string[] {
  const dist = join(folder, 'dist');
  const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const mapped = paths.filter((path) => path.endsWith('.js') || path.endsWith('.d.ts'));
  if (mapped.length === 0) return ['dist holds no module'];
  return mapped.flatMap((path) => complaintsAbout(folder, join(dist, path)));
}

function complaintsAbout(folder: string, path: string): string[] {
  const shown = relative(folder, path).split(sep).join('/');
  const url = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(path, 'utf8'))?.[1];
  if (url === undefined) return [`${shown} names no map`];
  const mapPath = resolve(dirname(path), url);
  if (!existsSync(mapPath)) return [`${shown} names ${url}, which is not there`];
  const { sources, sourceRoot = '' } = Object(JSON.parse(readFileSync(mapPath, 'utf8')));
  if (!Array.isArray(sources)) return [`${shown}.map names no sources`];
  return sources
    .map((source) => resolve(dirname(mapPath), sourceRoot, String(source)))
    .filter((source) => !source.startsWith(join(folder, 'src') + sep) || !existsSync(source))
    .map((source) => `${shown} leads to ${relative(folder, source).split(sep).join('/')}, which is not in the package`);
}
