/** What the package.json of a published package has about its origin. It must not read files. */
import { forgeUrl, pageOf } from './forge.ts';

/** The part of a package.json that registries show. */
export interface ReleaseFields {
  readonly homepage: string;
  readonly bugs: { readonly url: string };
  readonly repository: { readonly type: string; readonly url: string; readonly directory: string };
}

/** What has to be there. @param folder the name of the folder below `packages`. */
export function releaseFields(folder: string): ReleaseFields {
  const directory = `packages/${folder}`;
  return {
    homepage: `${pageOf(directory, 'tree')}#readme`,
    bugs: { url: `${forgeUrl}/issues` },
    repository: { type: 'git', url: `git+${forgeUrl}.git`, directory },
  };
}

/** The same package.json with these fields, after `keywords`, where readers look for them. */
export function withReleaseFields(manifest: Readonly<Record<string, unknown>>, folder: string): object {
  const fields = releaseFields(folder);
  const entries = Object.entries(manifest).filter(([key]) => !Object.hasOwn(fields, key));
  const at = entries.findIndex(([key]) => key === 'keywords') + 1;
  return Object.fromEntries([...entries.slice(0, at), ...Object.entries(fields), ...entries.slice(at)]);
}
