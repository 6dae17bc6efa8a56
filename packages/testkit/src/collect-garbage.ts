// Collects garbage at once, on Node, Deno and Bun, for tests that look at what is kept.
// It must not need an option of the command line.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all that can go. */
export function collectGarbage(): void {
  const bun: unknown = Reflect.get(globalThis, 'Bun');
  if (bun !== undefined) {
    Reflect.apply(Object(bun).gc, bun, [true]);
    return;
  }
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this runtime has no way to collect garbage');
  collect();
}
