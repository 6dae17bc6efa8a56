// Names that no other test uses, on a broker that several test files share. It must need no state, so that processes
// can't collide.

import { randomUUID } from 'node:crypto';

/** A name beginning with `prefix` that is used nowhere else. At most 50 characters longer than the prefix. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
