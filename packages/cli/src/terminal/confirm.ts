/** Asks before something is deleted, moved or changed. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '@puka/client';
import { Interrupted, type Io } from './io.ts';

/**
 * Asks on a terminal; an empty answer means no. Without a terminal `--yes` is required.
 *
 * @throws {UsageError} (rejects) if there is no terminal. {Interrupted} (rejects) at Ctrl-C.
 */
export async function confirm(io: Io, question: string, { yes }: { readonly yes?: boolean }): Promise<boolean> {
  if (yes === true) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(`${question} There is no terminal to ask on: give --yes`);
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    // While a line is read, Ctrl-C arrives as a character, not as a signal.
    const interrupted = new Promise<never>((_resolve, reject) => {
      lines.once('SIGINT', () => reject(new Interrupted()));
    });
    // question() does not settle when the input ends.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = lines.question(`${question} [y/N] `, { signal: io.interrupted });
    const words = await Promise.race([answer, interrupted, ended]);
    return /^y(?:es)?$/i.test(words.trim());
  } finally {
    lines.close();
  }
}
