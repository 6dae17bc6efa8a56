/** The navigation of the API reference, from the files that typedoc has written. It must not read files. */

/** A group of entries. */
export interface Group {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly Group[];
}

const kinds: readonly (readonly [folder: string, title: string])[] = [
  ['classes', 'Classes'],
  ['interfaces', 'Interfaces'],
];

/**
 * @param modules the names of the modules: `@puka/client/session`.
 * @param files what was written, from the folder of the reference: `@puka/client/classes/Client.md`.
 */
export function apiSidebar(modules: readonly string[], files: readonly string[]): Group[] {
  return [...modules].sort().map((name) => {
    const groups = kinds.map(([folder, title]) => ({
      text: title,
      collapsed: true,
      items: files
        .filter((path) => path.startsWith(`${name}/${folder}/`))
        .map((path) => path.slice(0, -'.md'.length))
        .map((path) => ({ text: path.slice(path.lastIndexOf('/') + 1), link: `/api/${path}` })),
    }));
    return {
      text: name,
      link: `/api/${name}/`,
      collapsed: true,
      items: groups.filter(({ items }) => items.length > 0),
    };
  });
}
