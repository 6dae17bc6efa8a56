/** Prints the result of a command: a text for people, a JSON object a line for programs. */
import type { CommonOptions } from '../connect.ts';
import { type Io, write } from './io.ts';

/** Prints the answer that was asked for, on standard output. */
export function answer(io: Io, { json }: CommonOptions, text: string, data: object): Promise<void> {
  return write(io.stdout, json === true ? `${JSON.stringify(data)}\n` : `${text}\n`);
}

/**
 * Prints what was done: with `--json` on standard output, else on standard error if that is a terminal. A command whose
 * output goes into a pipe prints nothing but its output.
 */
export async function summary(io: Io, { json, quiet }: CommonOptions, text: string, data: object): Promise<void> {
  if (json === true) await write(io.stdout, `${JSON.stringify(data)}\n`);
  else if (io.stderr.isTTY === true && quiet !== true) await write(io.stderr, `${text}\n`);
}

/** `1 message`, `2 messages`; thousands are parted. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
