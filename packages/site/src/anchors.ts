/** The anchor of a heading as the forge makes it, so that a link works there and on the site. */

/** Lower case, hyphens for spaces, without other marks. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
