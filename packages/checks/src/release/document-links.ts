/**
 * Judges the links of Markdown documents: on the page of a registry only absolute links work, and a link to a file of the
 * repository has to find it. It must not read files or ask the network.
 */
import { posix } from 'node:path';
import type { SourceFile } from '../parse-module.ts';
import { forgeUrl } from './forge.ts';

/** A link that leads nowhere. */
export interface BadLink {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

/**
 * @param exists whether the repository has this file or folder, as a path from its root.
 * @param headingsOf the headings of a Markdown file of the repository, for the part after `#`; `undefined` if it is none.
 */
export function findBadLinks(
  document: SourceFile,
  exists: (path: string) => boolean,
  headingsOf: (path: string) => readonly string[] | undefined,
): BadLink[] {
  const bad: BadLink[] = [];
  const onRegistry = /^packages\/[^/]+\/README\.md$/.test(document.path);
  for (const { target, line } of linksOf(document.text)) {
    const report = (message: string): void => {
      bad.push({ path: document.path, line, message });
    };
    const isAbsolute = /^[a-z]+:/.test(target);
    if (onRegistry && !isAbsolute && !target.startsWith('#')) {
      report(`'${target}' has to be absolute: the page of a registry has no files beside it`);
      continue;
    }
    const inRepository = pathIn(document.path, target);
    if (inRepository === undefined) continue;
    const [path = '', fragment] = inRepository.split('#');
    if (!exists(path)) report(`'${target}' leads to '${path}', which is not there`);
    else if (fragment !== undefined && headingsOf(path)?.includes(fragment) === false) {
      report(`'${target}': '${path}' has no heading '${fragment}'`);
    }
  }
  return bad;
}

/** The names of a document's headings as the forge makes them: lower case, hyphens for spaces, a number for a second one. */
export function headingNames(text: string): string[] {
  const seen = new Map<string, number>();
  return withoutCode(text).flatMap((line) => {
    const title = /^#{1,6} +(.+?) *#*$/.exec(line)?.[1];
    if (title === undefined) return [];
    const shown = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const name = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return [times === 0 ? name : `${name}-${times}`];
  });
}

/** @returns `undefined` for what is elsewhere. */
function pathIn(from: string, target: string): string | undefined {
  const ours = /^(?:blob|tree)\/main\/(.+)$/.exec(
    target.startsWith(`${forgeUrl}/`) ? target.slice(forgeUrl.length + 1) : '',
  );
  if (ours !== null) return ours[1];
  if (/^[a-z]+:/.test(target)) return undefined;
  if (target.startsWith('#')) return from + target;
  return posix.normalize(posix.join(posix.dirname(from), target));
}

function linksOf(text: string): { readonly target: string; readonly line: number }[] {
  return withoutCode(text).flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, target = '']) => ({ target, line: index + 1 })),
  );
}

/** The lines, empty where they are code. */
function withoutCode(text: string): string[] {
  let isCode = false;
  return text.split('\n').map((line) => {
    const isFence = /^ *(?:```|~~~)/.test(line);
    if (isFence) isCode = !isCode;
    return isFence || isCode ? '' : line.replace(/`[^`]*`/g, (code) => (code.includes('](') ? '' : code));
  });
}
