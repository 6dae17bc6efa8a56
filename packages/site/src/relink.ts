/**
 * Turns the links of a document into links of the site: to another page if the target is one, else to the file on the forge.
 * It must not read files.
 */
import { posix } from 'node:path';
import { addressOf, type Document, pictureAddress } from './site-pages.ts';

/** What a link can lead to. */
export interface Targets {
  /** The address of the repository on the forge, without a slash at its end. */
  readonly forge: string;
  /** Paths of the documents that are pages, from the root of the repository. */
  readonly pages: ReadonlySet<string>;
  /** Names of the packages that have a page, with their folders: `@puka/client` is `client`. */
  readonly packages: ReadonlyMap<string, string>;
}

/** @returns the text of the document with its links turned; code is left alone. */
export function relink({ path, text }: Document, targets: Targets): string {
  let isCode = false;
  return text
    .split('\n')
    .map((line) => {
      const isFence = /^ *(?:```|~~~)/.test(line);
      if (isFence) isCode = !isCode;
      if (isFence || isCode) return line;
      return line.replace(/\]\(([^)\s]+)\)/g, (_, target: string) => `](${targetOf(path, target, targets)})`);
    })
    .join('\n');
}

function targetOf(from: string, target: string, { forge, pages, packages }: Targets): string {
  if (target.startsWith('#')) return target;
  const onRegistry = /^https:\/\/www\.npmjs\.com\/package\/(@puka\/\w+)$/.exec(target)?.[1];
  const folder = onRegistry === undefined ? undefined : packages.get(onRegistry);
  if (folder !== undefined) return `/packages/${folder}`;
  const [path, fragment] = pathOf(from, target, forge).split('#', 2);
  if (path === undefined || /^[a-z]+:/.test(path)) return target;
  const picture = pictureAddress(path);
  if (picture !== undefined) return picture;
  const behind = fragment === undefined ? '' : `#${fragment}`;
  const page = pages.has(path) ? path : pages.has(`${path}/README.md`) ? `${path}/README.md` : undefined;
  if (page !== undefined) return `${addressOf(page)}${behind}`;
  return `${forge}/${/\.[a-z]+$/i.test(path) ? 'blob' : 'tree'}/main/${path}${behind}`;
}

/** From the root of the repository; what is elsewhere stays as it is. */
function pathOf(from: string, target: string, forge: string): string {
  const ours = /^\/(?:blob|tree)\/main\/(.+)$/.exec(target.startsWith(forge) ? target.slice(forge.length) : '')?.[1];
  if (ours !== undefined) return ours;
  return /^[a-z]+:/.test(target) ? target : posix.join(posix.dirname(from), target);
}
