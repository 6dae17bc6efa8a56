/** Asks before something is deleted, moved or changed. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '@puka/client';
import { Interrupted, type Io } from './io.ts';

/**
 * On a terminal: asks, and takes no answer for a no. Elsewhere `--yes` has to be given.
 *
 * @throws {UsageError} (rejects) if nobody can be asked. {Interrupted} (rejects) at Ctrl-C.
 */
export async function confirm(io: Io, question: string, { yes }: { readonly yes?: boolean }): Promise<boolean> {
  if (yes === true) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(`${question} There is no terminal to ask on: give --yes`);
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    // While a line is read, Ctrl-C is a character and no signal.
    const interrupted = new Promise<never>((_resolve, reject) => {
      lines.once('SIGINT', () => reject(new Interrupted()));
    });
    // The end of the input settles no question.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = lines.question(`${question} [y/N] `, { signal: io.interrupted });
    const words = await Promise.race([answer, interrupted, ended]);
    return /^y(?:es)?$/i.test(words.trim());
  } finally {
    lines.close();
  }
}
