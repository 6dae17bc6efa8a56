/** Where the sources live. The one place that names it: the manifests, the workflows and the links are compared with it. */

/** Without a slash at its end. */
export const forgeUrl = 'https://github.com/puka-amqp/puka';

/** The page of a file or a folder on the main branch. @param path from the root of the repository. */
export function pageOf(path: string, kind: 'blob' | 'tree' = 'blob'): string {
  return `${forgeUrl}/${kind}/main/${path}`;
}
