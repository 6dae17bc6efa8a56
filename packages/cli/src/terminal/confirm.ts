/** Asks before something is deleted, moved or changed. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '@puka/client';
import type { Io } from './io.ts';

/**
 * On a terminal: asks, and takes no answer for a no. Elsewhere `--yes` has to be given.
 *
 * @throws {UsageError} (rejects) if nobody can be asked.
 */
export async function confirm(io: Io, question: string, { yes }: { readonly yes?: boolean }): Promise<boolean> {
  if (yes === true) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(`${question} Nobody can be asked here: give --yes`);
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const words = await lines.question(`${question} [y/N] `, { signal: io.interrupted });
    return /^y(?:es)?$/i.test(words.trim());
  } finally {
    lines.close();
  }
}
