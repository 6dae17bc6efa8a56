/** Which documents of the repository are pages of the site, where they are, and in which order. It must not read files. */

/** A Markdown file of the repository. */
export interface Document {
  /** From the root, with forward slashes: `docs/guide.md`. */
  readonly path: string;
  readonly text: string;
}

/** An entry of the navigation. */
export interface Entry {
  readonly text: string;
  /** From the root of the site, without an ending: `/guide`. */
  readonly link: string;
}

/** @returns the address of the page from the root of the site, without an ending; `undefined` for what is no page. */
export function addressOf(path: string): string | undefined {
  if (path === 'docs/README.md') return '/contents';
  const page = /^docs\/([^/]+)\.md$/.exec(path)?.[1];
  if (page !== undefined) return `/${page}`;
  const folder = /^packages\/([^/]+)(?:\/README\.md)?$/.exec(path)?.[1];
  return folder === undefined ? undefined : `/packages/${folder}`;
}

/** As `addressOf`, of a picture in docs/. */
export function pictureAddress(path: string): string | undefined {
  return /^docs(\/.+\.svg)$/.exec(path)?.[1];
}

/** The first heading, without its marks; the path if there is none. */
export function titleOf({ path, text }: Document): string {
  return (/^# +(.+?) *$/m.exec(text)?.[1] ?? path).replaceAll('`', '');
}

/**
 * The pages of docs/ as navigation: in the order in which docs/README.md links them, those that it does not link at the end.
 * Pages for users of other clients are apart.
 */
export function guides(documents: readonly Document[]): { readonly pages: Entry[]; readonly others: Entry[] } {
  const contents = documents.find(({ path }) => path === 'docs/README.md')?.text ?? '';
  const linked = [...contents.matchAll(/\]\(([^)#]+)/g)].map(([, target = '']) => `docs/${target}`);
  const rank = (path: string): number => (linked.includes(path) ? linked.indexOf(path) : linked.length);
  const sorted = documents
    .filter(({ path }) => path.startsWith('docs/') && path !== 'docs/README.md')
    .sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  const isOther = ({ path }: Document): boolean => path.startsWith('docs/from-');
  return {
    pages: sorted.filter((page) => !isOther(page)).map(entryOf),
    others: sorted.filter(isOther).map(entryOf),
  };
}

/** @throws {Error} for a document that is no page. */
export function entryOf(document: Document): Entry {
  const link = addressOf(document.path);
  if (link === undefined) throw new Error(`${document.path} is no page of the site`);
  return { text: titleOf(document), link };
}
